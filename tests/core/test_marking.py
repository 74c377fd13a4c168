"""Setting off the words a text was found by."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import search
from core.marking import Marker
from core.search import SearchQuery

pytestmark = pytest.mark.django_db


def marked(asked: str, text: str, language: str = "en") -> str:
    return Marker(SearchQuery.parse(asked)).mark(text, language)


@pytest.fixture
def vocabulary() -> None:
    """One document in each of some languages, so that stems are known."""
    for language, text in {
        "en": "milk banks teach mothers",
        "es": "capacitación de madres",
        "ar": "بنوك الحليب",
        "zh": "知识中心",
    }.items():
        search.index("note", language, title=text, language=language, facets={}, published_at=None)


@pytest.mark.usefixtures("vocabulary")
@pytest.mark.parametrize(
    ("asked", "text", "language", "expected"),
    [
        (
            "milk",
            "Milk, MILK and milkshake",
            "en",
            "<mark>Milk</mark>, <mark>MILK</mark> and milkshake",
        ),
        ("bank", "Two banks", "en", "Two <mark>banks</mark>"),
        ("teaching", "They teach", "en", "They <mark>teach</mark>"),
        ("capacitaciones", "La capacitación", "es", "La <mark>capacitación</mark>"),
        ("capacitacion", "La capacitación", "es", "La <mark>capacitación</mark>"),
        ("mlik", "Human milk", "en", "Human <mark>milk</mark>"),
        ('"milk banks"', "Milk banks", "en", "<mark>Milk</mark> <mark>banks</mark>"),
        ("milk -banks", "Milk banks", "en", "<mark>Milk</mark> banks"),
        ("the milk", "The milk", "en", "The <mark>milk</mark>"),
        ("الحليب", "بنوك الحليب", "ar", "بنوك <mark>الحليب</mark>"),
        ("知识", "国家知识中心", "zh", "国家<mark>知识</mark>中心"),
        ("知", "国家知识中心", "zh", "国家<mark>知</mark>识中心"),
        ("知识中心", "知识中心，中心", "zh", "<mark>知识中心</mark>，<mark>中心</mark>"),
        ("b", "<b>b</b>", "en", "&lt;<mark>b</mark>&gt;<mark>b</mark>&lt;/<mark>b</mark>&gt;"),
        ("", "Milk", "en", "Milk"),
        ("!?", "Milk!?", "en", "Milk!?"),
    ],
)
def test_words_are_marked_as_they_were_searched(
    asked: str, text: str, language: str, expected: str
):
    assert marked(asked, text, language) == expected


@settings(max_examples=60, deadline=None)
@given(asked=st.text(max_size=30), text=st.text(max_size=80))
def test_marking_changes_nothing_but_adding_marks(asked: str, text: str):
    found = marked(asked, text)

    assert html.unescape(re.sub("</?mark>", "", found)) == text
    assert found.count("<mark>") == found.count("</mark>")
    assert not re.search(r"<(?!/?mark>)", found)


def test_an_excerpt_shows_the_passage_with_most_of_the_words():
    text = (
        "A fund.\n"
        + "Nothing here. " * 30
        + "They share a joint fund of two <countries>. "
        + "More. " * 60
    )

    excerpt = Marker(SearchQuery.parse("joint fund")).excerpt(text)

    assert "a <mark>joint</mark> <mark>fund</mark> of two &lt;countries&gt;." in excerpt
    assert excerpt.startswith("…")
    assert excerpt.endswith("…")
    assert len(re.sub("<[^>]+>", "", excerpt)) < 300


def test_without_any_of_the_words_there_is_no_excerpt():
    assert Marker(SearchQuery.parse("milk")).excerpt("Wells and pumps") == ""


def test_marking_many_texts_asks_the_vocabulary_once(django_assert_num_queries):
    with django_assert_num_queries(1):
        marker = Marker(SearchQuery.parse("milk bank"))
        for _ in range(20):
            marker.mark("Milk bank")
