"""Kept parts of pages: drawn once, and never with anything of a person in them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.template import TemplateSyntaxError, engines
from django.test import RequestFactory
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from core.templatetags.kept import Shelf
from hubs.models import Hub

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


# --- Parts drawn of records -----------------------------------------------------------------


class Text:
    """Something that says what a drawing of it depends on."""

    def __init__(self, kept_as: object, words: str = "words") -> None:
        self.kept_as = kept_as
        self.words = words
        self.asked = 0

    def __str__(self) -> str:
        self.asked += 1
        return self.words


def test_a_record_is_kept_by_what_it_says_and_drawn_no_more():
    page = template("{% kept a=a %}{{ a }}{% endkept %}")
    first, same, other = (
        Text(("hash", 1), "one"),
        Text(("hash", 1), "one"),
        Text(("hash", 2), "two"),
    )

    assert [page.render({"a": text}) for text in (first, same, other, first)] == [
        "one", "one", "two", "one",
    ]  # fmt: skip
    assert (first.asked, same.asked, other.asked) == (1, 0, 1)


def test_what_says_that_it_is_not_to_be_kept_is_drawn_each_time():
    page = template("{% kept a=a b=b %}{{ a }}{{ b }}{% endkept %}")
    private = Text(None, "of the team")

    assert page.render({"a": Text(1, "open"), "b": private}) == "openof the team"
    private.words = "of the team, later"
    assert page.render({"a": Text(1, "open"), "b": private}) == "openof the team, later"
    assert page.render({"a": Text(1, "open"), "b": Text(2, "!")}) == "open!"


def test_instants_are_drawn_for_each_time_zone():
    page = template('{% kept a=a %}{{ a }}{% when a.at "minute" %}{% endkept %}')
    text = Text(1, "")
    text.at = dt.datetime(2026, 5, 6, 23, 30, tzinfo=dt.UTC)

    def drawn(zone: str) -> str:
        with timezone.override(zone):
            return page.render({"a": text})

    assert "6 May 2026, 23:30" in drawn("UTC")
    assert "7 May 2026, 06:30" in drawn("Asia/Jakarta")
    assert "6 May 2026, 23:30" in drawn("UTC")


def test_a_record_that_does_not_say_it_is_refused():
    page = template("{% kept a=a %}{{ a.name }}{% endkept %}")

    with pytest.raises(TypeError, match="a does not say"):
        page.render({"a": Hub(pk=1, name="Wells")})


def test_what_is_kept_of_records_has_a_limit_in_bytes():
    shelf = Shelf(most=50_000)
    page = SafeString("x" * 9_000)

    for n in range(20):
        shelf.put((n,), page)
        assert shelf.weight <= 50_000
        assert shelf.get((0,)) == page  # asked for each time: it stays
    kept = [n for n in range(20) if shelf.get((n,))]
    assert kept[0] == 0
    assert kept[1:] == [16, 17, 18, 19]
    shelf.put((0,), SafeString("short"))
    assert shelf.weight < 40_000
    shelf.put(("too much",), SafeString("x" * 60_000))
    assert shelf.weight == 0
