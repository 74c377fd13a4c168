"""Chapters: who joins, who lets people in, who coordinates, and what a chapter says of itself.

Whoever changes who belongs to a chapter, or whether it is private, holds its row to the end of the
transaction. So a person who joins while the chapter turns private has either joined before or
asks; two coordinators who step down at once do not both go; one request has one answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community import finding
from community.choices import ChapterRole
from community.letters import chapters as letters
from community.models import Chapter, ChapterMember
from community.models.chapters import forget_chapters
from community.signals import chapter_joined
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from events.models import Event

if TYPE_CHECKING:
    from accounts.models import Language, User

#: What coordinators say of their chapter.
FIELDS = ("summary", "region", "lead", "lead_hub", "zone", "status")


def hold_chapter(chapter: Chapter) -> Chapter:
    """The row for this transaction alone, as it is now."""
    return Chapter.objects.select_for_update().get(pk=chapter.pk)


def _hold_to_run(chapter: Chapter, by: User) -> Chapter:
    """The chapter for somebody who runs it now, whatever they were when the request began."""
    AuditHead.hold()
    row = hold_chapter(chapter)
    forget_chapters(by)
    if not by.has_perm("community.run_chapter", row):
        raise PermissionDenied
    return row


# --- Joining and leaving -----------------------------------------------------------------------


@transaction.atomic
def join_chapter(chapter: Chapter, *, by: User) -> ChapterMember:
    """Join an open chapter, or ask to join a private one. Twice is once."""
    row = hold_chapter(chapter)
    if not by.has_perm("community.join_chapter", row):
        raise PermissionDenied
    role = ChapterRole.ASKED if row.is_private else ChapterRole.MEMBER
    found, made = ChapterMember.objects.get_or_create(chapter=row, user=by, defaults={"role": role})
    if made:
        forget_chapters(by)
        chapter_joined.send(Chapter, chapter=row, user=by, role=str(role), by=by)
    return found


@transaction.atomic
def leave_chapter(chapter: Chapter, *, by: User) -> None:
    """Leave, or take a request back. What one wrote there stays. Twice is once."""
    AuditHead.hold()
    row = hold_chapter(chapter)
    mine = ChapterMember.objects.filter(chapter=row, user=by).first()
    if mine is None:
        return
    if mine.role == ChapterRole.COORDINATOR:
        _refuse_last(row, mine, by)
        AuditEntry.record(by=by, verb="step_down_in_chapter", target=row, member=by.pk)
    _end(mine, by=by)


def _end(member: ChapterMember, *, by: User) -> None:
    member.delete()
    forget_chapters(member.user)
    forget_chapters(by)
    chapter_joined.send(Chapter, chapter=member.chapter, user=member.user, role="", by=by)


def _refuse_last(chapter: Chapter, member: ChapterMember, by: User) -> None:
    """The last coordinator stays until there is another; portal moderators may end that, too."""
    others = ChapterMember.objects.coordinators().filter(chapter=chapter).exclude(pk=member.pk)
    if by.is_staff or others.exists():
        return
    raise DomainError(
        _("You are the only coordinator. Make another member coordinator first, then go."),
        code="last",
    )


@transaction.atomic
def end_memberships(user: User) -> None:
    """The person leaves the community: they belong to no chapter any more, the last coordinator
    too. Requests then wait for portal moderators."""
    for row in ChapterMember.objects.filter(user=user).select_related("chapter", "user"):
        _end(row, by=user)


# --- Coordinating ------------------------------------------------------------------------------


def _member(chapter: Chapter, pk: int) -> ChapterMember | None:
    rows = ChapterMember.objects.filter(chapter=chapter, pk=pk)
    return rows.select_related("user__profile", "user__member", "chapter").first()


def _gone() -> DomainError:
    return DomainError(_("This person is not in the chapter any more."), code="gone")


def _checked_reason(reason: str, words: str) -> str:
    reason = reason.strip()
    if not reason:
        raise DomainError(words, code="reason", fields={"reason": [words]})
    return reason


@transaction.atomic
def answer_request(
    chapter: Chapter, member: int, *, by: User, admit: bool, reason: str = ""
) -> None:
    """Let in somebody who asked, or decline with a reason they read. One request, one answer."""
    row = _hold_to_run(chapter, by)
    asked = _member(row, member)
    if asked is None or asked.role != ChapterRole.ASKED:
        raise DomainError(_("This request has been answered or taken back."), code="answered")
    verb = "admit_to_chapter" if admit else "decline_for_chapter"
    if admit:
        if not asked.user.has_perm("community.take_part"):
            raise DomainError(_("This person may not take part at present."), code="silenced")
        _let_in(asked, by=by)
    else:
        reason = _checked_reason(reason, _("Say why; whoever asked reads it."))
        _end(asked, by=by)
        letters.declined(row, asked.user, reason)
    AuditEntry.record(by=by, verb=verb, target=row, note=reason, member=asked.user_id)


def _let_in(asked: ChapterMember, *, by: User) -> None:
    ChapterMember.objects.filter(pk=asked.pk).update(role=ChapterRole.MEMBER, since=timezone.now())
    forget_chapters(asked.user)
    chapter_joined.send(
        Chapter, chapter=asked.chapter, user=asked.user, role=str(ChapterRole.MEMBER), by=by
    )
    letters.admitted(asked.chapter, asked.user)


@transaction.atomic
def make_coordinator(chapter: Chapter, member: int, *, by: User) -> None:
    """Let a member run the chapter, too. Twice is once."""
    row = _hold_to_run(chapter, by)
    found = _member(row, member)
    if found is None or found.role == ChapterRole.ASKED:
        raise _gone()
    if found.role == ChapterRole.COORDINATOR:
        return
    if not found.user.has_perm("community.take_part"):
        raise DomainError(_("This person may not take part at present."), code="silenced")
    _set_role(found, ChapterRole.COORDINATOR, by=by, verb="make_coordinator")


@transaction.atomic
def step_down(chapter: Chapter, member: int, *, by: User) -> None:
    """Stop coordinating and stay a member: oneself, or by a portal moderator."""
    row = _hold_to_run(chapter, by)
    found = _member(row, member)
    if found is None:
        raise _gone()
    if found.role != ChapterRole.COORDINATOR:
        return
    if found.user_id != by.pk and not by.is_staff:
        raise PermissionDenied
    _refuse_last(row, found, by)
    _set_role(found, ChapterRole.MEMBER, by=by, verb="step_down_in_chapter")


def _set_role(found: ChapterMember, role: ChapterRole, *, by: User, verb: str) -> None:
    ChapterMember.objects.filter(pk=found.pk).update(role=role)
    forget_chapters(found.user)
    forget_chapters(by)
    AuditEntry.record(by=by, verb=verb, target=found.chapter, member=found.user_id)
    chapter_joined.send(Chapter, chapter=found.chapter, user=found.user, role=str(role), by=by)


@transaction.atomic
def remove_member(chapter: Chapter, member: int, *, by: User, reason: str) -> None:
    """Take somebody out, with a reason they read. Coordinators remove members; only portal
    moderators remove a coordinator."""
    row = _hold_to_run(chapter, by)
    found = _member(row, member)
    if found is None or found.role == ChapterRole.ASKED:
        raise _gone()
    if found.user_id == by.pk:
        raise DomainError(_("To go yourself, leave the chapter."), code="yourself")
    if found.role == ChapterRole.COORDINATOR and not by.is_staff:
        raise PermissionDenied
    reason = _checked_reason(reason, _("Say why; the person reads it."))
    _end(found, by=by)
    AuditEntry.record(
        by=by, verb="remove_from_chapter", target=row, note=reason, member=found.user_id
    )
    letters.removed(row, found.user, reason)


# --- What a chapter says of itself -------------------------------------------------------------


def state_of(chapter: Chapter) -> str:
    """A short sign of what the chapter says, so that a form knows whether that changed."""
    names = ("lead_hub_id" if name == "lead_hub" else name for name in FIELDS)
    told: list[Any] = [str(getattr(chapter, name)) for name in names]
    told.append(sorted(language.pk for language in chapter.languages.all()))
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


@transaction.atomic
def change_chapter(
    chapter: Chapter, *, by: User, base: str, languages: Collection[Language], **values: Any
) -> Chapter:
    """Write what the chapter says of itself. What somebody else changed meanwhile stays."""
    row = _hold_to_run(chapter, by)
    if base != state_of(row):
        raise DomainError(
            _("Somebody else changed this meanwhile. Compare with the page, then save again."),
            code="stale",
        )
    changed = [name for name in FIELDS if name in values and getattr(row, name) != values[name]]
    for name in changed:
        setattr(row, name, values[name])
    row.full_clean(exclude=["reference", "lead_hub"])
    row.save(update_fields=changed)
    if set(row.languages.all()) != set(languages):
        row.languages.set(languages)
        changed.append("languages")
    if changed:
        AuditEntry.record(by=by, verb="change_chapter", target=row, fields=sorted(changed))
    return row


@transaction.atomic
def make_private(chapter: Chapter, *, by: User) -> None:
    """From now on only its people read inside: also what was open until now is hidden."""
    row = _hold_to_run(chapter, by)
    if row.is_private:
        return
    Chapter.objects.filter(pk=row.pk).update(is_private=True)
    AuditEntry.record(by=by, verb="make_chapter_private", target=row)
    _find_anew(row)


@transaction.atomic
def make_open(chapter: Chapter, *, by: User) -> None:
    """Let everybody read inside and join. Whoever asked to join is let in.

    Refused as soon as anything was discussed: members wrote it for members alone.
    """
    row = _hold_to_run(chapter, by)
    if not row.is_private:
        return
    if row.discussions.exists():
        raise DomainError(
            _(
                "Members wrote in this chapter for its members alone, so it stays private. Start"
                " another chapter for what everybody may read."
            ),
            code="written",
        )
    Chapter.objects.filter(pk=row.pk).update(is_private=False)
    AuditEntry.record(by=by, verb="make_chapter_open", target=row)
    asked = ChapterMember.objects.filter(chapter=row, role=ChapterRole.ASKED)
    for each in asked.select_related("user__profile", "chapter").order_by("pk"):
        if each.user.has_perm("community.take_part"):
            _let_in(each, by=by)
        else:
            _end(each, by=by)
    _find_anew(row)


def _find_anew(chapter: Chapter) -> None:
    """The directory finds people by open chapters alone."""
    rows = ChapterMember.objects.belonging().filter(chapter=chapter).order_by("user")
    for user_id in list(rows.values_list("user", flat=True)):
        finding.note(user_id)


@transaction.atomic
def link_event(chapter: Chapter, *, by: User, event: Event, linked: bool) -> None:
    """Put an event on the chapter's page and calendar, or take it off. Twice is once."""
    row = _hold_to_run(chapter, by)
    if not Event.objects.visible_to(by).filter(pk=event.pk).exists():
        raise DomainError(_("This event is not there any more."), code="gone")
    if row.events.filter(pk=event.pk).exists() == linked:
        return
    if linked:
        row.events.add(event)
    else:
        row.events.remove(event)
    verb = "link_chapter_event" if linked else "unlink_chapter_event"
    AuditEntry.record(by=by, verb=verb, target=row, event=event.pk)
