"""The same form twice at once, and two editors at once: real threads, on whichever database.

The twin with the guard off shows that the guard is what holds.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db.models import QuerySet

from core.models import AuditEntry
from events.models import Event, Session
from participation.models import Admission
from participation.operations import webinars as operations
from participation.webinars import session_of, state_of
from tests.factories import make_hub, make_member, reference
from tests.participation.factories import make_webinar, open_registration
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HOURS = {
    "day": dt.date(2027, 5, 18), "wall_starts": dt.time(15), "wall_ends": dt.time(16),
    "zone": "America/Bogota", "second_hour": None,
}  # fmt: skip
TOLD = {"name": "Digging", "summary": "", "theme": "", "is_public": True}
WAY_IN = {"is_open": True, "places": 5, "join_url": "", "join_note": ""}
ROUNDS = 3


@pytest.fixture
def editor() -> Any:
    reference()
    return make_member(make_hub(slug="wells"), "editor")


def arrange(editor: Any, key: uuid.UUID) -> int:
    hub = editor.memberships.get().hub
    event = operations.arrange_webinar(
        by=editor, form_key=key, hub=hub, told=TOLD, hours=HOURS, way_in=WAY_IN
    )
    return event.pk


def test_a_form_sent_twice_at_once_arranges_one_webinar(editor: Any) -> None:
    for number in range(1, ROUNDS + 1):
        key = uuid.uuid4()
        found = at_once(*[lambda key=key: arrange(editor, key)] * 3)
        assert len(set(found)) == 1, found
        assert (Event.objects.count(), Session.objects.count(), Admission.objects.count()) == (
            (number,) * 3
        )


def test_without_the_guard_it_would_arrange_several(
    editor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = operations._new

    def slow(*args: Any, **more: Any) -> Event:
        everybody_has_looked()
        return real(*args, **more)

    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows)
    monkeypatch.setattr(operations, "_new", slow)
    key = uuid.uuid4()

    found = at_once(*[lambda: arrange(editor, key)] * 3, begin=begin_without_lock)

    assert broken(found) or len(set(found)) > 1


def test_a_repetition_sent_twice_at_once_is_made_once(editor: Any) -> None:
    event = make_webinar(hub=editor.memberships.get().hub, name="Digging")
    open_registration(event)
    key, day = uuid.uuid4(), dt.date.fromisoformat(event.starts)
    days = [(day + dt.timedelta(weeks=n), None) for n in (1, 2, 3)]

    found = at_once(
        *[lambda: operations.repeat_webinar(event, by=editor, form_key=key, days=days)] * 3
    )

    assert len({tuple(row.pk for row in rows) for rows in found}) == 1, found
    assert Event.objects.count() == 4
    assert len({row.series_id for row in Event.objects.all()}) == 1
    assert AuditEntry.objects.filter(verb="repeat_webinar").count() == 1


def test_of_two_editors_who_save_at_once_one_is_told(editor: Any) -> None:
    event = make_webinar(hub=editor.memberships.get().hub, name="Digging")
    session = session_of(event)
    base = state_of(event, session)
    assert session is not None
    hours = {name: getattr(session, name) for name in operations.HOURS}

    def save(name: str) -> None:
        operations.change_webinar(
            event, by=editor, told=TOLD | {"name": name}, hours=hours, way_in={}, base=base
        )

    found = at_once(lambda: save("Mine"), lambda: save("Theirs"))

    assert sorted(told(one) for one in found) == ["done", "stale"]
    assert Event.objects.get().name == Event.objects.get().sessions.get().title


def test_cancelled_twice_at_once_is_cancelled_once(editor: Any) -> None:
    event = make_webinar(hub=editor.memberships.get().hub)

    found = at_once(*[lambda: operations.cancel_webinar(event, by=editor, reason="Rain.")] * 3)

    assert [told(one) for one in found] == ["done"] * 3
    assert Event.objects.get().sequence == 1
    assert AuditEntry.objects.filter(verb="cancel_webinar").count() == 1
