"""Papers of events: added, renewed, withdrawn. Earlier versions stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditEntry, AuditHead, JobRun
from events.models import Event
from participation.choices import PaperAudience, PaperKind
from participation.models import Paper, PaperVersion
from participation.ordering import shifted
from participation.signals import paper_added, paper_opened, recording_added
from participation.timing import span_of

if TYPE_CHECKING:
    from decimal import Decimal

    from accounts.models import User
    from catalogue.models import StoredFile

#: What organisers say of a paper.
TOLD = ("kind", "title", "language", "audience", "session")


def _may(event: Event, by: User) -> None:
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied


@transaction.atomic
def add_paper(
    event: Event,
    *,
    by: User,
    stored: StoredFile | None = None,
    url: str = "",
    megabytes: Decimal | None = None,
    **told: Any,
) -> Paper:
    """A new paper with its first version: a deposited file, or a link."""
    _may(event, by)
    AuditHead.hold()
    last = Paper.objects.filter(event=event).aggregate(last=Max("position"))["last"] or 0
    paper = Paper(event=event, position=last + 1)
    _tell(paper, told)
    paper.save()
    AuditEntry.record(by=by, verb="add_paper", target=paper, event=event.pk)
    add_version(paper, by=by, stored=stored, url=url, megabytes=megabytes)
    return paper


@transaction.atomic
def add_version(
    paper: Paper,
    *,
    by: User,
    stored: StoredFile | None = None,
    url: str = "",
    megabytes: Decimal | None = None,
    note: str = "",
) -> PaperVersion:
    """The next version. Those before stay, with their dates; the same file again is no version."""
    _may(paper.event, by)
    AuditHead.hold()
    row = Paper.objects.select_for_update().get(pk=paper.pk)
    if row.withdrawn_at is not None:
        raise DomainError(_("This paper is withdrawn. Bring it back first."), code="withdrawn")
    if (stored is None) == (not url):
        raise ValidationError({"url": _("Choose a file or give a link, one of the two.")})
    newest = row.versions.first()
    if newest is not None and (newest.stored_id, newest.url) == (stored and stored.pk, url):
        return newest
    version = PaperVersion(
        paper=row,
        number=newest.number + 1 if newest else 1,
        stored=stored,
        url=url,
        megabytes=megabytes if url else None,
        note=note,
        added_by=by,
    )
    version.full_clean(exclude=["paper", "added_by", "stored"])
    version.save()
    AuditEntry.record(by=by, verb="add_paper_version", target=row, number=version.number)
    paper_added.send(PaperVersion, version=version, by=by)
    _announce_recording(row, by)
    return version


@transaction.atomic
def change_paper(paper: Paper, *, by: User, **told: Any) -> None:
    """What a paper is called, what it belongs to and who may open it."""
    _may(paper.event, by)
    AuditHead.hold()
    row = Paper.objects.select_for_update().get(pk=paper.pk)
    was_open = row.audience == PaperAudience.PUBLIC
    _tell(row, told)
    row.save()
    AuditEntry.record(by=by, verb="change_paper", target=row, audience=row.audience)
    if row.audience == PaperAudience.PUBLIC and not was_open and row.withdrawn_at is None:
        paper_opened.send(Paper, paper=row, by=by)
    _announce_recording(row, by)


@transaction.atomic
def withdraw_paper(paper: Paper, *, by: User, withdrawn: bool) -> None:
    """Take a paper out of sight, or bring it back. Nothing is deleted."""
    _may(paper.event, by)
    AuditHead.hold()
    rows = Paper.objects.filter(pk=paper.pk, withdrawn_at__isnull=withdrawn)
    if rows.update(withdrawn_at=timezone.now() if withdrawn else None):
        AuditEntry.record(
            by=by, verb="withdraw_paper" if withdrawn else "restore_paper", target=paper
        )
        if not withdrawn:
            _announce_recording(Paper.objects.get(pk=paper.pk), by)


def _announce_recording(paper: Paper, by: User) -> None:
    """Once for each event, when there is something to watch. What stands there before it begins
    is no recording of it yet."""
    if paper.kind != PaperKind.RECORDING or paper.withdrawn_at or not paper.versions.exists():
        return
    begins = span_of(paper.event).begins
    has_begun = begins is None or begins <= timezone.now()
    if has_begun and JobRun.claim("recording-of-event", str(paper.event_id)):
        recording_added.send(Paper, paper=paper, by=by)


@transaction.atomic
def move_paper(paper: Paper, *, by: User, up: bool) -> None:
    """One place up or down in the list of its event."""
    _may(paper.event, by)
    AuditHead.hold()
    rows = Paper.objects.select_for_update().filter(event=paper.event_id)
    changed = shifted(rows.order_by("position", "pk"), paper.pk, up=up)
    Paper.objects.bulk_update(changed, ["position"])
    if changed:
        AuditEntry.record(by=by, verb="move_paper", target=paper, event=paper.event_id)


def _tell(paper: Paper, told: dict[str, Any]) -> None:
    for name in TOLD:
        if name in told:
            setattr(paper, name, told[name])
    if paper.session is not None and paper.session.event_id != paper.event_id:
        raise ValidationError({"session": _("Choose a session of this event.")})
    paper.full_clean(exclude=["event", "session"])
