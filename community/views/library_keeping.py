"""What moderators do in the library: list proposals or not, and make two entries one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.forms.library import MergeForm, RefusalForm
from community.library import citing, matching
from community.models import LibraryItem
from community.operations import library as operations
from community.views.library import find_item, refuse, status_of
from core.errors import DomainError
from events.presentation import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 20
#: What is compared of two entries, with its name.
COMPARED = {
    "title": gettext_lazy("Title"),
    "authors": gettext_lazy("Authors"),
    "publication": gettext_lazy("Kind of publication"),
    "date": gettext_lazy("Date"),
    "publisher": gettext_lazy("Publisher"),
    "container": gettext_lazy("Published in"),
    "volume": gettext_lazy("Volume"),
    "issue": gettext_lazy("Issue or number"),
    "pages": gettext_lazy("Pages"),
    "doi": "DOI",
    "isbn": "ISBN",
    "url": gettext_lazy("Address on the web"),
    "language": gettext_lazy("Language"),
    "abstract": gettext_lazy("Abstract"),
}


@login_required
@require_POST
def move(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """List a proposal, refuse it with a reason, or take one's own back."""
    found = find_item(request, key)
    if verb not in LibraryItem.moves:
        raise Http404
    told: dict[str, Any] = {}
    if verb == "refuse_item":
        form = RefusalForm(request.POST)
        if not form.is_valid():
            context = {"form": form, "item": found, "en": in_english()}
            return render(request, "community/library/refuse.html", context, status=422)
        told["reason"] = form.cleaned_data["reason"]
    try:
        operations.move_item(found, verb, by=request.user, **told)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = {
            "accept_item": _("It is in the library now."),
            "refuse_item": _("It is not listed. Who proposed it reads your reason."),
            "withdraw_item": _("Your proposal is taken back."),
        }
        messages.success(request, said[verb])
    return redirect(found.get_absolute_url())


def _keeper(request: HttpRequest) -> None:
    if not request.user.has_perm("community.keep_library"):
        raise PermissionDenied


@login_required
@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs of entries that may be one work, side by side, with what cites each."""
    _keeper(request)
    page = Paginator(matching.pairs(), PER_PAGE).get_page(request.GET.get("page"))
    shown = {item.reference_id for pair in page.object_list for item in (pair.one, pair.other)}
    context = {
        "page_obj": page,
        "pairs": [
            {"pair": pair, "cites": [_kinds(pair.one, by), _kinds(pair.other, by)]}
            for by in [citing.cited_by(shown)]
            for pair in page.object_list
        ],
        "en": in_english(),
    }
    return render(request, "community/library/duplicates.html", context)


def _kinds(item: LibraryItem, by: dict[int, set[str]]) -> list[Any]:
    found = by.get(item.reference_id, set())
    return [one.label for one in citing.kinds() if one.code in found]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Two entries side by side: which stays, and which words of each; or that they are two."""
    _keeper(request)
    told = request.POST if request.method == "POST" else request.GET
    one, other = (_found(told.get(name, "")) for name in ("one", "other"))
    if one is None or other is None or one.pk == other.pk:
        return _chooses(request, one or other)
    if request.method == "POST" and "distinct" in request.POST:
        operations.say_distinct(one, other, by=request.user)
        messages.success(request, _("Noted: these are two works. They are not shown again."))
        return redirect("community:library-duplicates")
    form = MergeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        kept, gone = (other, one) if told.get("keep") == "other" else (one, other)
        values = {
            name: _value(gone, name)
            for name in COMPARED
            if told.get(f"from-{name}") == ("other" if gone is other else "one")
            and _value(gone, name) != _value(kept, name)
        }
        try:
            operations.merge_references(
                gone.reference,
                into=kept.reference,
                by=request.user,
                note=form.cleaned_data["note"],
                values=values,
            )
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The two are one now. The other address leads here."))
            return redirect(kept.get_absolute_url())
    rows = [(name, label, *_choice(name, one, other, told)) for name, label in COMPARED.items()]
    context = {
        "one": one,
        "other": other,
        "rows": [row for row in rows if row[2] or row[3]],
        "cites": [citing.cited_in(item.reference, request.user) for item in (one, other)],
        "keeps_other": told.get("keep") == "other",
        "form": form,
        "en": in_english(),
    }
    return render(request, "community/library/merge.html", context, status=status_of(form))


def _found(key: str) -> LibraryItem | None:
    rows = LibraryItem.objects.exclude(state="merged").select_related("reference")
    return rows.filter(reference__key=key).first() if key else None


def _chooses(request: HttpRequest, one: LibraryItem | None) -> HttpResponse:
    """With one entry known, the other is looked for by its title."""
    if one is None:
        raise Http404
    words = request.GET.get("words", "").strip()[:200]
    rows = LibraryItem.objects.exclude(state="merged").exclude(pk=one.pk)
    found = rows.filter(reference__title__icontains=words) if words else rows.none()
    context = {
        "one": one,
        "words": words,
        "found": list(found.select_related("reference").order_by("pk")[:PER_PAGE]),
        "en": in_english(),
    }
    return render(request, "community/library/merge_with.html", context)


def _value(item: LibraryItem, name: str) -> Any:
    return getattr(item.reference if name in operations.OF_REFERENCE else item, name)


def _choice(name: str, one: LibraryItem, other: LibraryItem, told: Any) -> tuple[Any, Any, str]:
    """Both values as they are read, and which is chosen: the first, unless it says nothing."""
    mine, theirs = _value(one, name), _value(other, name)
    if name == "publication":
        shown = (one.get_publication_display(), other.get_publication_display())
    else:
        shown = (mine, theirs)
    chosen = told.get(f"from-{name}") or ("one" if mine else "other")
    return shown[0], shown[1], chosen
