"""Facts about people and self-assessments, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from assessment.models import Assessment, RoadStep, Sheet
from hubs.models import Hub
from hubs.rules import is_focal_point, is_hub_editor, is_hub_member, is_portal_moderator


@rules.predicate
def answers_it(user: Any, obj: Any) -> bool:
    """One of the two people who were asked."""
    return bool(
        isinstance(obj, Assessment)
        and user.is_authenticated
        and any(sheet.person_id == user.pk for sheet in obj.sheets.all())
    )


@rules.predicate
def is_own_sheet(user: Any, obj: Any) -> bool:
    return bool(isinstance(obj, Sheet) and user.is_authenticated and obj.person_id == user.pk)


@rules.predicate
def is_visible(user: Any, obj: Any) -> bool:
    """What ``visible_to`` shows; a test holds the two together."""
    return isinstance(obj, Assessment) and (
        Assessment.objects.visible_to(user).filter(pk=obj.pk).exists()
    )


@rules.predicate
def both_are_done(user: Any, obj: Any) -> bool:
    """Nobody compares before both have finished, also when it was given up meanwhile."""
    if not isinstance(obj, Assessment):
        return False
    sheets = obj.sheets.all()
    return bool(sheets) and all(sheet.done_at is not None for sheet in sheets)


@rules.predicate
def does_the_step(user: Any, obj: Any) -> bool:
    return bool(isinstance(obj, RoadStep) and user.is_authenticated and obj.owner_id == user.pk)


@rules.predicate
def road_map_is_shared(user: Any, obj: Any) -> bool:
    """An agreed assessment this person may see was shared together with the road map."""
    hub = obj.hub if isinstance(obj, RoadStep) else obj
    return isinstance(hub, Hub) and (
        Assessment.objects.visible_to(user)
        .filter(hub=hub, state=Assessment.State.AGREED, shares_road_map=True)
        .exists()
    )


rules.add_perm("assessment.open_assessment", is_focal_point)
rules.add_perm("assessment.answer_assessment", answers_it & is_hub_member)
rules.add_perm("assessment.answer_sheet", is_own_sheet)
rules.add_perm("assessment.view_assessment", is_visible)
rules.add_perm("assessment.view_differences", is_hub_member & both_are_done)
rules.add_perm("assessment.settle_assessment", (answers_it & is_hub_member) | is_focal_point)
rules.add_perm("assessment.share_assessment", is_focal_point)
rules.add_perm("assessment.change_road_map", is_hub_editor)
rules.add_perm("assessment.note_progress", is_hub_editor | (does_the_step & is_hub_member))
rules.add_perm("assessment.view_road_map", is_hub_member | road_map_is_shared)
rules.add_perm("assessment.change_framework", is_portal_moderator)
