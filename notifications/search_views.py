"""The pages of saved searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import DomainError
from notifications import searching
from notifications.models.searches import SavedSearch
from notifications.search_forms import NameForm, SaveForm
from notifications.searchable import (
    SEARCHABLE,
    Lists,
    Question,
    address_of,
    parsed,
    public_among,
    question_of,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

    from accounts.models import User


@dataclass(slots=True)
class Row:
    """One saved search in the list of them."""

    search: SavedSearch
    label: StrOrPromise
    words: list[str]
    question: Question
    #: How many new records there are, and whether there are more than are counted.
    fresh: int
    or_more: bool

    @property
    def url(self) -> str:
        return address_of(self.search.kind, self.search.parameters)


def _rows(user: User) -> list[Row]:
    """What the person saved. One query, and a few for each list, however many there are."""
    searches = list(SavedSearch.objects.of(user).filter(kind__in=SEARCHABLE))
    lists, keys = Lists(), dict[str, set[str]]()
    for one in searches:
        keys.setdefault(one.kind, set()).update(one.fresh)
    public = {kind: public_among(kind, some) if some else set() for kind, some in keys.items()}
    found = []
    for one in searches:
        question = lists.read(one.kind, one.parameters)
        seen = [key for key in one.fresh[: searching.NAMED] if key in public[one.kind]]
        found.append(
            Row(
                search=one,
                label=SEARCHABLE[one.kind].label,
                words=lists.words(one.kind, question),
                question=question,
                fresh=len(seen),
                or_more=bool(seen) and len(one.fresh) > searching.NAMED,
            )
        )
    return found


@never_cache
@login_required
@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    """Everything the person saved, and how much of it is new."""
    context = {"rows": _rows(cast("User", request.user)), "most": searching.MOST}
    return render(request, "notifications/searches.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest, kind: str) -> HttpResponse:
    """Save a search: the page that asks for its name, and the saving. Who has to sign in first
    comes back to it with the same search."""
    if kind not in SEARCHABLE:
        raise Http404
    if request.method == "POST":
        form = SaveForm(request.POST)
        sent = request.POST.get("parameters", "")
        if form.is_valid() and (done := _save(request, form, kind, sent)):
            return done
    else:
        sent = request.GET.urlencode()
        form = SaveForm(initial={"parameters": sent})
    return _save_page(request, form, kind, sent)


def _save(request: HttpRequest, form: SaveForm, kind: str, sent: str) -> HttpResponse | None:
    try:
        search, is_new = searching.save(
            by=cast("User", request.user),
            kind=kind,
            data=parsed(sent),
            name=form.cleaned_data["name"],
        )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None
    if is_new:
        messages.success(request, _("The search is saved. We look once a day for what is new."))
    else:
        messages.info(request, _("You have saved this search already."))
    return redirect("notifications:search", search.pk)


def _save_page(request: HttpRequest, form: SaveForm, kind: str, sent: str) -> HttpResponse:
    parameters, name = question_of(kind, parsed(sent))
    lists = Lists()
    question = lists.read(kind, parameters)
    if not parameters and not form.is_bound:
        form = SaveForm({"parameters": sent})
        form.is_valid()
        form.add_error(None, _("Choose at least one word or filter."))
    context = {
        "form": form,
        "kind": kind,
        "label": SEARCHABLE[kind].label,
        "words": lists.words(kind, question),
        "suggested": name,
        "back": address_of(kind, parameters),
    }
    return render(request, "notifications/search_save.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest, pk: int) -> HttpResponse:
    """One saved search: what it asks, what is new for it, and what can be done with it."""
    user = cast("User", request.user)
    mine = SavedSearch.objects.filter(owner=user, kind__in=SEARCHABLE)
    one = get_object_or_404(mine, pk=pk)
    form = NameForm(initial={"name": one.name})
    if request.method == "POST":
        form, done = _change(request, one, user)
        if done is not None:
            return done
    lists = Lists()
    question = lists.read(one.kind, one.parameters)
    about = SEARCHABLE[one.kind]
    context = {
        "search": one,
        "label": about.label,
        "words": lists.words(one.kind, question),
        "question": question,
        "records": about.records(one.fresh[: searching.NAMED]) if one.fresh else [],
        "has_more": len(one.fresh) > searching.NAMED,
        "url": address_of(one.kind, one.parameters),
        "address": request.build_absolute_uri(address_of(one.kind, one.parameters)),
        "newest_url": address_of(one.kind, one.parameters, newest_first=True),
        "form": form,
    }
    return render(request, "notifications/search.html", context)


def _change(
    request: HttpRequest, one: SavedSearch, user: User
) -> tuple[NameForm, HttpResponse | None]:
    """Do what a button asks. A name that cannot be is shown again with the reason."""
    form = NameForm(initial={"name": one.name})
    back: tuple[Any, ...] = ("notifications:search", one.pk)
    match request.POST.get("do", ""):
        case "rename":
            form = NameForm(request.POST)
            if not form.is_valid():
                return form, None
            searching.rename(one, by=user, name=form.cleaned_data["name"])
            messages.success(request, _("It has a new name."))
        case "mute":
            searching.mute(one, by=user, muted=True)
            messages.success(request, _("It is muted: you are told nothing of it."))
        case "unmute":
            searching.mute(one, by=user, muted=False)
            messages.success(request, _("You are told again what is new for it."))
        case "looked":
            searching.mark_looked(one, by=user)
        case "delete":
            searching.delete(one, by=user)
            messages.success(request, _("“%(name)s” is deleted.") % {"name": one.name})
            back = ("notifications:searches",)
        case _:
            raise BadRequest("do")
    if request.POST.get("back") == "list":
        back = ("notifications:searches",)
    return form, redirect(*back)
