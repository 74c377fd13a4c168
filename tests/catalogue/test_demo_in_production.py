"""In production the demonstration content asks first, and brings no accounts."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from catalogue.models import Solution
from hubs.loading import load_reference
from hubs.models import Hub


def test_production_refuses_the_command(db: None, settings: Any) -> None:
    settings.HUB_PROFILE = "production"

    with pytest.raises(CommandError, match="--i-know"):
        call_command("demo")

    assert not Hub.objects.exists()


@pytest.mark.slow
def test_production_gets_records_but_no_accounts_with_a_published_password(
    db: None, settings: Any
) -> None:
    settings.HUB_PROFILE = "production"
    load_reference()
    out = io.StringIO()

    call_command("demo", "--i-know", stdout=out, stderr=io.StringIO())

    assert out.getvalue() == ""
    people = User.objects.exclude(email__endswith="@registry.invalid")
    assert list(people.values_list("name", flat=True)) == ["Editorial desk"]
    replayed = User.objects.filter(email__endswith="@registry.invalid")
    assert (replayed.count(), replayed.filter(is_active=True).count()) == (109, 0)
    assert Solution.objects.public().count() == 86
    assert not Solution.objects.filter(is_example=True).exists()
