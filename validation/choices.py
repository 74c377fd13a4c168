"""The closed lists of the validation (the terms are those of the specification, 4.2 and 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class CaseState(TextChoices):
    """How far the panel has come with one frozen version."""

    ASSIGNMENT = "assignment", _("Building the panel")
    REVIEW = "review", _("In review")
    CLARIFICATION = "clarification", _("In clarification")
    DECISION = "decision", _("Awaiting decision")
    DECIDED = "decided", _("Decided")
    CLOSED = "closed", _("Closed without decision")


OPEN = (CaseState.ASSIGNMENT, CaseState.REVIEW, CaseState.CLARIFICATION, CaseState.DECISION)


class CaseKind(TextChoices):
    FIRST = "first", _("Validation")
    RENEWAL = "renewal", _("Re-validation, short path")
    APPEAL = "appeal", _("Second look after an appeal")
    REPLAY = "replay", _("Replay of a registry’s reviews")


class Outcome(TextChoices):
    VALIDATED = "validated", _("Validated")
    PROMISING = "promising", _("Promising")
    NOT_VALIDATED = "not_validated", _("Not validated")
    INCOMPLETE = "incomplete", _("Not validated, incomplete")
    WITHDRAWN = "withdrawn", _("Taken back by its team")
    CLOSED = "closed", _("Closed by the desk")
    REPLAYED = "replayed", _("Replayed, gives no label")


#: Outcomes that give a label.
LABELS = (Outcome.VALIDATED, Outcome.PROMISING)


class Part(TextChoices):
    """What a person is in a case. Nobody holds two."""

    SUBMITTER = "submitter", _("Submitter")
    CHAIR = "chair", _("Chair")
    REVIEWER = "reviewer", _("Reviewer")


class SeatState(TextChoices):
    INVITED = "invited", _("Invited")
    REVIEWING = "reviewing", _("Reviewing")
    SENT = "sent", _("Review sent")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("No answer")
    RELEASED = "released", _("Released")


#: Seats that belong to the panel now.
SEATED = (SeatState.INVITED, SeatState.REVIEWING, SeatState.SENT)
#: Seats that keep a reviewer busy.
BUSY = (SeatState.INVITED, SeatState.REVIEWING)


class Strength(IntegerChoices):
    """How strong the evidence for results is, apart from their score."""

    E0 = 0, _("E0 Assertion")
    E1 = 1, _("E1 Own records")
    E2 = 2, _("E2 External review")
    E3 = 3, _("E3 Comparison study")
    E4 = 4, _("E4 Repeated in two or more contexts")


class CheckOutcome(TextChoices):
    OPENED = "opened", _("Opened")
    CONFIRMED = "confirmed", _("Confirmed with its author")
    NOT_CONFIRMED = "not_confirmed", _("Could not confirm")
    CONTRADICTED = "contradicted", _("Contradicted")


#: Of several checks of one item the public record shows the one that tells most.
TELLING = (
    CheckOutcome.CONTRADICTED,
    CheckOutcome.CONFIRMED,
    CheckOutcome.NOT_CONFIRMED,
    CheckOutcome.OPENED,
)


class DeclineReason(TextChoices):
    TIME = "time", _("No time in this period")
    EXPERTISE = "expertise", _("Not my field")
    LANGUAGE = "language", _("Not my language")
    CONFLICT = "conflict", _("Conflict of interest")
    OTHER = "other", _("Another reason")


class Conflict(TextChoices):
    """What a reviewer or chair declares before any file opens."""

    WORKED = "worked", _("I worked with its team, or supervised one of them, within three years.")
    ADVISER = "adviser", _("I advised on it.")
    GAIN = "gain", _("I would gain from a label, or from its refusal.")
    COMPETITOR = "competitor", _("I work on a competing solution.")
    FAMILY = "family", _("Somebody of my family or household takes part in it.")


class DecisionState(TextChoices):
    PROPOSED = "proposed", _("Proposed by the chair")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Sent back by the panel")
    DROPPED = "dropped", _("Overtaken by events")


class ClarificationState(TextChoices):
    OPEN = "open", _("Waiting for the team")
    ANSWERED = "answered", _("Answered")
    LAPSED = "lapsed", _("Not answered in time")
    DROPPED = "dropped", _("Overtaken by events")


class RecordState(TextChoices):
    IN_FORCE = "in_force", _("In force")
    SUSPENDED = "suspended", _("Suspended")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")
    SUPERSEDED = "superseded", _("Replaced by a later record")


class AppealState(TextChoices):
    FILED = "filed", _("Filed")
    HEARD = "heard", _("Before three people")
    UPHELD = "upheld", _("Upheld")
    REJECTED = "rejected", _("Rejected")


class AppealGround(TextChoices):
    PROCEDURE = "procedure", _("The procedure was not kept")
    ERROR = "error", _("A factual error")
    OVERLOOKED = "overlooked", _("Evidence in the record was overlooked")


class ChallengeState(TextChoices):
    OPEN = "open", _("Open")
    ASKED = "asked", _("The owner is asked")
    SUSPENDED = "suspended", _("The label is suspended")
    KEPT = "kept", _("The label is kept")
    REVOKED = "revoked", _("The label is revoked")


class Renewed(TextChoices):
    """What the owner says of one criterion when they confirm a solution again."""

    UNCHANGED = "unchanged", _("Unchanged")
    CHANGED = "changed", _("Changed")
    STOPPED = "stopped", _("Stopped")


#: How the verbs of the audit read in a history.
VERBS: dict[str, StrOrPromise] = {
    "open": _("Case opened"),
    "appoint": _("Chair appointed"),
    "declare": _("No conflict of interest declared"),
    "begin": _("Panel complete, review begun"),
    "ask": _("Team asked to clarify"),
    "resume": _("Team answered, review goes on"),
    "lapse": _("No answer in time"),
    "complete": _("All reviews in"),
    "reopen": _("Opened again"),
    "propose": _("Decision proposed"),
    "refuse": _("Decision sent back by the panel"),
    "decide": _("Decided"),
    "take_back": _("Taken back by its team"),
    "close_case": _("Closed without decision"),
    "invite": _("Reviewer invited"),
    "accept": _("Invitation accepted"),
    "decline_seat": _("Invitation declined"),
    "lapse_seat": _("Invitation lapsed"),
    "send": _("Review sent"),
    "reopen_seat": _("Review opened again"),
    "release": _("Reviewer released"),
    "recuse": _("Reviewer stepped down"),
    "propose_date": _("Another date proposed"),
    "set_due": _("Date changed"),
    "third": _("Third review needed"),
    "reveal": _("Reviewers’ names looked at"),
    "issue": _("Record issued"),
    "suspend_record": _("Label suspended"),
    "restore_record": _("Label restored"),
    "revoke": _("Label revoked"),
    "expire": _("Label expired"),
    "supersede": _("Replaced by a later record"),
    "file_appeal": _("Appeal filed"),
    "hear": _("Appeal panel appointed"),
    "uphold": _("Appeal upheld"),
    "reject": _("Appeal rejected"),
    "opinion": _("Opinion on an appeal given"),
    "challenge": _("Label challenged"),
    "ask_owner": _("Owner asked about a challenge"),
    "answer_challenge": _("Owner answered a challenge"),
    "keep": _("Label kept"),
    "suspend_label": _("Label suspended after a challenge"),
    "restore_label": _("Label restored after a challenge"),
    "revoke_label": _("Label revoked after a challenge"),
    "file_renewal": _("Re-validation filed"),
    "check_evidence": _("Evidence checked"),
    "list_reviewer": _("Put on the list of reviewers"),
    "change_reviewer": _("Entry on the list of reviewers changed"),
}
