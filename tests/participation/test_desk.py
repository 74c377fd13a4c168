"""The desk shows participation of the events one keeps, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from events.models import Event
from participation.models import Admission, Question, Registration, StoryCall
from participation.operations import papers
from tests.desk import desk_client
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration

pytestmark = pytest.mark.django_db

KINDS = ("admission", "registration", "question", "paper", "storycall")


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def records(hub: Any) -> dict[str, Any]:
    event = make_webinar(hub=hub, name="On deep wells")
    open_registration(event, join_url="https://join.test.example/secret")
    row = come(event, needs="A ramp at the door", hope="To dig deeper")
    paper = papers.add_paper(
        event, by=make_member(hub, "editor"), url="https://files.test.example/slides.pdf",
        kind="slides", title="Slides on wells",
    )  # fmt: skip
    return {
        "admission": Admission.objects.get(event=event),
        "registration": row,
        "question": Question.objects.create(event=event, text="How deep?"),
        "paper": paper,
        "storycall": StoryCall.objects.create(event=event, title="Tell us", text="About wells."),
    }


def pages(kind: str, record: Any) -> tuple[str, str]:
    return (
        reverse(f"admin:participation_{kind}_changelist"),
        reverse(f"admin:participation_{kind}_change", args=[record.pk]),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_those_who_keep_the_event_read_it_and_others_do_not_find_it(
    kind: str, hub: Any, records: dict[str, Any]
) -> None:
    listed, opened = pages(kind, records[kind])
    for keeper in (make_member(hub, "editor"), make_user(is_staff=True)):
        client = desk_client(keeper)
        assert "On deep wells" in client.get(listed).content.decode()
        page = client.get(opened).content.decode()
        assert "On deep wells" in page
        for secret in ("join.test.example", "A ramp at the door", "To dig deeper"):
            assert secret not in page

    elsewhere = desk_client(make_member(make_hub(slug="pumps"), "editor"))
    assert "On deep wells" not in elsewhere.get(listed).content.decode()
    assert elsewhere.get(opened).status_code == 302
    assert elsewhere.get(opened)["Location"] == "/desk/"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_changed_added_or_deleted_at_the_desk(
    kind: str, records: dict[str, Any]
) -> None:
    client = desk_client(make_user(is_staff=True))
    _listed, opened = pages(kind, records[kind])

    assert client.post(opened, {"title": "Other"}).status_code == 403
    for verb in ("add", "delete"):
        args = [records[kind].pk] if verb == "delete" else []
        address = reverse(f"admin:participation_{kind}_{verb}", args=args)
        assert client.get(address).status_code == 403


@pytest.mark.parametrize("n", [1, 30])
def test_lists_cost_the_same_with_many_registrations(
    n: int, hub: Any, django_assert_max_num_queries: Any
) -> None:
    event = make_webinar(hub=hub)
    open_registration(event)
    Registration.objects.bulk_create(
        Registration(event=event, number=number, name=f"Member {number}")
        for number in range(1, n + 1)
    )
    client = desk_client(make_user(is_staff=True))
    listed = reverse("admin:participation_registration_changelist")
    client.get(listed)

    with django_assert_max_num_queries(8):
        client.get(listed)
    assert Event.objects.count() == 1
