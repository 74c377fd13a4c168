"""Following a commitment: its updates are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from events import operations
from events.models import Commitment

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def _find(request: HttpRequest, slug: str) -> Commitment:
    commitments = Commitment.objects.visible_to(request.user).select_related("event")
    return get_object_or_404(commitments, code=slug)


@require_POST
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Visitors sign in first, and come back to the commitment."""
    commitment = _find(request, slug)
    if not request.user.is_authenticated:
        return redirect_to_login(commitment.get_absolute_url())
    operations.follow(commitment, by=request.user)
    messages.success(request, _("You hear of every update of this commitment."))
    return redirect(commitment)


@require_POST
def unfollow(request: HttpRequest, slug: str) -> HttpResponse:
    commitment = _find(request, slug)
    if not request.user.is_authenticated:
        return redirect_to_login(commitment.get_absolute_url())
    operations.unfollow(commitment, by=request.user)
    messages.success(request, _("You get no more letters about this commitment."))
    return redirect(commitment)
