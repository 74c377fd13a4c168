"""Being a person of the record: a member asks, a portal moderator decides at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError
from events import operations
from events.forms.people import ClaimForm
from events.models import Person, PersonClaim

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def _find(request: HttpRequest, slug: str) -> Person:
    return get_object_or_404(Person.objects.visible_to(request.user), slug=slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that one is this person, and how a moderator can tell."""
    person = _find(request, slug)
    if person.user_id == request.user.pk:
        return redirect(person)
    form = ClaimForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            operations.claim_person(person, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as refusal:
            form.add_error(None, refusal)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("Your request is on its way. You get a letter with the answer.")
            )
            return redirect(person)
    own = PersonClaim.objects.filter(person=person, user=request.user)
    context = {
        "person": person,
        "form": form,
        "asked": own.filter(state=PersonClaim.State.ASKED).first(),
        "refused": own.filter(state=PersonClaim.State.REFUSED).order_by("-decided_at").first(),
    }
    return render(request, "events/claim_person.html", context)


@login_required
@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back what one asked, as long as nobody decided. Twice is once."""
    person = _find(request, slug)
    asked = PersonClaim.objects.open().filter(person=person, user=request.user).first()
    if asked is not None:
        try:
            asked.withdraw_person_claim(by=request.user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Your request is taken back."))
    return redirect(person)


@login_required
@require_POST
def unlink(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back that one is this person; portal moderators may, too."""
    person = _find(request, slug)
    if person.user_id is not None:
        operations.unlink_person(person, by=request.user)
        messages.success(request, _("The page leads to no member any more."))
    return redirect(person)
