"""Changes to a solution and what hangs on it: each one call, atomic, harmless to repeat."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue import checks, criteria, finding, writing
from catalogue import fields as f
from catalogue.choices import ContributorRole, Form, Publication, SubmissionState, Validation
from catalogue.content import document_of, gaps, source_hash
from catalogue.models import (
    Contributor,
    EditLock,
    GateAnswer,
    Invitation,
    PageDraft,
    Remark,
    Solution,
    StoredFile,
    Submission,
    Translation,
    Version,
)
from catalogue.signals import screening_left, screening_passed, team_changed
from core import uploads
from core.errors import DomainError
from core.models import AuditEntry, AuditHead, Counter

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from catalogue.writing import Values
    from hubs.models import Hub

log = logging.getLogger(__name__)


# --- Writing -----------------------------------------------------------------------------


def start_solution(
    *,
    by: User,
    form_key: uuid.UUID,
    hub: Hub | None = None,
    title: str = "",
    language: str = "en",
    form: str = Form.SNAPSHOT,
) -> Solution:
    """A new private draft. The same form sent twice gives the same draft."""
    try:
        with transaction.atomic():
            solution = Solution.objects.create(
                owner=by, form_key=form_key, hub=hub, title=title, language_id=language, form=form
            )
            Contributor.objects.create(
                solution=solution, user=by, name=str(by), role=ContributorRole.AUTHOR, position=0
            )
            AuditEntry.record(by=by, verb="start", target=solution)
    except IntegrityError:
        earlier = Solution.objects.filter(owner=by, form_key=form_key).first()
        if earlier is None:
            raise
        return earlier
    by.__dict__.pop("_contributions", None)
    return solution


def claim_revision(solution: Solution, *, by: User, base: int) -> None:
    """Take the next revision of the working copy, or refuse because somebody saved since.

    Call first inside the transaction that writes the content: who comes second changes
    nothing, and what they typed stays in their page draft.
    """
    _may_edit(solution, by=by)
    won = Solution.objects.filter(pk=solution.pk, revision=base).update(
        revision=F("revision") + 1, updated_at=timezone.now()
    )
    if not won:
        raise DomainError(
            _("Somebody else saved this record while you were writing."), code="stale"
        )
    solution.revision = base + 1


def _may_edit(solution: Solution, *, by: User) -> None:
    if not by.has_perm("catalogue.edit_solution", solution):
        raise PermissionDenied


#: Answers that say who has a stake in a record.
STAKES = {"contributors", "owner_institution", "hub"}


@transaction.atomic
def save_answers(
    solution: Solution, *, by: User, page: str, answers: Values, opened: Mapping[str, str]
) -> set[str]:
    """Write what this person changed on a page; returns the names of those fields.

    ``opened`` are the fingerprints of the answers when the page was opened. What somebody
    else changed meanwhile stays as they left it. If both changed the same answer, nothing is
    written and the refusal ("stale") names the fields; the text stays in the page draft.
    """
    _may_edit(solution, by=by)
    if answers.keys() & STAKES:
        AuditHead.hold()  # somebody may have to leave a panel
    # Locked first: on PostgreSQL the second of two savers waits here and sees the first.
    fresh = Solution.objects.select_for_update().get(pk=solution.pk)
    theirs = writing.values_of(fresh, answers)
    lost = writing.conflicts(answers, theirs, opened)
    if lost:
        text = _("Somebody else changed this too.")
        raise DomainError(
            _("Somebody else saved this record while you were writing."),
            code="stale",
            fields={name: [text] for name in sorted(lost)},
        )
    changed = {
        name
        for name in writing.changed(answers, opened)
        if writing.plain(answers[name]) != writing.plain(theirs[name])
    }
    if "hub" in changed:
        _hub_may_change(fresh)
    if changed:
        claim_revision(fresh, by=by, base=fresh.revision)
        writing.write(fresh, {name: answers[name] for name in changed})
        if changed & STAKES:
            team_changed.send(Solution, solution=fresh)
        solution.revision = fresh.revision
    drop_page(solution, by=by, page=page)
    return changed


def _hub_may_change(solution: Solution) -> None:
    """Whoever screens a submission is decided when it is sent in, not while it is read."""
    if solution.submissions.filter(state=SubmissionState.SCREENING).exists():
        text = _("The desk of this hub has the record. Take it back before you change the hub.")
        raise DomainError(text, code="in-screening", fields={"hub": [text]})


def choose_form(solution: Solution, *, by: User, form: str) -> None:
    """Whether it is written as a snapshot or as a full record; can be changed at any time."""
    _may_edit(solution, by=by)
    Solution.objects.filter(pk=solution.pk).update(form=Form(form))
    solution.form = form


def keep_page(
    solution: Solution, *, by: User, page: str, data: Mapping[str, list[str]], base: int
) -> PageDraft:
    """Keep what was typed into a page, unchecked, until it is saved to the record."""
    _may_edit(solution, by=by)
    # NUL is the one character that no database keeps.
    clean = {name: [text.replace("\0", "\ufffd") for text in texts] for name, texts in data.items()}
    draft, _created = PageDraft.objects.update_or_create(
        solution=solution, user=by, page=page, defaults={"data": clean, "base_revision": base}
    )
    return draft


def drop_page(solution: Solution, *, by: User, page: str) -> None:
    """Forget what was typed into a page and not saved. Only one's own."""
    PageDraft.objects.filter(solution=solution, user=by, page=page).delete()


def take_lock(solution: Solution, *, by: User, over: bool = False) -> EditLock:
    """Hold the edit lock; ``over`` takes it from somebody who still has it.

    Returns the lock as it now is: compare its holder with yourself.
    """
    _may_edit(solution, by=by)
    now = timezone.now()
    with transaction.atomic():
        lock, created = (
            EditLock.objects.select_for_update(of=("self",))
            .select_related("holder")
            .get_or_create(
                solution=solution, defaults={"holder": by, "since": now, "renewed_at": now}
            )
        )
        if not created and (lock.holder_id == by.pk or over or not lock.is_live):
            if lock.holder_id != by.pk:
                if lock.is_live:
                    AuditEntry.record(
                        by=by, verb="take-over", target=solution, before=str(lock.holder)
                    )
                lock.holder, lock.since = by, now
            elif not lock.is_live:
                lock.since = now
            lock.renewed_at = now
            lock.save(update_fields=["holder", "since", "renewed_at"])
    return lock


def release_lock(solution: Solution, *, by: User) -> None:
    """Let others write at once, instead of when the lock lapses."""
    EditLock.objects.filter(solution=solution, holder=by).delete()


# --- Files -------------------------------------------------------------------------------

#: What one member may deposit within a day.
DAILY_BYTES = 200 * 1024 * 1024


def store_file(upload: UploadedFile, *, by: User) -> StoredFile:
    """Inspect an uploaded file and deposit it. It belongs to nothing until a page is saved.

    The same file sent again by the same person is the file already there. Raises
    ``ValidationError`` for what may not be stored.
    """
    found = uploads.inspect(upload)
    mine = StoredFile.objects.filter(uploaded_by=by)
    earlier = mine.filter(sha256=found.sha256, size=found.size, name=found.name).first()
    if earlier is not None:
        return earlier
    today = mine.filter(uploaded_at__gt=timezone.now() - timedelta(days=1))
    if (today.aggregate(sum=Sum("size"))["sum"] or 0) + found.size > DAILY_BYTES:
        raise ValidationError(
            _("You have deposited 200 MB today. Go on tomorrow, or give a link."), code="daily"
        )
    stored = StoredFile(
        name=found.name,
        content_type=found.content_type,
        size=found.size,
        sha256=found.sha256,
        uploaded_by=by,
    )
    try:
        stored.file.save(found.name, ContentFile(found.data), save=False)
    except OSError:
        log.exception("A deposited file could not be written.")
        raise ValidationError(
            _("The file could not be stored just now. Everything else is kept: try again."),
            code="storage",
        ) from None
    try:
        stored.save(force_insert=True)
    except Exception:
        stored.file.delete(save=False)
        raise
    return stored


# --- Team --------------------------------------------------------------------------------

MOST_INVITATIONS = 20


def invite(solution: Solution, *, by: User, email: str, role: str) -> None:
    """Ask an address to join the team. Whether somebody has it is not told to anybody."""
    if not by.has_perm("catalogue.manage_team", solution):
        raise PermissionDenied
    since = timezone.now() - timedelta(days=1)
    if Invitation.objects.filter(invited_by=by, created_at__gt=since).count() >= MOST_INVITATIONS:
        raise DomainError(
            _("You have sent %(n)d invitations today. Go on tomorrow.") % {"n": MOST_INVITATIONS},
            code="limit",
        )
    try:
        with transaction.atomic():
            Invitation.objects.filter(
                solution=solution, answered_at=None, email=email.lower()
            ).exclude(pk__in=Invitation.objects.waiting().values("pk")).delete()
            Invitation.objects.create(
                solution=solution, email=email.lower(), role=role, invited_by=by
            )
            AuditEntry.record(by=by, verb="invite", target=solution)
    except IntegrityError:
        return  # asked already, and still waiting


def withdraw_invitation(invitation: Invitation, *, by: User) -> None:
    """Take back an invitation that nobody has answered."""
    if not by.has_perm("catalogue.manage_team", invitation.solution):
        raise PermissionDenied
    Invitation.objects.filter(pk=invitation.pk, answered_at=None).delete()


@transaction.atomic
def answer_invitation(invitation: Invitation, *, by: User, accept: bool) -> None:
    """Join the team, or say no."""
    if invitation.email != by.email.lower():
        raise PermissionDenied
    AuditHead.hold()
    answered = (
        Invitation.objects.waiting()
        .filter(pk=invitation.pk)
        .update(answered_at=timezone.now(), accepted=accept)
    )
    if not answered:
        raise DomainError(_("This invitation is no longer open."), code="wrong-state")
    solution = invitation.solution
    if accept and not solution.contributors.filter(user=by).exists():
        last = solution.contributors.aggregate(last=Max("position"))["last"] or 0
        Contributor.objects.create(
            solution=solution, user=by, name=str(by), role=invitation.role, position=last + 1
        )
        AuditEntry.record(by=by, verb="join", target=solution)
        team_changed.send(Solution, solution=solution)
        by.__dict__.pop("_contributions", None)


@transaction.atomic
def leave_team(contributor: Contributor, *, by: User) -> None:
    """End an account's part in a record: one's own, or as its team. The name stays credited."""
    solution = contributor.solution
    if contributor.user_id != by.pk and not by.has_perm("catalogue.manage_team", solution):
        raise PermissionDenied
    if contributor.user_id == solution.owner_id:
        raise DomainError(_("The owner of a record stays in its team."), code="owner")
    AuditHead.hold()
    Contributor.objects.filter(pk=contributor.pk).update(user=None)
    EditLock.objects.filter(solution=solution, holder_id=contributor.user_id).delete()
    AuditEntry.record(
        by=by,
        verb="leave" if contributor.user_id == by.pk else "remove",
        target=solution,
        member=contributor.name,
    )
    by.__dict__.pop("_contributions", None)


# --- Translations ------------------------------------------------------------------------


@transaction.atomic
def save_translation(
    solution: Solution,
    *,
    by: User,
    language: str,
    texts: Mapping[str, str],
    quality: str,
    opened: Mapping[str, str],
) -> None:
    """Write the record's text in another language. Conflicts are found as for answers."""
    _may_edit(solution, by=by)
    fresh = Solution.objects.select_for_update().get(pk=solution.pk)
    row = fresh.translations.filter(language=language).first()
    theirs = {name: (row.texts.get(name, "") if row else "") for name in texts}
    lost = writing.conflicts(texts, theirs, opened)
    if lost:
        text = _("Somebody else changed this too.")
        raise DomainError(
            _("Somebody else saved this record while you were writing."),
            code="stale",
            fields={name: [text] for name in sorted(lost)},
        )
    mine = {name: texts[name] for name in writing.changed(texts, opened)}
    kept = {name: text for name, text in {**theirs, **mine}.items() if text}
    claim_revision(fresh, by=by, base=fresh.revision)
    Translation.objects.update_or_create(
        solution=fresh,
        language_id=language,
        defaults={
            "texts": kept,
            "quality": quality,
            "source_hash": source_hash(document_of(fresh).content),
            "translated_by": by,
        },
    )
    drop_page(solution, by=by, page=translation_page(language))


def translation_page(language: str) -> str:
    """Under which name text typed into a translation is kept."""
    return f"in-{language}"


def drop_translation(solution: Solution, *, by: User, language: str) -> None:
    """Take a translation out of the working copy; frozen versions keep theirs."""
    _may_edit(solution, by=by)
    with transaction.atomic():
        fresh = Solution.objects.select_for_update().get(pk=solution.pk)
        claim_revision(fresh, by=by, base=fresh.revision)
        fresh.translations.filter(language=language).delete()


# --- Versions and submission -------------------------------------------------------------


def freeze(solution: Solution, *, by: User, form: str) -> Version:
    """Freeze the working copy as the next version. Call inside a transaction."""
    document = document_of(solution)
    last = solution.versions.aggregate(last=Max("number"))["last"] or 0
    return Version.objects.create(
        solution=solution,
        number=last + 1,
        form=form,
        content=document.content,
        private_content=document.private,
        content_hash=document.hash,
        created_by=by,
    )


#: While the panel has it, a record takes no other submission.
WITH_PANEL = {
    Validation.SCREENING,
    Validation.IN_REVIEW,
    Validation.CLARIFICATION,
    Validation.DECISION,
}
LABELLED = {Validation.VALIDATED, Validation.PROMISING, Validation.SUSPENDED}


@transaction.atomic
def submit_solution(solution: Solution, *, by: User, form: str) -> Submission:
    """Freeze a version and hand it to the desk. Sending it twice gives one submission."""
    if not by.has_perm("catalogue.edit_solution", solution):
        raise PermissionDenied
    # Locked first, the audit before the record: the second of two requests waits here.
    AuditHead.hold()
    solution = Solution.objects.select_for_update().get(pk=solution.pk)
    open_one = solution.submissions.filter(state=SubmissionState.SCREENING).first()
    if open_one is not None:
        return open_one
    if solution.publication == Publication.WITHDRAWN:
        raise DomainError(
            _("This record was withdrawn. Ask the desk to publish it again first."),
            code="withdrawn",
        )
    if solution.validation in WITH_PANEL:
        raise DomainError(_("This record is with the panel."), code="wrong-state")
    if PageDraft.objects.filter(solution=solution, user=by).exists():
        # A version is frozen from what is saved; what was only typed must not look submitted.
        raise DomainError(
            _("You typed something that is not saved yet. Save it or discard it first."),
            code="unsaved",
        )
    document = document_of(solution)
    missing = gaps(document, form)
    if missing:
        fields: dict[str, list[str]] = {}
        for gap in missing:
            fields.setdefault(gap.field, []).append(gap.message)
        raise DomainError(
            _("Some answers are missing. The list says which."), code="incomplete", fields=fields
        )
    version = freeze(solution, by=by, form=form)
    rubric = criteria.in_force(solution.hub_id, fresh=True)
    submission = Submission.objects.create(
        solution=solution,
        version=version,
        criteria_set=rubric,
        form=form,
        submitted_by=by,
        checks=[asdict(check) for check in checks.automatic(solution, document, form)],
    )
    now = timezone.now()
    state = {
        "form": form,
        # A label in force stands until the panel has decided about the new version.
        "validation": solution.validation
        if solution.validation in LABELLED
        else Validation.SCREENING,
        "first_submitted_at": solution.first_submitted_at or now,
        "updated_at": now,
    }
    Solution.objects.filter(pk=solution.pk).update(**state)
    for name, value in state.items():
        setattr(solution, name, value)
    EditLock.objects.filter(solution=solution, holder=by).delete()
    AuditEntry.record(
        by=by,
        verb="submit",
        target=submission,
        version=version.number,
        hash=version.content_hash,
        criteria=rubric.version,
        criteria_hash=rubric.content_hash,
    )
    submission.announce("submit", by=by)
    return submission


def recall_submission(submission: Submission, *, by: User) -> None:
    """The team takes its submission back while nobody has decided."""
    with transaction.atomic():
        submission._make("recall", by=by)
        _leave_screening(submission)


# --- Screening ---------------------------------------------------------------------------


def answer_gates(
    submission: Submission, *, by: User, answers: Mapping[str, tuple[bool, str]]
) -> None:
    """Record answers to gates, each with its reason; a later answer replaces the earlier."""
    _may_screen(submission, by=by)
    gates = submission.criteria_set.gate_codes()
    for gate, (passes, reason) in answers.items():
        if gate not in gates:
            raise DomainError(_("There is no gate %(gate)s.") % {"gate": gate}, code="gate")
        if not reason.strip():
            raise DomainError(
                _("Give a reason for gate %(gate)s.") % {"gate": gate},
                code="reason",
                fields={gate: [_("Give a reason, in one sentence.")]},
            )
        GateAnswer.objects.update_or_create(
            submission=submission,
            gate=gate,
            defaults={"passes": passes, "reason": reason.strip(), "answered_by": by},
        )


@transaction.atomic
def set_remarks(submission: Submission, *, by: User, remarks: Mapping[str, str]) -> None:
    """Tie reasons for return to fields of the record; an emptied one is taken back."""
    _may_screen(submission, by=by)
    unknown = set(remarks) - set(f.BY_NAME)
    if unknown:
        raise DomainError(_("There is no such field."), code="field")
    for field, text in remarks.items():
        if text.strip():
            Remark.objects.update_or_create(
                submission=submission,
                field=field,
                defaults={"text": text.strip(), "written_by": by},
            )
        else:
            Remark.objects.filter(submission=submission, field=field).delete()


def set_note(submission: Submission, *, by: User, note: str) -> None:
    """Keep the note to the team while the decision is still open."""
    _may_screen(submission, by=by)
    Submission.objects.filter(pk=submission.pk).update(note=note.strip())
    submission.note = note.strip()


def pass_screening(submission: Submission, *, by: User, note: str = "") -> None:
    """Every gate passes: publish the frozen version as "documented, not validated"."""
    _may_screen(submission, by=by)
    answers = dict(submission.gates.values_list("gate", "passes"))
    gates = submission.criteria_set.gate_codes()
    open_gates = [gate for gate in gates if gate not in answers]
    failed = [gate for gate in gates if answers.get(gate) is False]
    if open_gates:
        raise DomainError(
            _("Answer every gate first. Open: %(gates)s.") % {"gates": ", ".join(open_gates)},
            code="gates-open",
        )
    if failed:
        raise DomainError(
            _("One “no” stops a submission (%(gates)s). Return it or decline it.")
            % {"gates": ", ".join(failed)},
            code="gate-failed",
        )
    with transaction.atomic():
        _decide(submission, "pass_screening", by=by, note=note)
        publish(submission.solution, by=by, version=submission.version, note=note)
        screening_passed.send(Submission, submission=submission, by=by)


def return_submission(submission: Submission, *, by: User, note: str) -> None:
    """Give it back to its team, with reasons."""
    _may_screen(submission, by=by)
    if not note.strip() and not submission.remarks.exists():
        raise DomainError(_("Say what to change: a note, or a remark at a field."), code="reason")
    with transaction.atomic():
        _decide(submission, "give_back", by=by, note=note)


def decline_submission(submission: Submission, *, by: User, note: str) -> None:
    """Say no, with the reason: for what is not a solution, or fails a gate for good."""
    _may_screen(submission, by=by)
    if not note.strip():
        raise DomainError(_("Say why it is declined."), code="reason")
    with transaction.atomic():
        _decide(submission, "decline", by=by, note=note)


def _may_screen(submission: Submission, *, by: User) -> None:
    if not by.has_perm("catalogue.screen_submission", submission):
        raise PermissionDenied
    team = {submission.solution.owner_id, submission.submitted_by_id} | set(
        submission.solution.contributors.filter(user__isnull=False).values_list("user", flat=True)
    )
    if by.pk in team:
        raise DomainError(
            _("A record is screened by someone who has no part in it."), code="four-eyes"
        )
    if submission.state != SubmissionState.SCREENING:
        raise DomainError(_("This submission has already been decided."), code="wrong-state")


def _decide(submission: Submission, verb: str, *, by: User, note: str) -> None:
    submission.note = note = note.strip()  # before the move: whoever hears of it reads why
    submission._make(verb, by=by, note=note, decided_by=by, decided_at=timezone.now())
    Submission.objects.filter(pk=submission.pk).update(note=note)
    _leave_screening(submission)


def _leave_screening(submission: Submission) -> None:
    solution = submission.solution
    left = Solution.objects.filter(pk=solution.pk, validation=Validation.SCREENING).update(
        validation=Validation.NONE, updated_at=timezone.now()
    )
    if left:
        solution.validation = Validation.NONE
    screening_left.send(Solution, solution=solution)


def note_validation(solution: Solution, *, validation: str) -> None:
    """Show how far the panel has come, on the record and in every list.

    Called by the layer that runs the validation, in the transaction of its move; the move
    itself, its reason and its audit are there. The time of the last edit stays: it would tell
    the team at which minute a reviewer sent a review.
    """
    if solution.validation == validation:
        return
    Solution.objects.filter(pk=solution.pk).update(validation=Validation(validation))
    solution.validation = Validation(validation)
    finding.note(solution)


# --- Publication -------------------------------------------------------------------------


def publish(solution: Solution, *, by: User, version: Version, note: str = "") -> None:
    """Make a frozen version what readers see, and let it be found. Call in a transaction."""
    AuditHead.hold()  # before the counter: one order of locks everywhere
    now = timezone.now()
    changes: dict[str, Any] = {
        "public_version": version,
        "published_at": solution.published_at or now,
        "updated_at": now,
    }
    if solution.number is None:
        changes["number"] = Counter.next("solution")
    verb = "renew" if solution.publication == Publication.PUBLIC else "publish"
    solution._make(verb, by=by, note=note, **changes)
    Version.objects.filter(pk=version.pk, published_at=None).update(published_at=now)
    finding.note(solution)


@transaction.atomic
def withdraw_solution(solution: Solution, *, by: User, reason: str) -> None:
    """Take a record down; a page with date and reason stays at its address."""
    if not reason.strip():
        raise DomainError(
            _("Say why it is withdrawn: readers see it."),
            code="reason",
            fields={"reason": [_("Say why it is withdrawn: readers see it.")]},
        )
    solution._make(
        "withdraw",
        by=by,
        note=reason.strip(),
        withdrawn_at=timezone.now(),
        withdrawal_reason=reason.strip(),
        updated_at=timezone.now(),
    )
    finding.note(solution)


@transaction.atomic
def restore_solution(solution: Solution, *, by: User, reason: str) -> None:
    """Publish a withdrawn record again, as it was."""
    if not reason.strip():
        raise DomainError(_("Say why it is published again."), code="reason")
    solution._make(
        "restore",
        by=by,
        note=reason.strip(),
        withdrawn_at=None,
        withdrawal_reason="",
        updated_at=timezone.now(),
    )
    finding.note(solution)


@transaction.atomic
def import_solution(solution: Solution, *, by: User, source: str) -> None:
    """Publish a record taken over from a registry or a source document, without screening.

    It keeps its gaps: missing fields stay missing. It carries no label, and the audit says
    where it came from. Only portal moderators may, and only before anything was submitted.
    """
    if not by.has_perm("catalogue.import_solutions"):
        raise PermissionDenied
    if solution.publication != Publication.PRIVATE or solution.first_submitted_at is not None:
        raise DomainError(_("This record already has a history of its own."), code="wrong-state")
    now = timezone.now()
    Solution.objects.filter(pk=solution.pk).update(first_submitted_at=now)
    solution.first_submitted_at = now
    version = freeze(solution, by=by, form=Form.SNAPSHOT)
    publish(solution, by=by, version=version, note=source)
