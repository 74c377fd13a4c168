"""Two who write into the search at once, each several times in one transaction."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from core import search
from core.models import SearchWord
from core.search import SearchQuery, postgres
from tests import racing
from tests.core.search_data import DAY_ONE, KIND
from tests.racing import at_once, everybody_has_looked

pytestmark = pytest.mark.django_db(transaction=True)


def publish(first: str, second: str) -> None:
    """Both in one transaction; nobody writes the second before both have written the first, unless
    one has to wait until the other has ended."""
    with transaction.atomic():
        search.index(KIND, f"{first} 1", title=first, facets={}, published_at=DAY_ONE)
        everybody_has_looked()
        search.index(KIND, f"{first} 2", title=second, facets={}, published_at=DAY_ONE)


def both_ways() -> list[Exception | None]:
    """Two write the same two words, each beginning with the other's last."""
    return at_once(
        lambda: publish("irrigation", "vaccination"), lambda: publish("vaccination", "irrigation")
    )


@pytest.fixture
def counted() -> None:
    """Both words are there before, so that their rows are only counted again."""
    search.index_many(
        search.Document(KIND, word, word, DAY_ONE) for word in ("irrigation", "vaccination")
    )


@pytest.mark.usefixtures("counted")
def test_words_written_in_different_orders_block_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    # One waits for the lock of the other: they cannot meet, and the database is less patient.
    monkeypatch.setattr(racing, "PATIENCE", 1.0)
    assert both_ways() == [None, None]
    uses = SearchWord.objects.order_by("word").values_list("word", "uses")
    assert list(uses) == [("irrigation", 3), ("vaccination", 3)]
    assert search.find(KIND, SearchQuery.parse("irrigation")).total == 3
    assert not search.check()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.usefixtures("counted")
def test_without_turns_they_would_block_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "take_turn", lambda: None)
    found = both_ways()
    assert [str(error).partition("\n")[0] for error in found if error] == ["deadlock detected"]
