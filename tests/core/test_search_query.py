"""How what a person typed is read. No database is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search import SearchQuery
from core.search.asking import LONGEST_QUERY, MOST_WORDS
from core.search.terms import Phrase


def phrase(*words: str, prefix: bool = False) -> Phrase:
    return Phrase(words, prefix=prefix)


@pytest.mark.parametrize(
    ("typed", "words", "phrases", "excluded"),
    [
        ("clean water", ("clean", "water"), (), ()),
        ("Capacitación  RURAL", ("capacitación", "rural"), (), ()),
        ("water Water WÁTER", ("water",), (), ()),
        ('"clean water" schools', ("schools",), (phrase("clean", "water"),), ()),
        ("“clean water” «puits»", (), (phrase("clean", "water"), phrase("puits")), ()),
        ("water -rural", ("water",), (), ("rural",)),
        ('water -"rural areas"', ("water",), (), (phrase("rural", "areas"),)),
        ("water -south-south", ("water",), (), (phrase("south", "south"),)),
        ("south-south", ("south",), (), ()),
        ("water - rural -- x", ("water", "rural", "x"), (), ()),
        ('water "unbalanced', ("water", "unbalanced"), (), ()),
        ('say"this"-well', ("say", "well"), (phrase("this"),), ()),
        ("how to keep vaccines cold", ("keep", "vaccines", "cold"), (), ()),
        ("how to", ("how", "to"), (), ()),
        ("of " * 30 + "the water", ("water",), (), ()),
        ("SDG6 and G20", ("sdg", "6", "g20"), (), ()),
        ('the "water"', (), (phrase("water"),), ()),
        ("农村供水", ("农村", "村供", "供水"), (), ()),
        ("水", ("水",), (), ()),
        ('"农村供水"', (), (phrase("农村", "村供", "供水"),), ()),
        ('"水"', (), (phrase("水", prefix=True),), ()),
        ('"COVID 疫苗"', (), (phrase("covid", "疫苗"),), ()),
        ("-水", (), (), (phrase("水", prefix=True),)),
        ("NEAR(a b) title:x OR y*", ("near", "b", "title", "x"), (), ()),
    ],
)
def test_words_phrases_and_exclusions(
    typed: str, words: tuple, phrases: tuple, excluded: tuple
) -> None:
    query = SearchQuery.parse(typed)
    assert (query.words, query.phrases, query.excluded) == (words, phrases, excluded)


@pytest.mark.parametrize("typed", ["", "   ", "\n\t"])
def test_nothing_typed_is_blank(typed: str) -> None:
    query = SearchQuery.parse(typed)
    assert (query.blank, query.wordless) == (True, False)


@pytest.mark.parametrize("typed", ["!!!", "😀 😀", "* ( ) :", '""', "-", "\x00?"])
def test_something_without_words_is_wordless(typed: str) -> None:
    query = SearchQuery.parse(typed)
    assert query.wordless or not query.text.strip("\x00?")


def test_length_is_limited() -> None:
    many = SearchQuery.parse(" ".join(f"w{n}" for n in range(1000)))
    assert len(many.text) <= LONGEST_QUERY
    assert len(many.words) == MOST_WORDS
    assert len(SearchQuery.parse("x" * 10_000).text) == LONGEST_QUERY


@given(st.text(max_size=400))
def test_anything_can_be_typed(typed: str) -> None:
    query = SearchQuery.parse(typed)
    size = len(query.words) + sum(len(phrase.words) for phrase in query.phrases)
    assert size <= MOST_WORDS
    query.text.encode()
