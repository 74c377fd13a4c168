"""Asking a poll, voting, and ending it early. The counts stand above the discussion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community import polls as reading
from community.forms.polls import PollForm, VoteForm
from community.models import Ballot, Discussion, Poll
from community.operations import polling
from community.views.entering import way_in
from core.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: A form that is refused comes back with what was typed.
REFUSED = 422


def find_poll(request: HttpRequest, uid: str) -> Poll:
    """A poll of a discussion this person reads, or 404."""
    rows = Poll.objects.select_related("discussion__theme").prefetch_related("options")
    poll = get_object_or_404(rows, uid=uid)
    if not Discussion.objects.visible_to(request.user).filter(pk=poll.discussion_id).exists():
        raise Http404
    return poll


def _back(poll: Poll) -> HttpResponse:
    return redirect(f"{poll.discussion.get_absolute_url()}#poll-{poll.uid}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uid: str) -> HttpResponse:
    """Ask a poll. What cannot be taken stays in the form."""
    rows = Discussion.objects.visible_to(request.user).select_related("theme")
    discussion = get_object_or_404(rows, uid=uid)
    if not request.user.has_perm("community.ask_poll", discussion):
        raise PermissionDenied
    form = PollForm(request.POST) if request.method == "POST" else PollForm()
    if request.method == "POST" and form.is_valid():
        try:
            poll = polling.ask_poll(discussion, by=request.user, **form.asked())
        except ValidationError as refusal:
            form.refuse(refusal)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The poll is open."))
            return _back(poll)
    context = {"discussion": discussion, "form": form}
    status = REFUSED if form.errors else 200
    return render(request, "community/polls/new.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, uid: str) -> HttpResponse:
    """Vote, or change one's vote; the page holds this one poll."""
    poll = find_poll(request, uid)
    if (elsewhere := way_in(request, request.path)) is not None:
        return elsewhere
    if not reading.seen([poll], poll.discussion, request.user)[0].may_vote:
        messages.error(request, _("This poll is closed. Nobody can vote any more."))
        return _back(poll)
    if request.method == "POST":
        form = VoteForm(request.POST, poll=poll)
        if form.is_valid():
            try:
                polling.vote(poll, by=request.user, options=form.chosen())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("Your vote counts. You can change it until the end."))
            return _back(poll)
    else:
        mine = Ballot.objects.filter(poll=poll, user=request.user)
        chosen = [str(pk) for pk in mine.values_list("options", flat=True)]
        initial = {"answer": chosen if poll.several else (chosen or [""])[0]}
        form = VoteForm(initial=initial, poll=poll)
    context = {"poll": poll, "form": form}
    status = REFUSED if form.errors else 200
    return render(request, "community/polls/vote.html", context, status=status)


@login_required
@require_POST
def close(request: HttpRequest, uid: str) -> HttpResponse:
    """End a poll before its time."""
    poll = find_poll(request, uid)
    polling.close_poll(poll, by=request.user)
    messages.success(request, _("The poll is closed. Everybody sees its counts."))
    return _back(poll)
