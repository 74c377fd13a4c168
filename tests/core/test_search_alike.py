"""Possible duplicates of a title that is being typed, and more of the same."""

from __future__ import annotations

import pytest

from core import search
from tests.core.search_data import KIND, put

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    put("mtb", "Village wells maintenance brigades", "Trained mechanics keep the pumps running.")
    put("meals", "School meals from local farms", "Pupils eat what farmers nearby grow.")
    put("cash", "Cash transfers for poor households", "Families are paid every month.")
    put("es", "Capacitación de docentes rurales", "Maestros de escuelas rurales", language="es")
    put("hub", "School meals from local farms", kind="hub")


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("School meals from local farms", "meals"),
        ("school MEALS from lokal farms", "meals"),
        ("Local farms for school meals", "meals"),
        ("Maintenance brigades for village wells", "mtb"),
        ("Cash transfer for poor household", "cash"),
        ("Capacitaciones de docentes rurales", "es"),
    ],
)
def test_a_near_duplicate_is_recognised(title: str, key: str) -> None:
    language = "es" if key == "es" else "en"
    (first, score), *others = search.similar(KIND, title=title, language=language)
    assert first == key
    assert 0.5 <= score <= 1
    assert all(other < 0.5 for _key, other in others)


@pytest.mark.parametrize(
    "title",
    [
        "School gardens",
        "Training of village health workers",
        "Poor roads",
        "Farms",
        "x",
        "?!",
        "",
    ],
)
def test_the_same_subject_alone_is_no_duplicate(title: str) -> None:
    assert [key for key, score in search.similar(KIND, title=title) if score >= 0.5] == []


def test_the_same_words_are_wholly_alike() -> None:
    title, summary = "School meals from local farms", "Pupils eat what farmers nearby grow."
    assert search.similar(KIND, title=title, summary=summary)[0] == ("meals", 1.0)


def test_a_record_does_not_resemble_itself() -> None:
    title = "School meals from local farms"
    keys = [key for key, _score in search.similar(KIND, title=title, exclude_id="meals")]
    assert "meals" not in keys


def test_more_of_the_same_leaves_out_the_record_itself() -> None:
    put("gardens", "School gardens", "Pupils grow vegetables for their meals.")
    assert search.more_like(KIND, "meals", limit=1) == ["gardens"]
    assert "meals" not in search.more_like(KIND, "meals")
    assert search.more_like(KIND, "no such record") == []


def test_comparing_takes_two_queries(django_assert_num_queries) -> None:
    for n in range(30):
        put(n, f"School meals number {n}")
    with django_assert_num_queries(2):
        assert len(search.similar(KIND, title="School meals", limit=50)) == 20
    with django_assert_num_queries(3):
        search.more_like(KIND, "meals")
