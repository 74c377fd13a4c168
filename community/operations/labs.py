"""Living labs: their journal, lessons and open question, and what members confirm.

Whoever writes in a lab holds its row, and whoever confirms a lesson that lesson's row, to the end
of the transaction: positions stay an order, and the count of countries agrees with what is there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.models import Solution
from catalogue.operations import save_answers, start_solution
from catalogue.writing import marks, values_of
from community.choices import ReportState
from community.models import (
    Discussion,
    LabEntry,
    Lesson,
    LessonConfirmation,
    LivingLab,
    Member,
)
from community.operations.discussing import begin_discussion, checked_text, write_post
from community.rules import is_author, keeps_place
from community.screening import screen
from community.signals import lab_news
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.richtext import CLEANER_VERSION, from_text
from hubs.models import roles_of

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from accounts.models import User

#: What keepers say of a lab; the rest is set at the desk.
TOLD = ("summary", "practice", "status", "starts", "ends", "question")
#: Letters in one journal entry, marks not counted.
LONGEST_ENTRY = 6_000
#: So many lessons one lab may hold: a page lists them all.
MOST_LESSONS = 60
MOST_STEWARDS = 20
#: The answer of a catalogue draft that a journal entry or a lesson begins.
FIRST_NOTE = "approach"


def mark_of(record: Any, names: Sequence[str]) -> str:
    """A short fingerprint of what a record says: a form carries it, and notices a change."""
    said = "\x1f".join(str(getattr(record, name)) for name in names)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _refuse_stale(record: Any, names: Sequence[str], opened: str) -> None:
    if opened != mark_of(record, names):
        raise DomainError(
            _("Somebody else changed this since you opened it. Compare both, then save again."),
            code="stale",
        )


def _hold_lab(lab: LivingLab, *, by: User) -> LivingLab:
    """The lab's row for this transaction alone, for somebody who keeps it."""
    if not by.has_perm("community.keep", lab):
        raise PermissionDenied
    AuditHead.hold()
    return LivingLab.objects.select_for_update().get(pk=lab.pk)


def _tell(lab: LivingLab, what: str, record: Any, *, by: User) -> None:
    if lab.is_public:
        lab_news.send(type(record), lab=lab, what=what, record=record, by=by)


# --- What a lab says of itself ------------------------------------------------------------


@transaction.atomic
def keep_lab(
    lab: LivingLab, *, by: User, opened: str, stewards: Sequence[User], **told: Any
) -> LivingLab:
    """Change what a lab says of itself, who its stewards are, and its open question.

    Another question begins without answers; those to the one before stay in their discussion.
    """
    row = _hold_lab(lab, by=by)
    _refuse_stale(row, TOLD, opened)
    changed = [name for name in TOLD if name in told and told[name] != getattr(row, name)]
    for name in changed:
        setattr(row, name, told[name])
    if "question" in changed:
        row.answers = None
    before = set(row.stewards.values_list("pk", flat=True))
    wanted = {user.pk for user in stewards}
    if len(wanted) > MOST_STEWARDS:
        text = _("Name up to %(most)d stewards.") % {"most": MOST_STEWARDS}
        raise ValidationError({"stewards": text})
    row.full_clean(exclude=["hub", "reference", "answers", "slug"])
    if not changed and before == wanted:
        return row
    row.save(update_fields=[*changed, "answers"])
    row.stewards.set(wanted)
    AuditEntry.record(
        by=by,
        verb="keep_lab",
        target=row,
        fields=changed,
        stewards={"added": sorted(wanted - before), "removed": sorted(before - wanted)},
    )
    return row


def stewards_called(handles: Sequence[str]) -> list[User]:
    """The members of these short names, or a refusal that names who is not there."""
    asked = list(dict.fromkeys(handle.lstrip("@").lower() for handle in handles))[:100]
    found = {
        member.handle.lower(): member.user
        for member in Member.objects.active().filter(handle__in=asked).select_related("user")
    }
    missing = [handle for handle in asked if handle not in found]
    if missing:
        text = _("There is no member with this short name: %(names)s")
        raise ValidationError({"stewards": text % {"names": ", ".join(missing)[:200]}})
    return [found[handle] for handle in asked]


# --- The journal --------------------------------------------------------------------------

ENTRY = ("happened", "title", "body")


@transaction.atomic
def write_entry(
    lab: LivingLab, *, by: User, form_key: uuid.UUID, happened: str, title: str, body: str = ""
) -> LabEntry:
    """Put an entry into the journal. The same form sent twice is one entry."""
    row = _hold_lab(lab, by=by)
    there = LabEntry.objects.filter(written_by=by, form_key=form_key).first()
    if there is not None:
        return there
    entry = LabEntry(lab=row, written_by=by, form_key=form_key, happened=happened, title=title)
    entry.body = checked_text(body, most=LONGEST_ENTRY) if body else ""
    entry.full_clean(exclude=["lab", "written_by", "form_key"])
    entry.save()
    AuditEntry.record(by=by, verb="write_entry", target=row, entry=entry.uid)
    _tell(row, "entry", entry, by=by)
    return entry


@transaction.atomic
def change_entry(
    entry: LabEntry, *, by: User, opened: str, happened: str, title: str, body: str = ""
) -> LabEntry:
    """Change an entry. The audit keeps what it said before."""
    lab = _hold_lab(entry.lab, by=by)
    row = LabEntry.objects.select_for_update().get(pk=entry.pk, lab=lab)
    _refuse_stale(row, ENTRY, opened)
    before = {name: getattr(row, name) for name in ENTRY}
    row.happened, row.title = happened, title
    row.body = checked_text(body, most=LONGEST_ENTRY) if body else ""
    changed = {name: value for name, value in before.items() if getattr(row, name) != value}
    row.full_clean(exclude=["lab", "written_by", "form_key"])
    if not changed:
        return row
    row.cleaner, row.changed_at = CLEANER_VERSION, timezone.now()
    row.save()
    AuditEntry.record(by=by, verb="change_entry", target=lab, entry=row.uid, before=changed)
    return row


# --- Lessons ------------------------------------------------------------------------------

LESSON = ("text", "detail")


@transaction.atomic
def write_lesson(
    lab: LivingLab, *, by: User, form_key: uuid.UUID, text: str, detail: str = ""
) -> Lesson:
    """Put what was learned last in the list. The same form sent twice is one lesson."""
    row = _hold_lab(lab, by=by)
    there = Lesson.objects.filter(written_by=by, form_key=form_key).first()
    if there is not None:
        return there
    if row.lessons.shown().count() >= MOST_LESSONS:
        raise DomainError(
            _("A lab holds up to %(most)d lessons. Change one that is there.")
            % {"most": MOST_LESSONS},
            code="many",
        )
    last = row.lessons.aggregate(n=Max("position"))["n"]
    lesson = Lesson(
        lab=row,
        written_by=by,
        form_key=form_key,
        text=text,
        detail=detail,
        position=0 if last is None else last + 1,
    )
    lesson.full_clean(exclude=["lab", "written_by", "form_key"])
    lesson.save()
    AuditEntry.record(by=by, verb="write_lesson", target=row, lesson=lesson.uid)
    _tell(row, "lesson", lesson, by=by)
    return lesson


@transaction.atomic
def change_lesson(lesson: Lesson, *, by: User, opened: str, text: str, detail: str = "") -> Lesson:
    """Change a lesson. Once somebody confirmed it, its sentence stays as they read it."""
    lab = _hold_lab(lesson.lab, by=by)
    row = Lesson.objects.select_for_update().get(pk=lesson.pk, lab=lab)
    _refuse_withdrawn(row)
    _refuse_stale(row, LESSON, opened)
    if text != row.text and row.confirmations.exclude(state=ReportState.HIDDEN).exists():
        raise ValidationError(
            {
                "text": _(
                    "Others confirmed this sentence, so it stays as they read it. Write a new"
                    " lesson, or add to what it rests on."
                )
            }
        )
    before = {name: getattr(row, name) for name in LESSON}
    row.text, row.detail = text, detail
    changed = {name: value for name, value in before.items() if getattr(row, name) != value}
    row.full_clean(exclude=["lab", "written_by", "form_key"])
    if not changed:
        return row
    row.changed_at = timezone.now()
    row.save(update_fields=["text", "detail", "changed_at"])
    AuditEntry.record(by=by, verb="change_lesson", target=lab, lesson=row.uid, before=changed)
    return row


@transaction.atomic
def withdraw_lesson(lesson: Lesson, *, by: User, reason: str) -> None:
    """Take a lesson away, with a reason that everybody reads in its place.

    It is found, confirmed, built on and told no more. The discussion it grew out of stays.
    """
    _hold_lab(lesson.lab, by=by)
    row = _hold_lesson(lesson)
    _refuse_withdrawn(row)
    reason = " ".join(reason.split())
    if not reason:
        raise ValidationError({"reason": _("Say why. Everybody reads it.")})
    row.withdraw_lesson(by=by, reason=reason[:300])


def _refuse_withdrawn(lesson: Lesson) -> None:
    if lesson.is_withdrawn:
        raise DomainError(_("This lesson was withdrawn."), code="withdrawn")


@transaction.atomic
def move_lesson(lesson: Lesson, *, by: User, up: bool) -> None:
    """One place up or down the list."""
    lab = _hold_lab(lesson.lab, by=by)
    rows = list(lab.lessons.shown().order_by("position", "pk"))
    _refuse_withdrawn(Lesson.objects.get(pk=lesson.pk, lab=lab))
    here = next(n for n, row in enumerate(rows) if row.pk == lesson.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return
    rows[here], rows[there] = rows[there], rows[here]
    for position, row in enumerate(rows):
        if row.position != position:
            Lesson.objects.filter(pk=row.pk).update(position=position)
    AuditEntry.record(by=by, verb="order_lessons", target=lab, lesson=lesson.uid, place=there + 1)


# --- Confirmations ------------------------------------------------------------------------


def why_not_confirm(lesson: Lesson, user: User) -> str:
    """Why this member's word cannot confirm the lesson; empty if it can. A lab does not confirm
    itself: neither its keepers nor people of the pilot hub, nor who wrote the lesson."""
    lab = lesson.lab
    if lesson.written_by_id == user.pk:
        return _("You wrote this lesson. Others confirm it.")
    if keeps_place.test(user, lab) or lab.hub_id in roles_of(user):
        return _("You belong to this lab. Members elsewhere confirm its lessons.")
    return ""


@transaction.atomic
def confirm_lesson(lesson: Lesson, *, by: User, country: str, note: str) -> LessonConfirmation:
    """Say that one saw the same, where, and how. Saying it again changes one's own words."""
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    row = _hold_lesson(lesson)
    _refuse_withdrawn(row)
    if reason := why_not_confirm(row, by):
        raise DomainError(reason, code="own")
    mine = LessonConfirmation.objects.filter(lesson=row, user=by).first()
    if mine is not None and mine.state == ReportState.HIDDEN:
        raise DomainError(
            _("The lab did not show your confirmation. Write to its keepers in a discussion."),
            code="hidden",
        )
    mine = mine or LessonConfirmation(lesson=row, user=by)
    if mine.pk and (mine.country, mine.note) == (country, note):
        return mine
    verdict = screen(by, from_text(note))
    mine.country, mine.note = country, note
    mine.state = ReportState.SUBMITTED if verdict.held else ReportState.SHOWN
    mine.full_clean(exclude=["lesson", "user"])
    mine.save()
    count_countries(row)
    return mine


@transaction.atomic
def take_confirmation_back(lesson: Lesson, *, by: User) -> None:
    """Take one's own word back. One that the lab hid stays where it is. Twice is once."""
    AuditHead.hold()
    row = _hold_lesson(lesson)
    mine = LessonConfirmation.objects.filter(lesson=row, user=by)
    if mine.exclude(state=ReportState.HIDDEN).delete()[0]:
        count_countries(row)
        AuditEntry.record(by=by, verb="take_confirmation_back", target=row)


@transaction.atomic
def check_confirmation(
    confirmation: LessonConfirmation, *, by: User, shows: bool, reason: str = ""
) -> None:
    """Show what a member saw, or do not: it is read for conduct, not for what it says."""
    AuditHead.hold()
    row = _hold_lesson(confirmation.lesson)
    _refuse_withdrawn(row)
    if is_author.test(by, confirmation):
        raise DomainError(_("Somebody else reads your confirmation."), code="four-eyes")
    verb = "show_confirmation" if shows else "hide_confirmation"
    confirmation._make(verb, by=by, note=reason)
    count_countries(row)


def _hold_lesson(lesson: Lesson) -> Lesson:
    rows = Lesson.objects.select_for_update(of=("self",)).select_related("lab__hub")
    return rows.get(pk=lesson.pk)


def count_countries(lesson: Lesson) -> int:
    """Make the count agree with the confirmations shown. Under the lesson's lock."""
    shown = lesson.confirmations.shown()
    if home := lesson.lab.hub.country_id:
        shown = shown.exclude(country=home)
    counted = len(set(shown.order_by().values_list("country", flat=True)))
    Lesson.objects.filter(pk=lesson.pk).update(countries=counted)
    lesson.countries = counted
    return counted


# --- Emerging solutions -------------------------------------------------------------------


@transaction.atomic
def start_lab_solution(
    lab: LivingLab,
    *,
    by: User,
    form_key: uuid.UUID,
    title: str,
    language: str = "en",
    source: LabEntry | Lesson | None = None,
) -> Solution:
    """Begin a private draft of the catalogue that the lab lists for those who may see it.

    What a journal entry or a lesson says stands in it as a first note. From there it goes the way
    of every solution. The same form sent twice gives the same draft.
    """
    row = _hold_lab(lab, by=by)
    if source is not None and source.lab_id != row.pk:
        raise PermissionDenied
    if isinstance(source, Lesson):
        _refuse_withdrawn(source)
    solution = start_solution(by=by, form_key=form_key, hub=row.hub, title=title, language=language)
    if row.solutions.filter(pk=solution.pk).exists():
        return solution
    row.solutions.add(solution)
    if note := _first_note(source):
        now = values_of(solution, [FIRST_NOTE])
        if not now[FIRST_NOTE]:
            save_answers(
                solution, by=by, page="approach", answers={FIRST_NOTE: note}, opened=marks(now)
            )
    AuditEntry.record(by=by, verb="start_lab_solution", target=row, solution=solution.uid)
    return solution


def _first_note(source: LabEntry | Lesson | None) -> str:
    """What a journal entry or a lesson says, as rich text."""
    if isinstance(source, LabEntry):
        return from_text(source.title) + source.body
    if isinstance(source, Lesson):
        return from_text("\n\n".join(part for part in (source.text, source.detail) if part))
    return ""


@transaction.atomic
def link_solution(lab: LivingLab, solution: Solution, *, by: User) -> None:
    """List a public solution among those that emerged in the lab. Twice is once."""
    row = _hold_lab(lab, by=by)
    public = Solution.objects.public().filter(pk=solution.pk).exists()
    if not public:
        raise DomainError(_("Only a public solution can be linked."), code="not-public")
    if row.solutions.filter(pk=solution.pk).exists():
        return
    row.solutions.add(solution)
    AuditEntry.record(by=by, verb="link_lab_solution", target=row, solution=solution.uid)


@transaction.atomic
def unlink_solution(lab: LivingLab, solution: Solution, *, by: User) -> None:
    """Take a solution out of the lab's list. The record itself stays as it is."""
    row = _hold_lab(lab, by=by)
    if not Solution.objects.visible_to(by).filter(pk=solution.pk, labs=row).exists():
        return
    row.solutions.remove(solution)
    AuditEntry.record(by=by, verb="unlink_lab_solution", target=row, solution=solution.uid)


# --- The open question --------------------------------------------------------------------


@transaction.atomic
def answer_question(lab: LivingLab, *, by: User, body: str, form_key: uuid.UUID) -> Discussion:
    """The first answer to the open question begins its discussion; further ones go there.

    Returns the discussion. Whoever answers as second at the same moment does not begin another.
    """
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    AuditHead.hold()
    row = LivingLab.objects.select_for_update().get(pk=lab.pk)
    if not row.question:
        raise DomainError(_("The lab asks nothing at present."), code="no-question")
    if row.answers_id is not None:
        there = Discussion.objects.get(pk=row.answers_id)
        write_post(there, by=by, body=body, form_key=form_key)
        return there
    title = row.question if len(row.question) <= 160 else f"{row.question[:159]}…"
    discussion = begin_discussion(by=by, place=row, title=title, body=body, form_key=form_key)
    LivingLab.objects.filter(pk=row.pk).update(answers=discussion)
    return discussion
