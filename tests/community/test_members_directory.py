"""Who finds whom in the directory: every field for its readers, in the list and in the counts."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory

from accounts.models import Audience, Language, Profile, User
from community import finding
from community.choices import ChapterRole
from community.listing import MOST_PAGES, PER_PAGE, MemberDirectory
from community.models import ChapterMember, DirectoryCount, DirectoryEntry, Member, Sanction
from community.operations import membership as keeping
from community.signals import chapter_joined, sanctioned
from tests.community.factories import make_chapter, make_member
from tests.factories import make_user, reference
from tests.people import browser

pytestmark = pytest.mark.django_db

ADDRESS = "/community/members/"
STRANGER = AnonymousUser()


@pytest.fixture(autouse=True)
def world() -> None:
    reference()


def listed(name: str = "Ana Ruiz", *, handle: str = "", opened: Any = (), **profile: Any) -> User:
    """Somebody in the directory. ``opened`` names the fields everybody sees; all others are for
    members."""
    user = make_member(make_user(name), **({"handle": handle} if handle else {}), is_listed=True)
    languages = profile.pop("languages", [])
    for field, value in profile.items():
        setattr(user.profile, field, value)
    show(user, **dict.fromkeys(opened, Audience.PUBLIC))
    user.profile.languages.set(Language.objects.filter(pk__in=languages))
    finding.note(user.pk)
    return user


def show(user: User, **audiences: str) -> None:
    profile = user.profile
    profile.name_audience = audiences.pop("name", profile.name_audience)
    profile.audiences = profile.audiences | audiences
    profile.save()
    finding.note(user.pk)


def found(viewer: Any, query: str = "") -> list[str]:
    """The short names in the list."""
    return [row.member.handle for row in MemberDirectory(QueryDict(query), viewer).rows]


def counted(viewer: Any, query: str = "") -> dict[str, dict[str, int]]:
    counts = MemberDirectory(QueryDict(query), viewer).counts
    return {group: dict(values) for group, values in counts.items() if group and values}


#: Each field with how it would give its value away: in words, as a value, as a text on the page.
FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "name": ({}, "q=ruiz", "Ana Ruiz"),
    "organisation": ({"organisation": "Institute of Wells"}, "q=institute", "Institute of Wells"),
    "position": ({"position": "Hydrologist"}, "q=hydrologists", "Hydrologist"),
    "expertise": ({"expertise": "Pumps and buckets"}, "q=bucket", "Pumps and buckets"),
    "country": ({"country": "BR"}, "country=BR", "Brazil"),
    "organisation_kind": ({"organisation_kind": "civil"}, "kind=civil", "Civil society"),
    "languages": ({"languages": ["pt"]}, "language=pt", "Português"),
}
GROUP_OF = {"country": "country", "organisation_kind": "kind", "languages": "language"}
SEES = {
    ("stranger", Audience.PUBLIC): True,
    ("stranger", Audience.MEMBERS): False,
    ("stranger", Audience.NOBODY): False,
    ("reader", Audience.PUBLIC): True,
    ("reader", Audience.MEMBERS): True,
    ("reader", Audience.NOBODY): False,
    ("moderator", Audience.MEMBERS): True,
    ("moderator", Audience.NOBODY): False,
}


@pytest.mark.parametrize(("kind", "audience"), SEES)
@pytest.mark.parametrize("field", FIELDS)
def test_no_value_shows_matches_narrows_or_counts_for_who_may_not_see_it(
    field: str, kind: str, audience: str
) -> None:
    values, query, text = FIELDS[field]
    # What everybody sees besides, so that the member is in every list.
    opened = ["about" if field == "organisation" else "organisation"]
    user = listed(**({"organisation": "Ministry"} | values), opened=opened, handle="abc")
    if field == "organisation":
        user.profile.position = "Engineer"
        show(user, position=Audience.PUBLIC)
    show(user, **{field: audience})
    viewer: Any = {
        "stranger": STRANGER,
        "reader": make_user(),
        "moderator": make_user(is_staff=True),
    }[kind]
    sees = SEES[kind, audience]
    client = browser(None if kind == "stranger" else viewer)

    assert found(viewer) == ["abc"]
    assert (found(viewer, query) == ["abc"]) == sees
    lists, own = client.get(ADDRESS), client.get("/community/members/abc/")
    for page in (lists, own):
        assert (text in page.content.decode().partition("<main")[2]) == sees
    if field in GROUP_OF:
        group, (_name, value) = GROUP_OF[field], query.split("=")
        assert counted(viewer).get(group, {}) == ({value: 1} if sees else {})
        assert counted(viewer, "q=abc").get(group, {}) == ({value: 1} if sees else {})


def test_who_opened_nothing_to_everybody_is_in_no_public_list() -> None:
    listed(organisation="Ministry", handle="abc")

    assert (found(STRANGER), found(make_user())) == ([], ["abc"])
    assert MemberDirectory(QueryDict(), STRANGER).everything == 0
    assert "abc" not in browser().get(ADDRESS).content.decode()


def test_who_is_not_listed_is_found_by_nobody_and_has_a_page() -> None:
    user = listed(handle="abc", opened=["name"])

    keeping.change_membership(by=user, handle="abc", is_listed=False, shows_recognition=True)

    assert found(make_user()) == found(make_user(is_staff=True)) == []
    assert not DirectoryEntry.objects.exists()
    assert set(DirectoryCount.objects.values_list("members", flat=True)) == {0}
    assert "Ana Ruiz" in browser().get("/community/members/abc/").content.decode()


def test_a_banned_member_is_not_listed_and_comes_back_when_it_is_lifted() -> None:
    user = listed(handle="abc")
    ban = Sanction.objects.create(user=user, kind="ban", ground="spam", reason="Sold pumps.")
    sanctioned.send(Sanction, sanction=ban, verb="ban", by=None)
    assert found(make_user()) == []

    ban.lifted_at = ban.decided_at
    ban.save()
    sanctioned.send(Sanction, sanction=ban, verb="lift", by=None)

    assert found(make_user()) == ["abc"]


# --- Facets --------------------------------------------------------------------------------------


def test_facets_combine_and_each_says_what_another_choice_would_give() -> None:
    listed("A", handle="aaa", country="BR", organisation_kind="civil", languages=["pt", "en"])
    listed("B", handle="bbb", country="BR", organisation_kind="academia", languages=["pt"])
    listed("C", handle="ccc", country="ID", organisation_kind="civil", languages=["en"])
    viewer = make_user()

    assert found(viewer, "country=BR&kind=civil") == ["aaa"]
    assert found(viewer, "country=BR&country=ID&kind=civil") == ["aaa", "ccc"]
    assert counted(viewer, "country=BR&kind=civil") == {
        "country": {"BR": 1, "ID": 1},
        "kind": {"civil": 1, "academia": 1},
        "language": {"pt": 1, "en": 1},
    }
    assert counted(viewer) == {
        "country": {"BR": 2, "ID": 1},
        "kind": {"civil": 2, "academia": 1},
        "language": {"pt": 2, "en": 2},
    }


def test_chapters_narrow_for_members_and_private_ones_for_nobody() -> None:
    user = listed(handle="abc", opened=["name"])
    valley, secret = make_chapter(), make_chapter(is_private=True)
    asked = make_chapter()
    for chapter, role in (
        (valley, ChapterRole.MEMBER),
        (secret, ChapterRole.MEMBER),
        (asked, ChapterRole.ASKED),
    ):
        ChapterMember.objects.create(chapter=chapter, user=user, role=role)
        chapter_joined.send(ChapterMember, chapter=chapter, user=user, role=role, by=user)
    reader = make_user()

    assert counted(reader)["chapter"] == {str(valley.pk): 1}
    assert found(reader, f"chapter={valley.pk}") == ["abc"]
    assert "chapter" not in counted(STRANGER)
    for viewer, chapter in ((STRANGER, valley), (reader, secret), (user, secret)):
        one = MemberDirectory(QueryDict(f"chapter={chapter.pk}"), viewer)
        assert one.filters.unknown == [("Chapter", str(chapter.pk))]
        assert one.is_whole


# --- Words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        ("ana", True),
        ("ANÁ rui", True),
        ("ana wells", True),
        ("ana pumps", False),
        ("-ana", False),
        ("-pumps", True),
        ('"ana ruiz"', True),
        ("hydrologists", True),
        ("إدارة", True),
        ("水资源", True),
        ("水管", False),
        ("!?", False),
        ("a" + "\u0301" * 5_000, True),
        ("wells " * 2_000, True),
        ("\x00", True),
        ("%", False),
        ("_", False),
        ("' OR 1=1 --", False),
    ],
)
def test_what_words_find(words: str, hit: bool) -> None:
    listed(
        organisation="Wells",
        position="Hydrologist",
        expertise="إدارة المياه 水资源管理",
        handle="abc",
    )
    query = QueryDict(mutable=True)
    query["q"] = words

    assert [row.member.handle for row in MemberDirectory(query, make_user()).rows] == (
        ["abc"] if hit else []
    )


def test_names_of_any_length_and_script_are_listed_and_calm() -> None:
    listed("ש" + "\u05b8" * 149, handle="marks", opened=["name"])
    listed("محمد علي", handle="mali", opened=["name"], expertise="á" * 500)
    listed("Ω" * 150, handle="omega", opened=["name"])

    page = browser().get(ADDRESS).content.decode()

    assert "\u05b8" * 5 not in page
    assert "<bdi>محمد علي</bdi>" in page
    assert set(found(STRANGER)) == {"marks", "mali", "omega"}


@pytest.mark.parametrize(
    "query",
    [
        "page=1000000000000000000",
        "page=-1",
        "page=x",
        "sort=nonsense",
        "&".join(f"country=X{n}" for n in range(2_000)),
        "&".join(f"language={n}" for n in range(900)) + "&page=99",
        "country=%00&kind=%ED%A0%80",
        "q=" + "a+" * 5_000,
        "chapter=999999999999999999999",
    ],
)
def test_no_address_breaks_the_list(query: str) -> None:
    listed(handle="abc", opened=["name"])

    for client in (browser(), browser(make_user())):
        # The portal as a whole refuses more than 1,000 values and what is no text.
        assert client.get(f"{ADDRESS}?{query}").status_code in {200, 400}


# --- Orders and pages ----------------------------------------------------------------------------


def test_members_stand_in_order_of_what_the_reader_sees() -> None:
    listed("Zoé", handle="bbb", opened=["name"])
    listed("Álvaro", handle="ccc", organisation="X", opened=["organisation"])
    listed("Bea", handle="ddd", opened=["name"])

    assert found(make_user()) == ["ccc", "ddd", "bbb"]
    # A stranger reads @ccc and not Álvaro: its place tells no name.
    assert found(STRANGER) == ["ddd", "ccc", "bbb"]
    assert found(STRANGER, "sort=newest") == ["ddd", "ccc", "bbb"]


def test_a_page_beyond_the_last_is_the_last_and_the_pages_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for n in range(5):
        listed(f"Person {n}", handle=f"person-{n}a")
    monkeypatch.setattr("community.listing.PER_PAGE", 2)
    monkeypatch.setattr("community.listing.MOST_PAGES", 2)
    viewer = make_user()

    one = MemberDirectory(QueryDict("page=50"), viewer)

    assert [row.member.handle for row in one.rows] == ["person-2a", "person-3a"]
    assert (one.total, one.page.number, one.beyond) == (5, 2, 4)
    assert MOST_PAGES * PER_PAGE == 3_000


@pytest.mark.parametrize("many", [1, 12])
@pytest.mark.parametrize(
    ("query", "stranger", "reader"),
    [("", 4, 11), ("country=BR&kind=civil&language=pt&q=ana&sort=newest", 6, 13)],
)
def test_the_list_costs_the_same_for_one_and_for_many(
    django_assert_num_queries: Any, many: int, query: str, stranger: int, reader: int
) -> None:
    for n in range(many):
        listed(
            f"Ana {n}",
            handle=f"ana-{n}a",
            opened=[f for f in Profile.FIELDS if f != "about"],
            country="BR",
            organisation_kind="civil",
            languages=["pt", "en"],
        )
    visitor, member = browser(), browser(make_user())
    for client in (visitor, member):
        client.get(ADDRESS)

    for client, budget in ((visitor, stranger), (member, reader)):
        with django_assert_num_queries(budget):
            page = client.get(f"{ADDRESS}?{query}")
        assert page.content.decode().count('class="who-row"') == many


def test_a_change_of_filter_asks_for_the_changed_part_alone() -> None:
    answer = browser().get(ADDRESS, headers={"HX-Request": "true"})

    assert "HX-Request" in answer["Vary"]
    assert "<html" not in answer.content.decode()
    assert 'id="facet-groups"' in answer.content.decode()


# --- On the community's page ---------------------------------------------------------------------


def test_new_members_are_named_with_what_the_reader_may_see(
    django_assert_num_queries: Any,
) -> None:
    for n in range(8):
        listed(f"Ana {n}", handle=f"ana-{n}a", organisation=f"Well {n}", opened=["organisation"])
    request = RequestFactory().get("/")
    template = Template("{% load community_members %}{% new_members %}")

    for viewer, named in ((STRANGER, False), (make_user(), True)):
        request.user = viewer
        with django_assert_num_queries(4 if named else 3):
            page = template.render(Context({"request": request}))
        assert ("Ana 7" in page, "Well 7" in page, "Well 1" in page) == (named, True, False)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("stranger", "Members take part. Reading is open to everybody."),
        ("reader", "Joining takes a minute."),
        ("suspended", "You can read, not write."),
        ("outdated", "The code of conduct has changed."),
        ("member", ""),
    ],
)
def test_the_way_in_says_what_stands_between(kind: str, words: str) -> None:
    user: Any = STRANGER if kind == "stranger" else make_user()
    if kind in {"suspended", "outdated", "member"}:
        make_member(user)
    if kind == "suspended":
        Sanction.objects.create(user=user, kind="ban", ground="spam", reason="Sold pumps.")
    if kind == "outdated":
        Member.objects.update(conduct_version=0)
        vars(user).pop("_member", None)
    request = RequestFactory().get("/community/themes/x/?page=2")
    request.user = user

    page = Template("{% load community_members %}{% way_in %}").render(
        Context({"request": request})
    )

    assert words in page
    assert bool(page.strip()) == bool(words)
    assert ("next=%2Fcommunity%2Fthemes%2Fx%2F" in page) == (kind in "stranger reader outdated")
