"""Which fact of the catalogue is told to whom, inside the transaction that made it true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from catalogue import letters
from catalogue.choices import Form
from catalogue.signals import screening_passed, solution_moved, submission_moved

if TYPE_CHECKING:
    from catalogue.models import Solution, Submission

#: What the team is told of a submission that left screening.
TO_TEAM = {
    "give_back": "submission_returned",
    "decline": "submission_declined",
    "recall": "submission_recalled",
}
#: What it is told when others decide about its record.
OF_RECORDS = {"withdraw": "solution_withdrawn", "restore": "solution_restored"}


@receiver(submission_moved, dispatch_uid="letters-about-submissions")
def tell_of_submission(submission: Submission, verb: str, by: Any, **_: Any) -> None:
    if verb == "submit":
        letters.submission_waits(submission)
    elif verb in TO_TEAM:
        letters.submission_decided(TO_TEAM[verb], submission, by=by)


@receiver(screening_passed, dispatch_uid="letters-about-what-passed")
def tell_what_passed(submission: Submission, by: Any, **_: Any) -> None:
    """Of a full record the panel's own letter says that it passed."""
    if submission.form != Form.FULL:
        letters.submission_decided("submission_documented", submission, by=by)


@receiver(solution_moved, dispatch_uid="letters-about-records")
def tell_of_record(solution: Solution, verb: str, by: Any, **_: Any) -> None:
    if verb in OF_RECORDS:
        letters.solution_moved(OF_RECORDS[verb], solution, by=by)
