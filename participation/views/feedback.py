"""What a participant says afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from events.presentation import in_english
from participation.forms.questions import FeedbackForm
from participation.models import Feedback, Registration
from participation.operations import asking
from participation.timing import span_of
from participation.views.questions import find_event

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """Three questions to a participant, once it began. Sending them again changes the answers."""
    event = find_event(request, slug)
    mine = Registration.objects.placed().filter(event=event, user=request.user).first()
    given = Feedback.objects.filter(registration=mine).first() if mine else None
    begins = span_of(event).begins
    form, status = None, 200
    if mine is None:
        status = 403
    elif begins is not None and begins <= timezone.now():
        form = FeedbackForm(
            request.POST if request.method == "POST" else None,
            initial={name: getattr(given, name, "") for name in FeedbackForm.base_fields},
        )
    if form is not None and form.is_bound and form.is_valid():
        try:
            asking.give_feedback(event, by=request.user, **form.values())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. The organisers read it without your name."))
            return redirect(event)
    context = {
        "event": event,
        "mine": mine,
        "given": given,
        "begins": begins,
        "form": form,
        "en": in_english(),
    }
    return render(request, "participation/feedback.html", context, status=status)
