"""What organisers take away: the table of participants, and how people found the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import spreadsheet
from participation.models import Admission, Registration
from participation.operations.reporting import export_participants
from participation.opinions import FEWEST, opinions_of, texts_of
from participation.views.organising import around_organiser, find_organised

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

PER_PAGE = 50


@login_required
@require_POST
def export(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Everybody who registered, as a table. Not by a mere link: that it was taken is recorded."""
    event = find_organised(request, slug)
    rows = list(_table(export_participants(event, by=request.user)))
    answer = spreadsheet.download(rows, f"{event.slug}-participants.csv")
    answer["Cache-Control"] = "private, no-store"
    return answer


def _table(rows: Iterable[Registration]) -> Iterator[list[object]]:
    yield [
        _("Number"), _("Name"), _("Title or position"), _("Organisation"), _("Country"),
        _("Kind of participant"), _("State"), _("Reason"), _("E-mail address"), _("Needs"),
        _("Hopes to learn"), _("Who may read that they take part"), _("Registered (UTC)"),
        _("Opened the join link (UTC)"), _("Took part"),
    ]  # fmt: skip
    took_part = {None: "", True: _("Yes"), False: _("No")}
    for row in rows:
        yield [
            row.number, row.name, row.title, row.organisation, row.country or "",
            row.category or "", row.get_state_display(), row.reason,
            row.user.email if row.user else "", row.needs, row.hope, row.get_listing_display(),
            _utc(row.registered_at), _utc(row.joined_at), took_part[row.attended],
        ]  # fmt: skip


def _utc(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


@login_required
@require_safe
def feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """How people found it: the mean, how the answers spread, and what they wrote."""
    event = find_organised(request, slug)
    opinions = opinions_of(event)
    written = dict(opinions.written)
    asked = "missing" if request.GET.get("texts") == "missing" else "will_use"
    here = reverse("participation:feedback-results", args=[event.slug])
    names = {"will_use": _("What people will use, and where"), "missing": _("What was missing")}
    page = None
    if written.get(asked):
        page = Paginator(texts_of(event, asked), PER_PAGE).get_page(request.GET.get("page"))
    context = around_organiser(
        request,
        event,
        "feedback-results",
        opinions=opinions,
        fewest=FEWEST,
        mean=number_format(round(opinions.mean, 1), 1),
        taken=Admission.objects.filter(event=event).values_list("taken", flat=True).first() or 0,
        questions=[
            (name, f"{here}?texts={code}", code == asked, written.get(code, 0))
            for code, name in names.items()
        ],
        page_obj=page,
    )
    return render(request, "participation/organise/feedback.html", context)
