"""What a reviewer sees and does in the browser."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.people import browser
from tests.validation.factories import case_in_review

pytestmark = pytest.mark.django_db


def test_smoke() -> None:
    case = case_in_review()
    seat = case.seats.order_by("pk").first()
    client = browser(seat.user)
    response = client.get(reverse("validation:review", args=[seat.uid]))
    assert response.status_code == 200, response.content
    print(len(response.content))
    assert client.get("/reviews/").status_code == 200
