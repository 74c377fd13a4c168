"""Facts about people and solutions, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from catalogue.choices import Publication
from catalogue.models import Contributor, CriteriaSet, Solution, Submission
from catalogue.signals import panel_asks
from hubs.rules import is_focal_point, is_hub_editor, is_portal_moderator


def _solution(obj: Any) -> Solution:
    return obj.solution if isinstance(obj, Submission) else obj


def contributions_of(user: Any) -> set[int]:
    """The records this person contributes to with their account, read once per request."""
    if not hasattr(user, "_contributions"):
        user._contributions = set(
            Contributor.objects.filter(user=user).values_list("solution_id", flat=True)
        )
    return user._contributions


@rules.predicate
def is_in_team(user: Any, obj: Any) -> bool:
    """Owns the record or is named in it with an account."""
    if obj is None:
        return False
    solution = _solution(obj)
    if not user.is_authenticated or not user.is_active:
        return False
    return solution.owner_id == user.pk or solution.pk in contributions_of(user)


@rules.predicate
def is_open_to_all(user: Any, obj: Any) -> bool:
    return obj is not None and _solution(obj).publication != Publication.PRIVATE


@rules.predicate
def was_submitted(user: Any, obj: Any) -> bool:
    return obj is not None and _solution(obj).first_submitted_at is not None


@rules.predicate
def edits_its_hub(user: Any, obj: Any) -> bool:
    return bool(user.is_active and is_hub_editor(user, _solution(obj)))


@rules.predicate
def speaks_for_its_hub(user: Any, obj: Any) -> bool:
    return bool(user.is_active and is_focal_point(user, _solution(obj)))


@rules.predicate
def judges_it(user: Any, obj: Any) -> bool:
    """The layers above have given the record to this person to judge."""
    if obj is None or not user.is_authenticated or not user.is_active:
        return False
    answers = panel_asks.send(Solution, user=user, solution=_solution(obj))
    return any(answer for _receiver, answer in answers)


has_desk_scope = was_submitted & (edits_its_hub | is_portal_moderator)
screens = was_submitted & (speaks_for_its_hub | is_portal_moderator)

rules.add_perm("catalogue.view_solution", is_open_to_all | is_in_team | has_desk_scope)
rules.add_perm("catalogue.view_working_copy", is_in_team | has_desk_scope)
rules.add_perm("catalogue.edit_solution", is_in_team | (was_submitted & edits_its_hub))
rules.add_perm("catalogue.manage_team", is_in_team)
rules.add_perm("catalogue.publish_solution", screens)
rules.add_perm("catalogue.withdraw_solution", is_in_team | screens)
rules.add_perm("catalogue.restore_solution", screens)
rules.add_perm("catalogue.view_submission", is_in_team | has_desk_scope)
rules.add_perm("catalogue.screen_submission", screens)
rules.add_perm("catalogue.recall_submission", is_in_team)
rules.add_perm("catalogue.view_restricted_evidence", is_in_team | has_desk_scope | judges_it)
rules.add_perm("catalogue.import_solutions", is_portal_moderator)


# --- Criteria sets ------------------------------------------------------------------------


@rules.predicate
def is_published_set(user: Any, obj: CriteriaSet | None) -> bool:
    return obj is not None and not obj.is_draft


@rules.predicate
def keeps_its_hub(user: Any, obj: CriteriaSet | None) -> bool:
    """A focal point or editor of the hub whose set it is."""
    return bool(obj is not None and user.is_active and is_hub_editor(user, obj))


@rules.predicate
def decides_for_its_hub(user: Any, obj: CriteriaSet | None) -> bool:
    """The focal point of the hub whose set it is. Of a shared set nobody is: administrators,
    who pass every rule, decide on those."""
    return bool(obj is not None and user.is_active and is_focal_point(user, obj))


@rules.predicate
def is_set_of_a_hub(user: Any, obj: CriteriaSet | None) -> bool:
    """It ends when its hub becomes part of another, which portal moderators decide."""
    return obj is not None and obj.hub_id is not None


rules.add_perm(
    "catalogue.view_criteria_set", is_published_set | keeps_its_hub | is_portal_moderator
)
rules.add_perm("catalogue.draft_criteria_set", decides_for_its_hub)
rules.add_perm("catalogue.put_in_force_criteria_set", decides_for_its_hub)
rules.add_perm("catalogue.end_criteria_set", is_set_of_a_hub & is_portal_moderator)
