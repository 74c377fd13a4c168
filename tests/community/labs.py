"""What tests of living labs and of trials need. Every name and text is made up."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from community.choices import Outcome, Trust
from community.models import LabEntry, Lesson, LivingLab, TrialReport
from community.operations import labs, trials
from community.operations.labs import mark_of
from tests.community.factories import make_lab, make_member
from tests.factories import complete_snapshot, make_hub, make_user, published, reference
from tests.factories import make_member as make_hub_member

if TYPE_CHECKING:
    from accounts.models import User
    from catalogue.models import Solution

#: Countries of the reference data of the tests; labs made here are in Brazil.
HOME, ELSEWHERE = "BR", ("ID", "CD", "CG")
TOLD = {
    "organisation": "Water board of the valley",
    "country": "ID",
    "tried": "2021-05",
    "context": "Forty wells in dry hills.",
    "changed": "Pumps by hand.",
    "result": "Half of the wells still give water.",
    "outcome": Outcome.PARTLY,
}


def brazilian_lab(**values: Any) -> LivingLab:
    """A public lab whose pilot hub is in Brazil."""
    reference()
    return make_lab(**{"hub": make_hub(country_id=HOME)} | values)


def steward_of(lab: LivingLab, **values: Any) -> User:
    """A member who keeps the lab and is of no hub."""
    user = make_member(**values)
    lab.stewards.add(user)
    return user


def editor_of(lab: LivingLab) -> User:
    return make_member(make_hub_member(lab.hub, "editor"))


def write_lesson(lab: LivingLab, *, by: User | None = None, **values: Any) -> Lesson:
    return labs.write_lesson(
        lab,
        **{
            "by": by or make_user(is_staff=True),
            "form_key": uuid.uuid4(),
            "text": "Name one keeper for each pump.",
            "detail": "In three valleys.",
        }
        | values,
    )


def write_entry(lab: LivingLab, *, by: User | None = None, **values: Any) -> LabEntry:
    return labs.write_entry(
        lab,
        **{
            "by": by or make_user(is_staff=True),
            "form_key": uuid.uuid4(),
            "happened": "2024-05",
            "title": "The first pump stands",
            "body": "<p>It took <strong>four</strong> days.</p>",
        }
        | values,
    )


def confirm(lesson: Lesson, country: str = "ID", *, by: User | None = None, **values: Any) -> Any:
    told = {"country": country, "note": "We saw the same in the hills."} | values
    return labs.confirm_lesson(lesson, by=by or make_member(), **told)


def public_solution(**values: Any) -> Solution:
    return published(complete_snapshot(**values))


def report(
    solution: Solution | None = None,
    *,
    by: User | None = None,
    lab: LivingLab | None = None,
    **values: Any,
) -> TrialReport:
    """A report that waits for a check."""
    solution = solution or public_solution()
    if lab is not None:
        lab.solutions.add(solution)
    told = {"form_key": uuid.uuid4()} | TOLD | values
    return trials.report_trial(solution, by=by or make_member(), lab=lab, **told)


def shown(row: TrialReport | None = None, **values: Any) -> TrialReport:
    """A report that was checked."""
    row = row or report(**values)
    check(row, make_user(is_staff=True))
    return TrialReport.objects.get(pk=row.pk)


def check(row: TrialReport, by: User, *, shows: bool = True, reason: str = "") -> None:
    fresh = TrialReport.objects.get(pk=row.pk)
    opened = mark_of(fresh, trials.TOLD)
    trials.check_report(fresh, by=by, shows=shows, opened=opened, reason=reason)


def new_member() -> User:
    """Somebody whose contributions are read first."""
    return make_member(trust=Trust.NEW)
