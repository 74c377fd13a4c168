"""The tracker of commitments: list, board, plot, table to download, and a page for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.generic import DetailView, TemplateView

from claims.citing import Citations
from core import spreadsheet
from events import export, tracker
from events.choices import Standing
from events.models import Commitment, CommitmentFollow, CommitmentOwner, Event
from events.presentation import in_english
from events.record import cited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

PER_PAGE = 50
#: Cards in one column of the board; the rest is a link to the list.
IN_A_COLUMN = 10
#: Events in the plot.
IN_THE_PLOT = 12
LONGEST = 200


def chosen_of(request: HttpRequest) -> tracker.Chosen:
    """What the address asks for; a status or kind nobody knows is left out."""
    kind, status = request.GET.get("kind", ""), request.GET.get("status", "")
    return tracker.Chosen(
        kind=kind if kind in Commitment.Kind.values else "",
        status=status if status in (*Standing.values, tracker.OVERDUE) else "",
        event=request.GET.get("event", "")[:LONGEST],
        owner=request.GET.get("owner", "")[:LONGEST],
    )


def _address(chosen: tracker.Chosen, **changes: str) -> str:
    values = {
        "kind": chosen.kind, "status": chosen.status, "event": chosen.event, "owner": chosen.owner,
    } | changes  # fmt: skip
    query = urlencode({name: value for name, value in values.items() if value})
    return reverse("events:commitments") + (f"?{query}" if query else "")


class Tracker(TemplateView):
    """What was promised at events, and what came of it."""

    template_name = "events/commitments.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = chosen_of(self.request)
        board = self.request.GET.get("view") == "board"
        of_all_kinds = tracker.rows(self.request.user, chosen, timezone.localdate())
        of_kind = [row for row in of_all_kinds if not chosen.kind or row.kind == chosen.kind]
        found = tracker.fitting(of_kind, chosen.status)
        bars, events = tracker.bars(of_kind, IN_THE_PLOT)
        page = Paginator(found, PER_PAGE).get_page(self.request.GET.get("page"))
        keys = self._of_board(found) if board else [row.pk for row in page]
        full = tracker.in_full(keys)
        view = {"view": "board"} if board else {}
        return super().get_context_data(
            chosen=chosen,
            finding=tracker.finding_of(of_kind) if of_kind else "",
            found=len(found),
            total=len(of_kind),
            bars=bars,
            more_events=events - len(bars),
            order=[(code.value, code.label) for code in tracker.ORDER],
            tabs=self._tabs(of_all_kinds, chosen, view),
            views=[
                (_("List"), _address(chosen), not board),
                (_("Board"), _address(chosen, view="board"), board),
            ],
            columns=self._columns(found, full, chosen) if board else [],
            commitments=[] if board else full,
            page_obj=None if board else page,
            board=board,
            overdue={row.pk for row in found if row.is_overdue},
            events=Event.objects.visible_to(self.request.user)
            .filter(commitments__isnull=False)
            .distinct()
            .only("slug", "short", "name", "starts"),
            owners=CommitmentOwner.objects.filter(
                commitment__in=Commitment.objects.visible_to(self.request.user)
            )
            .order_by("name")
            .values_list("name", flat=True)
            .distinct(),
            csv_url=reverse("events:commitments-csv")
            + _address(chosen)[len(reverse("events:commitments")) :],
            en=in_english(),
            **kwargs,
        )

    def _tabs(
        self, found: Sequence[tracker.Row], chosen: tracker.Chosen, view: dict[str, str]
    ) -> list[tuple[str, str, bool, int]]:
        names = {
            Commitment.Kind.COMMITMENT: _("Commitments"),
            Commitment.Kind.INVITATION: _("Invitations to others"),
            Commitment.Kind.NEXT_STEP: _("Next steps"),
        }
        fitting = tracker.fitting(found, chosen.status)
        counts = {code: sum(row.kind == code for row in fitting) for code in names}
        return [
            (_("All"), _address(chosen, kind="", **view), not chosen.kind, len(fitting)),
            *(
                (name, _address(chosen, kind=code, **view), code == chosen.kind, counts[code])
                for code, name in names.items()
                if counts[code] or code == chosen.kind
            ),
        ]

    def _of_board(self, found: Sequence[tracker.Row]) -> list[int]:
        """The commitments that have a card: the first of each column."""
        return [
            row.pk
            for code in tracker.ORDER
            for row in [row for row in found if row.standing == code][:IN_A_COLUMN]
        ]

    def _columns(
        self, found: Sequence[tracker.Row], full: Sequence[Commitment], chosen: tracker.Chosen
    ) -> list[dict[str, Any]]:
        return [
            {
                "code": code.value,
                "label": code.label,
                "cards": [row for row in full if row.standing == code],
                "total": sum(row.standing == code for row in found),
                "url": _address(chosen, status=code.value),
            }
            for code in tracker.ORDER
        ]


@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The commitments that the list shows with these filters, all of them."""
    chosen = chosen_of(request)
    found = tracker.rows(request.user, chosen, timezone.localdate())
    found = [row for row in found if not chosen.kind or row.kind == chosen.kind]
    found = tracker.fitting(found, chosen.status)
    return spreadsheet.download(export.rows_of(found, settings.PORTAL_URL), "commitments.csv")


class CommitmentView(DetailView):
    """One commitment: who promised what by when, and what happened, with the evidence."""

    template_name = "events/commitment.html"
    context_object_name = "commitment"
    slug_field = "code"

    def get_queryset(self) -> QuerySet[Commitment]:
        followed = CommitmentFollow.objects.filter(
            commitment=OuterRef("pk"), user=self.request.user.pk
        )
        return (
            Commitment.objects.visible_to(self.request.user)
            .select_related("event", "reference")
            .annotate(followers=Count("follows"), is_followed=Exists(followed))
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        commitment: Commitment = self.object
        citations = Citations()
        own = citations.cite(commitment, margin=False) if commitment.reference_id else None
        updates = commitment.updates.select_related("reference", "fulfilled_by_event")
        return super().get_context_data(
            own=own,
            owners=commitment.owners.select_related("hub", "country"),
            paragraphs=commitment.paragraphs.select_related("document"),
            contradictions=commitment.contradictions.all(),
            updates=cited(citations, updates),
            may_change=self.request.user.has_perm("events.change_event", commitment),
            citations=citations,
            en=in_english(),
            **kwargs,
        )
