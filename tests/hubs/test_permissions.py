"""Who may do what with a hub: person by permission, for each kind of hub."""

from __future__ import annotations

from typing import Any

import pytest
import rules
from django.contrib.auth.models import AnonymousUser

from hubs.models import Hub, HubInvitation, Membership
from tests.factories import make_hub, make_member, make_user, reference
from tests.hubs.test_merging import invite, merge

pytestmark = pytest.mark.django_db

Role = Membership.Role
EVERYBODY = {
    "stranger", "member", "editor", "focal_point", "elsewhere", "moderator", "administrator",
}  # fmt: skip
OWN = {"member", "editor", "focal_point"}
STAFF = {"moderator", "administrator"}
#: Permission → whom it is given to, for a hub in the directory. Administrators pass every rule.
LISTED = {
    "hubs.view_hub": EVERYBODY | {"visitor", "closed"},
    "hubs.view_team_space": OWN | STAFF,
    "hubs.change_hub": {"editor", "focal_point"} | STAFF,
    "hubs.confirm_hub": {"focal_point", "administrator"},
    "hubs.manage_members": {"focal_point"} | STAFF,
    "hubs.restore_hub": STAFF,
    "hubs.merge_hub": STAFF,
}
#: A hub not yet listed is seen by its people and the portal's.
UNLISTED = {**LISTED, "hubs.view_hub": OWN | STAFF}
#: A hub that became part of another is nobody's any more; its people went with it.
MERGED: dict[str, set[str]] = {permission: {"administrator"} for permission in LISTED}


def people_around(hub: Hub) -> dict[str, Any]:
    return {
        "visitor": AnonymousUser(),
        "stranger": make_user(),
        "member": make_member(hub),
        "editor": make_member(hub, Role.EDITOR),
        "focal_point": make_member(hub, Role.FOCAL_POINT),
        "elsewhere": make_member(make_hub(), Role.FOCAL_POINT),
        "moderator": make_user(is_staff=True),
        "administrator": make_user(is_staff=True, is_superuser=True),
        "closed": make_user(is_staff=True, is_superuser=True, is_active=False),
    }


def given(permission: str, people: dict[str, Any], obj: Any) -> set[str]:
    return {kind for kind, person in people.items() if person.has_perm(permission, obj)}


def hub_that_is(state: str) -> tuple[Hub, dict[str, Any]]:
    reference()
    hub = make_hub(is_listed=state != "unlisted")
    people = people_around(hub)
    if state == "merged":
        merge(hub, make_hub())
        hub.refresh_from_db()
        # Somebody may have been let in at the same moment: the row alone must not open it.
        for kind, role in (("member", Role.MEMBER), ("focal_point", Role.FOCAL_POINT)):
            Membership.objects.create(hub=hub, user=people[kind], role=role)
    return hub, people


@pytest.mark.parametrize(
    ("state", "table"), [("listed", LISTED), ("unlisted", UNLISTED), ("merged", MERGED)]
)
@pytest.mark.parametrize("permission", LISTED)
def test_each_permission_is_given_to_just_these(permission, state, table):
    hub, people = hub_that_is(state)

    assert given(permission, people, hub) == table[permission]


def test_the_table_names_every_permission_there_is():
    others = {"hubs.answer_invitation", "hubs.withdraw_invitation"}
    named = {name for name in rules.permissions.permissions if name.startswith("hubs.")}

    assert named == set(LISTED) | others


@pytest.mark.parametrize("state", ["listed", "unlisted", "merged"])
def test_what_a_person_sees_is_what_they_may_view(state):
    hub, people = hub_that_is(state)

    for kind, person in people.items():
        if kind in {"closed", "administrator"}:
            continue  # signed out at once; sees at the desk what stands
        seen = Hub.objects.visible_to(person).filter(pk=hub.pk).exists()
        assert seen == person.has_perm("hubs.view_hub", hub), kind


@pytest.mark.parametrize("state", ["listed", "merged"])
def test_the_desk_shows_what_a_person_may_change(state):
    hub, people = hub_that_is(state)

    for kind, person in people.items():
        if kind in {"closed", "administrator"}:
            continue
        shown = Hub.objects.at_desk_of(person).filter(pk=hub.pk).exists()
        assert shown == person.has_perm("hubs.change_hub", hub), kind


def test_an_invitation_is_answered_by_the_invited_and_taken_back_by_whoever_invites():
    reference()
    hub = make_hub()
    people = people_around(hub)
    people["invited"] = make_user(email="Invited@test.example")
    invitation = invite(hub, "invited@test.example")

    assert given("hubs.answer_invitation", people, invitation) == {"invited", "administrator"}
    assert given("hubs.withdraw_invitation", people, invitation) == {"focal_point"} | STAFF
    assert set(invitation.moves_for(people["invited"])) == {"accept", "decline"}
    for state in ("accepted", "declined", "withdrawn"):
        invitation.state = HubInvitation.State(state)
        assert invitation.moves_for(people["administrator"]) == []


def test_sources_are_added_by_editors_and_corrected_by_portal_moderators():
    reference()
    people = people_around(make_hub())

    editing = {"editor", "focal_point", "elsewhere"} | STAFF
    assert given("claims.add_reference", people, None) == editing
    assert given("claims.change_reference", people, None) == STAFF
    assert given("claims.delete_reference", people, None) == STAFF
