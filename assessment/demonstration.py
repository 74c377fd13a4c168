"""An example hub for trying what a hub's team does. It says that it is one, is not listed, and
counts nowhere: no real institution gets an invented figure or score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from assessment import operations
from assessment.models import Assessment
from claims.models import Reference
from hubs.choices import Function, Modality, OrganisationalModel
from hubs.models import Hub, HubClaim, Membership
from hubs.operations import confirm, create_hub, own_statement
from hubs.topics import TOPICS

if TYPE_CHECKING:
    from accounts.models import User
    from assessment.scoring import Asked

SLUG = "example-hub"
NAME = "Example hub"
#: The level of each dimension in the round of last year and in this year's.
ROUNDS: tuple[Mapping[str, int], ...] = (
    {"identify": 1, "package": 1, "partner": 2, "results": 0, "structure": 1, "money": 1},
    {"identify": 2, "package": 1, "partner": 3, "results": 1, "structure": 2, "money": 1},
)
YEAR = timedelta(days=366)
ROLES = {
    "focal-point": Membership.Role.FOCAL_POINT,
    "editor": Membership.Role.EDITOR,
    "practitioner": Membership.Role.MEMBER,
}
#: Topic, name, figure and text of what the example hub says of itself.
STATEMENTS: tuple[tuple[str, str, int | None, str], ...] = (
    ("staff", "", 12, "Example: twelve people work on exchange."),
    ("staff_permanent", "", 7, "Example: seven of them are permanent."),
    ("staff_seconded", "", 5, "Example: five are seconded."),
    ("share_core", "", 50, "Example: the core budget pays half."),
    ("share_partners", "", 25, "Example: partners pay a quarter."),
    ("share_cost_sharing", "", 10, "Example: those who visit pay a tenth."),
    ("offered", "Study visits", None, "Example: a week of visits with two workshops."),
    ("sought", "Ex-post checks", None, "Example: how others follow up a visit after a year."),
)


@transaction.atomic
def make_example(people: Mapping[str, User], *, by: User) -> bool:
    """Make the example hub with two rounds of self-assessment and a road map, once.

    ``people`` are the demonstration accounts by role; ``by`` is a portal moderator.
    """
    if Hub.objects.filter(slug=SLUG).exists():
        return False
    hub = _hub(by)
    for role, hub_role in ROLES.items():
        Membership.objects.create(hub=hub, user=people[role], role=hub_role)
        people[role].__dict__.pop("_hub_roles", None)
    confirm(hub, by=people["focal-point"])
    rounds = [_round(hub, people, levels) for levels in ROUNDS]
    _last_year(rounds[0])
    _road_map(rounds[-1], people)
    return True


def _hub(by: User) -> Hub:
    hub = Hub(
        slug=SLUG,
        name=NAME,
        kind=Hub.Kind.NATIONAL,
        summary="An example for trying the pages of a hub’s team: there is no such institution.",
        model=OrganisationalModel.INTER_MINISTERIAL,
        functions=[Function.IDENTIFY, Function.PACKAGE, Function.COORDINATE],
        modalities=[Modality.STUDY_VISIT, Modality.WORKSHOP, Modality.VIDEO_CONFERENCE],
        languages=["en", "fr"],
        is_listed=False,
    )
    own: Reference = own_statement(hub)
    year = str(timezone.localdate().year - 1)
    claims = [
        HubClaim(
            topic=topic,
            label=label,
            low=figure,
            high=figure,
            unit=TOPICS[topic].unit if figure else "",
            text=text,
            reference=own,
            as_of=year,
        )
        for topic, label, figure, text in STATEMENTS
    ]
    return create_hub(hub, by=by, claims=claims)


def _round(hub: Hub, people: Mapping[str, User], levels: Mapping[str, int]) -> Assessment:
    """One round, answered by two people who differ in one place, and agreed."""
    focal_point = people["focal-point"]
    assessment = operations.open_assessment(
        hub,
        by=focal_point,
        people=[(people["editor"], "Planning"), (people["practitioner"], "Operations")],
    )
    asked = operations.asked_of(assessment.framework)
    answers = _answers(asked, levels)
    for role in ("editor", "practitioner"):
        own = dict(answers)
        if role == "practitioner":
            own[asked[0].code] = {"holds": not own[asked[0].code]["holds"], "proof": ""}
        sheet = assessment.sheets.get(person=people[role])
        operations.save_answers(sheet, by=people[role], answers=own, base=0)
        operations.finish_sheet(sheet, by=people[role])
    assessment.refresh_from_db()
    operations.save_agreed(assessment, by=focal_point, answers=answers, base=assessment.revision)
    assessment.refresh_from_db()
    return operations.agree(
        assessment, by=focal_point, summary="Example: these answers are made up."
    )


def _answers(asked: Iterable[Asked], levels: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Everything up to the level holds, and one statement of the next."""
    given: dict[str, dict[str, Any]] = {}
    begun: set[str] = set()
    for statement in asked:
        holds = statement.level <= levels[statement.dimension]
        if statement.level == levels[statement.dimension] + 1 and statement.dimension not in begun:
            begun.add(statement.dimension)
            holds = True
        given[statement.code] = {"holds": holds, "proof": ""}
    return given


def _last_year(assessment: Assessment) -> None:
    """Put a round back by a year, so that there is a history to look at."""
    Assessment.objects.filter(pk=assessment.pk).update(
        opened_at=assessment.opened_at - YEAR,
        agreed_at=(assessment.agreed_at or timezone.now()) - YEAR,
    )


def _road_map(assessment: Assessment, people: Mapping[str, User]) -> None:
    """The cheapest steps: one under way, one planned, one for later."""
    editor = people["editor"]
    codes = [statement.code for statement in operations.suggestions(assessment)]
    steps = operations.take_steps(assessment, by=people["focal-point"], codes=codes)
    today = timezone.localdate()
    for step, days in zip(steps, (45, 200, 500), strict=False):
        operations.change_step(
            step, by=editor, text=step.text, owner=editor, due_on=today + timedelta(days=days)
        )
    if steps:
        steps[0].refresh_from_db()
        operations.note_progress(
            steps[0], by=editor, progress=40, text="Example: the first half is written."
        )
