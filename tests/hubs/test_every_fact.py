"""Every fact that the sources state about hubs can be read, with its source.

``facts.json`` was written from the collected facts, not from the data that is loaded here, so
a statement lost or reworded beyond recognition fails.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from claims.models import Reference
from core.text import fold, plain
from hubs import loading
from hubs.models import Hub, HubClaim, Lesson

#: Every test, for a run of tests none of which asks for it would get no database of its own.
pytestmark = pytest.mark.django_db

FACTS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "facts.json").read_text(encoding="utf-8")
)
HUBS = sorted({fact["hub"] for fact in FACTS["hubs"]})
#: What a claim says in words.
WORDS = ("label", "text", "role", "note", "conflict", "derived")


@dataclass
class Portal:
    """Everything loaded, and the words of each public page, fetched once."""

    claims: dict[str, list[HubClaim]]
    citations: dict[str, str]
    pages: dict[str, str] = field(default_factory=dict)

    def page(self, address: str) -> str:
        if address not in self.pages:
            answer = Client().get(address)
            assert answer.status_code == 200, address
            self.pages[address] = words(answer.content.decode())
        return self.pages[address]


def words(html: str) -> str:
    """What a reader sees, on one line and folded."""
    return fold(plain(html).replace("\n", " "))


@pytest.fixture(scope="module")
def portal(django_db_setup: None, django_db_blocker: Any) -> Iterator[Portal]:
    with django_db_blocker.unblock(), transaction.atomic():
        loading.load_reference()
        loading.load_hubs(by=User.objects.create_user("desk@test.example", is_staff=True))
        claims = defaultdict(list)
        for claim in HubClaim.objects.select_related("hub", "reference"):
            claims[claim.hub.slug].append(claim)
        yield Portal(dict(claims), dict(Reference.objects.values_list("key", "citation")))
        transaction.set_rollback(True)


def missing(needles: list[str], text: str) -> list[str]:
    return [needle for needle in needles if fold(needle) not in text]


def name_of(fact: dict[str, Any]) -> str:
    return f"{fact.get('hub') or fact.get('lesson')}: {fact['fact']}"


def test_facts_are_known_about_every_hub() -> None:
    assert sorted(entry["slug"] for entry in loading.hub_entries()) == HUBS


@pytest.mark.parametrize("fact", FACTS["hubs"], ids=name_of)
def test_a_fact_is_stated_by_its_source(portal: Portal, fact: dict[str, Any]) -> None:
    resting = [
        claim
        for claim in portal.claims[fact["hub"]]
        if claim.reference.key == fact["source"] and fact["place"] in claim.place
    ]
    said = [fold(" ".join(getattr(claim, name) for name in WORDS)) for claim in resting]
    values = [[claim.low, claim.high] for claim in resting]

    assert missing(fact["needles"], " ".join(said)) == []
    if "bounds" in fact:
        assert [None if n is None else Decimal(n) for n in fact["bounds"]] in values
    if "dates" in fact:
        assert fact["dates"] in [[claim.starts, claim.ends] for claim in resting]


@pytest.mark.parametrize("view", ["hub", "statements"])
@pytest.mark.parametrize("hub", HUBS)
def test_every_fact_about_a_hub_stands_on_its_pages_with_its_source(
    portal: Portal, hub: str, view: str
) -> None:
    page = portal.page(reverse(f"hubs:{view}", kwargs={"slug": hub}))
    facts = [fact for fact in FACTS["hubs"] if fact["hub"] == hub]

    assert {
        fact["fact"]: gone
        for fact in facts
        if (
            gone := missing(
                [*fact["needles"], portal.citations[fact["source"]], fact["place"]], page
            )
        )
    } == {}


@pytest.mark.parametrize("fact", FACTS["lessons"], ids=name_of)
def test_a_lesson_says_what_its_source_found(portal: Portal, fact: dict[str, Any]) -> None:
    lesson = lesson_of(fact)
    examples = dict(lesson.shown_by.values_list("hub__slug", "text"))
    said = fold(" ".join([lesson.title, lesson.text, *examples.values()]))

    assert missing(fact["needles"], said) == []
    assert [slug for slug in fact["hubs"] if not examples.get(slug)] == []
    assert lesson.reference.key == fact["source"]
    assert fact["place"] in lesson.place


def lesson_of(fact: dict[str, Any]) -> Lesson:
    kind, _, number = fact["lesson"].partition("-")
    return Lesson.objects.select_related("reference").get(kind=kind, number=number)


def test_every_lesson_stands_on_the_page_of_lessons_with_its_source(portal: Portal) -> None:
    page = portal.page(reverse("hubs:lessons"))
    gone = {}
    for fact in FACTS["lessons"]:
        lesson, hubs = lesson_of(fact), Hub.objects.filter(slug__in=fact["hubs"])
        shown = [lesson.title, *fact["needles"], lesson.reference.citation, lesson.place]
        gone[fact["lesson"]] = missing([*shown, *(hub.short for hub in hubs)], page)

    assert {lesson: needles for lesson, needles in gone.items() if needles} == {}


def test_every_contradiction_of_the_sources_stands_on_its_page(portal: Portal) -> None:
    page = portal.page(reverse("hubs:contradictions"))
    assert missing([row["needle"] for row in FACTS["contradictions"]], page) == []
