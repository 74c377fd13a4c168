"""Two choose one short name at once, on whichever database the tests run: real threads.

The twin with the locks off shows that the locks are what holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import User
from community import finding
from community.models import Member
from community.operations import joining
from community.operations import membership as keeping
from core import audit
from tests.community.factories import make_member
from tests.factories import make_user, reference
from tests.racing import at_once, begin_without_lock, everybody_has_looked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def outcome(result: Any) -> str:
    """ "done", the field of a refusal, or "broken"."""
    if isinstance(result, ValidationError):
        return next(iter(result.error_dict))
    return "broken" if isinstance(result, Exception) else "done"


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off, and a moment between looking and writing, so that both have looked."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def slowly(*what: Any, **named: Any) -> str:
        found = real(*what, **named)
        everybody_has_looked()
        return found

    real = joining.checked_handle
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(joining, "checked_handle", slowly)
    return begin_without_lock


def joins(user: User, handle: str) -> Callable[[], Any]:
    return lambda: joining.join(by=User.objects.get(pk=user.pk), handle=handle, is_listed=True)


@pytest.mark.parametrize("handles", [("ana-b",) * 4, ("ana-b", "anab", "a-na-b", "ana--b")])
def test_of_many_who_choose_one_short_name_one_gets_it(handles: tuple[str, ...]) -> None:
    people = [make_user() for _handle in handles]

    found = at_once(*(joins(user, handle) for user, handle in zip(people, handles, strict=True)))

    assert sorted(map(outcome, found)) == ["done", "handle", "handle", "handle"]
    assert Member.objects.count() == 1
    assert list(audit.verify()) == []


def test_without_the_locks_one_of_them_meets_an_error(unguarded: Callable[[], None]) -> None:
    people = [make_user() for _n in range(2)]

    found = at_once(*(joins(user, "ana-b") for user in people), begin=unguarded)

    assert "broken" in map(outcome, found)
    assert Member.objects.count() <= 1


def test_one_who_presses_join_twice_joins_once() -> None:
    user = make_user()

    found = at_once(joins(user, "ana-b"), joins(user, "ana-b"))

    assert [outcome(result) for result in found] == ["done", "done"]
    assert finding.astray() == ([], 0)


def test_a_name_given_up_and_asked_for_at_once_is_held() -> None:
    user, other = make_member(handle="ana-b"), make_user()

    found = at_once(
        lambda: keeping.change_membership(
            by=User.objects.get(pk=user.pk), handle="bea", is_listed=True, shows_recognition=True
        ),
        joins(other, "ana-b"),
    )

    assert list(map(outcome, found)) == ["done", "handle"]


def test_many_changes_of_many_members_leave_the_counts_right() -> None:
    reference()
    people = [make_member(make_user(f"Person {n}"), is_listed=True) for n in range(6)]
    for n, user in enumerate(people):
        user.profile.country = ("BR", "ID")[n % 2]
        user.profile.save()

    found = at_once(*(lambda user=user: finding.note(user.pk) for user in people for _n in "ab"))

    assert [outcome(result) for result in found] == ["done"] * 12
    assert finding.astray() == ([], 0)
