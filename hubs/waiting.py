"""What hubs ask of a person: an invitation to a team, and that a profile be confirmed.

Few queries, whatever their number: one for invitations, one for the hubs of a focal point.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core import waiting
from core.templatetags.components import when
from hubs.models import CONFIRMED_FOR_DAYS, Hub, HubInvitation, Membership, roles_of

#: Of one kind, as many are listed.
MOST = 10


def about(hub: Hub) -> str:
    """How items say that they belong to this hub."""
    return f"hub:{hub.pk}"


@waiting.source("hubs-invitations")
def invitations(user: Any) -> Iterable[waiting.Item]:
    """Teams of hubs this person is asked to join."""
    asked = HubInvitation.objects.for_person(user).filter(hub__merged_into=None)
    for invitation in asked.select_related("hub", "invited_by")[:MOST]:
        yield waiting.Item(
            title=_("Answer an invitation: %(title)s") % {"title": invitation.hub},
            detail=format_html(
                _("{name} asks you to join the team, on {day}."),
                name=str(invitation.invited_by or _("A former member")),
                day=when(invitation.invited_at, "day"),
            ),
            verb=_("Answer"),
            url=reverse("hubs:invitation", args=[invitation.uid]),
            since=invitation.invited_at,
            due=invitation.expires_at,
        )


@waiting.source("hubs-confirming")
def to_confirm(user: Any) -> Iterable[waiting.Item]:
    """Profiles whose last confirmation is too old: asked of focal points, nobody else."""
    focal = [pk for pk, role in roles_of(user).items() if role == Membership.Role.FOCAL_POINT]
    if not focal:
        return
    kept = timedelta(days=CONFIRMED_FOR_DAYS + 1)
    hubs = Hub.objects.filter(pk__in=focal, merged_into=None)
    due = hubs.filter(Q(confirmed_at=None) | Q(confirmed_at__lte=timezone.now() - kept))
    for hub in due.order_by("confirmed_at", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Confirm the profile: %(hub)s") % {"hub": hub.short},
            detail=format_html(
                _("Last confirmed on {day}. Look whether it is still right."),
                day=when(hub.confirmed_at, "day"),
            )
            if hub.confirmed_at
            else _("Nobody has confirmed yet that it is right."),
            verb=_("Look and confirm"),
            url=reverse("hubs:team:confirm", args=[hub.slug]),
            since=hub.confirmed_at + kept if hub.confirmed_at else hub.updated_at,
            about=about(hub),
        )
