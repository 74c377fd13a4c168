"""What the record of events asks of portal moderators: members who say that they are a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core import waiting
from core.templatetags.components import when
from events.models import PersonClaim
from hubs.rules import is_portal_moderator

#: Of one kind, as many are listed.
MOST = 10


@waiting.source("events-people", of_records=False)
def claims(user: Any) -> Iterable[waiting.Item]:
    """Requests to be seen as a person of the record. Nobody decides about their own."""
    if not is_portal_moderator(user):  # as the permission says; here without a query
        return
    asked = PersonClaim.objects.open().exclude(user=user).select_related("person", "user")
    for claim in asked.order_by("asked_at", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Is this the same person: %(name)s?") % {"name": claim.person},
            detail=format_html(
                _("{name} asked on {day} to be seen as this person of the record."),
                name=str(claim.user),
                day=when(claim.asked_at, "day"),
            ),
            verb=_("Look and decide"),
            url=reverse("admin:events_personclaim_change", args=[claim.pk]),
            since=claim.asked_at,
        )
