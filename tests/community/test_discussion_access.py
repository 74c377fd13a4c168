"""Who reads which discussion: the list and the rule say the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from community.choices import ChapterRole, DiscussionState
from community.models import ChapterMember, Discussion
from tests.community.factories import (
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    open_theme,
)
from tests.events.factories import make_event
from tests.factories import make_user

pytestmark = pytest.mark.django_db

READERS = ("anonymous", "stranger", "member", "insider", "asked", "coordinator", "staff", "root")


@pytest.fixture
def setting() -> tuple[dict[str, Any], dict[str, Discussion]]:
    chapter = make_chapter(is_private=True)
    people: dict[str, Any] = {
        "anonymous": AnonymousUser(),
        "stranger": make_user(),
        "member": make_member(),
        "insider": make_member(),
        "asked": make_member(),
        "coordinator": make_member(),
        "staff": make_user(is_staff=True),
        "root": make_user(is_staff=True, is_superuser=True),
    }
    for name, role in (
        ("insider", ChapterRole.MEMBER),
        ("asked", ChapterRole.ASKED),
        ("coordinator", ChapterRole.COORDINATOR),
    ):
        ChapterMember.objects.create(chapter=chapter, user=people[name], role=role)
    by = people["coordinator"]
    found = {
        "theme": make_discussion(open_theme(), by=by),
        "unannounced theme": make_discussion(
            open_theme(is_public=False), by=make_member(people["staff"])
        ),
        "private chapter": make_discussion(chapter, by=by),
        "open chapter": make_discussion(make_chapter(), by=by),
        "lab": make_discussion(make_lab(), by=by),
        "event": make_discussion(make_event(), by=by),
        "hidden": make_discussion(open_theme(), by=by),
        "hidden in chapter": make_discussion(chapter, by=by),
    }
    for name in ("hidden", "hidden in chapter"):
        Discussion.objects.filter(pk=found[name].pk).update(state=DiscussionState.HIDDEN)
    return people, found


EVERYBODY = {"theme", "open chapter", "lab", "event"}
ALL = EVERYBODY | {"unannounced theme", "private chapter", "hidden", "hidden in chapter"}
SEEN = {
    "anonymous": EVERYBODY,
    "stranger": EVERYBODY,
    "member": EVERYBODY,
    "asked": EVERYBODY,
    "insider": EVERYBODY | {"private chapter"},
    "coordinator": EVERYBODY | {"private chapter", "hidden in chapter"},
    "staff": ALL,
    "root": ALL,
}


def test_lists_and_the_rule_agree_on_who_reads_what(setting: Any) -> None:
    people, found = setting

    for name, person in people.items():
        listed = set(Discussion.objects.visible_to(person).values_list("pk", flat=True))
        assert {key for key, row in found.items() if row.pk in listed} == SEEN[name], name
        asked = {
            key for key, row in found.items() if person.has_perm("community.view_discussion", row)
        }
        expected = ALL if name == "root" else SEEN[name]
        assert asked == expected, name
