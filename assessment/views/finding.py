"""What every page here begins with: the hub, the assessment, and what this person may do.

Permissions are asked of the predicates alone: an administrator without a role in the hub is a
stranger to its self-assessment.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import rules
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from assessment.models import Assessment, Sheet
from hubs.models import Hub, roles_of

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponseBase

View = Callable[..., "HttpResponseBase"]


def of_hub(view: View) -> View:
    """Give the view the hub of its address; the address of a hub that became part of another
    leads to the same page there. 404 for a hub this person does not see."""

    @wraps(view)
    def found(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
        hub = Hub.objects.visible_to(request.user).filter(slug=slug).first()
        if hub is not None:
            return view(request, hub, **kwargs)
        kept = Hub.objects.visible_to(request.user).filter(merged__slug=slug).first()
        if kept is None or request.method not in {"GET", "HEAD"}:
            raise Http404
        here = request.resolver_match.view_name
        return HttpResponsePermanentRedirect(reverse(here, kwargs={**kwargs, "slug": kept.slug}))

    return found


def may(user: Any, permission: str, obj: Any) -> bool:
    if user.is_authenticated and not user.is_active:
        return False
    return bool(rules.has_perm(f"assessment.{permission}", user, obj))


def require(user: Any, permission: str, obj: Any) -> None:
    if not may(user, permission, obj):
        raise PermissionDenied


def is_own(user: Any, hub: Hub) -> bool:
    """Whether the person belongs to the hub."""
    return hub.pk in roles_of(user)


def find(request: HttpRequest, hub: Hub, uid: str) -> Assessment:
    """An assessment of the hub that this person may see, or 404."""
    rows = Assessment.objects.visible_to(request.user).filter(hub=hub)
    found = get_object_or_404(rows.select_related("framework"), uid=uid)
    found.hub = hub
    return found


def own_sheet(request: HttpRequest, hub: Hub, uid: str) -> Sheet:
    """The person's own sheet of an assessment of their hub, or 404. Nobody else's is ever
    fetched by this."""
    if not is_own(request.user, hub):
        raise Http404
    rows = Sheet.objects.filter(person=request.user, assessment__hub=hub, assessment__uid=uid)
    sheet = get_object_or_404(rows.select_related("assessment__framework"))
    sheet.assessment.hub = hub
    return sheet


def sent(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it was empty; None for a page that is only opened."""
    return request.POST if request.method == "POST" else None


def base_of(request: HttpRequest) -> int:
    """The revision a form was opened at; 0 for what is no number, so that nothing newer is
    overwritten."""
    text = request.POST.get("base", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
