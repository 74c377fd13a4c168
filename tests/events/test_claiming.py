"""Being a person of the record: who asks, who decides, who is told, and what ends it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Audience, Profile
from accounts.operations import close_account, everything_about
from core import waiting
from core.errors import DomainError
from core.models import AuditEntry
from events import operations
from events.models import Person, PersonClaim
from events.waiting import MOST, claims
from tests.desk import desk_client
from tests.events.factories import contribute, make_event, make_person
from tests.factories import make_hub, make_member, make_user
from tests.letters import all_letters, the_letter
from tests.people import browser

pytestmark = pytest.mark.django_db
State = PersonClaim.State
REASON = "My address is that of the institution."


def known(**values: Any) -> Person:
    """Somebody who spoke at a public event."""
    person = make_person(**values)
    contribute(person, make_event(), title="Keeper", organisation="Wells & Sons")
    return person


def ask(person: Person, by: Any = None) -> PersonClaim:
    return operations.claim_person(person, by=by or make_user(), reason=REASON)


def address(person: Person, name: str = "claim-person") -> str:
    return reverse(f"events:{name}", args=[person.slug])


def desk(claim: PersonClaim) -> str:
    return reverse("admin:events_personclaim_change", args=[claim.pk])


# --- Asking ---------------------------------------------------------------------------------


def test_a_visitor_is_led_to_sign_in_and_back(client: Client) -> None:
    person = known()
    assert f'href="{address(person)}"' in client.get(person.get_absolute_url()).content.decode()

    for answer in (client.get(address(person)), client.post(address(person), {"reason": REASON})):
        assert answer.status_code == 302
        assert answer["Location"] == f"/accounts/login/?next={address(person)}"
    assert not PersonClaim.objects.exists()


def test_a_member_asks_once_however_often_the_form_is_sent() -> None:
    person, member = known(name="Ada Keeper"), make_user()
    client = browser(member)
    assert "Is this you? <bdi>Ada Keeper" in client.get(address(person)).content.decode()

    for _n in range(2):
        answer = client.post(address(person), {"reason": REASON})
        assert (answer.status_code, answer["Location"]) == (302, person.get_absolute_url())

    claim = PersonClaim.objects.get()
    assert (claim.person, claim.user, claim.state, claim.reason) == (
        person, member, State.ASKED, REASON,
    )  # fmt: skip
    assert AuditEntry.of(person).get().verb == "claim_person"
    public = client.get(person.get_absolute_url()).content.decode()
    assert "A portal moderator looks at it." in public
    page = client.get(address(person)).content.decode()
    assert REASON in page
    assert "<textarea" not in page
    assert REASON not in browser(make_user()).get(address(person)).content.decode()


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 1001, "NUL \x00 inside"])
def test_without_words_that_can_be_kept_nothing_is_asked_and_what_was_typed_stays(
    reason: str,
) -> None:
    person = known()

    answer = browser(make_user()).post(address(person), {"reason": reason})

    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert list(answer.context["form"].errors) == ["reason"]
        assert "There is 1 thing to fix" in answer.content.decode()
        assert reason[:900].strip() in answer.content.decode()
    assert not PersonClaim.objects.exists()


def test_hostile_words_stay_words() -> None:
    person, member = known(name="<b>Ada</b>"), make_user()
    evil = "</textarea><script>alert(1)</script> {{ 7|add:7 }} \u202e"
    client = browser(member)

    client.post(address(person), {"reason": evil})

    assert "<script>alert(1)" not in client.get(address(person)).content.decode()
    moderator = desk_client(make_user(is_staff=True))
    page = moderator.get(desk(PersonClaim.objects.get())).content.decode()
    assert "<script>alert(1)" not in page
    assert "alert(1)" in page


def test_who_is_somebody_else_already_or_comes_too_late_is_told(client: Client) -> None:
    taken, other = known(), known()
    Person.objects.filter(pk=taken.pk).update(user=make_user())
    member = make_user()
    Person.objects.filter(pk=other.pk).update(user=member)
    third = known()

    late = browser(make_user()).post(address(taken), {"reason": REASON})
    second = browser(member).post(address(third), {"reason": REASON})

    assert "belongs to a member already" in late.content.decode()
    assert "belongs to another person of the record already" in second.content.decode()
    assert not PersonClaim.objects.exists()
    mine = browser(member).get(address(other))
    assert (mine.status_code, mine["Location"]) == (302, other.get_absolute_url())


def test_of_people_one_does_not_see_nothing_is_asked() -> None:
    person = make_person()
    contribute(person, make_event(is_public=False))
    client = browser(make_user())

    for name in ("claim-person", "claim-withdraw", "unlink-person"):
        assert client.post(address(person, name), {"reason": REASON}).status_code == 404
    assert client.get(address(person, "claim-withdraw")).status_code == 405
    assert client.get(address(person, "unlink-person")).status_code == 405


def test_a_request_is_taken_back_once() -> None:
    person, member = known(), make_user()
    claim = ask(person, member)
    client = browser(member)
    assert browser(make_user()).post(address(person, "claim-withdraw")).status_code == 302
    claim.refresh_from_db()
    assert claim.state == State.ASKED

    for _n in range(2):
        assert client.post(address(person, "claim-withdraw")).status_code == 302

    claim.refresh_from_db()
    assert claim.state == State.WITHDRAWN
    assert all_letters() == []
    assert "<textarea" in client.get(address(person)).content.decode()


# --- Deciding -------------------------------------------------------------------------------


def test_it_waits_for_moderators_and_for_nobody_else() -> None:
    moderator, editor = make_user(is_staff=True), make_member(make_hub(), "editor")
    ask(known(name="Ada Keeper"), make_user(name="A. Keeper"))
    own = ask(known(), moderator)

    (item,) = [row for row in waiting.items_for(moderator) if "same person" in str(row.title)]
    assert str(item.title) == "Is this the same person: Ada Keeper?"
    assert "A. Keeper asked on" in str(item.detail)
    assert desk_client(moderator).get(item.url).status_code == 200
    assert not [row for row in waiting.items_for(editor) if "same person" in str(row.title)]
    assert own.pk in [
        int(row.url.rstrip("/").split("/")[-2])
        for row in waiting.items_for(make_user(is_staff=True))
        if "same person" in str(row.title)
    ]


@pytest.mark.parametrize("n", [1, 12])
def test_what_waits_costs_the_same_however_many_ask(n: int) -> None:
    for _n in range(n):
        ask(known())
    moderator = make_user(is_staff=True)
    with CaptureQueriesContext(connection) as asked:
        found = list(claims(moderator))
    assert (len(asked), len(found)) == (1, min(n, MOST))


def test_agreeing_links_both_and_tells_everybody_who_asked() -> None:
    person, member, rival = known(name="Ada Keeper"), make_user(), make_user()
    claim, other = ask(person, member), ask(person, rival)
    client = desk_client(make_user(is_staff=True))
    page = client.get(desk(claim)).content.decode()
    assert REASON in page
    assert "Wells &amp; Sons" in page
    assert member.email in page
    assert f'href="{desk(other)}"' in page

    answer = client.post(desk(claim), {"do": "agree_person_claim", "answer": "Welcome."})

    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.user == member
    assert sorted(PersonClaim.objects.values_list("user", "state")) == [
        (member.pk, State.AGREED), (rival.pk, State.REFUSED),
    ]  # fmt: skip
    assert all_letters() == [
        (member.email, "You are linked with Ada Keeper"),
        (rival.email, "Your request about Ada Keeper was not agreed"),
    ]
    assert [entry.verb for entry in AuditEntry.of(person)] == [
        "link_person", "claim_person", "claim_person",
    ]  # fmt: skip
    body = the_letter(member).body
    assert "Welcome." in body
    assert person.get_absolute_url() in body
    assert not [row for row in waiting.items_for(make_user(is_staff=True)) if "same" in row.title]


def test_a_refusal_needs_words_and_the_member_reads_them() -> None:
    person, member = known(), make_user()
    claim = ask(person, member)
    client = desk_client(make_user(is_staff=True))

    refused = client.post(desk(claim), {"do": "refuse_person_claim", "answer": " "})
    assert refused.status_code == 200
    assert list(refused.context["form"].errors) == ["answer"]
    claim.refresh_from_db()
    assert claim.state == State.ASKED

    client.post(desk(claim), {"do": "refuse_person_claim", "answer": "Another Ada."})
    claim.refresh_from_db()
    assert (claim.state, claim.answer) == (State.REFUSED, "Another Ada.")
    assert "Another Ada." in the_letter(member).body
    page = browser(member).get(address(person)).content.decode()
    assert "Another Ada." in page
    assert "<textarea" in page


def test_nobody_decides_about_their_own_request() -> None:
    moderator, person = make_user(is_staff=True), known()
    claim = ask(person, moderator)
    client = desk_client(moderator)
    assert "Another moderator decides" in client.get(desk(claim)).content.decode()

    answer = client.post(desk(claim), {"do": "agree_person_claim"})

    assert "Another moderator decides" in answer.content.decode()
    claim.refresh_from_db()
    person.refresh_from_db()
    assert (claim.state, person.user) == (State.ASKED, None)


def test_the_second_decision_changes_nothing_and_what_was_typed_stays() -> None:
    claim = ask(known())
    first, second = (desk_client(make_user(is_staff=True)) for _n in range(2))
    first.post(desk(claim), {"do": "agree_person_claim"})

    answer = second.post(desk(claim), {"do": "refuse_person_claim", "answer": "Typed at length."})

    assert answer.status_code == 200
    assert "Typed at length." in answer.content.decode()
    claim.refresh_from_db()
    assert claim.state == State.AGREED


@pytest.mark.parametrize("do", ["", "withdraw_person_claim", "delete", "__class__"])
def test_the_desk_makes_no_other_move(do: str) -> None:
    claim = ask(known())

    answer = desk_client(make_user(is_staff=True)).post(desk(claim), {"do": do})

    assert answer.status_code == 403
    claim.refresh_from_db()
    assert claim.state == State.ASKED


def test_at_the_desk_only_moderators_find_requests() -> None:
    claim = ask(known())
    rows = reverse("admin:events_personclaim_changelist")
    editor = desk_client(make_member(make_hub(), "editor"))
    moderator = desk_client(make_user(is_staff=True))

    assert editor.get(rows).status_code == 403
    assert editor.get(desk(claim)).status_code == 404
    assert editor.post(desk(claim), {"do": "agree_person_claim"}).status_code == 404
    assert moderator.get(rows + "?state__exact=asked&q=person").status_code == 200
    assert moderator.get(reverse("admin:events_personclaim_add")).status_code == 403
    delete = reverse("admin:events_personclaim_delete", args=[claim.pk])
    assert moderator.post(delete, {"post": "yes"}).status_code == 403
    assert moderator.get(desk(claim).replace(str(claim.pk), "99999")).status_code == 404
    claim.refresh_from_db()
    assert claim.state == State.ASKED


def test_whoever_is_linked_elsewhere_meanwhile_is_not_linked_twice() -> None:
    member, person = make_user(), known()
    claim = ask(person, member)
    Person.objects.filter(pk=known().pk).update(user=member)

    with pytest.raises(DomainError, match="linked to another"):
        operations.agree_to_claim(claim, by=make_user(is_staff=True))

    claim.refresh_from_db()
    assert claim.state == State.ASKED
    assert all_letters() == []


# --- Being it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "visitor", "member"),
    [
        (Audience.PUBLIC, True, True), (Audience.MEMBERS, False, True),
        (Audience.NOBODY, False, False),
    ],
)  # fmt: skip
def test_the_page_leads_to_the_profile_as_far_as_it_is_shown(
    audience: str, visitor: bool, member: bool
) -> None:
    person, owner = known(), make_user(name="Hidden Name")
    Person.objects.filter(pk=person.pk).update(user=owner)
    Profile.objects.filter(user=owner).update(name_audience=audience)
    profile = owner.profile.get_absolute_url()

    def leads(client: Client) -> bool:
        page = client.get(person.get_absolute_url()).content.decode()
        assert "Take the link back" not in page
        assert ("Hidden Name" in page) is (f'href="{profile}"' in page)
        return f'href="{profile}"' in page

    assert (leads(Client()), leads(browser(make_user()))) == (visitor, member)
    own = browser(owner).get(person.get_absolute_url()).content.decode()
    assert "This is you." in own
    assert f'href="{profile}"' in own


def test_the_profile_leads_to_the_person_and_not_to_a_hidden_one() -> None:
    person, owner = known(name="Ada Keeper"), make_user()
    Person.objects.filter(pk=person.pk).update(user=owner)
    hidden, other = make_person(name="Hidden"), make_user()
    contribute(hidden, make_event(is_public=False))
    Person.objects.filter(pk=hidden.pk).update(user=other)
    Profile.objects.update(name_audience=Audience.PUBLIC)

    page = Client().get(owner.profile.get_absolute_url()).content.decode()
    assert f'href="{person.get_absolute_url()}"' in page
    for who in (owner, other):
        assert "Hidden" not in Client().get(who.profile.get_absolute_url()).content.decode()


def test_the_link_is_taken_back_by_the_member_or_a_moderator() -> None:
    person, owner = known(), make_user()
    for who in (owner, make_user(is_staff=True)):
        Person.objects.filter(pk=person.pk).update(user=owner)
        client = browser(who)
        assert "Take the link back" in client.get(person.get_absolute_url()).content.decode()

        for _n in range(2):
            assert client.post(address(person, "unlink-person")).status_code == 302

        person.refresh_from_db()
        assert person.user is None
    assert [entry.verb for entry in AuditEntry.of(person)] == ["unlink_person"] * 2


def test_strangers_take_no_link_back(client: Client) -> None:
    person, owner = known(), make_user()
    Person.objects.filter(pk=person.pk).update(user=owner)

    assert browser(make_user()).post(address(person, "unlink-person")).status_code == 403
    assert client.post(address(person, "unlink-person")).status_code == 302
    person.refresh_from_db()
    assert person.user == owner
    with pytest.raises(PermissionDenied):
        operations.unlink_person(person, by=make_member(make_hub(), "focal_point"))


def test_a_closed_account_is_nobody_of_the_record() -> None:
    person, other, member = known(name="Ada Keeper"), known(), make_user()
    ask(other, member)
    Person.objects.filter(pk=person.pk).update(user=member)
    kept = everything_about(member)["person_of_the_record"]
    assert [(row["person"], row["state"], row.get("reason")) for row in kept] == [
        ("Ada Keeper", "linked", None), (other.name, "asked", REASON),
    ]  # fmt: skip

    close_account(by=member, user=member)

    person.refresh_from_db()
    assert person.user is None
    assert not PersonClaim.objects.exists()
