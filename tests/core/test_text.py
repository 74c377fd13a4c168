"""Folding, splitting and stemming, in the languages of the portal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import STOP_WORDS, fold, form, plain, stem, tokens

# Built from code points, so that no editor can change them unseen.
SOFT_HYPHEN, JOINER, ZERO_SPACE, TATWEEL, FATHA = map(chr, (0x00AD, 0x200D, 0x200B, 0x0640, 0x064E))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Capacitación", "capacitacion"),
        ("ÉLÈVES  à\tl’École ", "eleves a l'ecole"),
        ("Œuvre Ærø Łódź Straße", "oeuvre aero lodz strasse"),
        ("İstanbul ISTANBUL", "istanbul istanbul"),
        ("São Tomé", "sao tome"),
        ("ｆｕｌｌ ﬁne ½", "full fine 1⁄2"),
        ("٣٤ २०", "34 20"),
        ("مدرسة إنذار آبار على", "مدرسه انذار ابار علي"),
        (f"مَد{TATWEEL}رسة".replace("َ", FATHA), "مدرسه"),
        ("Ёлка йод", "елка йод"),
        ("हिन्दी", "हिन्दी"),
        ("한국어 農村", "한국어 農村"),
        (f"co{SOFT_HYPHEN}operation", "cooperation"),
        ("", ""),
    ],
)
def test_fold_gives_one_form_to_what_people_write_alike(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_a_form_is_its_own_form(text: str) -> None:
    for token in tokens(text):
        assert form(form(token)) == form(token)


@given(st.text())
def test_forms_hold_nothing_an_engine_could_read_as_an_operator(text: str) -> None:
    assert not {c for token in tokens(text) for c in form(token)} & set(
        " \t\n\"'*:&|!()<>-+^~_\\\0"
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Clean water, for all!", ["clean", "water", "for", "all"]),
        ("l’eau d'irrigation", ["l", "eau", "d", "irrigation"]),
        ("SDG6 COVID-19 snake_case 50%", ["sdg6", "covid", "19", "snake", "case", "50"]),
        ("农村供水", ["农村", "村供", "供水", "水"]),
        ("農村供水", ["农村", "村供", "供水", "水"]),
        ("1,000 1.000.000 12 345,67", ["1000", "1000000", "12345", "67"]),
        (
            "0.375 12.03.2020 1.25 6.1 v1.100 2020 300",
            ["0", "375", "12", "03", "2020", "1", "25", "6", "1", "v1", "100", "2020", "300"],
        ),
        ("L\u02bceau d\u00b4Oran", ["l", "eau", "d", "oran"]),
        ("水", ["水"]),
        ("COVID疫苗 plan", ["covid", "疫苗", "苗", "plan"]),
        (f"a{ZERO_SPACE}b c{JOINER}d", ["a", "b", "cd"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("😀 -- … \x00 \ud800", []),
        ("x" * 100, ["x" * 64]),
    ],
)
def test_tokens_are_words_and_pairs_of_chinese_characters(written: str, words: list[str]) -> None:
    assert tokens(written) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["vaccination", "vaccinations", "vaccinated"]),
        ("en", ["school", "schools"]),
        ("es", ["capacitación", "capacitaciones"]),
        ("es", ["educativa", "educativas", "educación"]),
        ("fr", ["vaccination", "vaccinations", "vacciner"]),
        ("fr", ["rural", "rurale"]),
        ("pt", ["vacinação", "vacinações"]),
        ("pt", ["escola", "escolas"]),
        ("id", ["pertanian", "petani", "bertani"]),
        ("id", ["pendidikan", "mendidik"]),
        ("id", ["meningkatkan", "peningkatan", "tingkat"]),
        ("id", ["berkelanjutan", "kelanjutan", "lanjut"]),
        ("id", ["sekolahnya", "sekolah"]),
        ("ru", ["школа", "школы", "школ"]),
        ("ar", ["التعليم", "تعليم"]),
        ("ar", ["مياه", "المياه", "بالمياه", "والمياه"]),
        ("ar", ["أطفال", "الأطفال", "للأطفال"]),
        ("en", ["children", "child"]),
        ("pt", ["ação", "ações"]),
        ("es-MX", ["escuela", "escuelas"]),
    ],
)
def test_inflections_share_a_stem(language: str, words: list[str]) -> None:
    assert len({stem(word, language) for word in words}) == 1


def test_a_stem_carries_no_accents() -> None:
    assert stem("sécurité", "fr") == "secur"


@pytest.mark.parametrize(("word", "language"), [("water", "ar"), ("农村", "zh"), ("maji", "sw")])
def test_a_word_of_a_language_without_known_inflections_stays(word: str, language: str) -> None:
    assert stem(word, language) == word


def test_stop_words_are_written_as_they_are_compared() -> None:
    assert {form(word) for word in STOP_WORDS} == STOP_WORDS


@pytest.mark.parametrize("word", ["sur", "sin", "sao", "air"])
def test_words_with_a_meaning_in_some_language_are_no_stop_words(word: str) -> None:
    assert word not in STOP_WORDS


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain  text", "plain  text"),
        ("<p>Safe &amp; <b>clean</b> water</p><p>for all</p>", "Safe & clean water\nfor all"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("a<br>b", "a\nb"),
        ("<p>x</p><script>alert(1)</script><style>p{}</style>", "x"),
        ("&lt;b&gt; 3 < 4 & 5", "<b> 3 < 4 & 5"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("", ""),
    ],
)
def test_plain_is_what_a_reader_sees(html: str, text: str) -> None:
    assert plain(html) == text
