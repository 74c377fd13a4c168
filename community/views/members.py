"""Joining, the directory, a member's page, and what members decide about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from community.conduct import RULES, VERSION
from community.finding import SOMEBODY, STRANGER
from community.forms.members import AgreeForm, JoinForm, LeaveForm, MembershipForm, refuse
from community.handles import suggested
from community.listing import MemberDirectory
from community.member_page import excerpt_of, page_of
from community.models import FormerHandle, Member, member_of
from community.operations import joining
from community.operations import membership as keeping
from community.views.entering import to_join

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LONGEST_ADDRESS = 500


def back_to(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours; else nothing."""
    sent = str(request.POST.get("next") or request.GET.get("next") or "")
    # Only a path: an address of ours with its host would be followed by a proxy's name, too.
    own = sent.startswith("/") and url_has_allowed_host_and_scheme(
        sent, allowed_hosts=None, require_https=request.is_secure()
    )
    return sent if own and len(sent) <= LONGEST_ADDRESS else ""


# --- Joining -----------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Choose a short name and agree to the code of conduct; then on with what one came for.

    Members who agreed to an earlier version agree to the present one here.
    """
    member = member_of(request.user)
    back = back_to(request)
    if member is not None:
        return _agree(request, member, back)
    if not request.user.has_perm("community.join"):
        raise PermissionDenied
    posted = request.POST if request.method == "POST" else None
    initial = {"handle": suggested(request.user)} if posted is None else None
    form = JoinForm(posted, user=request.user, initial=initial)
    if posted is not None and form.is_valid():
        try:
            made = joining.join(
                by=request.user,
                handle=form.cleaned_data["handle"],
                is_listed=form.cleaned_data["is_listed"],
            )
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request, _("You are a member now. Your short name is %(name)s.") % {"name": made}
            )
            return redirect(back or reverse("community:home"))
    context = {"form": form, "next": back, "rules": RULES.values()}
    return render(request, "community/members/join.html", context)


def _agree(request: HttpRequest, member: Member, back: str) -> HttpResponse:
    if member.conduct_version >= VERSION:
        return redirect(back or member.get_absolute_url())
    form = AgreeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        joining.agree(by=request.user)
        messages.success(request, _("You agreed to the code of conduct."))
        return redirect(back or reverse("community:home"))
    context = {"form": form, "next": back, "rules": RULES.values()}
    return render(request, "community/members/agree.html", context)


@require_safe
def conduct(request: HttpRequest) -> HttpResponse:
    """The rules everybody agrees to, for everybody to read."""
    context = {"rules": RULES.values(), "version": VERSION, "member": member_of(request.user)}
    return render(request, "community/members/conduct.html", context)


# --- The directory -------------------------------------------------------------------------------


@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """Who is listed; asked with ``HX-Request``, only what a change of filter changes."""
    fragment = request.headers.get("HX-Request") == "true"
    found = MemberDirectory(request.GET, request.user)
    context = {"list": found, "member": member_of(request.user)}
    name = "_answer" if fragment else "list"
    response = render(request, f"community/members/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


# --- One member ----------------------------------------------------------------------------------


@require_safe
def member(request: HttpRequest, handle: str) -> HttpResponse:
    """What this reader may see of a member. Former short names lead here, too."""
    found = Member.objects.select_related("user__profile").filter(handle=handle).first()
    if found is None:
        return _by_another_name(handle)
    is_own = request.user.pk == found.user_id
    shown_as = request.GET.get("as", "") if is_own else ""
    viewer: Any = {"everybody": STRANGER, "members": SOMEBODY}.get(shown_as, request.user)
    if viewer is request.user:
        shown_as = ""
    here = found.get_absolute_url()
    page = page_of(found, viewer, is_own=is_own and not shown_as)
    context = {
        "member": found,
        "page": page,
        "row": page.row,
        "seen": page.row.seen,
        "posts": [(post, excerpt_of(post)) for post in page.given.posts],
        "is_own": is_own,
        "shown_as": shown_as,
        "views": [
            (_("As you see it"), here, not shown_as),
            (_("As members see it"), f"{here}?as=members", shown_as == "members"),
            (_("As everybody sees it"), f"{here}?as=everybody", shown_as == "everybody"),
        ],
    }
    return render(request, "community/members/member.html", context)


def _by_another_name(handle: str) -> HttpResponse:
    """The address in capitals, or a name given up. For now: others may have the name some day."""
    lower = handle.lower()
    if lower != handle and Member.objects.filter(handle=lower).exists():
        return redirect("community:member", lower)
    former = FormerHandle.objects.filter(handle=lower).select_related("member").first()
    if former is None or former.member is None:
        raise Http404
    return redirect(former.member)


# --- One's own membership ------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def membership(request: HttpRequest) -> HttpResponse:
    """The short name, the directory, what one's page shows, and the way out."""
    member = member_of(request.user)
    if member is None:
        return to_join(request.path)
    initial = {
        "handle": member.handle,
        "is_listed": member.is_listed,
        "shows_recognition": member.shows_recognition,
    }
    posted = request.POST if request.method == "POST" else None
    form = MembershipForm(posted, user=request.user, initial=initial)
    if posted is not None and form.is_valid():
        try:
            keeping.change_membership(by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Your membership is saved."))
            return redirect("community:membership")
    context = {"form": form, "member": member, "changes": keeping.MOST_CHANGES}
    return render(request, "community/members/membership.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Leave the community, after reading what goes and what stays."""
    member = member_of(request.user)
    if member is None:
        return to_join(request.path)
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        keeping.leave(by=request.user)
        messages.success(request, _("You left the community. You can join again."))
        return redirect("community:home")
    return render(request, "community/members/leave.html", {"form": form, "member": member})
