"""The example webinars: made once, plainly marked, with every state of a registration in them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from events.models import Event
from hubs.models import Membership
from participation.demonstration import AHEAD, HELD, make_examples
from participation.models import Admission, Registration
from tests.factories import make_hub, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Any]:
    roles = ("practitioner", "editor", "reviewer", "reviewer-2", "chair")
    return {role: make_user(name=f"{role} (demonstration)") for role in roles}


def test_the_examples_are_made_once_and_say_what_they_are(
    client: Client, people: dict[str, Any]
) -> None:
    hub = make_hub(slug="example-hub", name="Example hub", is_listed=False)
    Membership.objects.create(hub=hub, user=people["editor"], role="editor")

    assert make_examples(people, hub=hub) == 2
    assert make_examples(people, hub=hub) == 0

    ahead, held = Event.objects.get(name=AHEAD), Event.objects.get(name=HELD)
    assert [row.state for row in Registration.objects.filter(event=ahead).order_by("number")] == [
        "placed", "placed", "waiting", "waiting",
    ]  # fmt: skip
    assert (held.status, Admission.objects.get(event=held).taken) == ("held", 2)
    for event in (ahead, held):
        page = client.get(event.get_absolute_url()).content.decode()
        assert "Example:" in page
        assert "example.org" not in page or event == held
    assert "As long as the portal: it is the record." in page
