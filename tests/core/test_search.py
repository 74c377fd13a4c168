"""Search on whichever database the tests run: the same documents, the same answers."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import search
from core.models import SearchDocument, SearchFacet, SearchWord
from core.search import Found, SearchQuery, structure
from core.search.vocabulary import edit_distance
from tests.core.search_data import DAY_ONE, KIND, counts, found, put

pytestmark = pytest.mark.django_db


# --- Words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "written", "asked"),
    [
        ("en", "Irrigation schemes", "scheme irrigated"),
        ("en", "Vaccinating children", "vaccination"),
        ("es", "Capacitación de docentes", "capacitaciones"),
        ("es", "Capacitaciones docentes", "capacitación"),
        ("es", "Capacitación y capacitaciones", "capacitacion"),
        ("fr", "Écoles rurales", "école rurale"),
        ("fr", "Sécurité alimentaire", "securite"),
        ("pt", "Vacinação infantil", "vacinações"),
        ("pt", "Vacinação infantil", "vacinacao"),
        ("id", "Pertanian berkelanjutan", "petani"),
        ("id", "Pendidikan dasar", "mendidik"),
        ("ru", "Сельские школы", "школа"),
        ("ru", "Ёмкости для воды", "емкости"),
        ("ar", "التعليم في المدارس", "تعليم"),
        ("ar", "نظام الإنذار المبكر", "الانذار"),
        ("ar", "مَدْرَسَة", "مدرسه"),
        ("zh-hans", "农村供水工程", "供水"),
        ("zh-hans", "农村供水工程", "水"),
        ("zh-hans", "农村供水", "水"),
        ("hi", "ग्रामीण जल आपूर्ति", "जल"),
        ("sw", "Maji safi", "maji"),
        ("xx", "Ɓeydugol ndiyam", "ndiyam"),
    ],
)
def test_inflected_and_unaccented_words_find(language: str, written: str, asked: str) -> None:
    put(1, written, language=language)
    put(2, "Something else", "Unrelated", "Nothing of this", language=language)
    assert found(asked) == ["1"]


def test_a_stem_of_one_language_is_not_a_word_of_another() -> None:
    put(1, "Pendidikan", language="id")  # its stem is "didik"
    put(2, "Capacitaciones", language="es")  # its stem is "capacit"
    assert found('"didik"') == []
    assert found('"capacit"') == []


def test_the_same_word_is_found_in_every_language() -> None:
    put(1, "Irrigation for farmers", language="en")
    put(2, "Irrigation au goutte-à-goutte", language="fr", day=1)
    assert sorted(found("irrigation")) == ["1", "2"]


def test_an_unaccented_word_reaches_inflections_of_the_accented_one() -> None:
    put(1, "Capacitación", language="es")
    put(2, "Capacitaciones", language="es")
    assert sorted(found("capacitacion")) == ["1", "2"]


# --- Ranking ---------------------------------------------------------------------------------


def test_title_before_summary_before_body() -> None:
    filler = "The programme began in the capital and reached every district within three years."
    put(1, "A programme", "For every district", f"{filler} It uses irrigation. {filler}")
    put(2, "A programme", "It uses irrigation", filler)
    put(3, "Irrigation", "For every district", filler)
    for n in range(4, 20):
        put(n, "A programme", "For every district", filler)
    assert found("irrigation") == ["3", "2", "1"]


def test_documents_with_all_words_come_first_and_others_follow() -> None:
    put(1, "Water water water", "Water for all", "Water and nothing but water")
    put(2, "A programme", "", "It brings clean water to schools")
    put(3, "Schools", "Schools for all", "Schools")
    for n in range(4, 14):
        put(n, "Other", "matters", "entirely")
    assert found("clean water schools")[0] == "2"
    assert sorted(found("clean water schools")) == ["1", "2", "3"]


def test_a_sentence_finds_what_it_is_about() -> None:
    put(1, "Solar fridges for vaccines", "Vaccines stay cold without electricity")
    put(2, "Electricity tariffs", "A fair price")
    put(3, "Reading for pleasure", "Libraries in villages")
    for n in range(4, 14):
        put(n, "The people of this country", "what it is and how it was")
    asked = "how can we keep our vaccines cold when there is no electricity in the village clinic"
    assert found(asked)[0] == "1"
    assert set(found(asked)) == {"1", "2", "3"}


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    for n in range(20):
        put(f"w{n}", "Water supply", "Water for villages")
    put("f", "Fluoride removal", "Filters for villages")
    for n in range(20):
        put(f"o{n}", "Other matters", "entirely")
    assert found("water fluoride")[0] == "f"


def test_equal_answers_are_ordered_by_rank_then_date() -> None:
    put(1, "Water", day=1)
    put(2, "Water", day=2)
    put(3, "Water", rank=1)
    put(4, "Fire")
    assert found("water") == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("newest", ["3", "1", "2"]),
        ("title", ["2", "1", "3"]),
        ("label", ["2", "3", "1"]),
        ("adopted", ["1", "2", "3"]),
        ("relevance", ["2", "3", "1"]),
        ("no such order", ["2", "3", "1"]),
        ("id; DROP TABLE core_searchdocument", ["2", "3", "1"]),
    ],
)
def test_the_orders_of_a_list(sort: str, order: list[str]) -> None:
    put(1, "Über water", day=2, uptake=2)
    put(2, "Alps", day=1, rank=4)
    put(3, "Zebra", day=3)
    put(4, "élan", kind="hub", uptake=3)
    search.index(KIND, 2, title="élan", facets={}, published_at=None, rank=4)
    assert found("", sort=sort) == order


def test_pages_hold_everything_once_and_the_total_is_always_there() -> None:
    for n in range(7):
        put(n, "Water", day=n)
    query = SearchQuery.parse("water")
    pages = [search.find(KIND, query, page=page, per_page=3) for page in (1, 2, 3, 4)]
    assert [page.ids for page in pages] == [("6", "5", "4"), ("3", "2", "1"), ("0",), ()]
    assert [page.total for page in pages] == [7] * 4


@pytest.mark.parametrize("page", [-5, 0, 10**6, 10**18, 10**40])
def test_any_page_number_is_answered(page: int) -> None:
    put(1, "Water")
    answer = search.find(KIND, SearchQuery.parse("water"), page=page)
    assert answer == Found(1, ("1",) if page < 1 else ())


# --- Phrases and exclusions ------------------------------------------------------------------


def test_a_phrase_is_found_as_it_stands_and_within_one_field() -> None:
    put(1, "Early warning of floods")
    put(2, "Warning early")
    put(3, "Go early", "Warning signs")
    put(4, "x", "", "An ÉARLY, warning!")
    assert found('"early warning"') == ["1", "4"]
    assert found('"early warnings"') == []


def test_words_beside_a_phrase_order_but_do_not_exclude() -> None:
    put(1, "Early warning of floods", day=1)
    put(2, "Early warning of drought", day=2)
    put(3, "Floods", day=3)
    assert found('"early warning" floods') == ["1", "2"]


def test_excluded_words_and_phrases_do_not_occur() -> None:
    put(1, "Clean water for schools")
    put(2, "Water for a school, clean")
    put(3, "Water")
    put(4, "Fire")
    assert found("water -schools") == ["3"]
    assert found('water -"clean water"', sort="title") == ["3", "2"]
    assert found("-water") == ["4"]
    assert found("water -water") == []


def test_a_chinese_phrase_may_go_on_in_the_document() -> None:
    put(1, "中国农村供水工程", language="zh")
    put(2, "农村 供水", language="zh")
    assert found('"农村供水"') == ["1"]
    assert sorted(found("农村供水")) == ["1", "2"]


# --- Typing errors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("irigation", "irrigation"),
        ("irrigtaion", "irrigation"),
        ("vacination", "vaccination"),
        ("eduaction", "education"),
        ("watre", "water"),
        ("mlik", "milk"),
        ("capacitasion", "capacitación"),
    ],
)
def test_a_mistyped_word_finds_what_was_meant(typed: str, meant: str) -> None:
    for n, word in enumerate(
        ["irrigation", "vaccination", "education", "water", "milk", "mill", "litigation"]
    ):
        put(n, f"About {word}")
    put("es", "Capacitación", language="es")
    query = SearchQuery.parse(typed)
    answer = search.find(KIND, query)
    assert answer.corrected == {typed: (meant,)}
    assert list(answer.ids) == found(meant)
    assert answer.total == 1
    assert search.did_you_mean(query) == meant


def test_a_known_word_is_left_alone() -> None:
    put(1, "Litigation")
    put(2, "Mitigation")
    assert search.find(KIND, SearchQuery.parse("litigation")) == Found(1, ("1",))
    assert search.did_you_mean(SearchQuery.parse("litigation")) is None


def test_an_inflection_nobody_wrote_is_no_typing_error() -> None:
    put(1, "Irrigation")
    assert search.find(KIND, SearchQuery.parse("irrigated")) == Found(1, ("1",))


def test_a_word_like_no_other_finds_nothing() -> None:
    put(1, "Irrigation")
    query = SearchQuery.parse("zzzyyyxxx")
    assert search.find(KIND, query) == Found(0)
    assert search.did_you_mean(query) is None


def test_a_rare_misspelling_in_a_document_is_questioned() -> None:
    put("wrong", "Irigation")
    for n in range(12):
        put(n, "Irrigation")
    query = SearchQuery.parse('irigation "for all" -desert')
    assert search.find(KIND, SearchQuery.parse("irigation")) == Found(1, ("wrong",))
    assert search.did_you_mean(query) == '"for all" irrigation -desert'


def test_a_correction_keeps_the_words_that_were_right() -> None:
    put(1, "Irrigation of rice")
    put(2, "Rice")
    answer = search.find(KIND, SearchQuery.parse("rice irigation"))
    assert (answer.ids, answer.corrected) == (("1", "2"), {"irigation": ("irrigation",)})


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("water", "water", 0), ("watre", "water", 1), ("wter", "water", 1), ("wagter", "water", 1),
     ("vatre", "water", 2), ("abc", "xyz", 3), ("a", "abcdef", 3)],
)  # fmt: skip
def test_distance_counts_letters(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other, 2) == distance
    assert edit_distance(other, one, 2) == distance


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite always has trigrams")
def test_without_trigrams_typing_errors_are_corrected_by_prefix() -> None:
    put(1, "Irrigation")
    put(2, "Iron")
    with connection.cursor() as cursor:
        cursor.execute(structure.POSTGRES_NEIGHBOURS_BY_PREFIX)
    assert search.find(KIND, SearchQuery.parse("irigation")).corrected == {
        "irigation": ("irrigation",)
    }


# --- Suggestions, everywhere -----------------------------------------------------------------


def test_titles_are_suggested_from_their_beginnings() -> None:
    put(1, "Water for schools")
    put(2, "Clean water")
    put(3, "School meals", "water")
    put(4, "Waterways", kind="hub")
    put(5, "农村供水", language="zh")
    titles = [item.title for item in search.suggest("wat")]
    assert titles == ["Water for schools", "Waterways", "Clean water"]
    assert [item.object_id for item in search.suggest("wat", KIND)] == ["1", "2"]
    assert [item.object_id for item in search.suggest("schools wat")] == ["1"]
    assert [item.object_id for item in search.suggest("SCHOOL ME")] == ["3"]
    assert [item.object_id for item in search.suggest("供")] == ["5"]
    assert [item.object_id for item in search.suggest("供水")] == ["5"]
    assert search.suggest("w") == search.suggest("") == search.suggest("*!") == []
    assert len(search.suggest("wat", limit=1)) == 1


def test_everything_is_searched_at_once() -> None:
    for n in range(7):
        put(n, "Water", rank=n)
    put(1, "Water hub", kind="hub")
    put(2, "Fire hub", kind="hub")
    answer = search.find_everywhere(SearchQuery.parse("water"))
    assert answer == {
        "hub": Found(1, ("1",)),
        "solution": Found(7, ("6", "5", "4", "3", "2")),
    }
    assert search.find_everywhere(SearchQuery.parse("")) == {}
    assert search.find_everywhere(SearchQuery.parse("?!")) == {}


# --- Bad input -------------------------------------------------------------------------------

HOSTILE = [
    '"unbalanced', '"', '""""', "NEAR(", "NEAR(a b, 2)", "*", "water*", "-", "--", "- -water",
    "^water", "title_words:water", "{title_words} : water", "a AND", "OR", "NOT NOT", "(((", ")))",
    "water & | ! <-> :*", "'", "';DROP TABLE core_searchdocument;--", "\\", "%", "%s %(x)s", "_",
    "💧💧", "a" * 10_000, "water " * 2_000, '"' + "water " * 2_000, "-x " * 500, "\u202ewater",
    "ﷺ" * 200, "\u0301" * 500, "水" * 500, "~en~water", "~", "\ud800", "water\x00", "\x7f\x1b[0m",
]  # fmt: skip


def ask_everything(typed: str) -> None:
    query = SearchQuery.parse(typed)
    search.find(KIND, query, {"sector": [typed]})
    search.find(KIND, query)
    search.facet_counts(KIND, query, {"sector": [typed]}, ["sector"])
    search.find_everywhere(query)
    search.did_you_mean(query)
    search.suggest(typed)
    search.similar(KIND, title=typed, summary=typed)


@pytest.mark.parametrize("typed", HOSTILE, ids=lambda typed: ascii(typed[:20]))
def test_hostile_questions_are_answered(typed: str) -> None:
    put(1, "Water", facets={"sector": ["x"]})
    typed = typed.replace("\ud800", "").replace("\x00", "")  # no database stores these as a value
    ask_everything(typed)
    assert SearchDocument.objects.count() == 1


@pytest.mark.parametrize("typed", ["\ud800water", "water\x00", "wa\x00ter \udfff"])
def test_broken_characters_separate_words(typed: str) -> None:
    put(1, "Water")
    query = SearchQuery.parse(typed)
    assert query.words in {("water",), ("wa", "ter")}
    search.find(KIND, query)
    search.suggest(typed)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_any_text_is_answered(typed: str) -> None:
    ask_everything(typed)


@pytest.mark.parametrize(
    "text",
    [
        "water " * 100_000,
        " ".join(f"word{n}" for n in range(60_000)),
        "ﷺ" * 100_000,
        "".join(chr(0x20000 + n % 40_000) for n in range(100_000)),
        " ".join("".join(chr(0x1E900 + (n * k) % 34) for k in range(3, 9)) for n in range(50_000)),
        " ".join(f"{n:064d}" for n in range(10_000)),
        "\x00\ud800 water",
    ],
    ids=["repeated", "distinct", "ligature", "han", "adlam", "numbers", "broken"],
)
def test_a_text_of_any_size_is_indexed(text: str) -> None:
    put(1, "Water", text, text)
    put(2, text[:300], language="zh")
    assert "1" in found("water")


# --- Writing ---------------------------------------------------------------------------------


def rows_everywhere() -> dict[str, int]:
    """How many rows each table of the search has, engine included."""
    tables = ["core_searchdocument", "core_searchfacet", "core_searchword"]
    if connection.vendor == "sqlite":
        tables += ["core_searchindex_docsize", "core_searchtrigram"]
    numbers = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            numbers[table] = cursor.fetchone()[0]
    return numbers


def test_indexing_again_replaces_everything() -> None:
    put(1, "Irrigation", "Dams", facets={"sector": ["water", "food"], "country": ["KE"]})
    put(1, "Vaccination", facets={"sector": ["health"]}, language="fr", rank=3)
    assert found("irrigation") == found("dams") == []
    assert found("vaccination") == ["1"]
    assert counts("", {}, "sector", "country") == {"sector": {"health": 1}, "country": {}}
    words = SearchWord.objects.values_list("language", "word", "uses")
    assert list(words) == [("fr", "vaccination", 1)]


def test_indexing_the_same_again_changes_nothing() -> None:
    put(1, "Irrigation", "Dams", facets={"sector": ["water"]})
    before = rows_everywhere()
    put(1, "Irrigation", "Dams", facets={"sector": ["water"]})
    assert rows_everywhere() == before
    assert set(SearchWord.objects.values_list("word", "uses")) == {("irrigation", 1), ("dams", 1)}


def test_one_id_may_name_a_record_of_each_kind() -> None:
    put(1, "Water")
    put(1, "Water hub", kind="hub")
    search.remove("hub", 1)
    assert (found("water"), found("water", "hub")) == (["1"], [])


def test_removing_leaves_no_trace_not_even_in_corrections() -> None:
    put(1, "Irrigation", facets={"sector": ["water"]})
    search.remove(KIND, 1)
    search.remove(KIND, 1)
    assert set(rows_everywhere().values()) == {0}
    assert search.did_you_mean(SearchQuery.parse("irigation")) is None


def test_a_word_stays_while_another_document_has_it() -> None:
    put(1, "Irrigation")
    put(2, "Irrigation of rice")
    search.remove(KIND, 2)
    assert list(SearchWord.objects.values_list("word", "uses")) == [("irrigation", 1)]


def test_a_transaction_undone_leaves_nothing() -> None:
    put(1, "Irrigation", facets={"sector": ["water"]})
    before = rows_everywhere()
    with pytest.raises(RuntimeError), transaction.atomic():
        put(1, "Vaccination", facets={"sector": ["health"]})
        put(2, "Education", facets={"sector": ["education"]})
        assert found("education") == ["2"]
        raise RuntimeError
    assert rows_everywhere() == before
    assert (found("irrigation"), found("vaccination"), found("education")) == (["1"], [], [])
    assert not search.check()


def test_many_documents_are_indexed_in_few_statements(django_assert_max_num_queries) -> None:
    many = [
        search.Document(KIND, str(n), f"Title {n}", DAY_ONE, facets={"sector": [str(n % 7)]})
        for n in range(300)
    ]
    with django_assert_max_num_queries(20):
        assert search.index_many([*many, many[0]]) == 301
    assert search.find(KIND, SearchQuery()).total == 300
    assert not search.check()


def test_deleting_rows_directly_is_followed_by_the_engine() -> None:
    put(1, "Irrigation", facets={"sector": ["water"]})
    SearchDocument.objects.all().delete()
    assert found("irrigation") == []
    assert SearchFacet.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_index_is_flushed_with_its_documents() -> None:
    put(1, "Irrigation")
    call_command("flush", interactive=False, verbosity=0)
    assert set(rows_everywhere().values()) == {0}
    put(1, "Vaccination")
    assert (found("irrigation"), found("vaccination")) == ([], ["1"])


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_do_not_block_each_other() -> None:
    words = [f"word{chr(97 + n)}" for n in range(26)]
    failures: list[BaseException] = []

    def publish(start: int, text: str) -> None:
        try:
            for n in range(start, start + 10):
                put(n, text)
        except BaseException as failure:  # noqa: BLE001 (reported below)
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=publish, args=(0, " ".join(words))),
        threading.Thread(target=publish, args=(100, " ".join(reversed(words)))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert search.find(KIND, SearchQuery.parse("worda")).total == 20
    assert not search.check()


# --- Queries ---------------------------------------------------------------------------------


@pytest.mark.parametrize("documents", [1, 50])
def test_the_number_of_queries_does_not_depend_on_the_documents(
    documents: int, django_assert_num_queries
) -> None:
    for n in range(documents):
        put(n, f"Water {n}", facets={"sector": ["a", str(n % 9)], "country": [str(n % 20)]})
    selected = {"sector": ["a"], "country": [str(n) for n in range(20)]}
    groups = ["sector", "country", "tag"]
    query = SearchQuery.parse('water irigation "water" -fire')
    with django_assert_num_queries(2):
        search.find(KIND, query, selected)
    with django_assert_num_queries(1):
        search.facet_counts(KIND, query, selected, groups)
    with django_assert_num_queries(2):
        search.facet_counts(KIND, SearchQuery.parse("water"), selected, groups)
    with django_assert_num_queries(0):
        search.did_you_mean(query)
    with django_assert_num_queries(1):
        search.find(KIND, SearchQuery(), selected, sort="newest")
    with django_assert_num_queries(1):
        search.facet_counts(KIND, SearchQuery(), None, groups)
    with django_assert_num_queries(2):
        search.find_everywhere(SearchQuery.parse("water"))
    with django_assert_num_queries(1):
        search.suggest("wat")
    with django_assert_num_queries(0):
        search.find(KIND, SearchQuery.parse("!?"), selected)
