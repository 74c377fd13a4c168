"""The desk: who keeps which records, and what follows from a change."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from core import search
from core.models import AuditEntry
from events import operations
from events.choices import Standing
from events.models import Commitment, Event, Session
from events.signals import commitment_updated
from hubs.models import Hub, Membership
from tests.desk import desk_client
from tests.events.factories import (
    contribute,
    make_commitment,
    make_document,
    make_event,
    make_person,
    make_session,
    make_source,
)
from tests.factories import make_hub, make_member, make_user

pytestmark = pytest.mark.django_db
Role = Membership.Role


def address(obj: Any, view: str = "change") -> str:
    return reverse(f"admin:events_{obj._meta.model_name}_{view}", args=[obj.pk])


def form_of(client: Any, url: str) -> dict[str, Any]:
    """What the form at the desk would send as it stands."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    form = answer.context["adminform"].form
    sets = [inline.formset for inline in answer.context["inline_admin_formsets"]]
    values: dict[str, Any] = {}
    for one in [form, *(row for formset in sets for row in formset.forms)]:
        for bound in one:
            value = bound.value()
            if isinstance(value, (list, tuple)):
                value = [getattr(row, "pk", row) for row in value]
            if value is True:
                value = "on"
            if value is not None and value is not False and value not in ("", []):
                values[bound.html_name] = value
    for formset in sets:
        for bound in formset.management_form:
            values[bound.html_name] = bound.value()
    return values


def refusals(answer: Any) -> Any:
    """Why a form at the desk was not taken, for the message of a test that fails."""
    if not answer.context:
        return None
    sets = [inline.formset for inline in answer.context["inline_admin_formsets"]]
    rows = {one.prefix: one.errors for one in sets if any(one.errors)}
    return answer.context["adminform"].form.errors, rows


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def event(hub: Hub) -> Event:
    event = make_event(hub=hub, name="Talks on wells")
    make_document(event, 1)
    contribute(make_person(), event, session=make_session(event))
    return event


def records(event: Event) -> list[Any]:
    return [
        event, event.sessions.get(), event.documents.get(), event.commitments.get(),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("role", "own", "keeps"),
    [
        (None, True, True),
        (Role.EDITOR, True, True),
        (Role.FOCAL_POINT, True, True),
        (Role.EDITOR, False, False),
    ],
)
def test_who_keeps_the_records_of_an_event(
    hub: Hub, event: Event, role: str | None, own: bool, keeps: bool
):
    person = (
        make_user(is_staff=True) if role is None else make_member(hub if own else make_hub(), role)
    )
    client = desk_client(person)

    for record in records(event):
        listed = client.get(reverse(f"admin:events_{record._meta.model_name}_changelist"))
        assert listed.status_code == 200
        assert (record in listed.context["cl"].queryset) is keeps
        answer = client.get(address(record))
        assert answer.status_code == (200 if keeps else 302)
        assert person.has_perm("events.change_event", record) is keeps
    assert client.get(address(event.contributions.get().person)).status_code == 200
    assert client.get(reverse("admin:events_series_changelist")).status_code == (
        200 if role is None else 403
    )


def test_a_member_without_a_role_stays_out_of_the_desk(hub: Hub, event: Event):
    answer = desk_client(make_member(hub, Role.MEMBER)).get(address(event))

    assert answer.status_code == 302
    assert not make_user().has_perm("events.change_event", event)


def test_a_change_is_in_the_audit_and_found_at_once(hub: Hub, event: Event):
    editor = make_member(hub, Role.EDITOR)
    client = desk_client(editor)
    values = form_of(client, address(event)) | {"name": "Talks on cisterns"}

    answer = client.post(address(event), values)

    assert answer.status_code == 302, refusals(answer)
    entry = AuditEntry.of(event).first()
    assert entry is not None
    assert (entry.verb, entry.actor, entry.data["fields"]) == ("change_record", editor, ["name"])
    assert search.find("event", search.SearchQuery.parse("cisterns")).total == 1
    assert "Talks on cisterns" in client.get(address(event, "history")).content.decode()


def test_a_save_that_changes_nothing_leaves_no_trace(hub: Hub, event: Event):
    client = desk_client(make_member(hub, Role.EDITOR))

    client.post(address(event), form_of(client, address(event)))

    assert not AuditEntry.of(event).exists()


def test_an_editor_adds_events_of_the_own_hub_only(hub: Hub):
    other = make_hub()
    client = desk_client(make_member(hub, Role.EDITOR))
    url = reverse("admin:events_event_add")
    values = form_of(client, url) | {
        "name": "New talks", "slug": "new-talks", "kind": "workshop", "status": "planned",
    }  # fmt: skip

    for wrong in ("", str(other.pk)):
        assert "hub" in client.post(url, values | {"hub": wrong}).context["adminform"].form.errors
    assert client.post(url, values | {"hub": str(hub.pk)}).status_code == 302
    assert Event.objects.get(slug="new-talks").hub == hub


def test_hours_that_do_not_exist_are_refused_at_the_field(hub: Hub, event: Event):
    session = event.sessions.get()
    client = desk_client(make_member(hub, Role.EDITOR))
    values = form_of(client, address(session)) | {
        "day": "2024-03-31", "wall_starts": "02:30", "zone": "Europe/Berlin",
    }  # fmt: skip

    answer = client.post(address(session), values)

    errors = answer.context["adminform"].form.errors
    assert "does not exist" in errors["wall_starts"][0]
    assert answer.context["adminform"].form["wall_starts"].value() == "02:30"


def test_calendars_learn_of_new_hours_but_not_of_notes(hub: Hub, event: Event):
    session = event.sessions.get()
    client = desk_client(make_member(hub, Role.EDITOR))

    client.post(address(session), form_of(client, address(session)) | {"note": "Cold."})
    assert Session.objects.get(pk=session.pk).sequence == 0
    values = form_of(client, address(session)) | {"wall_starts": "09:00", "zone": "Asia/Jakarta"}
    answer = client.post(address(session), values)
    assert answer.status_code == 302, refusals(answer)

    session.refresh_from_db()
    assert session.sequence == 1
    assert session.starts_at == dt.datetime(2024, 5, 6, 2, tzinfo=dt.UTC)


def test_who_speaks_in_a_session_contributes_to_its_event(hub: Hub, event: Event):
    session = event.sessions.get()
    person = make_person()
    client = desk_client(make_user(is_staff=True))
    values = form_of(client, address(session)) | {
        "contributions-TOTAL_FORMS": "2",
        "contributions-1-person": str(person.pk),
        "contributions-1-role": "panellist",
        "contributions-1-position": "2",
        "contributions-1-session": str(session.pk),
    }

    answer = client.post(address(session), values)
    assert answer.status_code == 302, refusals(answer)
    assert person.contributions.get().event == event
    assert search.find("person", search.SearchQuery.parse("wells")).total == 2


def test_a_paragraph_that_is_removed_is_not_found_any_more(hub: Hub, event: Event):
    document = event.documents.get()
    client = desk_client(make_user(is_staff=True))
    client.post(address(document), form_of(client, address(document)) | {"note": "Read."})
    asked = search.SearchQuery.parse("water article")
    assert search.find("paragraph", asked).total == 1

    values = form_of(client, address(document)) | {"paragraphs-0-DELETE": "on"}
    answer = client.post(address(document), values)
    assert answer.status_code == 302, refusals(answer)

    assert search.find("paragraph", asked).total == 0


# --- Updates of commitments -----------------------------------------------------------------


def test_an_update_sets_progress_and_the_date_of_fulfilment(event: Event):
    commitment = make_commitment(event, due="2024")
    heard: list[dict[str, Any]] = []
    commitment_updated.connect(lambda **told: heard.append(told), weak=False, dispatch_uid="test")
    by = make_user(is_staff=True)

    operations.add_update(
        commitment, by=by, progress="complete", text="Dug.", happened_on="2025-02",
        reference=make_source(),
    )  # fmt: skip
    commitment_updated.disconnect(dispatch_uid="test")

    stored = Commitment.objects.get(pk=commitment.pk)
    assert (stored.progress, stored.fulfilled_on) == ("complete", "2025-02")
    assert stored.standing == commitment.standing == Standing.COMPLETE_LATE
    entry = AuditEntry.of(commitment).get()
    assert (entry.verb, entry.actor) == ("update_commitment", by)
    assert [told["commitment"] for told in heard] == [stored]

    operations.add_update(
        commitment, by=by, progress="limited", text="It fell in.", reference=make_source()
    )
    stored.refresh_from_db()
    assert (stored.progress, stored.fulfilled_on) == ("limited", "")
    assert stored.updates.count() == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"progress": "limited"}, "reference"),
        ({"progress": "complete", "fulfilled_by": True}, "happened_on"),
        ({"progress": "no_evidence", "text": ""}, "text"),
        ({"progress": "no_evidence", "happened_on": "soon"}, "happened_on"),
        ({"progress": "splendid", "fulfilled_by": True}, "progress"),
    ],
)
def test_an_update_without_evidence_or_date_is_refused(
    event: Event, values: dict[str, Any], field: str
):
    commitment = make_commitment(event)
    if values.pop("fulfilled_by", None):
        values["fulfilled_by"] = make_event()

    with pytest.raises(ValidationError) as refused:
        operations.add_update(
            commitment, by=make_user(is_staff=True), **({"text": "So it was."} | values)
        )

    assert list(refused.value.message_dict) == [field]
    assert not commitment.updates.exists()


def test_who_keeps_no_records_of_the_event_files_no_update(event: Event):
    with pytest.raises(PermissionDenied):
        operations.add_update(
            make_commitment(event), by=make_member(make_hub(), Role.EDITOR), progress="not_started",
            text="No.",
        )  # fmt: skip


def test_an_update_is_filed_at_the_desk_and_keeps_what_was_typed(hub: Hub, event: Event):
    commitment = event.commitments.get()
    client = desk_client(make_member(hub, Role.EDITOR))
    url = address(commitment, "update")
    assert f'href="{url}"' in client.get(address(commitment)).content.decode()

    refused = client.post(url, {"progress": "limited", "text": "Begun with care."})
    assert "reference" in refused.context["form"].errors
    assert "Begun with care." in refused.content.decode()

    source = make_source()
    values = {"progress": "limited", "text": "Begun with care.", "reference": source.pk}
    assert client.post(url, values).status_code == 302
    commitment.refresh_from_db()
    assert commitment.progress == "limited"
    page = client.get(commitment.get_absolute_url()).content.decode()
    assert "Begun with care." in page
    assert f'href="{url}"' in page
    assert url not in client_of_nobody().get(commitment.get_absolute_url()).content.decode()


def client_of_nobody() -> Any:
    from django.test import Client

    return Client()


def test_a_stranger_finds_no_form_for_updates(event: Event):
    commitment = event.commitments.get()
    client = desk_client(make_member(make_hub(), Role.EDITOR))

    assert client.get(address(commitment, "update")).status_code == 302
    client.post(address(commitment, "update"), {"progress": "not_started", "text": "No."})

    assert not commitment.updates.exists()
