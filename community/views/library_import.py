"""Bibliographies: choose a file or paste entries, look at each row, take over what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from community.forms.library import BibliographyForm
from community.library import reading
from community.models import LibraryUpload
from community.operations import bibliographies as operations
from community.views.entering import for_members
from community.views.library import status_of
from core.errors import DomainError
from core.templatetags.components import with_query
from events.presentation import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 100


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def choose(request: HttpRequest) -> HttpResponse:
    """Read a bibliography. Nothing is added to the library yet."""
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = BibliographyForm(*data)
    if form.is_bound:
        if "file" in getattr(request, "too_large", ()):
            form.full_clean()
            form.errors.pop("file", None)
            form.add_error(
                "file", _("This is more than 1 MB. Divide it and read the parts one by one.")
            )
        elif form.is_valid():
            content, name = form.content()
            try:
                upload = operations.keep_upload(by=request.user, data=content, name=name)
            except reading.Unreadable as refusal:
                form.add_error("file" if name else "text", str(refusal))
            else:
                return redirect("community:library-import-preview", upload.uid)
    earlier = LibraryUpload.objects.filter(made_by=request.user).defer("rows")
    context = {"form": form, "earlier": list(earlier[: operations.KEPT])}
    return render(request, "community/library/import.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def preview(request: HttpRequest, uid: str) -> HttpResponse:
    """Every entry of an upload beside the library; the ticked ones are taken over."""
    upload = get_object_or_404(LibraryUpload.objects.filter(made_by=request.user), uid=uid)
    if request.method == "POST":
        return _taken(request, upload)
    rows = operations.judged(upload, request.user)
    counts = operations.counted(rows)
    only = request.GET.get("only", "")
    shown = [row for row in rows if only not in operations.VERDICTS or row.verdict == only]
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    tabs = [
        (_("All"), with_query(request.GET, only=None, page=None), only == "", len(rows)),
        *(
            (label, with_query(request.GET, only=code, page=None), only == code, counts[code])
            for code, label in operations.VERDICTS.items()
            if counts[code]
        ),
    ]
    context = {
        "upload": upload,
        "source": reading.SOURCES.get(upload.source, upload.source),
        "page_obj": page,
        "tabs": tabs if len(tabs) > 2 else [],
        "new": counts[operations.NEW],
        "total": len(rows),
        "takeable": any(row.can_be_taken for row in page.object_list),
        "en": in_english(),
    }
    return render(request, "community/library/import_preview.html", context)


def _taken(request: HttpRequest, upload: LibraryUpload) -> HttpResponse:
    if "all" in request.POST:
        rows = operations.judged(upload, request.user)
        numbers = {row.number for row in rows if row.verdict == operations.NEW}
    else:
        sent = request.POST.getlist("row")[: reading.MOST_ENTRIES]
        numbers = {
            int(text) for text in sent if text.isascii() and text.isdigit() and len(text) < 6
        }
    if not numbers:
        messages.error(request, _("Tick the entries to take over first."))
        return redirect(request.get_full_path())
    try:
        new, refused = operations.take_over(upload, by=request.user, numbers=numbers)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())
    messages.success(
        request,
        ngettext("%(n)d work was taken over.", "%(n)d works were taken over.", new) % {"n": new},
    )
    if refused:
        messages.info(
            request,
            ngettext(
                "%(n)d row could not be taken over; it says why.",
                "%(n)d rows could not be taken over; they say why.",
                refused,
            )
            % {"n": refused},
        )
    return redirect("community:library-import-preview", upload.uid)
