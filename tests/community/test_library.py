"""The library: works are proposed, listed, found, cited, exported; permissions hold."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from claims.models import Reference
from claims.relations import citing_columns
from community.choices import ArticleState, ItemState
from community.library import citing, listing, writing
from community.library.citing import cited_in
from community.models import LibraryItem
from community.operations import library
from core.errors import DomainError
from core.models import AuditEntry, SearchDocument
from hubs.models import HubClaim
from tests.community.factories import make_article, make_member, make_theme
from tests.events.factories import make_commitment, make_event, make_source
from tests.factories import make_hub, make_user, reference

pytestmark = pytest.mark.django_db
S = ItemState
#: Statements of the list, of one with words and filters, and of an entry with its citations.
LIST, SEARCH, ENTRY = 4, 6, 18


def moderator() -> Any:
    return make_member(make_user(is_staff=True))


def newcomer() -> Any:
    return make_member(trust="new")


def propose(by: Any = None, **told: Any) -> LibraryItem:
    return library.propose(by=by or make_member(), **{"title": "Deep wells in dry land"} | told)


def state(hub: Any, source: Reference, **more: Any) -> HubClaim:
    return HubClaim.objects.create(
        **{"hub": hub, "topic": "staff", "text": "Ten people.", "reference": source} | more
    )


def listed_hub(**more: Any) -> Any:
    return make_hub(is_listed=True, **more)


def titles(client: Client, **asked: Any) -> list[str]:
    page = client.get(reverse("community:library"), asked)
    assert page.status_code == 200
    return [item.reference.title for item in page.context["list"].rows]


# --- Proposing ---------------------------------------------------------------------------------


def test_a_known_members_work_is_listed_at_once_and_a_new_members_waits(client: Client):
    known, new = propose(title="A work"), propose(newcomer(), title="Another work")
    assert (known.state, new.state) == (S.LISTED, S.PROPOSED)
    assert titles(client) == ["A work"]
    assert client.get(new.get_absolute_url()).status_code == 404
    assert client.get(known.get_absolute_url()).status_code == 200


def test_the_same_form_sent_twice_is_one_entry():
    member, key = make_member(), uuid.uuid4()
    one = propose(member, form_key=key)
    assert propose(member, form_key=key, title="Typed on") == one


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"doi": "10.1234/ABC"}, {"doi": "https://doi.org/10.1234/abc", "title": "Else"}),
        ({"doi": "10.1234/ABC"}, {"url": "https://dx.doi.org/10.1234/abc", "title": "Else"}),
        ({"isbn": "0-306-40615-2"}, {"isbn": "978 0 306 40615 7", "title": "Else"}),
        (
            {"url": "http://www.wells.example/report/"},
            {"url": "https://wells.example/report#p3", "title": "Else"},
        ),
        (
            {"date": "2012", "authors": "Müller, Ana"},
            {"date": "2012-05", "authors": "Ana Muller", "title": "DEEP WELLS, in dry land"},
        ),
    ],
)
def test_a_work_the_library_has_for_certain_is_not_added_again(first, second):
    assert propose(**first) == propose(**second)


@pytest.mark.parametrize(
    "second",
    [
        {"date": "2013", "authors": "Ana B"},
        {"date": "2012", "authors": "Somebody Else"},
        {"date": "2012", "authors": "Ana B", "title": "Deep wells in wet land"},
    ],
)
def test_a_work_that_may_be_another_is_added(second):
    assert propose(date="2012", authors="Ana B") != propose(**second)


def test_a_front_page_and_a_chapter_of_one_book_are_no_identity():
    one = propose(title="First", url="https://wells.example/")
    assert propose(title="Second", url="https://wells.example") != one
    book = propose(title="The book", isbn="9780306406157", publication="book")
    assert propose(title="A part", isbn="9780306406157", publication="chapter") != book


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"doi": "not a doi"}, "doi"),
        ({"isbn": "9780306406158"}, "isbn"),
        ({"date": "2012-13"}, "date"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"title": ""}, "title"),
        ({"publication": "poem"}, "publication"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(told, field):
    with pytest.raises(ValidationError) as refusal:
        propose(**told)
    assert field in refusal.value.error_dict
    assert not LibraryItem.objects.exists()
    assert not Reference.objects.exists()


def test_only_members_propose():
    with pytest.raises(PermissionDenied):
        propose(make_user())


def test_a_work_only_unlisted_records_cite_is_adopted_with_the_words_it_is_cited_by():
    source = make_source(key="inner", title="Deep wells in dry land", date="2012", authors="Ana B")
    state(make_hub(is_listed=False), source)
    library.load_library()
    assert source.library_item.state == S.UNLISTED

    item = propose(date="2012", authors="Ana B", publisher="The valley", abstract="All of it.")

    source.refresh_from_db()
    assert item.reference == source
    assert (item.state, item.abstract, source.publisher) == (S.LISTED, "All of it.", "The valley")


def test_keys_are_never_addresses_of_other_pages():
    item = propose(title="Import")
    assert item.reference.key == "import-1"
    assert propose(title="Import", anew=True).reference.key != item.reference.key


# --- Checking ----------------------------------------------------------------------------------

PEOPLE = ("nobody", "member", "proposer", "moderator", "proposing moderator")


def people_around(who: str) -> tuple[LibraryItem, Any]:
    """A proposal, and somebody who looks at it."""
    proposer = moderator() if who == "proposing moderator" else newcomer()
    item = propose(proposer)
    others = {"nobody": make_user, "member": make_member, "moderator": moderator}
    return item, others[who]() if who in others else proposer


def in_state(item: LibraryItem, state_: str) -> LibraryItem:
    LibraryItem.objects.filter(pk=item.pk).update(state=state_)
    return LibraryItem.objects.get(pk=item.pk)


@pytest.mark.parametrize("who", PEOPLE)
def test_moves_by_kind_of_person_and_state(who):
    item, by = people_around(who)
    for verb, move in LibraryItem.moves.items():
        told = {"reason": "Advertising."} if verb == "refuse_item" else {}
        for state_ in (S.PROPOSED, S.LISTED, S.REFUSED, S.WITHDRAWN, S.UNLISTED):
            item = in_state(item, state_)
            own = who in ("proposer", "proposing moderator") and state_ != S.UNLISTED
            may = own if verb == "withdraw_item" else "moderator" in who and not own
            if may and state_ in move.sources:
                library.move_item(item, verb, by=by, **told)
                item.refresh_from_db()
                assert item.state == move.target
                found = SearchDocument.objects.filter(kind=listing.KIND).exists()
                assert found == (item.state == S.LISTED)
                assert AuditEntry.of(item).filter(verb=verb).exists()
            else:
                with pytest.raises(DomainError if may else PermissionDenied):
                    library.move_item(item, verb, by=by, **told)


@pytest.mark.parametrize("who", PEOPLE)
def test_the_list_of_the_visible_and_the_permission_agree(who):
    item, user = people_around(who)
    for state_ in S.values:
        item = in_state(item, state_)
        seen = LibraryItem.objects.visible_to(user).filter(pk=item.pk).exists()
        assert seen == user.has_perm("community.view_item", item), state_


def test_a_proposer_corrects_while_it_waits_and_a_moderator_always():
    proposer, by = newcomer(), moderator()
    item = propose(proposer)
    library.change_item(item, by=proposer, values={"publisher": "The valley"}, tags=["Water"])
    library.move_item(item, "accept_item", by=by)
    item.refresh_from_db()
    with pytest.raises(PermissionDenied):
        library.change_item(item, by=proposer, values={"publisher": "Elsewhere"})
    library.change_item(item, by=by, values={"authors": "Ana B"})
    item.reference.refresh_from_db()
    assert item.reference.citation == "Ana B, Deep wells in dry land, The valley"
    assert list(item.tags.names()) == ["water"]


# --- What cites --------------------------------------------------------------------------------


def test_every_column_that_points_at_references_is_answered_for():
    answered = {column for kind in citing.kinds() for column in kind.columns}
    there = {
        f"{model._meta.label_lower}.{name}"
        for model, name in citing_columns()
        if model not in (LibraryItem, Reference)
    }
    assert there - answered == set()


def test_an_entry_says_where_it_is_cited_as_far_as_the_reader_sees_it(client: Client):
    source = make_source(title="The report", citation="The report, 2012")
    open_hub, closed_hub = listed_hub(name="Open hub"), make_hub(name="Closed", is_listed=False)
    for hub in (open_hub, closed_hub):
        state(hub, source, place="p. 3")
    make_commitment(make_event(is_public=False), reference=source, text="Secret promise")
    make_commitment(make_event(), reference=source, text="Open promise")
    make_theme(reference=source, title="A theme")
    make_article(reference=source, title="Draft", state=ArticleState.DRAFT)
    library.load_library()

    page = client.get(source.library_item.get_absolute_url())

    text = page.content.decode()
    for word in ("Open hub", "Open promise", "A theme", "p. 3"):
        assert word in text
    for word in ("Closed", "Secret promise", "Draft"):
        assert word not in text
    assert [group.code for group in page.context["groups"]] == ["hubs", "commitments", "themes"]
    kinds = SearchDocument.objects.get(kind=listing.KIND).facets.filter(group="cited")
    assert set(kinds.values_list("value", flat=True)) == {"hubs", "commitments", "themes"}
    desk = {g.code for g in cited_in(source, make_user(is_staff=True))}
    assert desk == {"hubs", "commitments", "themes", "articles"}


def test_own_statements_and_what_only_invisible_records_cite_are_not_listed(client: Client):
    own = Reference.objects.create(key="own:x", kind="own", title="X", citation="X, own statement")
    hidden = make_source(title="Hidden source", citation="Hidden source")
    state(listed_hub(), own)
    state(make_hub(is_listed=False), hidden)
    library.load_library()
    assert titles(client) == []
    assert not LibraryItem.objects.filter(reference=own).exists()
    for key in (own.key, hidden.key):
        assert client.get(reverse("community:library-item", args=[key])).status_code == 404
        assert client.get(reverse("community:library-cite", args=[key, "bib"])).status_code == 404
    assert "Hidden" not in client.get(reverse("community:library-export")).getvalue().decode()


def test_an_entry_follows_what_cites_it(client: Client, django_capture_on_commit_callbacks: Any):
    source = make_source(title="The report", citation="The report")
    event = make_event(is_public=False)
    with django_capture_on_commit_callbacks(execute=True):
        commitment = make_commitment(event, reference=source)
    assert titles(client) == []
    with django_capture_on_commit_callbacks(execute=True):
        event.is_public = True
        event.save()
    assert titles(client, cited="commitments") == ["The report"]
    with django_capture_on_commit_callbacks(execute=True):
        commitment.delete()
    assert titles(client) == []


def test_what_was_missed_is_mended_by_the_next_loading(client: Client):
    source = make_source(title="The report", citation="The report")
    library.load_library()
    state(listed_hub(), source)
    library.load_library()
    assert titles(client) == ["The report"]
    HubClaim.objects.all().delete()
    library.load_library()
    assert titles(client) == []


# --- The list ----------------------------------------------------------------------------------


def test_words_facets_and_orders_find_works(client: Client):
    reference()
    propose(title="Wells", date="2011", language="en", tags=["water"], publication="report")
    propose(title="Rain", date="2013-05", language="es", tags=["water", "sky"], abstract="Nubes.")
    propose(title="Árboles", date="2012", language="es", authors="Ana Núñez", publication="book")
    assert titles(client) == ["Rain", "Árboles", "Wells"]
    assert titles(client, sort="title") == ["Árboles", "Rain", "Wells"]
    assert titles(client, q="nunez") == ["Árboles"]
    assert titles(client, q="nubes") == ["Rain"]
    assert titles(client, tag="water", language="es") == ["Rain"]
    assert titles(client, year=["2011", "2012"]) == ["Árboles", "Wells"]
    page = client.get(reverse("community:library"), {"language": "es"})
    counts = page.context["list"].counts
    assert counts["tag"] == {"water": 1, "sky": 1}
    assert counts["language"] == {"en": 1, "es": 2}


def test_the_list_and_an_entry_cost_the_same_with_one_and_with_twelve(
    client: Client, django_assert_num_queries: Any
):
    def cost(n: int) -> None:
        for i in range(n):
            item = propose(title=f"Work {LibraryItem.objects.count()} {i}", tags=["a", "b"])
            state(hub, item.reference, topic=f"staff-{i}")
        library.load_library()
        client.get(reverse("community:library"))
        with django_assert_num_queries(LIST):
            client.get(reverse("community:library"))
        with django_assert_num_queries(SEARCH):
            client.get(reverse("community:library"), {"tag": "a", "q": "work"})

    hub = listed_hub()
    reference()
    cost(1)
    cost(11)


def test_an_entry_costs_the_same_however_often_it_is_cited(
    client: Client, django_assert_num_queries: Any
):
    item = propose(tags=["a"])
    for n in (1, 11):
        for i in range(n):
            state(listed_hub(), item.reference, position=i)
            make_commitment(make_event(), reference=item.reference)
        client.get(item.get_absolute_url())
        with django_assert_num_queries(ENTRY):
            client.get(item.get_absolute_url())


# --- Citations ---------------------------------------------------------------------------------


def full_work() -> LibraryItem:
    return propose(
        title="Wells & rain: 100% of {both}",
        authors="Freres, Christian; Schulz, Nils-Sjard; World Bank (WBI)",
        publication="article",
        date="2012-07",
        publisher="The valley",
        container="Journal of Wells",
        volume="3",
        issue="2",
        pages="11–19",
        doi="10.1234/abc_d",
        isbn="",
        url="https://wells.example/a_b?c=1&d=2",
        language="en",
        abstract="Five $ for each.\nEnough.",
        tags=["water", "dry land"],
    )


def test_a_work_is_cited_as_bibtex_ris_and_csl(client: Client):
    item = full_work()

    def text(ending: str) -> str:
        response = client.get(reverse("community:library-cite", args=[item.reference.key, ending]))
        assert "attachment" in response.headers["Content-Disposition"]
        return response.content.decode()

    bib, ris = text("bib"), text("ris")
    assert bib.startswith("@article{")
    assert r"title = {{Wells \& rain: 100\% of" in bib
    assert "author = {Freres, Christian and Schulz, Nils-Sjard and {World Bank (WBI)}}" in bib
    assert "AU  - Schulz, Nils-Sjard\r\n" in ris
    assert ris.count("\r\nER  - ") == 1
    (csl,) = json.loads(text("json"))
    assert csl["issued"] == {"date-parts": [[2012, 7]]}
    assert (
        client.get(reverse("community:library-cite", args=[item.reference.key, "exe"])).status_code
        == 404
    )


def test_the_page_of_an_entry_tells_machines_what_it_is(client: Client):
    item = propose(title="</script><b>Wells", publication="book", isbn="9780306406157")
    text = client.get(item.get_absolute_url()).content.decode()
    assert "</script><b>" not in text
    data = writing.linked_data(item)
    assert (data["@type"], data["isbn"]) == ("Book", "9780306406157")


def test_an_export_obeys_the_filters_or_the_ticks_and_no_cell_is_a_formula(client: Client):
    one = propose(title="=HYPERLINK(1)", tags=["a"])
    two = propose(title="Other", tags=["b"])
    hidden = propose(newcomer(), title="Waits")
    url = reverse("community:library-export")

    def got(**asked: Any) -> str:
        return client.get(url, asked).getvalue().decode()

    assert "'=HYPERLINK(1)" in got(tag="a")
    assert "Other" not in got(tag="a")
    chosen = got(item=[two.reference.key, hidden.reference.key], format="bib")
    assert "Other" in chosen
    assert "Waits" not in chosen
    assert one.reference.key not in chosen
    assert client.get(url, {"format": "exe"}).status_code == 404


# --- Pages -------------------------------------------------------------------------------------


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_adding_asks_to_sign_in_and_to_join_first(client: Client):
    url = reverse("community:library-add")
    assert "login" in client.get(url).headers["Location"]
    joined = signed_in(make_user()).get(url).headers["Location"]
    assert joined.startswith(reverse("community:join"))


def test_a_refused_form_keeps_what_was_typed():
    reference()
    browser = signed_in(make_member())
    url = reverse("community:library-add")
    told = {"title": "Wells", "publication": "report", "isbn": "123", "abstract": "Typed."}
    page = browser.post(url, told)
    assert page.status_code == 422
    assert "Typed." in page.content.decode()
    assert page.context["form"].errors.keys() == {"isbn"}
    page = browser.post(url, {**told, "isbn": "", "form_key": uuid.uuid4()}, follow=True)
    assert page.redirect_chain
    assert "It is in the library now." in page.content.decode()


def test_moderators_check_on_the_page_and_members_cannot():
    item = propose(newcomer())
    url = reverse("community:library-move", args=[item.reference.key, "refuse_item"])
    assert signed_in(make_member()).post(url, {"reason": "No."}).status_code == 404
    desk = signed_in(moderator())
    assert desk.get(item.get_absolute_url()).status_code == 200
    assert desk.get(url).status_code == 405
    assert desk.post(url, {"reason": ""}).status_code == 422
    desk.post(url, {"reason": "Advertising."})
    item.refresh_from_db()
    assert (item.state, item.reason) == (S.REFUSED, "Advertising.")


def test_a_page_of_nothing_and_strange_parameters_answers(client: Client):
    url = reverse("community:library")
    assert "The library is empty." in client.get(url).content.decode()
    propose()
    page = client.get(url, {"q": "\u202e'\"--", "tag": ["x" * 500], "page": "9" * 40, "year": "?"})
    assert page.status_code == 200
