"""Lines that hold words of both directions: on pages, in fields, on paper."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.utils import translation

from core.plaintext import comma
from core.printing.texts import isolated, sentence

ARABIC, LATIN = "نورة بنت عبد الرحمن", "Amina Diallo"
MIXED = "الهيئة الوطنية، Tunisia"


@pytest.mark.parametrize(
    ("code", "sign"), [("en", ", "), ("fr", ", "), ("ar", "، "), ("zh-hans", "，")]
)
def test_parts_of_a_line_are_divided_by_the_comma_of_the_page(code: str, sign: str) -> None:
    with translation.override(code):
        assert comma() == sign
        assert Template("{% comma %}").render(Context()) == sign


@pytest.mark.parametrize(
    ("code", "told"),
    [("en", "3 May 2027, 09:00 UTC"), ("ar", "3 مايو 2027، 09:00 UTC")],
)
def test_an_instant_is_written_the_way_of_the_page(code: str, told: str) -> None:
    moment = dt.datetime(2027, 5, 3, 9, 0, tzinfo=dt.UTC)
    with translation.override(code):
        drawn = Template("{% when moment %}").render(Context({"moment": moment}))
    assert told in drawn


def test_no_element_takes_its_direction_from_letters_set_apart_from_it() -> None:
    """``dir="auto"`` overlooks what stands in ``<bdi>``: such an element runs left to right."""
    wrong = [
        f"{path.name}: {found}"
        for path in (settings.BASE_DIR / "templates").rglob("*.html")
        for found in re.findall(r'<[a-z0-9]+ [^<>]*dir="auto"[^<>]*><bdi.{0,20}', path.read_text())
    ]
    assert wrong == []


class Asked(forms.Form):
    name = forms.CharField()
    told = forms.CharField(widget=forms.Textarea)
    address = forms.CharField(widget=forms.TextInput(attrs={"dir": "ltr"}))
    mail = forms.EmailField()


def test_what_is_typed_runs_its_own_way_unless_the_field_knows_better() -> None:
    form = Asked()
    drawn = {name: str(form[name]) for name in form.fields}

    assert 'dir="auto"' in drawn["name"]
    assert 'dir="auto"' in drawn["told"]
    assert 'dir="ltr"' in drawn["address"]
    assert "auto" not in drawn["address"]
    assert "dir=" not in drawn["mail"]


@pytest.mark.parametrize("code", ["en", "ar"])
@pytest.mark.parametrize("name", [ARABIC, LATIN, MIXED])
def test_a_sentence_on_paper_runs_as_its_own_words_do_not_as_the_name_before_them(
    code: str, name: str
) -> None:
    with translation.override(code):
        own = {"en": "22 November 2026", "ar": "22 نوفمبر 2026"}[code]
        line = sentence(comma().join([isolated(name), own]))
        row = sentence(comma().join([isolated(name), isolated(LATIN), isolated(ARABIC)]))

    page = "rtl" if code == "ar" else "ltr"
    assert (line["dir"], row["dir"]) == (page, page)


def test_a_name_in_both_scripts_is_set_apart_so_that_no_number_goes_with_its_end() -> None:
    with translation.override("ar"):
        assert isolated(ARABIC) == ARABIC
        assert isolated(MIXED) == f"\N{FIRST STRONG ISOLATE}{MIXED}\N{POP DIRECTIONAL ISOLATE}"
