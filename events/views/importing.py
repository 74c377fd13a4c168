"""A programme from a file: choose it, see what it would change, take it over."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import spreadsheet, uploads
from core.errors import DomainError
from core.templatetags.components import with_query
from core.text import fold
from events import speakers
from events.forms.importing import ImportForm
from events.importing import reading, taking_over
from events.importing.comparing import ADD, CHANGE, REFUSED, SAME, VERDICTS, Comparison, Shown
from events.importing.handing_out import headings, table_of
from events.importing.rows import COLUMNS, MOST_BYTES, MOST_ROWS, Unreadable
from events.models import Event, ProgrammeImport
from events.views.editing import around_editor, find_edited

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

HERE = "programme-import"
PER_PAGE = 50
LATEST = 5
ENDINGS = {"csv": ".csv", "xlsx": ".xlsx", "icalendar": ".ics"}
EXPLAINED = {
    "code": gettext_lazy("As it is written in the programme, like 3 or S2."),
    "day": gettext_lazy("Like 2026-05-06. Empty: the day of the row above. Not known: —"),
    "starts": gettext_lazy("Like 09:00. One column “Time” with 09:00–10:30 is read, too."),
    "ends": gettext_lazy("Like 10:30, on the same day."),
    "title": gettext_lazy("Up to 300 characters."),
    "kind": gettext_lazy("Panel, plenary, break … in any language of this portal."),
    "track": gettext_lazy("A strand that runs beside others. New names become new tracks."),
    "room": gettext_lazy("New names become new rooms. A room holds one session at a time."),
    "summary": gettext_lazy("What it is about. Readers see it."),
    "people": gettext_lazy(
        "One person on each line of the cell, or divided by |: name; title; organisation;"
        " country; part. Columns named for a part, like “Moderator”, are read, too."
    ),
    "zone": gettext_lazy("Like Asia/Jakarta, if it is not the event’s."),
    "external_id": gettext_lazy("What another program calls the session, to know it again."),
}


def _find_import(request: HttpRequest, slug: str, uid: str) -> ProgrammeImport:
    """A file somebody read for this event and did not put away."""
    event = find_edited(request, slug)
    rows = ProgrammeImport.objects.filter(event=event, dropped_at=None).select_related("made_by")
    found = get_object_or_404(rows, uid=uid)
    found.event = event
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a file. It is read and compared; nothing is written to the programme."""
    event = find_edited(request, slug)
    if request.method == "POST":
        form = ImportForm(request.POST, request.FILES, event=event)
        if "file" in getattr(request, "too_large", ()):
            form.errors.pop("file", None)
            form.add_error("file", reading.too_large())
        elif form.is_valid():
            try:
                found = _read(request, event, form)
            except Unreadable as refusal:
                form.add_error("file", str(refusal))
            else:
                return redirect("events:programme-import-preview", slug=slug, uid=found.uid)
    else:
        form = ImportForm(event=event)
    imports = event.programme_imports.select_related("made_by").defer("rows", "notes")
    context = around_editor(
        event,
        HERE,
        title=_("Programme from a file"),
        lede=_(
            "Choose a table or a calendar file. You see what it would change, row by row, before"
            " anything is written."
        ),
        form=form,
        open=list(imports.filter(applied_at=None, dropped_at=None)),
        taken=list(imports.exclude(applied_at=None).order_by("-applied_at")[:LATEST]),
        has_sessions=event.sessions.exists(),
        columns=[(label, EXPLAINED[name]) for name, label in COLUMNS.items()],
        most_rows=MOST_ROWS,
        most_megabytes=uploads.megabytes(MOST_BYTES),
    )
    return render(request, "events/edit/import.html", context)


def _read(request: HttpRequest, event: Event, form: ImportForm) -> ProgrammeImport:
    upload = form.cleaned_data["file"]
    read = reading.read(upload, event, zone=form.cleaned_data.get("zone", ""))
    name = uploads.safe_name(upload.name or "", ENDINGS[read.source])
    return taking_over.keep(event, read, name=name, by=request.user)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """What taking a file over would do, row by row; afterwards, what it did."""
    found = _find_import(request, slug, uid)
    if request.method == "POST":
        return _taken_over(request, found)
    if found.applied_at is not None:
        return render(request, "events/edit/import_done.html", _done(request, found))
    chosen = _chosen(request)
    compared = Comparison(found.event, found.rows, chosen)
    return render(
        request, "events/edit/import_preview.html", _shown(request, found, compared, chosen)
    )


def _taken_over(request: HttpRequest, found: ProgrammeImport) -> HttpResponse:
    try:
        row = taking_over.take_over(
            found, by=request.user, seen=request.POST.get("seen", ""), chosen=_chosen(request)
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())
    written = sum(entry["verdict"] in (ADD, CHANGE) for entry in row.rows)
    messages.success(
        request,
        ngettext("%(n)d session was taken over.", "%(n)d sessions were taken over.", written)
        % {"n": written},
    )
    if any(entry["verdict"] == REFUSED for entry in row.rows):
        return redirect("events:programme-import-preview", slug=found.event.slug, uid=found.uid)
    return redirect("events:programme", slug=found.event.slug)


def _chosen(request: HttpRequest) -> dict[str, int]:
    """Who is meant by names several people bear: ``who1=<key of the person or 0>:<name>``."""
    chosen = {}
    for told in (value for key, value in request.GET.items() if key.startswith("who")):
        number, _colon, name = told.partition(":")
        if name and number.isascii() and number.isdigit() and len(number) < 10:
            chosen[name] = int(number)
    return chosen


def _shown(
    request: HttpRequest, found: ProgrammeImport, compared: Comparison, chosen: dict[str, int]
) -> dict[str, Any]:
    only = request.GET.get("only", "")
    rows = [one for one in compared.planned if only not in VERDICTS or one.verdict == only]
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = [one.shown() for one in page.object_list]
    title = _("What this file would change")
    return _around(request, found, compared.counts, title) | {
        "page": page,
        "compared": compared,
        "writes": len(compared.of_use),
        "asked": _asked(compared, chosen),
        "new_rooms": _missing((one.room for one in compared.of_use), compared.rooms),
        "new_tracks": _missing((one.track for one in compared.of_use), compared.tracks),
    }


def _around(
    request: HttpRequest, found: ProgrammeImport, counts: Counter[str], title: str
) -> dict[str, Any]:
    only = request.GET.get("only", "")
    verdicts = [(_("All"), with_query(request.GET, only=None, page=None), only not in VERDICTS,
             sum(counts.values()))]  # fmt: skip
    verdicts += [
        (label, with_query(request.GET, only=code, page=None), only == code, counts[code])
        for code, label in VERDICTS.items()
        if counts[code]
    ]
    return around_editor(
        found.event,
        HERE,
        title=title,
        found=found,
        verdicts=verdicts if len(verdicts) > 2 else [],
        counts=[(counts[code], VERDICTS[code]) for code in (ADD, CHANGE, SAME, REFUSED)],
        left_out=counts[REFUSED],
    )


def _asked(compared: Comparison, chosen: dict[str, int]) -> list[dict[str, Any]]:
    """Names that several people may bear, each with whom it can mean."""
    asked = compared.people.asked
    known = speakers.known({pk for people in asked.values() for pk in people}) if asked else {}
    return [
        {
            "key": key,
            "name": compared.people.names[key],
            "people": [known[pk] for pk in people if pk in known],
            "chosen": chosen.get(key),
        }
        for key, people in sorted(asked.items())
    ]


def _missing(names: Iterable[str], known: dict[str, Any]) -> list[str]:
    """Names that are new, each once."""
    return list({fold(name): name for name in names if name and fold(name) not in known}.values())


def _done(request: HttpRequest, found: ProgrammeImport) -> dict[str, Any]:
    """What a file did when it was taken over, as it was kept then."""
    counts = Counter(entry["verdict"] for entry in found.rows)
    only = request.GET.get("only", "")
    rows = [entry for entry in found.rows if only not in VERDICTS or entry["verdict"] == only]
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = [Shown.of(entry) for entry in page.object_list]
    return _around(request, found, counts, _("What this file changed")) | {"page": page}


@login_required
@require_POST
def put_away(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Forget a file that was read and not taken over."""
    event = find_edited(request, slug)
    found = get_object_or_404(ProgrammeImport.objects.filter(event=event), uid=uid)
    try:
        taking_over.put_away(found, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The file was put away. Nothing of it is kept."))
    return redirect("events:programme-import", slug=slug)


@login_required
@require_safe
def template(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """A table to fill in, as this import reads it."""
    event = find_edited(request, slug)
    return spreadsheet.download([headings()], f"{event.slug}-template.csv")


@login_required
@require_safe
def table(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The programme as it is, to change it in a spreadsheet and read it in again."""
    event = find_edited(request, slug)
    return spreadsheet.download(table_of(event), f"{event.slug}-programme.csv")
