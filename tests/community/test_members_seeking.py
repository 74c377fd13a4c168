"""What the directory answers is exact where it gives numbers, goes on where it ends, and costs the
same however many members there are."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Profile, User
from community import finding, seeking
from community.listing import MemberDirectory
from community.models import DirectoryEntry, Member
from community.models.directory import GROUPS
from core.search import SearchQuery
from tests.factories import reference
from tests.people import browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

pytestmark = pytest.mark.django_db

ADDRESS = "/community/members/"
STRANGER = AnonymousUser()
PUBLIC = "public"

People = dict[int, finding.Wanted]


def enter(people: Iterable[tuple[str, set[str], set[tuple[str, str]]]]) -> People:
    """Entries that everybody sees: a name, words and values each. By their keys."""
    wanted = [finding.Wanted(*one) for one in people]
    first = Member.objects.count()
    users = User.objects.bulk_create(
        User(email=f"p{first + n}@example.org", name=one.name_sort) for n, one in enumerate(wanted)
    )
    Profile.objects.bulk_create(
        Profile(user=user, name_audience=PUBLIC, audiences={}) for user in users
    )
    members = Member.objects.bulk_create(
        Member(user=user, handle=f"m{first + n}x", is_listed=True, joined_at=timezone.now())
        for n, user in enumerate(users)
    )
    rows = DirectoryEntry.objects.bulk_create(
        DirectoryEntry(
            member=member, audience=PUBLIC, name_sort=one.name_sort, joined_at=member.joined_at
        )
        for member, one in zip(members, wanted, strict=True)
    )
    finding.lay(zip(rows, wanted, strict=True))
    finding.mend_counts()
    return {row.pk: one for row, one in zip(rows, wanted, strict=True)}


def limits(monkeypatch: pytest.MonkeyPatch, *, looked: int, counted: int) -> None:
    monkeypatch.setattr("community.seeking.LOOKED_THROUGH", looked)
    monkeypatch.setattr("community.seeking.MOST_COUNTED", counted)


# --- Exactness -----------------------------------------------------------------------------------


@pytest.fixture
def crowd() -> People:
    """Sixty people of few values, so that some sets are long and some are short."""
    chance = random.Random(7)
    people = []
    for _n in range(60):
        values = {
            ("country", chance.choice(["BR", "BR", "BR", "ID", "KE"])),
            ("kind", chance.choice(["civil", "civil", "academia", "government"])),
            *(("language", code) for code in chance.sample(["en", "pt", "id"], 2)),
        }
        words = set(chance.sample(["water", "watch", "energy", "forest", "schools", "audit"], 2))
        # Several of one name: their keys keep them in order.
        people.append((chance.choice(["ana", "bea", "cai", "dov"]), words, values))
    return enter(people)


def meets(one: finding.Wanted, query: SearchQuery, selected: dict[str, list[str]]) -> bool:
    return (
        all(any((group, v) in one.values for v in values) for group, values in selected.items())
        and all(any(word.startswith(w[:4]) for word in one.words) for w in query.words)
        and not any(any(word.startswith(str(w)) for word in one.words) for w in query.excluded)
    )


QUESTIONS: list[tuple[str, dict[str, list[str]]]] = [
    ("", {"country": ["KE"]}),
    ("", {"country": ["BR"]}),
    ("", {"language": ["en"]}),
    ("", {"language": ["en", "pt"]}),
    ("", {"country": ["BR", "KE"], "kind": ["civil"]}),
    ("", {"country": ["ID"], "kind": ["government"], "language": ["pt"]}),
    ("water", {}),
    ("water energy", {}),
    ("wat", {"country": ["BR"]}),
    ("water", {"kind": ["academia"], "language": ["id"]}),
    ("-water", {}),
    ("-water", {"country": ["KE"]}),
    ("forest -audit", {"language": ["en"]}),
    ("nothing", {"language": ["en"]}),
]


@pytest.mark.parametrize("newest", [False, True], ids=["by name", "newest"])
@pytest.mark.parametrize("looked", [1, 7, 20, 1_000])
def test_answers_and_counts_agree_with_counting_by_hand(
    monkeypatch: pytest.MonkeyPatch,
    crowd: People,
    looked: int,
    newest: bool,
) -> None:
    limits(monkeypatch, looked=looked, counted=12)
    for words, selected in QUESTIONS:
        compare(crowd, words, selected, newest)


def compare(crowd: People, words: str, selected: dict[str, list[str]], newest: bool) -> None:
    query = SearchQuery.parse(words)
    right = [key for key, one in crowd.items() if meets(one, query, selected)]
    right.sort(key=lambda key: -key if newest else (crowd[key].name_sort, key))
    question = seeking.Question(PUBLIC, query, selected, whole=finding.whole(PUBLIC), newest=newest)

    answer = question.answer()
    found, last = list(answer.entries), answer.looked_to
    while last is not None:
        stretch = question.answer(after=last)
        assert not stretch.is_complete
        found += stretch.entries
        last = stretch.looked_to

    assert found == right
    assert answer.total in {len(right), None}
    assert not answer.is_complete or answer.total == len(right)
    if answer.is_complete and len(right) <= seeking.MOST_COUNTED:
        assert set(GROUPS) - set(selected) <= set(answer.counts)
    for group, counts in answer.counts.items():
        others = {name: values for name, values in selected.items() if name != group}
        left = [one for one in crowd.values() if meets(one, query, others)]
        by_hand = Counter(value for one in left for name, value in one.values if name == group)
        assert dict(counts) == by_hand


def test_a_list_that_is_not_counted_says_how_many_there_are_at_least(
    monkeypatch: pytest.MonkeyPatch, crowd: People
) -> None:
    reference()
    limits(monkeypatch, looked=20, counted=12)
    monkeypatch.setattr("community.listing.PER_PAGE", 3)
    address = f"{ADDRESS}?country=BR&language=en"
    right = [
        key
        for key, one in sorted(crowd.items(), key=lambda row: (row[1].name_sort, row[0]))
        if meets(one, SearchQuery(), {"country": ["BR"], "language": ["en"]})
    ]
    one = MemberDirectory(QueryDict("country=BR&language=en"), STRANGER)
    in_twenty = len(one.answer.entries)
    assert 3 < in_twenty < len(right)

    page = browser().get(address).content.decode()

    assert f"At least {in_twenty} of 60 members" in page
    assert "not everything is counted" in page
    assert '<span class="n"></span>' in page
    assert "facet-0" not in page
    assert f"?country=BR&amp;language=en&amp;after={right[2]}" in page
    further = browser().get(f"{address}&after={right[2]}").content.decode()
    assert "Further members" in further
    assert f'<link rel="canonical" href="{address.replace("&", "&amp;")}&amp;after=' in further
    handles = [DirectoryEntry.objects.get(pk=key).member.handle for key in right[3:6]]
    assert [further.count(f"/community/members/{handle}/") for handle in handles] == [1, 1, 1]


def test_one_long_group_alone_has_its_numbers(
    monkeypatch: pytest.MonkeyPatch, crowd: People
) -> None:
    reference()
    limits(monkeypatch, looked=10, counted=5)
    everybody = Counter(value for one in crowd.values() for name, value in one.values)

    one = MemberDirectory(QueryDict("country=BR&country=ID"), STRANGER)

    assert one.reads_on
    assert one.total == everybody["BR"] + everybody["ID"]
    assert one.counts == {"country": {c: everybody[c] for c in ("BR", "ID", "KE")}}


@pytest.mark.parametrize("after", ["0", "x", "-1", "9" * 18, "9" * 400, "٣", "\x00"])
def test_no_place_to_go_on_from_breaks_the_list(
    monkeypatch: pytest.MonkeyPatch, crowd: People, after: str
) -> None:
    reference()
    limits(monkeypatch, looked=10, counted=5)

    answer = browser().get(ADDRESS, {"kind": "civil", "after": after})

    assert answer.status_code in {200, 400}


# --- Cost ----------------------------------------------------------------------------------------


def rows_of(plan: dict[str, Any]) -> float:
    """The rows a plan of PostgreSQL read, those it threw away among them."""
    read = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    below = sum(rows_of(part) for part in plan.get("Plans", ()))
    return float(read) * float(plan["Actual Loops"]) + below


def work_of(function: Callable[[], Any]) -> float:
    """What the database does for it: steps of the machine of SQLite, rows of PostgreSQL."""
    if connection.vendor == "sqlite":
        steps: list[None] = []
        connection.ensure_connection()
        connection.connection.set_progress_handler(lambda: steps.append(None), 1)
        try:
            function()
        finally:
            connection.connection.set_progress_handler(None, 0)
        return len(steps)
    with CaptureQueriesContext(connection) as queries:
        function()
    with connection.cursor() as cursor:
        total = 0.0
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query['sql']}")
            (found,) = cursor.fetchone()
            total += rows_of((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])
    return total


def crowd_of(number: int, first: int) -> list[tuple[str, set[str], set[tuple[str, str]]]]:
    """Every second one is of civil society and every third knows about water; ten have a rare
    word and ten a small country, whatever the number."""
    people = []
    for n in range(first, first + number):
        values = {("language", "en"), ("kind", "civil" if n % 2 else "government")}
        values.add(("country", "KE" if n < 10 else "BR"))
        words = {"water" if n % 3 else "energy", "rare" if 5 <= n < 15 else "often"}
        people.append((f"name {n:05}", words, values))
    return people


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sort=newest",
        "page=3",
        "kind=civil",
        "kind=civil&sort=newest",
        "kind=civil&language=en",
        "q=water",
        "q=-water",
        "q=water&kind=civil&language=en",
        "q=rare",
        "q=rare&kind=civil",
        "q=water+rare",
        "country=KE",
        "country=KE&kind=civil&q=water",
    ],
)
def test_a_page_reads_no_more_with_more_members(
    monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    reference()
    limits(monkeypatch, looked=40, counted=20)
    monkeypatch.setattr("community.listing.PER_PAGE", 10)
    costs = []
    there = 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A small table is read as a whole, by itself or to be merged with another, which says
            # nothing about a large one.
            for way in ("seqscan", "mergejoin", "hashjoin"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        for number in (120, 240, 480):
            enter(crowd_of(number - there, there))
            there = number
            cursor.execute("ANALYZE")

            def look() -> Sequence[Any]:
                found = MemberDirectory(QueryDict(query), STRANGER)
                return [found.rows, found.groups, found.total]

            look()
            costs.append(work_of(look))

    assert max(costs) <= 1.1 * costs[0], costs


@pytest.mark.parametrize(
    ("query", "queries"),
    [
        ("kind=civil", 5),
        ("q=water&kind=civil&language=en", 6),
        ("q=rare&kind=civil", 6),
        ("country=KE&kind=civil", 5),
    ],
)
@pytest.mark.parametrize("number", [120, 240])
def test_every_answer_asks_a_fixed_number_of_questions(
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
    query: str,
    queries: int,
    number: int,
) -> None:
    reference()
    limits(monkeypatch, looked=40, counted=20)
    enter(crowd_of(number, 0))
    visitor = browser()
    visitor.get(ADDRESS)

    with django_assert_num_queries(queries):
        visitor.get(f"{ADDRESS}?{query}")
