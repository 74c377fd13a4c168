"""Pages about people: a member's own settings, and what they show of themselves."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import operations
from accounts.forms import CloseAccountForm, ProfileForm
from accounts.middleware import ZONE_KEY
from accounts.models import Profile
from core.errors import DomainError


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """One page that leads to everything about one's own account."""
    own = operations.profile_of(request.user)
    types = list(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    passkeys = types.count(Authenticator.Type.WEBAUTHN)
    ways = [
        *([_("authenticator app")] if Authenticator.Type.TOTP in types else []),
        *([_("passkeys")] if passkeys else []),
    ]
    sessions = UserSession.objects.filter(user=request.user).count()
    profile_facts = [
        (_("Name seen by"), own.get_name_audience_display()),
        (_("Time zone"), own.time_zone.replace("_", " ")),
        (_("Language of mails"), dict(settings.LANGUAGES).get(own.interface_language)),
    ]
    safety_facts = [
        (_("E-mail address"), request.user.email, reverse("account_email")),
        (_("Password"), _("set"), reverse("account_change_password")),
        (_("Second step"), ", ".join(ways) or _("none"), reverse("mfa_index")),
        (_("Sessions"), str(sessions), reverse("usersessions_list")),
    ]
    return render(
        request,
        "accounts/account.html",
        {
            "profile": own,
            "profile_facts": profile_facts,
            "safety_facts": safety_facts,
            "second_step": bool(ways),
        },
    )


@require_GET
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """What this reader may see of a member."""
    member = get_object_or_404(
        Profile.objects.visible_to(request.user).select_related("user"), pk=pk
    )
    shown = operations.may_be_seen_by(member, request.user)
    rows: list[tuple[Any, Any]] = [
        (_("Position"), shown.get("position")),
        (_("Organisation"), shown.get("organisation")),
        (_("Kind of organisation"), shown.get("organisation_kind")),
        (_("Country"), shown.get("country")),
        (_("Languages"), shown.get("languages")),
    ]
    return render(
        request,
        "accounts/profile.html",
        {
            "profile": member,
            "name": str(member.user),
            "facts": [row for row in rows if row[1]],
            "expertise": shown.get("expertise", ""),
            "about": shown.get("about", ""),
            "is_own": member.user_id == request.user.pk,
        },
    )


@login_required
@require_http_methods(["GET", "POST"])
def profile_edit(request: HttpRequest) -> HttpResponse:
    """Change one's own profile, line by line with who may see it."""
    own = operations.profile_of(request.user)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=own)
    if request.method == "POST" and form.is_valid():
        operations.update_profile(by=request.user, profile=own, **form.written)
        request.session[ZONE_KEY] = own.time_zone
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile", pk=own.pk)
    return render(request, "accounts/profile_form.html", {"form": form, "profile": own})


@login_required
@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions."""
    session = get_object_or_404(UserSession.objects.filter(user=request.user), pk=pk)
    operations.end_session(by=request.user, session=session)
    messages.success(request, _("The session has ended."))
    return redirect("usersessions_list")


@reauthentication_required(app="accounts")
@require_GET
def data(request: HttpRequest) -> HttpResponse:
    """Everything the portal keeps about the person who asks, as a file."""
    text = json.dumps(operations.everything_about(request.user), indent=2, ensure_ascii=False)
    day = timezone.localdate().isoformat()
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="my-data-{day}.json"'},
    )


@reauthentication_required(app="accounts")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """End one's own account, after saying what goes and what stays."""
    form = CloseAccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.close_account(by=request.user, user=request.user)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            logout(request)
            messages.success(request, _("Your account is closed. What you contributed stays."))
            return HttpResponseRedirect(reverse("home"))
    return render(request, "accounts/close.html", {"form": form})
