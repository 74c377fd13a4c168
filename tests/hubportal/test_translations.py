"""The interface speaks each language it offers, whole."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils import translation

ROOT = Path(settings.BASE_DIR)
LOCALE = ROOT / "locale"
OTHERS = [code for code, _name in settings.LANGUAGES if code != "en"]


def catalogue(code: str):
    folder = LOCALE / translation.to_locale(code) / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as source:
        read = read_po(source)
    with (folder / "django.mo").open("rb") as compiled:
        return read, read_mo(compiled)


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated(code):
    source, _compiled = catalogue(code)

    empty = [
        m.id
        for m in source
        if m.id and not all([m.string] if isinstance(m.string, str) else m.string)
    ]
    fuzzy = [m.id for m in source if m.id and m.fuzzy]
    assert (empty, fuzzy) == ([], [])


@pytest.mark.parametrize("code", OTHERS)
def test_placeholders_survive_translation(code):
    source, _compiled = catalogue(code)

    assert [(m.id, str(error)) for m, errors in source.check() for error in errors] == []


@pytest.mark.parametrize("code", ["en", *OTHERS])
def test_the_compiled_file_is_the_source(code):
    source, compiled = catalogue(code)

    def said(messages):
        # The compiled form keeps contexts as bytes and plurals as lists.
        return {
            (
                m.context.decode() if isinstance(m.context, bytes) else m.context,
                m.id if isinstance(m.id, str) else m.id[0],
            ): [m.string] if isinstance(m.string, str) else list(m.string)
            for m in messages
            if m.id and not m.fuzzy and m.string and any(m.string)
        }

    written, spoken = said(source), said(compiled)
    assert {key: spoken.get(key) for key in written} == written


@pytest.mark.django_db
@pytest.mark.parametrize("code", OTHERS)
def test_the_home_page_is_in_its_language_and_direction(code):
    page = Client().get(f"/{code}/").content.decode()

    direction = "rtl" if code == "ar" else "ltr"
    assert f'<html lang="{code}" dir="{direction}"' in page
    assert "Submit a solution" not in page


def test_djangos_refusals_are_said_in_our_voice():
    with translation.override("en"):
        assert (
            translation.gettext("Enter a valid email address.")
            == "Enter an e-mail address, like name@example.org."
        )


def test_no_words_are_hidden_from_translators_within_formatted_strings() -> None:
    """What gathers the words of the interface does not look into them."""
    names = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
    source, _compiled = catalogue("fr")
    known = {one.id if isinstance(one.id, str) else one.id[0] for one in source}
    hidden = []
    for path in sorted(ROOT.glob("[a-z]*/**/*.py")):
        if path.relative_to(ROOT).parts[0] in {"var", "tests", "bench", "storm", "bin"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in names:
                    words = [one.value for one in call.args if isinstance(one, ast.Constant)]
                    hidden += [f"{path}: {word}" for word in words[:1] if word not in known]
    assert hidden == []
