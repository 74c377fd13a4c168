"""What self-assessments hear from accounts and hubs."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts.signals import account_closed, personal_data
from assessment import letters, operations
from assessment.models import Assessment, RoadStep, Sheet, StepUpdate
from assessment.signals import assessment_moved
from core import audit
from core.models import AuditHead
from hubs.models import Hub, Membership
from hubs.operations.merging import Expected
from hubs.signals import hubs_merging, merging_asked, role_changed

# --- People ------------------------------------------------------------------------------------


@receiver(personal_data, dispatch_uid="assessments-of-a-person")
def sheets_kept(user: Any, **_kwargs: Any) -> tuple[str, list[dict[str, Any]]]:
    """What they answered apart."""
    rows = Sheet.objects.filter(person=user).select_related("assessment__hub").order_by("pk")
    return "self_assessments", [
        {
            "hub": row.assessment.hub.name,
            "unit": row.unit,
            "finished": row.done_at.isoformat() if row.done_at else None,
            "answers": row.answers,
        }
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="road-steps-of-a-person")
def steps_kept(user: Any, **_kwargs: Any) -> tuple[str, list[dict[str, Any]]]:
    """The steps they were to do, and what they said about steps."""
    steps = RoadStep.objects.filter(owner=user).select_related("hub").order_by("pk")
    updates = StepUpdate.objects.filter(by=user).select_related("step__hub").order_by("pk")
    return "road_map", [
        *(
            {
                "hub": step.hub.name,
                "step": step.text,
                "due": step.due_on.isoformat() if step.due_on else None,
                "state": step.state,
            }
            for step in steps
        ),
        *(
            {
                "hub": update.step.hub.name,
                "step": update.step.text,
                "time": update.at.isoformat(),
                "progress": update.progress,
                "text": update.text,
            }
            for update in updates
        ),
    ]


@receiver(account_closed, dispatch_uid="assessing-ends-with-the-account")
def assessing_ends(user: Any, **_kwargs: Any) -> None:
    """What they had not finished becomes free; finished answers stay their hub's."""
    operations.free_places(by=user, person=user)


@receiver(role_changed, dispatch_uid="assessing-ends-with-the-role")
def role_ended(hub: Hub, user: Any, role: str, by: Any, **_kwargs: Any) -> None:
    if not role:
        operations.free_places(by=by, person=user, hub=hub)


# --- Letters -----------------------------------------------------------------------------------


@receiver(assessment_moved, dispatch_uid="letters-about-assessments")
def tell_of_assessment(assessment: Assessment, verb: str, by: Any, **_kwargs: Any) -> None:
    if verb == "open":
        for sheet in assessment.sheets.select_related("person__profile").order_by("pk"):
            letters.asked(sheet, by=by)
    elif verb == "compare":
        letters.to_settle(assessment, by=by)


# --- Hubs --------------------------------------------------------------------------------------


@receiver(hubs_merging, dispatch_uid="assessments-go-with-their-hub")
def bring_over(gone: Hub, kept: Hub, by: Any, **_kwargs: Any) -> None:
    """The history, the road map and what was shared with the hub that goes belong to the other
    from now on. Where only one of two can stand, that of the hub that stays does."""
    AuditHead.hold()
    _bring_assessments(gone, kept, by)
    _bring_steps(gone, kept, by)
    _bring_sharing(gone, kept)


_OPEN = (Assessment.State.ANSWERING, Assessment.State.COMPARING)


@receiver(merging_asked, dispatch_uid="assessments-before-a-merging")
def expected(gone: Hub, kept: Hub, **_kwargs: Any) -> Expected:
    """What would not come along as it is. What was answered or planned is not told."""
    notes = []
    if all(hub.assessments.filter(state__in=_OPEN).exists() for hub in (gone, kept)):
        notes.append(
            _("Both have a self-assessment open. That of %(gone)s is given up.") % {"gone": gone}
        )
    if _same_steps(gone, kept).exists():
        notes.append(_("Steps that both road maps have open stay once."))
    return Expected(notes=notes)


def _same_steps(gone: Hub, kept: Hub) -> QuerySet[RoadStep]:
    """Open steps of the hub that goes whose statement the other has on its road map, too."""
    there = kept.road_map.open().filter(statement__isnull=False).values("statement__code")
    return gone.road_map.open().filter(statement__code__in=there)


def _bring_assessments(gone: Hub, kept: Hub, by: Any) -> None:
    if kept.assessments.filter(state__in=_OPEN).exists():
        for assessment in gone.assessments.filter(state__in=_OPEN):
            assessment.give_way(
                by=by,
                note=_("%(gone)s became part of %(kept)s, which has one open already.")
                % {"gone": gone, "kept": kept},
            )
    gone.assessments.update(hub=kept)


def _bring_steps(gone: Hub, kept: Hub, by: Any) -> None:
    for step in _same_steps(gone, kept):
        step.give_way(
            by=by,
            note=_("%(gone)s became part of %(kept)s, which has this step already.")
            % {"gone": gone, "kept": kept},
        )
    gone.road_map.update(hub=kept)


def _bring_sharing(gone: Hub, kept: Hub) -> None:
    """What others shared with the hub that goes is shared with the one that stays, once; none
    is shared with its own hub."""
    chosen = Assessment.shared_with.through.objects
    already = chosen.filter(hub=kept).values_list("assessment_id", flat=True)
    chosen.filter(hub=gone, assessment__in=list(already)).delete()
    chosen.filter(hub=gone).update(hub=kept)
    chosen.filter(hub=kept, assessment__hub=kept).delete()


# --- The audit ---------------------------------------------------------------------------------


@audit.withhold
def of_other_hubs(user: Any) -> Q:
    """Whoever is not of the hub does not read in the audit how it assesses itself: who was
    asked, when they agreed, which steps it takes."""
    own = Membership.objects.filter(user=user).values("hub")
    hidden = Q()
    for model in (Assessment, RoadStep):
        keys = model._default_manager.filter(hub__in=own).annotate(key=Cast("pk", CharField()))
        hidden |= Q(target_type=model._meta.label_lower) & ~Q(target_id__in=keys.values("key"))
    return hidden
