"""What every page of a team begins with: the hub, and what this person may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hubs.models import Hub

if TYPE_CHECKING:
    from django.http import HttpRequest

CHANGE, CONFIRM, MANAGE = "hubs.change_hub", "hubs.confirm_hub", "hubs.manage_members"


def find(request: HttpRequest, slug: str, *, to: str = "") -> Hub:
    """A hub whose team space this person finds, or 404; 403 without the permission ``to``."""
    hubs = Hub.objects.visible_to(request.user).select_related("country", "confirmed_by")
    hub = get_object_or_404(hubs, slug=slug)
    if not request.user.has_perm("hubs.view_team_space", hub):
        raise Http404
    if to and not request.user.has_perm(to, hub):
        raise PermissionDenied
    return hub


def around(request: HttpRequest, hub: Hub, here: str, **more: Any) -> dict[str, Any]:
    """What every page prints around its own matter. ``here`` is the part it belongs to."""
    user = request.user
    may_change = user.has_perm(CHANGE, hub)
    parts = [
        ("overview", _("Overview"), True),
        ("basics", _("Basics"), may_change),
        ("contacts", _("Contacts"), may_change),
        ("statements", _("Statements"), True),
        ("mix", _("Financing mix"), may_change),
        ("members", _("Members"), True),
        ("history", _("History"), True),
    ]
    return {
        "hub": hub,
        "tabs": [
            (label, reverse(f"hubs:team:{name}", args=[hub.slug]), name == here)
            for name, label, shown in parts
            if shown
        ],
        "may_change": may_change,
        "may_confirm": user.has_perm(CONFIRM, hub),
        "may_manage": user.has_perm(MANAGE, hub),
        "may_restore": user.has_perm("hubs.restore_hub", hub),
        "foreign": not (get_language() or "en").startswith("en"),
        **more,
    }
