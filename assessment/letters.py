"""Letters about self-assessments. None tells what anybody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.kinds import NoticeKind
from accounts.letters import on_one_line, tell
from accounts.models import User
from hubs.models import Membership

if TYPE_CHECKING:
    from assessment.models import Assessment, Sheet

#: How the reader of each letter sorts it.
KINDS = {
    "asked": NoticeKind.ASKED,
    "to_settle": NoticeKind.ASKED,
}


def asked(sheet: Sheet, *, by: Any) -> None:
    """Ask somebody to answer apart from the other, unless they named themselves."""
    person, assessment = sheet.person, sheet.assessment
    if person is None or (by is not None and person.pk == by.pk):
        return
    _write("asked", person, "assessment:mine", assessment)


def to_settle(assessment: Assessment, *, by: Any) -> None:
    """Tell the other of the two, and the focal points, that both have answered."""
    hub = assessment.hub_id
    focal_points = Membership.objects.filter(hub=hub, role=Membership.Role.FOCAL_POINT)
    keys = set(focal_points.values_list("user", flat=True))
    keys |= set(assessment.sheets.exclude(person=None).values_list("person", flat=True))
    if by is not None:
        keys.discard(by.pk)
    people = User.objects.filter(pk__in=keys, is_active=True).select_related("profile")
    for person in people.order_by("pk"):
        _write("to_settle", person, "assessment:differences", assessment)


def _write(name: str, to: User, view: str, assessment: Assessment) -> None:
    tell(
        to,
        f"assessment/{name}",
        (view, assessment.hub.slug, assessment.uid),
        kind=KINDS[name],
        key=f"assessment-{name}:{assessment.pk}:{to.pk}",
        hub=on_one_line(assessment.hub),
    )
