"""The button of a person whose mails come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notifications import addresses

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


@login_required
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Send mails to the person's address again."""
    user = cast("User", request.user)
    if addresses.resume(user):
        messages.success(
            request, _("We send mails to %(address)s again.") % {"address": user.email}
        )
    else:
        messages.info(request, _("Mails to %(address)s are not stopped.") % {"address": user.email})
    return redirect("notices:preferences")
