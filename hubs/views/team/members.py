"""Who is in a hub's team, who is invited, and the page that answers an invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError
from hubs import operations
from hubs.forms.members import InviteForm, RoleForm
from hubs.models import Hub, HubInvitation, Membership
from hubs.operations.members import RANK
from hubs.views.team.finding import MANAGE, around, find

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """The team with its roles. An invitation looks the same whoever the address belongs to."""
    hub = find(request, slug, to=MANAGE if request.method == "POST" else "")
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            operations.invite(hub, by=request.user, email=data["email"], role=data["role"])
        except DomainError as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(
                request,
                _("A letter is on its way to %(email)s. It can be answered for 30 days.")
                % {"email": data["email"]},
            )
            return redirect("hubs:team:members", slug=slug)
    team = list(hub.memberships.select_related("user").order_by("role", "since", "pk"))
    team.sort(key=lambda row: -RANK[row.role])
    focal = [row for row in team if row.role == Membership.Role.FOCAL_POINT]
    may_manage = request.user.has_perm(MANAGE, hub)
    context = around(
        request,
        hub,
        "members",
        form=form,
        team=team,
        mine=next((row for row in team if row.user_id == request.user.pk), None),
        last=focal[0] if len(focal) == 1 and not request.user.is_staff else None,
        roles=Membership.Role.choices,
        invitations=_open(hub) if may_manage else [],
    )
    return render(request, "hubs/team/members.html", context)


def _open(hub: Hub) -> list[HubInvitation]:
    return list(HubInvitation.objects.open().filter(hub=hub).select_related("invited_by"))


def find_member(hub: Hub, pk: int) -> Membership:
    """Somebody of this hub's team, or 404."""
    return get_object_or_404(hub.memberships.select_related("user", "hub"), pk=pk)


@login_required
@require_POST
def change_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Give somebody of the team another role."""
    hub = find(request, slug, to=MANAGE)
    membership = find_member(hub, pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a role."))
        return redirect("hubs:team:members", slug=slug)
    try:
        operations.give_role(
            hub, by=request.user, email=membership.user.email, role=form.cleaned_data["role"]
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        role = Membership.Role(form.cleaned_data["role"]).label
        messages.success(
            request,
            _("%(name)s now has the role: %(role)s.") % {"name": membership.user, "role": role},
        )
    return redirect("hubs:team:members", slug=slug)


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Leave the team, or take somebody out of it."""
    hub = find(request, slug)
    membership = find_member(hub, pk)
    mine = membership.user_id == request.user.pk
    try:
        operations.take_role(membership, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("hubs:team:members", slug=slug)
    if mine and not request.user.is_staff:
        messages.success(request, _("You have left the team."))
        return redirect("dashboard")
    messages.success(request, _("%(name)s is no longer in the team.") % {"name": membership.user})
    return redirect("hubs:team:members", slug=slug)


@login_required
@require_POST
def show(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show oneself on the hub's public page, or not. Nobody decides it for another."""
    hub = find(request, slug)
    membership = find_member(hub, pk)
    shown = request.POST.get("shown") == "yes"
    operations.show_membership(membership, by=request.user, shown=shown)
    messages.success(
        request,
        _("The hub’s page names you now.")
        if shown
        else _("The hub’s page does not name you any more."),
    )
    return redirect("hubs:team:members", slug=slug)


@login_required
@require_POST
def withdraw(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Take an invitation back."""
    hub = find(request, slug, to=MANAGE)
    invitation = get_object_or_404(HubInvitation, uid=uid, hub=hub)
    try:
        invitation.withdraw(by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is taken back."))
    return redirect("hubs:team:members", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, uid: str) -> HttpResponse:
    """Join a hub's team, or say no. Only the person with that address finds it; whoever is not
    signed in learns nothing about it, not even whether there is one."""
    if not request.user.is_authenticated:
        return render(request, "hubs/team/invitation_closed.html", {"next": request.path})
    invitations = HubInvitation.objects.select_related("hub", "invited_by")
    found = invitations.filter(uid=uid, email__iexact=request.user.email).first()
    if found is None:
        raise Http404
    is_open = (
        HubInvitation.objects.open().filter(pk=found.pk).exists()
        and found.hub.merged_into_id is None
    )
    if request.method == "POST":
        return _answered(request, found)
    context = {"invitation": found, "is_open": is_open}
    return render(request, "hubs/team/invitation.html", context)


def _answered(request: HttpRequest, found: HubInvitation) -> HttpResponse:
    joins = request.POST.get("answer") == "join"
    try:
        if joins:
            operations.accept_invitation(found, by=request.user)
        else:
            found.decline(by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("hubs:invitation", uid=found.uid)
    if joins:
        messages.success(request, _("You are in the team now."))
        return redirect("hubs:team:overview", slug=found.hub.slug)
    messages.success(request, _("You have said no. Nobody is told why."))
    return redirect("dashboard")
