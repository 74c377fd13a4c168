"""Kept parts of pages: drawn once, and never with anything of a person in them."""

from __future__ import annotations

import pytest
from django.template import TemplateSyntaxError, engines
from django.test import RequestFactory
from django.utils import translation

LETTERS = "{% kept a=a %}{{ a }}{{ b }}{% endkept %}"


def template(source: str):
    return engines["django"].from_string(source)


def test_a_part_is_drawn_once_for_each_value():
    asked = []

    class Word:
        def __str__(self) -> str:
            asked.append(1)
            return "drawn"

    word = Word()
    page = template("{% kept a=a %}[{{ a }}]{% endkept %}")

    assert [page.render({"a": word}) for _ in range(3)] == ["[drawn]"] * 3
    assert page.render({"a": "other"}) == "[other]"
    assert len(asked) == 1


def test_inside_stands_nothing_but_the_values_named():
    page = template(LETTERS)

    assert page.render({"a": "1", "b": "of somebody"}) == "1"
    assert (
        template("{% kept %}{{ request.path }}{{ user }}{{ csrf_token }}{% endkept %}").render(
            {}, RequestFactory().get("/mine/")
        )
        == ""
    )


def test_what_goes_in_is_escaped():
    assert template(LETTERS).render({"a": "<b>"}) == "&lt;b&gt;"


def test_each_language_has_its_own():
    page = template('{% kept %}{% translate "Sign in" %}|{% url "search" %}{% endkept %}')

    with translation.override("en"):
        english = page.render({})
    with translation.override("fr"):
        french = page.render({})
    with translation.override("en"):
        again = page.render({})

    assert english == again == "Sign in|/search/"
    assert french.endswith("|/fr/search/")
    assert french.split("|")[0] != "Sign in"


def test_what_is_kept_of_one_part_is_limited(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.templatetags.kept.MOST_DRAWINGS", 3)
    page = template("{% kept a=a %}{{ a }}{% endkept %}")

    assert [page.render({"a": str(n)}) for n in range(10)] == [str(n) for n in range(10)]
    assert len(page.template.nodelist[0].drawings) <= 3


@pytest.mark.parametrize(
    "source",
    ["{% kept a %}{% endkept %}", "{% kept %}{% block x %}{% endblock %}{% endkept %}"],
)
def test_what_cannot_be_kept_is_refused(source: str):
    with pytest.raises(TemplateSyntaxError):
        template(source)
