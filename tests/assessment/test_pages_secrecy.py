"""Who reaches which page in which state, for every address of the URLconf; and whose answers
stand on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from assessment import operations
from assessment.models import Assessment, RoadStep
from assessment.urls import urlpatterns
from hubs.models import Membership
from tests.assessment.factories import (
    Team,
    administrator,
    answered,
    answers,
    finished,
    framework,
    moderator,
    opened,
    team,
)
from tests.assessment.pages import url
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db

STATES = ("answering", "one done", "comparing", "private", "chosen", "public", "dropped")
AGREED = {"private", "chosen", "public"}
BOTH_DONE = {"comparing", *AGREED}
OPEN = {"answering", "one done", "comparing"}

OWN = {"focal point", "editor", "member", "one", "two", "administrator of the hub"}
ASKED = {"one", "two"}
PEERS = {"focal point of a chosen hub", "member of a chosen hub"}
OUTSIDE = {"stranger", "focal point of another hub", "moderator", "administrator", *PEERS}
PEOPLE = ("visitor", *sorted(OWN), *sorted(OUTSIDE))

SECRETS = {"one": "SECRET OF ONE", "two": "SECRET OF TWO"}


class World:
    """A listed hub with a round in one state, and people of every kind."""

    def __init__(self, state: str) -> None:
        self.state = state
        framework()
        self.group: Team = team(is_listed=True)
        self.chosen, self.other = make_hub(is_listed=True), make_hub(is_listed=True)
        hub = self.group.hub
        self.people: dict[str, User | None] = {
            "visitor": None,
            "focal point": self.group.focal,
            "editor": make_member(hub, Membership.Role.EDITOR),
            "member": make_member(hub),
            "one": self.group.one,
            "two": self.group.two,
            "administrator of the hub": make_member(hub, is_staff=True, is_superuser=True),
            "stranger": make_user(),
            "focal point of another hub": make_member(self.other, Membership.Role.FOCAL_POINT),
            "focal point of a chosen hub": make_member(self.chosen, Membership.Role.FOCAL_POINT),
            "member of a chosen hub": make_member(self.chosen),
            "moderator": moderator(),
            "administrator": administrator(),
        }
        self.step: RoadStep = operations.add_step(hub, by=self.group.focal, text="A step.")
        self.assessment = self._round()
        self.sheet = self.assessment.sheets.order_by("pk").last()

    def _round(self) -> Assessment:
        group, assessment = opened(self.group)
        asked = operations.asked_of(assessment.framework)
        for name, person in (("one", group.one), ("two", group.two)):
            given = answers(asked, 1)
            given["identify-1-1"]["proof"] = SECRETS[name]
            if name == "two":
                given["identify-1-2"]["holds"] = False
            done = self.state in BOTH_DONE or (
                name == "one" and self.state in {"one done", "dropped"}
            )
            (finished if done else answered)(assessment, person, given)
        if self.state == "dropped":
            operations.drop(assessment, by=group.focal, note="Begun too early.")
        if self.state in AGREED:
            operations.save_agreed(
                assessment,
                by=group.one,
                answers={"identify-1-2": answers(asked, 1)["identify-1-2"]},
                base=assessment.revision,
            )
            operations.agree(assessment, by=group.one)
            operations.share(
                assessment, by=group.focal, sharing=self.state, hubs=[self.chosen],
                shares_road_map=True,
            )  # fmt: skip
        return Assessment.objects.get(pk=assessment.pk)

    def address(self, name: str) -> str:
        values = {
            "slug": self.group.hub.slug,
            "uid": self.step.uid if name == "step" else self.assessment.uid,
            "dimension": "identify",
            "sheet": self.sheet.uid,
        }
        wanted = next(row for row in urlpatterns if row.name == name).pattern.converters
        return reverse(f"assessment:{name}", kwargs={key: values[key] for key in wanted})

    def client(self, who: str) -> Client:
        return browser(self.people[who])


def sees_result(who: str, state: str) -> bool:
    return state in AGREED and (
        who in OWN or state == "public" or (state == "chosen" and who in PEERS)
    )


def sees_round(who: str, state: str) -> bool:
    return who in OWN or sees_result(who, state)


def sees_map(who: str, state: str) -> bool:
    return who in OWN or (state != "private" and sees_result(who, state))


def within(who: str, state: str, *, allowed: bool) -> int:
    """A page of the hub's own people that some of them may use."""
    if allowed:
        return 200
    return 403 if sees_round(who, state) else 404


def expected(name: str, who: str, state: str) -> int:
    """The answer to opening a page, in words of its own."""
    if name == "hub":
        return 200
    if name in {"result", "result-csv", "history-csv"}:
        if sees_result(who, state):
            return 200
        return 302 if name == "result" and who in OWN else 404
    if name == "road-map":
        return 200 if sees_map(who, state) else 404
    if who == "visitor":
        return 302  # to sign in
    if name == "take":
        return 405  # nothing to open
    if name == "start":
        return {"focal point": 200}.get(who, 403 if who in OWN else 404)
    if name in {"mine", "answer"}:
        return 200 if who in ASKED else 404
    if name in {"differences", "settle"}:
        return within(who, state, allowed=who in OWN and state in BOTH_DONE)
    if name in {"step", "step-add"}:
        allowed = who in OWN if name == "step" else who in {"focal point", "editor"}
        return 200 if allowed else 403 if sees_map(who, state) else 404
    if who != "focal point":
        return within(who, state, allowed=False)
    there = {"replace": {"answering", "one done"}, "drop": OPEN, "sharing": AGREED}[name]
    return 200 if state in there else 302


@pytest.mark.parametrize("state", STATES)
def test_every_page_opens_for_those_alone_whom_it_concerns(state: str) -> None:
    world = World(state)
    names = [row.name for row in urlpatterns]
    found, wanted = {}, {}
    for who in PEOPLE:
        client = world.client(who)
        for name in names:
            found[name, who] = client.get(world.address(name)).status_code
            wanted[name, who] = expected(name, who, state)
    assert found == wanted


@pytest.mark.parametrize("state", STATES)
def test_answers_stand_on_no_page_of_anybody_they_are_kept_from(state: str) -> None:
    """Before both are done only on one's own pages; afterwards inside the hub alone."""
    world = World(state)
    found = set()
    for who in PEOPLE:
        client = world.client(who)
        for row in urlpatterns:
            page = client.get(world.address(str(row.name))).content.decode()
            found |= {(who, secret) for secret, text in SECRETS.items() if text in page}
    if state in BOTH_DONE:
        assert found == {(who, secret) for who in OWN for secret in SECRETS}
    else:
        assert found == {("one", "one"), ("two", "two")}


@pytest.mark.parametrize("state", STATES)
def test_nobody_changes_by_a_forged_request_what_is_not_theirs(state: str) -> None:
    """Everybody sends every form to every page; only the person concerned has an effect."""
    world = World(state)
    before = _everything(world)
    data = {
        "action": "finish", "note": "Forged", "summary": "Forged", "text": "Forged",
        "person_1": world.group.one.pk, "unit_1": "A", "person_2": world.group.two.pk,
        "unit_2": "B", "person": world.group.focal.pk, "unit": "C", "sharing": "public",
        "step": "identify-4-1", "holds-identify-1-1": "no", "progress": "50", "base": "999",
    }  # fmt: skip
    for who in ("visitor", *sorted(OUTSIDE), "member", "administrator of the hub"):
        client = world.client(who)
        for row in urlpatterns:
            answer = client.post(world.address(str(row.name)), data)
            assert answer.status_code in {302, 403, 404, 405}, (row.name, who)
    assert _everything(world) == before


def _everything(world: World) -> list[Any]:
    hub = world.group.hub
    return [
        list(Assessment.objects.filter(hub=hub).values()),
        [list(each.sheets.values()) for each in Assessment.objects.filter(hub=hub)],
        list(RoadStep.objects.filter(hub=hub).values()),
    ]


@pytest.mark.parametrize("name", ["hub", "road-map", "start", "history-csv"])
def test_a_hub_that_is_not_listed_hides_its_pages(name: str) -> None:
    framework()
    group = team(is_listed=False)
    client = browser(make_user())
    address = reverse(f"assessment:{name}", args=[group.hub.slug])
    assert client.get(address).status_code == 404


def test_who_left_the_hub_no_longer_reads_what_they_answered_there() -> None:
    world = World("comparing")
    Membership.objects.filter(user=world.group.one).delete()
    client = world.client("one")
    for name in ("mine", "answer", "differences", "result"):
        assert client.get(world.address(name)).status_code == 404


def test_the_other_one_is_named_but_their_progress_is_not_told() -> None:
    world = World("answering")
    client = world.client("one")
    before = client.get(url("mine", world.assessment)).content
    finished_half = answers(operations.asked_of(world.assessment.framework), 3)
    answered(world.assessment, world.group.two, finished_half)
    after = client.get(url("mine", world.assessment)).content
    assert _without_tokens(before) == _without_tokens(after)


def _without_tokens(page: bytes) -> str:
    lines = page.decode().replace("><", ">\n<").splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)
