"""The library: the list, one entry, where it is cited, and its citations as files."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalogue.linked_data import as_script
from claims.models import Reference
from community.choices import ItemState
from community.forms.library import WorkForm, opened
from community.library import citing, writing
from community.library.found import LibraryList
from community.library.identifiers import names_of
from community.models import LibraryItem
from community.operations import library as operations
from community.views.entering import for_members
from core import spreadsheet
from core.errors import DomainError
from events.presentation import in_english
from hubs.reference import language_name

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    View = Callable[..., HttpResponse]

#: As many proposals stand above the list; the desk has all.
MOST_WAITING = 20
MOST_CHOSEN = 500


def refuse(form: forms.Form, refusal: DomainError | ValidationError) -> None:
    """The refusal at its field if the form has it, else above the form."""
    if isinstance(refusal, DomainError):
        form.add_error(None, str(refusal))
        return
    told = getattr(refusal, "error_dict", None) or {None: refusal.messages}
    for name, errors in told.items():
        form.add_error(name if name in form.fields else None, errors)


def status_of(form: forms.Form) -> int:
    return 422 if form.is_bound and form.errors else 200


def find_item(request: HttpRequest, key: str) -> LibraryItem:
    """An entry this person sees, or 404."""
    seen = LibraryItem.objects.visible_to(request.user).select_related(
        "reference", "theme", "chapter", "lab"
    )
    return get_object_or_404(seen, reference__key=key)


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Words, facets and entries; asked with ``HX-Request``, only what a filter changes."""
    fragment = request.headers.get("HX-Request") == "true"
    found = LibraryList(request.GET)
    context: dict[str, Any] = {
        "list": found,
        "en": in_english(),
        "formats": [(code, one.name) for code, one in writing.FORMATS.items()],
    }
    if not fragment and found.is_whole and request.user.is_authenticated:
        rows = LibraryItem.objects.visible_to(request.user).filter(state=ItemState.PROPOSED)
        waiting = list(rows.select_related("reference").order_by("added_at")[:MOST_WAITING])
        context["waiting"] = waiting
    template = "community/library/_answer.html" if fragment else "community/library/library.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def item(request: HttpRequest, key: str) -> HttpResponse:
    """One work in words, where it can be found, and everything that cites it."""
    merged = Reference.objects.filter(key=key).exclude(merged_into=None).first()
    if merged is not None and merged.merged_into is not None:
        into = find_item(request, merged.merged_into.key)
        return redirect(into.get_absolute_url(), permanent=True)
    found = find_item(request, key)
    row, user = found.reference, request.user
    groups = citing.cited_in(row, user, request.GET.get("all", ""))
    context = {
        "item": found,
        "names": names_of(row.authors),
        "language": language_name(row.language) if row.language else "",
        "tags": list(found.tags.all()),
        "groups": groups,
        "cited": sum(len(group.records) for group in groups),
        "places": _places(found, user),
        "formats": [(code, one.name) for code, one in writing.FORMATS.items()],
        "permanent_url": writing.permanent_url(found),
        "linked_data": as_script(writing.linked_data(found)) if found.is_listed else "",
        "moves": found.moves_for(user) if user.is_authenticated else [],
        "may_edit": user.is_authenticated and operations.may_change(found, by=user),
        "may_keep": user.has_perm("community.keep_library"),
        "en": in_english(),
    }
    return render(request, "community/library/item.html", context)


def _places(item: LibraryItem, user: Any) -> list[dict[str, Any]]:
    """The theme, chapter and lab it was filed under, as far as this reader sees them."""
    given = ((_("Theme"), item.theme), (_("Chapter"), item.chapter), (_("Living lab"), item.lab))
    return [
        {"label": label, "name": str(place), "url": place.get_absolute_url()}
        for label, place in given
        if place is not None and (place.is_public or user.is_staff)
    ]


@require_safe
def cite(request: HttpRequest, key: str, ending: str) -> HttpResponse:
    """The citation for a reference manager."""
    form = writing.FORMATS.get(ending)
    if form is None:
        raise Http404
    found = find_item(request, key)
    return _file([found], ending, name=key)


def _file(items: Iterable[LibraryItem], ending: str, *, name: str) -> HttpResponse:
    form = writing.FORMATS[ending]
    return HttpResponse(
        "".join(form.write(items)),
        headers={
            "Content-Type": f"{form.content_type}; charset=utf-8",
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=f"{name.replace(':', '-')}.{ending}"
            ),
        },
    )


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """The list under its filters, or the ticked entries, as BibTeX, RIS, CSL-JSON or a table."""
    ending = request.GET.get("format", "csv")
    if ending not in (*writing.FORMATS, "csv"):
        raise Http404
    name = f"library-{timezone.localdate().isoformat()}"
    items: Iterable[LibraryItem]
    if chosen := request.GET.getlist("item")[:MOST_CHOSEN]:
        rows = LibraryItem.objects.visible_to(request.user).filter(reference__key__in=chosen)
        items = rows.select_related("reference").prefetch_related("tags").order_by("pk")
    else:
        items = LibraryList(request.GET).everything_found()
    if ending == "csv":
        return spreadsheet.download(_table(items, get_language() or "en"), f"{name}.csv")
    if ending == "json":
        return _file(items, ending, name=name)
    form = writing.FORMATS[ending]
    return StreamingHttpResponse(
        (part.encode() for part in form.write(items)),
        headers={
            "Content-Type": f"{form.content_type}; charset=utf-8",
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=f"{name}.{ending}"
            ),
        },
    )


def _table(items: Iterable[LibraryItem], language: str) -> Iterator[list[object]]:
    with override(language):  # the page's language is over when the rows are read
        yield [
            _("Title"), _("Authors"), _("Kind of publication"), _("Date"), _("Publisher"),
            _("Published in"), _("Volume"), _("Issue or number"), _("Pages"), "DOI", "ISBN",
            _("Address on the web"), _("Language"), _("Tags"), _("Abstract"), _("Citation"),
            _("Address"),
        ]  # fmt: skip
        for one in items:
            row = one.reference
            yield [
                row.title, row.authors, one.get_publication_display(), row.date, row.publisher,
                one.container, one.volume, one.issue, one.pages, one.doi, one.isbn, row.url,
                row.language, ", ".join(tag.name for tag in one.tags.all()), one.abstract,
                row.citation, writing.permanent_url(one),
            ]  # fmt: skip


# --- Adding and correcting ---------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def add(request: HttpRequest) -> HttpResponse:
    """Propose a work."""
    data = request.POST if request.method == "POST" else None
    form = WorkForm(data, user=request.user, initial={"form_key": uuid.uuid4()})
    if form.is_bound and form.is_valid():
        key = form.cleaned_data["form_key"]
        try:
            found = operations.propose(by=request.user, form_key=key, **form.told())
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal)
        else:
            return _proposed(request, found, key)
    context = {"form": form, "title": _("Add a work to the library")}
    return render(request, "community/library/work.html", context, status=status_of(form))


def _proposed(request: HttpRequest, found: LibraryItem, key: uuid.UUID | None) -> HttpResponse:
    """Say what became of a proposal, and show it if it may be seen."""
    mine = found.added_by_id == request.user.pk and found.form_key == key
    if mine and found.state == ItemState.PROPOSED:
        messages.success(request, _("Sent. A moderator looks at it before others see it."))
    elif mine:
        messages.success(request, _("It is in the library now."))
    elif found.state == ItemState.PROPOSED and found.added_by_id != request.user.pk:
        messages.info(request, _("Somebody proposed this work already. It waits for a check."))
    elif found.state == ItemState.REFUSED and found.added_by_id != request.user.pk:
        messages.info(request, _("This work was proposed before and not listed."))
    else:
        messages.info(request, _("The library has this work already. Here it is."))
    if request.user.has_perm("community.view_item", found):
        return redirect(found.get_absolute_url())
    return redirect("community:library")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """Correct an entry."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    found = find_item(request, key)
    if not operations.may_change(found, by=request.user):
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    form = WorkForm(data, user=request.user, item=found, initial=opened(found))
    if form.is_bound and form.is_valid():
        told = form.told()
        tags = told.pop("tags")
        try:
            operations.change_item(found, by=request.user, values=told, tags=tags)
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(found.get_absolute_url())
    context = {
        "form": form,
        "item": found,
        "may_keep": request.user.has_perm("community.keep_library"),
        "title": _("Correct an entry"),
    }
    return render(request, "community/library/work.html", context, status=status_of(form))
