"""Two at once on one hub, on whichever database the tests run: real threads, transactions.

Each race has a twin with its guard off, which shows that the guard is what holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet

from claims.models import Reference
from core.models import AuditEntry
from hubs import operations, revisions
from hubs.models import Hub, HubClaim, HubInvitation, Membership
from hubs.operations import profile
from tests.factories import make_hub, make_member, make_user, reference
from tests.hubs.test_merging import state
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 5
Role = Membership.Role


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


@pytest.fixture
def hub() -> Hub:
    reference()
    return make_hub(slug="fund", name="Fund for Wells")


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off, and a moment between looking and writing, so that both have looked."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def look(hub: Hub, base: int | None, keys: Any) -> None:
        real(hub, base, keys)
        everybody_has_looked()

    real = profile.refuse_stale
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(profile, "refuse_stale", look)
    return begin_without_lock


def consistent(hub: Hub) -> bool:
    """The latest revision says what the hub says, and the numbers have no gap."""
    rows = list(hub.revisions.order_by("number"))
    return (
        [row.number for row in rows] == list(range(1, len(rows) + 1))
        and rows[-1].document == revisions.document_of(fresh(hub))
        and fresh(hub).revision == len(rows)
    )


# --- Two editors ---------------------------------------------------------------------------


def writers(hub: Hub, **texts: str) -> list[Callable[[], Any]]:
    """One editor for each text, all on the form of the same moment."""
    base = fresh(hub).revision

    def write(text: str, by: Any) -> Callable[[], Any]:
        return lambda: operations.change_profile(
            fresh(hub), by=by, values={"summary": text}, base=base
        )

    return [write(text, make_member(hub, Role.EDITOR)) for text in texts.values()]


def test_of_two_editors_of_one_field_the_second_is_told(hub):
    for number in range(ROUNDS):
        operations.change_profile(
            hub, by=make_user(is_staff=True), values={"summary": f"Begin {number}."}
        )
        found = at_once(*writers(hub, one=f"One {number}.", two=f"Two {number}."))

        assert sorted(map(told, found)) == ["done", "stale"]
        assert consistent(hub)


def test_without_the_lock_one_of_them_is_overwritten(hub, unguarded):
    operations.change_profile(hub, by=make_user(is_staff=True), values={"summary": "Begin."})

    found = at_once(*writers(hub, one="One.", two="Two."), begin=unguarded)

    assert broken(found) or [told(result) for result in found] == ["done", "done"]


def test_two_editors_of_different_fields_both_write(hub):
    base = fresh(hub).revision
    one, two = make_member(hub, Role.EDITOR), make_member(hub, Role.EDITOR)

    found = at_once(
        lambda: operations.change_profile(fresh(hub), by=one, values={"summary": "S."}, base=base),
        lambda: operations.change_profile(fresh(hub), by=two, values={"acronym": "A"}, base=base),
    )

    # A form opened before the first revision cannot tell what changed since.
    assert "done" in map(told, found)
    assert consistent(hub)


def test_two_editors_of_one_statement_and_one_who_removes_it(hub):
    for _round in range(ROUNDS):
        claim = state(hub, "method", "By phone.")
        editor = make_member(hub, Role.EDITOR)
        operations.change_claim(claim, by=editor, values={"place": "page 1"})
        base = fresh(hub).revision
        one, two, three = (make_member(hub, Role.EDITOR) for _one in range(3))
        found = at_once(
            lambda claim=claim, base=base, by=one: operations.change_claim(
                claim, by=by, values={"text": "By radio."}, base=base
            ),
            lambda claim=claim, base=base, by=two: operations.change_claim(
                claim, by=by, values={"text": "By boat."}, base=base
            ),
            lambda claim=claim, by=three: operations.remove_claim(claim, by=by, note="Wrong."),
        )

        assert told(found[2]) == "done"
        assert {told(result) for result in found[:2]} <= {"done", "stale", "gone"}
        assert [told(result) for result in found[:2]].count("done") <= 1
        assert not HubClaim.objects.filter(pk=claim.pk).exists()
        assert consistent(hub)


# --- Two preferred -------------------------------------------------------------------------


def test_of_two_who_prefer_at_once_the_later_choice_stands_alone(hub):
    one, two = make_member(hub, Role.EDITOR), make_member(hub, Role.EDITOR)
    claims = [
        state(hub, "founded", "2001.", starts="2001"),
        state(hub, "founded", "1999.", starts="1999"),
    ]
    for _round in range(ROUNDS):
        HubClaim.objects.update(is_preferred=False)
        found = at_once(
            lambda: operations.prefer(claims[0], by=one),
            lambda: operations.prefer(claims[1], by=two),
        )

        assert [told(result) for result in found] == ["done", "done"]
        preferred = hub.claims.get(is_preferred=True)
        assert fresh(hub).founded == int(preferred.starts)
        assert consistent(hub)


def test_two_shares_that_fit_alone_but_not_together(hub):
    source = Reference.objects.create(key="r", title="R", citation="R")
    for number in range(ROUNDS):
        year = str(2000 + number)
        people = [make_member(hub, Role.EDITOR), make_member(hub, Role.EDITOR)]

        def add(topic: str, by: Any, year: str = year) -> Callable[[], Any]:
            values = {"topic": topic, "text": "60%.", "low": 60, "high": 60, "as_of": year}
            return lambda: operations.add_claim(hub, by=by, values={**values, "reference": source})

        found = at_once(add("share_core", people[0]), add("share_fees", people[1]))

        refused = [result for result in found if isinstance(result, Exception)]
        assert len(refused) == 1
        assert "low" in refused[0].message_dict
        assert hub.claims.filter(as_of=year).count() == 1


# --- Merging -------------------------------------------------------------------------------


def test_merging_while_somebody_edits_loses_nothing():
    reference()
    for number in range(ROUNDS):
        gone, kept = make_hub(slug=f"gone-{number}"), make_hub()
        claim = state(gone, "method", "By phone.")
        source = claim.reference
        by, editor = make_user(is_staff=True), make_member(gone, Role.EDITOR)
        found = at_once(
            lambda gone=gone, kept=kept, by=by: operations.merge_hubs(
                gone, into=kept, by=by, note="One law."
            ),
            lambda gone=gone, by=editor, source=source: operations.add_claim(
                gone, by=by, values={"topic": "method", "text": "New.", "reference": source}
            ),
            lambda gone=gone, by=editor: operations.change_profile(
                gone, by=by, values={"website": "https://a.test.example"}
            ),
        )

        assert told(found[0]) == "done"
        # Their role went over with the hub: who looks that late has none in the one that is gone.
        results = [
            "merged" if isinstance(result, PermissionDenied) else told(result)
            for result in found[1:]
        ]
        assert set(results) <= {"done", "merged"}
        assert not gone.claims.exists()
        texts = set(kept.claims.values_list("text", flat=True))
        assert ("New." in texts) == (results[0] == "done")
        assert bool(fresh(kept).website) == (results[1] == "done")
        assert consistent(kept)


def test_two_who_merge_the_same_two_hubs_in_both_directions_make_one():
    reference()
    for _round in range(ROUNDS):
        one, two = make_hub(), make_hub()
        people = [make_user(is_staff=True), make_user(is_staff=True)]
        found = at_once(
            *(
                lambda gone=gone, kept=kept, by=by: operations.merge_hubs(
                    gone, into=kept, by=by, note="N."
                )
                for gone, kept, by in ((one, two, people[0]), (two, one, people[1]))
            )
        )

        assert sorted(map(told, found)) == ["done", "merged"]
        assert Hub.objects.filter(pk__in=[one.pk, two.pk], merged_into=None).count() == 1


def test_somebody_who_joins_while_the_hub_goes_is_in_the_team_that_stays():
    reference()
    for number in range(ROUNDS):
        gone, kept = make_hub(), make_hub()
        focal, by = make_member(gone, Role.FOCAL_POINT), make_user(is_staff=True)
        person = make_user(email=f"new{number}@test.example")
        operations.invite(gone, by=focal, email=person.email, role=Role.EDITOR)
        invitation = HubInvitation.objects.get(email=person.email)
        found = at_once(
            lambda gone=gone, kept=kept, by=by: operations.merge_hubs(
                gone, into=kept, by=by, note="N."
            ),
            lambda invitation=invitation, person=person: operations.accept_invitation(
                invitation, by=person
            ),
        )

        assert [told(result) for result in found] == ["done", "done"]
        assert Membership.objects.get(user=person).hub == kept
        assert not gone.memberships.exists()


# --- People and sources ----------------------------------------------------------------------


def test_two_who_invite_the_same_person_send_one_invitation(hub):
    people = [make_member(hub, Role.FOCAL_POINT), make_member(hub, Role.FOCAL_POINT)]
    for number in range(ROUNDS):
        email = f"new{number}@test.example"
        found = at_once(
            *(
                lambda by=by, email=email: operations.invite(hub, by=by, email=email, role="member")
                for by in people
            )
        )

        assert [told(result) for result in found] == ["done", "done"]
        assert HubInvitation.objects.filter(email=email).count() == 1


def test_two_focal_points_who_leave_at_once_leave_one_behind(hub):
    for _round in range(ROUNDS):
        Membership.objects.filter(hub=hub).delete()
        rows = [
            Membership.objects.get(user=make_member(hub, Role.FOCAL_POINT)) for _one in range(2)
        ]
        found = at_once(*(lambda row=row: operations.take_role(row, by=row.user) for row in rows))

        assert sorted(map(told, found)) == ["done", "last"]


def test_two_who_cite_the_same_source_find_one(hub):
    people = [make_member(hub, Role.EDITOR), make_member(hub, Role.EDITOR)]
    for number in range(ROUNDS):
        values = {"title": f"Report {number}", "authors": "A. Author"}
        found = at_once(
            *(
                lambda by=by, values=values: operations.add_reference(by=by, values=values)
                for by in people
            )
        )

        assert found[0] == found[1]


def test_the_audit_holds_after_all_this(hub):
    from core import audit

    at_once(*writers(hub, one="One.", two="Two."))
    assert list(audit.verify()) == []
    assert AuditEntry.of(hub).count() >= 1


def test_races_run_against_a_file_or_a_server() -> None:
    assert connection.settings_dict["NAME"] != ":memory:"
