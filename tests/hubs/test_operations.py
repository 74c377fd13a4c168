"""What changes a hub's profile and its team: each call, what it refuses, what it leaves behind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from claims.models import Contradiction, Reference
from core.errors import DomainError
from core.models import AuditEntry, SearchDocument
from hubs import checking, operations, revisions
from hubs.choices import VERBS
from hubs.models import Hub, HubClaim, HubInvitation, Membership
from hubs.operations import members
from hubs.signals import profile_changed, role_changed
from tests.factories import make_hub, make_member, make_user, reference

pytestmark = pytest.mark.django_db

Role = Membership.Role
NOON = dt.datetime(2024, 5, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def hub() -> Hub:
    reference()
    return make_hub(slug="fund", name="Fund for Wells", acronym="FW")


@pytest.fixture
def editor(hub: Hub) -> Any:
    return make_member(hub, Role.EDITOR)


@pytest.fixture
def focal(hub: Hub) -> Any:
    return make_member(hub, Role.FOCAL_POINT)


@pytest.fixture
def moderator() -> Any:
    return make_user(is_staff=True)


@pytest.fixture
def source() -> Reference:
    return Reference.objects.create(key="report", title="Report", citation="Report, 2013")


@pytest.fixture
def state(hub: Hub, editor: Any, source: Reference) -> Any:
    def state(topic: str = "method", text: str = "By phone.", **more: Any) -> HubClaim:
        values = {"topic": topic, "text": text, "reference": source, **more}
        return operations.add_claim(hub, by=editor, values=values)

    return state


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def code_of(call: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        call()
    return str(refusal.value.code)


def refused(call: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refusal:
        call()
    return refusal.value.message_dict


def verbs(hub: Hub) -> list[str]:
    return list(AuditEntry.of(hub).order_by("pk").values_list("verb", flat=True))


# --- Columns -------------------------------------------------------------------------------


def test_a_change_writes_columns_and_sectors_a_revision_the_audit_and_the_search(hub, editor):
    heard = []

    def listen(changed: list[str], **_: Any) -> None:
        heard.append(changed)

    profile_changed.connect(listen)
    try:
        revision = operations.change_profile(
            hub, by=editor, values={"summary": "Drills."}, sectors=["water"], note="New law."
        )
    finally:
        profile_changed.disconnect(listen)

    hub = fresh(hub)
    assert (hub.summary, hub.revision) == ("Drills.", 1)
    assert [sector.pk for sector in hub.sectors.all()] == ["water"]
    assert revision is not None
    assert (revision.by, revision.note) == (editor, "New law.")
    assert revision.document == revisions.document_of(hub)
    assert heard == [revision.changed]
    entry = AuditEntry.of(hub).get()
    assert (entry.verb, entry.note, entry.data["revision"]) == ("change", "New law.", 1)
    assert "Drills." in SearchDocument.objects.get(kind="hub").summary


def test_what_changes_nothing_leaves_no_revision_and_no_entry(hub, editor):
    operations.change_profile(hub, by=editor, values={"summary": "Drills."})

    assert operations.change_profile(hub, by=editor, values={"summary": "Drills."}) is None

    assert fresh(hub).revision == 1
    assert verbs(hub) == ["change"]


def test_only_columns_of_a_profile_are_written(hub, editor):
    for name in ("revision", "merged_into_id", "confirmed_at", "founded"):
        with pytest.raises(ValueError, match="No columns of a profile"):
            operations.change_profile(hub, by=editor, values={name: None})


@pytest.mark.parametrize(("name", "value"), [("is_listed", False), ("slug", "mine")])
def test_where_a_hub_stands_is_for_portal_moderators(hub, focal, moderator, name, value):
    with pytest.raises(PermissionDenied):
        operations.change_profile(hub, by=focal, values={name: value})

    operations.change_profile(hub, by=moderator, values={name: value})

    assert getattr(fresh(hub), name) == value


def test_a_hub_that_is_not_listed_is_not_found(hub, moderator):
    operations.change_profile(hub, by=moderator, values={"summary": "Drills."})
    assert SearchDocument.objects.filter(kind="hub").exists()

    operations.change_profile(hub, by=moderator, values={"is_listed": False})

    assert not SearchDocument.objects.filter(kind="hub").exists()


@pytest.mark.parametrize("slug", sorted(checking.RESERVED))
def test_no_hub_takes_the_address_of_another_page(hub, moderator, slug):
    other = Hub(slug=slug, name="Other", kind="national")

    assert "slug" in refused(lambda: operations.create_hub(other, by=moderator))
    assert "slug" in refused(
        lambda: operations.change_profile(hub, by=moderator, values={"slug": slug})
    )


def test_only_portal_moderators_add_hubs(focal):
    with pytest.raises(PermissionDenied):
        operations.create_hub(Hub(slug="o", name="Other", kind="national"), by=focal)


# --- Two at once ---------------------------------------------------------------------------


def test_what_somebody_else_changed_since_is_refused_and_the_rest_is_written(hub, editor, focal):
    operations.change_profile(hub, by=editor, values={"summary": "One."})
    base = fresh(hub).revision
    operations.change_profile(hub, by=focal, values={"summary": "Two."}, base=base)

    def again(**values: Any) -> Any:
        return operations.change_profile(hub, by=editor, values=values, base=base)

    assert code_of(lambda: again(summary="Three.")) == "stale"
    assert code_of(lambda: again(summary="Three.", name="Fund")) == "stale"
    assert again(website="https://fund.test.example") is not None
    hub = fresh(hub)
    assert (hub.summary, hub.name, hub.website) == (
        "Two.", "Fund for Wells", "https://fund.test.example",
    )  # fmt: skip


def test_sectors_changed_by_somebody_else_are_not_overwritten(hub, editor):
    operations.change_profile(hub, by=editor, values={}, sectors=["water"])
    base = fresh(hub).revision
    operations.change_profile(hub, by=editor, values={}, sectors=["health"], base=base)

    def again() -> Any:
        return operations.change_profile(hub, by=editor, values={}, sectors=["water"], base=base)

    assert code_of(again) == "stale"


def test_a_statement_changed_or_removed_by_somebody_else_is_not_overwritten(hub, editor, state):
    claim, other = state(), state("method", "By letter.")
    base = fresh(hub).revision
    operations.change_claim(claim, by=editor, values={"text": "By radio."}, base=base)

    def again(row: HubClaim) -> Any:
        return operations.change_claim(row, by=editor, values={"text": "By boat."}, base=base)

    assert code_of(lambda: again(claim)) == "stale"
    assert again(other).text == "By boat."
    operations.remove_claim(fresh(claim), by=editor, note="Wrong.")
    assert code_of(lambda: again(claim)) == "gone"
    assert code_of(lambda: operations.prefer(claim, by=editor)) == "gone"


def test_a_form_from_before_there_were_revisions_is_stale_once_there_are(hub, editor):
    operations.change_profile(hub, by=editor, values={"summary": "One."})

    def late() -> Any:
        return operations.change_profile(hub, by=editor, values={"summary": "Late."}, base=0)

    assert code_of(late) == "stale"


# --- Statements ----------------------------------------------------------------------------


def test_a_statement_needs_a_source_a_text_and_a_topic(hub, editor, source):
    def add(**values: Any) -> Any:
        return operations.add_claim(hub, by=editor, values=values)

    assert "reference" in refused(lambda: add(topic="method", text="So."))
    assert "text" in refused(lambda: add(topic="method", text="", reference=source))
    assert "topic" in refused(lambda: add(topic="weather", text="So.", reference=source))
    assert not hub.claims.exists()
    assert fresh(hub).revision == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"topic": "staff", "low": Decimal(5), "high": Decimal(3)}, "high"),
        ({"topic": "staff", "low": Decimal(10) ** 15}, "low"),
        ({"topic": "share_fees", "low": Decimal(-1)}, "low"),
        ({"topic": "share_fees", "high": Decimal(101)}, "high"),
        ({"topic": "founded", "starts": "2010", "ends": "2009"}, "ends"),
        ({"topic": "founded", "starts": "May 2010"}, "starts"),
        ({"topic": "partner", "actor": "nobody"}, "actor"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(state, hub, values, field):
    assert field in refused(lambda: state(text="So.", **values))
    assert not hub.claims.exists()


def test_a_mix_of_more_than_the_whole_is_refused(state, hub):
    state("share_core", "60%.", low=Decimal(60), high=Decimal(60), as_of="2013")
    state("share_fees", "40%.", low=Decimal(40), high=Decimal(40), as_of="2013-05")

    def more(**values: Any) -> Any:
        return state("share_partners", "1%.", low=Decimal(1), **values)

    assert "101 percent" in refused(lambda: more(as_of="2013"))["low"][0]
    assert more(as_of="2014").low == 1
    assert more(as_of="").low == 1
    state("share_services", "Up to 40%.", high=Decimal(40), as_of="2013")
    # Another source on a share that is stated already: only one of both counts.
    state("share_fees", "39%.", low=Decimal(39), high=Decimal(39), as_of="2013")
    assert hub.claims.count() == 6


def test_one_statement_of_a_question_is_preferred(state, editor, hub):
    one, two = state("founded", "2001.", starts="2001"), state("founded", "1999.", starts="1999")
    other = state("founded", "Law.", starts="1998", label="law")
    assert fresh(hub).founded == 1998
    operations.prefer(one, by=editor)
    operations.prefer(other, by=editor)
    operations.prefer(two, by=editor)

    assert [fresh(claim).is_preferred for claim in (one, two, other)] == [False, True, True]
    operations.change_claim(one, by=editor, values={"is_preferred": True})
    assert [fresh(claim).is_preferred for claim in (one, two, other)] == [True, False, True]


def test_the_founding_year_follows_the_statements(state, editor, hub):
    later, earlier = (
        state("founded", "2001.", starts="2001"),
        state("founded", "1999.", starts="1999-05"),
    )
    assert fresh(hub).founded == 1999
    operations.prefer(later, by=editor)
    assert fresh(hub).founded == 2001
    operations.remove_claim(later, by=editor, note="Wrong.")
    assert fresh(hub).founded == 1999
    operations.remove_claim(earlier, by=editor, note="Wrong.")
    assert fresh(hub).founded is None


def test_a_removed_statement_stays_in_the_history(state, editor, hub):
    claim = state(text="By phone.")

    assert code_of(lambda: operations.remove_claim(claim, by=editor, note=" ")) == "reason"
    operations.remove_claim(claim, by=editor, note="Wrong.")

    assert not hub.claims.exists()
    last, first = hub.revisions.all()
    assert first.document["claims"][claim.uid]["text"] == "By phone."
    assert (last.note, last.changed) == ("Wrong.", [f"claims.{claim.uid}"])


# --- Restoring -----------------------------------------------------------------------------


def test_restoring_gives_exactly_the_earlier_document(hub, editor, state, moderator, source):
    x1 = Contradiction.objects.create(key="x1", what="Two", kind="k", sources="A; B")
    kept = state(
        "budget",
        "USD 26 million.",
        low=Decimal("26.5"),
        high=Decimal("1e3"),
        unit="million USD",
        qualifier="around",
        as_of="2013",
        place="page 3",
        note="So.",
        conflict="But.",
        derived="A sum.",
        contradiction=x1,
    )
    claim = state("founded", "2001.", starts="2001", is_preferred=True)
    operations.change_profile(
        hub, by=editor, values={"contacts": [{"role": "head"}]}, sectors=["water"]
    )
    wanted = hub.revisions.first()
    operations.change_profile(hub, by=editor, values={"name": "Other", "contacts": []}, sectors=[])
    operations.remove_claim(claim, by=editor, note="Wrong.")
    operations.change_claim(kept, by=editor, values={"text": "Less.", "low": None})
    state(text="New.")
    operations.change_profile(hub, by=moderator, values={"is_listed": False})

    restored = operations.restore(wanted, by=moderator, note="Vandals.")

    expected = {**wanted.document, "columns": {**wanted.document["columns"], "is_listed": False}}
    assert revisions.document_of(fresh(hub)) == expected == restored.document
    assert fresh(hub).founded == 2001
    assert (restored.note, restored.number) == ("Vandals.", wanted.number + 6)
    assert verbs(hub)[-1] == "restore-profile"


def test_restoring_is_for_portal_moderators_who_say_why(hub, editor, focal, moderator):
    operations.change_profile(hub, by=editor, values={"summary": "One."})
    revision = hub.revisions.get()

    with pytest.raises(PermissionDenied):
        operations.restore(revision, by=focal, note="Because.")
    assert code_of(lambda: operations.restore(revision, by=moderator, note=" ")) == "reason"


# --- Confirming ----------------------------------------------------------------------------


def test_a_focal_point_confirms_the_profile(hub, focal, editor, moderator):
    for person in (editor, moderator):
        with pytest.raises(PermissionDenied):
            operations.confirm(hub, by=person)
    assert hub.light == "never"

    with time_machine.travel(NOON, tick=False):
        operations.confirm(hub, by=focal)

    hub = fresh(hub)
    assert (hub.confirmed_at, hub.confirmed_by) == (NOON, focal)
    assert verbs(hub) == ["confirm-profile"]
    for days, light in ((365, "fresh"), (366, "ageing"), (730, "ageing"), (731, "old")):
        with time_machine.travel(NOON + dt.timedelta(days=days), tick=False):
            assert hub.light == light


# --- Sources -------------------------------------------------------------------------------


def test_a_hub_has_one_source_for_what_it_says_of_itself(hub):
    one, two = operations.own_statement(hub), operations.own_statement(hub)

    assert one == two
    assert (one.key, one.kind, one.citation) == (
        "own:fund", "own", "Fund for Wells, own statement",
    )  # fmt: skip


def test_a_source_is_added_once(editor):
    def add(**values: Any) -> Reference:
        return operations.add_reference(by=editor, values=values)

    page = add(title="A page", url="https://a.test.example/")
    assert add(title="The same page", url="https://a.test.example/") == page
    book = add(title="Wells", authors="A. Author", date="2013")
    assert book.citation == "A. Author, Wells, 2013"
    assert add(title="WELLS", authors="a. author", date="2013") == book
    assert (book.key, book.added_by) == ("a-author-wells", editor)
    second = add(title="Wells", authors="A. Author", date="2014")
    assert second.key == "a-author-wells-2"
    assert add(title="水", date="2014").key


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "A", "url": "javascript:alert(1)"}, "url"),
        ({"title": "A", "date": "yesterday"}, "date"),
        ({"title": "A" * 401}, "title"),
    ],
)
def test_a_source_that_cannot_be_is_refused_at_its_field(editor, values, field):
    assert field in refused(lambda: operations.add_reference(by=editor, values=values))
    assert not Reference.objects.exists()


def test_who_edits_no_hub_adds_no_source(hub):
    for person in (make_user(), make_member(hub)):
        with pytest.raises(PermissionDenied):
            operations.add_reference(by=person, values={"title": "A"})


# --- Roles and invitations -----------------------------------------------------------------


def invitation_to(hub: Hub, by: Any, email: str, role: str = Role.EDITOR) -> HubInvitation:
    operations.invite(hub, by=by, email=email, role=role)
    return HubInvitation.objects.get(hub=hub, email=email.lower(), state="asked")


def test_the_last_focal_point_stays_unless_a_portal_moderator_decides(hub, focal, moderator):
    membership = Membership.objects.get(user=focal)

    assert code_of(lambda: operations.take_role(membership, by=focal)) == "last"
    assert (
        code_of(lambda: operations.give_role(hub, by=focal, email=focal.email, role=Role.MEMBER))
        == "last"
    )
    make_member(hub, Role.FOCAL_POINT)
    operations.take_role(membership, by=focal)
    assert verbs(hub) == ["leave-hub"]
    operations.take_role(Membership.objects.get(role=Role.FOCAL_POINT), by=moderator)
    assert verbs(hub) == ["leave-hub", "take-role"]


def test_roles_that_begin_change_and_end_are_told(hub, focal):
    heard: list[str] = []

    def listen(role: str, **_: Any) -> None:
        heard.append(role)

    person = make_user(email="new@test.example")
    role_changed.connect(listen)
    try:
        operations.give_role(hub, by=focal, email=" New@test.example ", role=Role.MEMBER)
        operations.give_role(hub, by=focal, email=person.email, role=Role.EDITOR)
        operations.take_role(Membership.objects.get(user=person), by=focal)
        assert operations.give_role(hub, by=focal, email="no@test.example", role="member") is None
    finally:
        role_changed.disconnect(listen)
    assert heard == ["member", "editor", ""]


def test_an_invitation_is_accepted_with_its_role(hub, focal):
    invitation = invitation_to(hub, focal, "New@Test.example")
    person = make_user(email="new@test.example")

    membership = operations.accept_invitation(invitation, by=person)

    assert (membership.role, membership.is_shown) == (Role.EDITOR, False)
    assert person.has_perm("hubs.change_hub", hub)
    assert fresh(invitation).state == "accepted"
    again = fresh(invitation)
    assert code_of(lambda: operations.accept_invitation(again, by=person)) == "wrong-state"


def test_an_invitation_raises_a_role_and_never_lowers_it(hub, focal):
    person = make_user(email="new@test.example")
    offers = [invitation_to(hub, focal, person.email, Role.MEMBER)]
    membership = operations.accept_invitation(offers[0], by=person)
    Membership.objects.filter(pk=membership.pk).delete()
    low = invitation_to(hub, focal, person.email, Role.MEMBER)
    Membership.objects.create(hub=hub, user=person, role=Role.EDITOR)
    assert operations.accept_invitation(low, by=person).role == Role.EDITOR
    Membership.objects.filter(user=person).delete()
    high = invitation_to(hub, focal, person.email, Role.FOCAL_POINT)
    Membership.objects.create(hub=hub, user=person, role=Role.EDITOR)
    assert operations.accept_invitation(high, by=person).role == Role.FOCAL_POINT
    assert fresh(Membership.objects.get(user=person)).role == Role.FOCAL_POINT


def test_only_who_was_invited_answers(hub, focal):
    invitation = invitation_to(hub, focal, "new@test.example")
    other = make_user()

    for answer in (
        lambda: operations.accept_invitation(invitation, by=other),
        lambda: invitation.decline(by=other),
        lambda: invitation.withdraw(by=other),
    ):
        with pytest.raises(PermissionDenied):
            answer()
    invitation.decline(by=make_user(email="NEW@test.example"))
    assert fresh(invitation).state == "declined"
    assert verbs_of(invitation) == ["decline"]


def verbs_of(invitation: HubInvitation) -> list[str]:
    return list(AuditEntry.of(invitation).values_list("verb", flat=True))


def test_an_invitation_ends_after_thirty_days_and_can_be_sent_again(hub, focal):
    person = make_user(email="new@test.example")
    with time_machine.travel(NOON, tick=False) as clock:
        old = invitation_to(hub, focal, person.email)
        clock.move_to(NOON + members.ANSWER_WITHIN)
        assert code_of(lambda: operations.accept_invitation(old, by=person)) == "wrong-state"
        assert not HubInvitation.objects.for_person(person).exists()

        new = invitation_to(hub, focal, person.email, Role.MEMBER)

        assert new.pk != old.pk
        assert fresh(old).state == "withdrawn"
        assert list(HubInvitation.objects.for_person(person)) == [new]
        assert new.expires_at == timezone.now() + members.ANSWER_WITHIN


def test_who_was_asked_is_not_asked_twice_nor_who_is_there(hub, focal, editor):
    invitation_to(hub, focal, "new@test.example")

    operations.invite(hub, by=focal, email="NEW@test.example ", role=Role.MEMBER)

    assert HubInvitation.objects.get().role == Role.EDITOR
    assert (
        code_of(
            lambda: operations.invite(hub, by=focal, email=editor.email.upper(), role=Role.MEMBER)
        )
        == "member"
    )


def test_a_hub_sends_so_many_invitations_a_day(hub, focal):
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(members.MOST_A_DAY):
            invitation_to(hub, focal, f"person{number}@test.example")

        def more() -> None:
            operations.invite(hub, by=focal, email="more@test.example", role=Role.MEMBER)

        assert code_of(more) == "limit"
        clock.move_to(NOON + dt.timedelta(days=1))
        more()
    assert HubInvitation.objects.count() == members.MOST_A_DAY + 1


def test_only_the_person_decides_whether_they_are_shown(hub, focal, editor, moderator):
    membership = Membership.objects.get(user=editor)

    for other in (focal, moderator):
        with pytest.raises(PermissionDenied):
            operations.show_membership(membership, by=other, shown=True)
    operations.show_membership(membership, by=editor, shown=True)
    assert fresh(membership).is_shown


# --- The history ---------------------------------------------------------------------------


def test_every_verb_of_a_hubs_history_has_words(hub, focal, editor, state, moderator):
    claim = state()
    operations.change_claim(claim, by=editor, values={"text": "So."})
    operations.prefer(claim, by=editor)
    operations.remove_claim(claim, by=editor, note="Wrong.")
    operations.change_profile(hub, by=editor, values={"summary": "One."})
    operations.restore(hub.revisions.last(), by=moderator, note="Back.")
    operations.confirm(hub, by=focal)
    invitation_to(hub, focal, "new@test.example")
    operations.give_role(hub, by=focal, email=make_user().email, role=Role.MEMBER)
    operations.take_role(Membership.objects.get(user=editor), by=focal)

    said = {entry.verb: str(entry.verb_in_words) for entry in AuditEntry.of(hub)}

    assert said == {verb: str(VERBS[verb]) for verb in said}
    assert len(said) == 10
