"""Questions to the speakers: asked and voted for by people with a place, kept by organisers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import DomainError
from events.models import Event
from events.presentation import in_english
from participation.forms.questions import AnswerForm, AsideForm, AskForm
from participation.models import Question
from participation.operations import asking
from participation.questions import Floor, counts_of, floor_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

PER_PAGE = 30
State = Question.State


def find_event(request: HttpRequest, slug: str) -> Event:
    """An event this person sees, or 404."""
    return get_object_or_404(
        Event.objects.visible_to(request.user).select_related("hub"), slug=slug
    )


def find_question(request: HttpRequest, event: Event, uid: str) -> Question:
    """A question this person reads, or 404."""
    question = get_object_or_404(Question.objects.of(event, request.user), uid=uid)
    question.event = event
    return question


# --- The list ------------------------------------------------------------------------------


@require_safe
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """What is asked, in the order of votes."""
    return _page(request, find_event(request, slug))


def _page(request: HttpRequest, event: Event, form: AskForm | None = None) -> HttpResponse:
    floor = floor_of(event, request.user)
    seen = Question.objects.of(event, request.user)
    counts = counts_of(seen)
    state = _state(request, counts, floor)
    page = Paginator(floor.marked(seen.filter(state=state)), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "event": event,
        "floor": floor,
        "tabs": _tabs(event, state, counts),
        "state": state,
        "page_obj": page,
        "lines": floor.lines(page),
        "form": (form or AskForm()) if floor.may_ask else None,
        "hidden_open": 0 if floor.reads_open else _open_ones(event),
        "en": in_english(),
    }
    return render(request, "participation/questions.html", context)


def _open_ones(event: Event) -> int:
    return Question.objects.filter(event=event, state=State.OPEN).count()


def _state(request: HttpRequest, counts: dict[str, int], floor: Floor) -> str:
    """Which are shown: what was asked for, else the open ones while people ask."""
    asked = request.GET.get("state", "")
    if asked in counts:
        return asked
    reads_open = floor.reads_open or counts[State.OPEN]
    return State.OPEN if reads_open and not floor.is_over else State.ANSWERED


def _tabs(event: Event, state: str, counts: dict[str, int]) -> list[tuple[str, str, bool, int]]:
    """The states there is something in, and the one that is shown."""
    here = reverse("participation:questions", args=[event.slug])
    return [
        (str(label), f"{here}?state={code}", code == state, counts[code])
        for code, label in State.choices
        if counts[code] or code == state
    ]


def _back(request: HttpRequest, question: Question | None, event: Event) -> HttpResponse:
    """To where the button stood: the event's own page or the list, at the question."""
    anchor = f"#q-{question.uid}" if question else ""
    if request.POST.get("back") == "event":
        return redirect(event.get_absolute_url() + (anchor or "#questions"))
    url = reverse("participation:questions", args=[event.slug])
    return redirect(f"{url}?state={question.state}{anchor}" if question else url)


# --- Asking and voting -----------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a question. What cannot be taken stays in the form.

    Who had to sign in first comes back with GET, and finds the form.
    """
    event = find_event(request, slug)
    if request.method != "POST":
        return _back(request, None, event)
    form = AskForm(request.POST)
    if form.is_valid():
        try:
            question = asking.ask(event, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            if refusal.code in {"place", "over"}:
                messages.error(request, str(refusal))
                return _back(request, None, event)
            form.add_error("text", str(refusal))
        except ValidationError as refusal:
            form.add_error("text", refusal.messages)
        else:
            messages.success(request, _("Your question is with the organisers and speakers."))
            return _back(request, question, event)
    return _page(request, event, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Vote for a question, or take the vote back. With GET nothing happens, as for asking."""
    event = find_event(request, slug)
    question = find_question(request, event, uid)
    if request.method != "POST":
        return _back(request, question, event)
    try:
        asking.vote(question, by=request.user, wants=request.POST.get("wants") != "no")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return _back(request, question, event)


# --- What becomes of a question ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """A move that is made on a page of its own, with words."""

    form: type[forms.Form]
    title: StrOrPromise
    button: StrOrPromise


#: The end of the address, and the move it makes.
MOVES = {
    "answer": "answer_question",
    "set-aside": "set_question_aside",
    "reopen": "reopen_question",
    "take-back": "take_question_back",
}
PAGES = {
    "answer": Page(AnswerForm, gettext_lazy("Answer a question"), gettext_lazy("Save the answer")),
    "set-aside": Page(
        AsideForm, gettext_lazy("Set this question aside?"), gettext_lazy("Set aside")
    ),
}
DONE = {
    "answer": gettext_lazy("The question is marked as answered."),
    "set-aside": gettext_lazy("The question is set aside. Whoever asked reads the reason."),
    "reopen": gettext_lazy("The question is open again."),
    "take-back": gettext_lazy("Your question is taken back."),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, slug: str, uid: str, verb: str) -> HttpResponse:
    """Answer a question, set it aside, open it again, or take one's own back."""
    if verb not in MOVES:
        raise Http404
    event = find_event(request, slug)
    question = find_question(request, event, uid)
    if not request.user.has_perm(Question.moves[MOVES[verb]].permission, question):
        raise PermissionDenied
    page = PAGES.get(verb)
    if request.method != "POST" and page is None:
        return HttpResponseNotAllowed(["POST"])
    form = _words(request, page, question)
    if request.method == "POST" and (form is None or form.is_valid()):
        told: dict[str, Any] = form.cleaned_data if form else {}
        if verb == "answer":
            # The button beside a question says only that it was answered: what stands stays.
            told = {"answer": told.get("answer", question.answer)}
        try:
            getattr(question, MOVES[verb])(by=request.user, **told)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, str(DONE[verb]))
        return _back(request, question, event)
    context = {
        "event": event,
        "question": question,
        "form": form,
        "page": page,
        "verb": verb,
        "en": in_english(),
    }
    return render(request, "participation/question_move.html", context)


def _words(request: HttpRequest, page: Page | None, question: Question) -> forms.Form | None:
    """The form of a move that needs words; none for a button."""
    if page is None:
        return None
    if request.method != "POST":
        return page.form(initial={"answer": question.answer})
    if page.form is AnswerForm and "answer" not in request.POST:
        return None
    return page.form(request.POST)
