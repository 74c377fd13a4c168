"""Who finds which page of a team and who may act there: every address, every role, every method.

The rows are compared with the addresses there are, so that a new one without a row fails.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from hubs import operations
from hubs.models import Hub, HubInvitation, HubRevision, Membership
from hubs.urls import team
from tests import factories
from tests.hubs.teams import EDITOR, FOCAL, MEMBER, make_hub, make_reference, member, stated
from tests.people import browser

pytestmark = pytest.mark.django_db

SEE, CHANGE, CONFIRM, MANAGE, RESTORE, OWN = "see", "change", "confirm", "manage", "restore", "own"
#: For each address: what GET asks for and what POST asks for; None where the method is none.
ROWS: dict[str, tuple[str | None, str | None]] = {
    "overview": (SEE, None),
    "confirm": (CONFIRM, CONFIRM),
    "basics": (CHANGE, CHANGE),
    "contacts": (CHANGE, CHANGE),
    "statements": (SEE, None),
    "statement-add": (CHANGE, CHANGE),
    "statement": (CHANGE, CHANGE),
    "statement-remove": (CHANGE, CHANGE),
    "statement-prefer": (None, CHANGE),
    "mix": (CHANGE, CHANGE),
    "members": (SEE, MANAGE),
    "member-role": (None, MANAGE),
    "member-show": (None, OWN),
    "member-remove": (None, MANAGE),
    "invitation-take-back": (None, MANAGE),
    "history": (SEE, None),
    "revision": (SEE, RESTORE),
}
MAY = {
    "member": {SEE},
    "editor": {SEE, CHANGE},
    "focal point": {SEE, CHANGE, CONFIRM, MANAGE},
    "moderator": {SEE, CHANGE, MANAGE, RESTORE},
    "superuser": {SEE, CHANGE, CONFIRM, MANAGE, RESTORE},
}
OUTSIDE = ("stranger", "editor elsewhere", "focal point elsewhere", "inactive focal point")
EVERYBODY = [*MAY, *OUTSIDE, "anonymous"]


class World:
    """Two hubs alike, and everybody who could come."""

    def __init__(self) -> None:
        self.hub, self.other = make_hub("wells"), make_hub("rivers")
        self.people = {
            "member": member(self.hub, MEMBER),
            "editor": member(self.hub, EDITOR),
            "focal point": member(self.hub, FOCAL),
            "moderator": factories.make_user(is_staff=True),
            "superuser": factories.make_user(is_superuser=True),
            "stranger": factories.make_user(),
            "editor elsewhere": member(self.other, EDITOR),
            "focal point elsewhere": member(self.other, FOCAL),
            "inactive focal point": member(self.hub, FOCAL, is_active=False),
        }
        self.parts = {hub.pk: self._filled(hub) for hub in (self.hub, self.other)}

    @staticmethod
    def _filled(hub: Hub) -> dict[str, Any]:
        focal = member(hub, FOCAL)
        source = make_reference(f"Only in {hub.slug}")
        claim = stated(hub, "staff", f"Staff of {hub.slug}: 35.", low=35, high=35, reference=source)
        stated(hub, "share_core", "Core.", low=40, high=40, as_of="2012", reference=source)
        operations.invite(hub, by=focal, email=f"{hub.slug}@test.example", role=EDITOR)
        bystander = member(hub, MEMBER)
        return {
            "source": source,
            "claim": claim,
            "share": hub.claims.get(topic="share_core"),
            "membership": Membership.objects.get(hub=hub, user=bystander),
            "invitation": HubInvitation.objects.get(hub=hub),
        }

    def address(self, name: str, hub: Hub, parts_of: Hub | None = None) -> str:
        """The address of a page below one hub, naming the parts of that hub or of another."""
        parts = self.parts[(parts_of or hub).pk]
        ids = {
            "uid": parts["invitation" if name == "invitation-take-back" else "claim"].uid,
            "pk": parts["membership"].pk,
            "topic": "governance",
            "number": 1,
        }
        route = str(next(row for row in team.urlpatterns if row.name == name).pattern)
        wanted = set(re.findall(r"<\w+:(\w+)>", route))
        kwargs = {key: value for key, value in ids.items() if key in wanted}
        return reverse(f"hubs:team:{name}", kwargs={"slug": hub.slug, **kwargs})


def state_of_everything() -> Any:
    """What no refused request may change."""
    return (
        list(Hub.objects.order_by("pk").values()),
        list(HubRevision.objects.order_by("pk").values_list("pk", "note")),
        list(Membership.objects.order_by("pk").values()),
        list(HubInvitation.objects.order_by("pk").values_list("pk", "state")),
    )


@pytest.fixture
def world() -> World:
    return World()


def expected(kind: str, needs: str | None) -> set[int]:
    if kind in {"anonymous", "inactive focal point"}:  # whose session counts as none
        return {302}
    if kind in OUTSIDE:
        return {404}
    if needs is None:
        return {405}
    if needs == OWN:
        return {403}
    return {200, 302, 409} if needs in MAY[kind] else {403}


def test_every_address_has_its_row() -> None:
    assert {row.name for row in team.urlpatterns} == set(ROWS)
    assert [row.name for row in team.outside] == ["invitation"]  # tests/hubs/test_team_members.py


@pytest.mark.parametrize("kind", EVERYBODY)
def test_every_address_answers_every_role_as_its_row_says(kind: str, world: World) -> None:
    user: User | None = world.people.get(kind)
    before = state_of_everything()
    for name, (read, _write) in ROWS.items():
        address = world.address(name, world.hub)
        answer = browser(user).get(address)
        wanted = expected(kind, read)
        # A method that is none is refused before anybody looks who asks.
        if read is None and kind not in {"anonymous", "inactive focal point"}:
            wanted = {405}
        assert answer.status_code in wanted, (kind, "GET", name, answer.status_code)
        if answer.status_code == 302:
            assert answer["Location"] == f"/accounts/login/?next={address}"
    assert state_of_everything() == before  # reading changes nothing
    for name, (_read, write) in ROWS.items():
        refused = write is None or kind not in MAY or write not in MAY[kind]
        before = state_of_everything()
        answer = browser(user).post(world.address(name, world.hub), {"role": EDITOR})
        wanted = expected(kind, write)
        if write is None and kind not in {"anonymous", "inactive focal point"}:
            wanted = {405}
        assert answer.status_code in wanted, (kind, "POST", name, answer.status_code)
        if refused:
            assert state_of_everything() == before, (kind, name)


#: Addresses that name a part of a hub beside the hub itself.
WITH_PARTS = [
    row.name
    for row in team.urlpatterns
    if {"uid", "pk"} & set(re.findall(r"<\w+:(\w+)>", str(row.pattern)))
]


@pytest.mark.parametrize("kind", ["editor", "focal point"])
def test_parts_of_another_hub_are_not_found_below_ones_own(kind: str, world: World) -> None:
    client, before = browser(world.people[kind]), state_of_everything()
    claims = list(world.other.claims.order_by("pk").values())
    assert len(WITH_PARTS) == 7
    for name in WITH_PARTS:
        needs = ROWS[name][1]
        address = world.address(name, world.hub, parts_of=world.other)
        seen = needs in MAY[kind] or name in {"member-remove", "member-show"}
        data = {"role": FOCAL, "reason": "x", "text": "x", "base": "3", "shown": "yes"}
        assert client.post(address, data).status_code == (404 if seen else 403), name
    share = world.parts[world.other.pk]["share"]
    mix = reverse("hubs:team:mix", args=[world.hub.slug])
    for method in (client.get, client.post):
        assert method(f"{mix}?of={share.uid}").status_code == 404
    assert state_of_everything() == before
    assert list(world.other.claims.order_by("pk").values()) == claims


def test_a_source_that_only_another_hub_cites_cannot_be_named(world: World) -> None:
    client, source = browser(world.people["editor"]), world.parts[world.other.pk]["source"]
    data = {"text": "x", "source": str(source.pk), "base": "3", "exact": "5", "year": "2013"}
    for name in ("statement-add", "statement", "mix"):
        answer = client.post(world.address(name, world.hub), {**data, "share_core": "5"})
        assert list(answer.context["form"].errors) == ["source"], name
    own = operations.own_statement(world.other)
    stated(world.other, "role", "x", reference=own)
    answer = client.post(world.address("statement-add", world.hub), {**data, "source": str(own.pk)})
    assert list(answer.context["form"].errors) == ["source"]
    assert not world.hub.claims.filter(reference__in=[source, own]).exists()


def test_a_hub_that_became_part_of_another_has_no_team_space(world: World) -> None:
    Hub.objects.filter(pk=world.hub.pk).update(merged_into=world.other)
    for kind in ("editor", "focal point", "moderator", "superuser"):
        for name in ("overview", "statements", "members"):
            assert (
                browser(world.people[kind]).get(world.address(name, world.hub)).status_code == 404
            )


def test_a_hub_not_yet_listed_has_a_team_space(world: World) -> None:
    Hub.objects.filter(pk=world.hub.pk).update(is_listed=False)
    for kind in MAY:
        assert (
            browser(world.people[kind]).get(world.address("overview", world.hub)).status_code == 200
        )
    for kind in ("stranger", "editor elsewhere"):
        assert (
            browser(world.people[kind]).get(world.address("overview", world.hub)).status_code == 404
        )


@pytest.mark.parametrize("kind", list(MAY))
def test_no_page_offers_what_its_reader_may_not_do(kind: str, world: World) -> None:
    """Every link and every button of the pages a role finds, followed with that role."""
    stated(world.hub, "staff", "Staff: 39.", low=39, high=39)
    client, here = browser(world.people[kind]), f"/hubs/{world.hub.slug}/team/"
    pages, seen, actions = [here], set(), set()
    while pages:
        page = pages.pop()
        if page in seen:
            continue
        seen.add(page)
        answer = client.get(page)
        assert answer.status_code == 200, page
        html = answer.content.decode()
        found = [link.partition("#")[0] for link in re.findall(r'href="([^"]+)"', html)]
        pages += [link for link in found if link.startswith(here)]
        actions |= set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', html))
    assert len(seen) > 4
    for action in sorted(actions):
        if action.startswith(here) and "remove" not in action and "take-back" not in action:
            assert client.post(action, {"base": "0"}).status_code not in {403, 404, 405}, action
