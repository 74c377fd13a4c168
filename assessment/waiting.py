"""What self-assessments ask of a person: to answer, to agree, to name somebody, to do a step.

Nobody without a hub costs a query. Otherwise two for open assessments, one for the history of
a focal point's hubs, one for steps. No item tells what anybody answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Exists, Max, OuterRef, Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from assessment.models import Assessment, RoadStep, Sheet
from core import waiting
from core.templatetags.components import when
from hubs.models import Hub, Membership, roles_of

#: After so long a hub is asked where it stands now.
AGAIN_AFTER = timedelta(days=365)
#: So long before its date a step is called to mind.
BEFOREHAND = timedelta(days=14)
#: Of one kind, as many are listed.
MOST = 10

_OPEN = (Assessment.State.ANSWERING, Assessment.State.COMPARING)


def _about(hub_id: int) -> str:
    return f"hub:{hub_id}"


@waiting.source("assessment-open")
def open_ones(user: Any) -> Iterable[waiting.Item]:
    """Answers to give, differences to settle, places nobody fills."""
    roles = roles_of(user)
    if not roles:
        return
    found = Assessment.objects.filter(hub__in=list(roles), state__in=_OPEN)
    sheets = Prefetch("sheets", Sheet.objects.defer("answers", "changed"))
    for assessment in found.select_related("hub").prefetch_related(sheets)[:MOST]:
        is_focal_point = roles[assessment.hub_id] == Membership.Role.FOCAL_POINT
        if assessment.state == Assessment.State.ANSWERING:
            yield from _while_answering(assessment, user, is_focal_point=is_focal_point)
        elif is_focal_point or any(s.person_id == user.pk for s in assessment.sheets.all()):
            yield _to_settle(assessment)


def _while_answering(
    assessment: Assessment, user: Any, *, is_focal_point: bool
) -> Iterator[waiting.Item]:
    here = [assessment.hub.slug, assessment.uid]
    for sheet in assessment.sheets.all():
        if sheet.done_at is not None:
            continue
        if sheet.person_id == user.pk:
            yield waiting.Item(
                title=_("Answer the self-assessment: %(hub)s") % {"hub": assessment.hub.short},
                detail=_(
                    "Somebody of another unit answers, too. Neither sees what the other says"
                    " before both have finished."
                ),
                verb=_("Answer"),
                url=reverse("assessment:mine", args=here),
                since=assessment.opened_at,
                about=_about(assessment.hub_id),
            )
        elif sheet.person_id is None and is_focal_point:
            yield waiting.Item(
                title=_("Name somebody to answer the self-assessment: %(hub)s")
                % {"hub": assessment.hub.short},
                detail=_("Who was asked has left. The place of “%(unit)s” is free.")
                % {"unit": sheet.unit},
                verb=_("Name somebody"),
                url=reverse("assessment:replace", args=[*here, sheet.uid]),
                since=assessment.opened_at,
                about=_about(assessment.hub_id),
            )


def _to_settle(assessment: Assessment) -> waiting.Item:
    done = [sheet.done_at for sheet in assessment.sheets.all() if sheet.done_at is not None]
    return waiting.Item(
        title=_("Agree on the self-assessment: %(hub)s") % {"hub": assessment.hub.short},
        detail=_("Both have answered. Look together at what differs, then settle it."),
        verb=_("Compare"),
        url=reverse("assessment:differences", args=[assessment.hub.slug, assessment.uid]),
        since=max(done, default=assessment.opened_at),
        about=_about(assessment.hub_id),
    )


@waiting.source("assessment-again")
def to_repeat(user: Any) -> Iterable[waiting.Item]:
    """Hubs that assessed themselves once, more than a year ago: asked of focal points."""
    focal = [pk for pk, role in roles_of(user).items() if role == Membership.Role.FOCAL_POINT]
    if not focal:
        return
    of_hub = Assessment.objects.filter(hub=OuterRef("pk"))
    hubs = (
        Hub.objects.filter(
            pk__in=focal, merged_into=None, assessments__state=Assessment.State.AGREED
        )
        .exclude(Exists(of_hub.filter(state__in=_OPEN)))
        .annotate(last=Max("assessments__agreed_at"))
        .filter(last__lte=timezone.now() - AGAIN_AFTER)
    )
    for hub in hubs.order_by("last", "pk")[:MOST]:
        yield waiting.Item(
            title=_("See where your hub stands now: %(hub)s") % {"hub": hub.short},
            detail=format_html(
                _("The last self-assessment was agreed on {day}."), day=when(hub.last, "day")
            ),
            verb=_("Open one"),
            url=reverse("assessment:start", args=[hub.slug]),
            since=hub.last + AGAIN_AFTER,
            about=_about(hub.pk),
        )


@waiting.source("assessment-steps")
def steps_to_do(user: Any) -> Iterable[waiting.Item]:
    """Own steps of road maps that are late, or due within two weeks."""
    roles = roles_of(user)
    if not roles:
        return
    near = timezone.localdate() + BEFOREHAND
    steps = RoadStep.objects.open().filter(owner=user, hub__in=list(roles), due_on__lte=near)
    for step in steps.select_related("hub", "statement").order_by("due_on", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Do a step of the road map: %(step)s") % {"step": step.said},
            detail=_("%(hub)s. Say how far it has come.") % {"hub": step.hub.short},
            verb=_("Note progress"),
            url=reverse("assessment:step", args=[step.hub.slug, step.uid]),
            since=step.created_at,
            due=_end_of(step.due_on),
            about=_about(step.hub_id),
        )


def _end_of(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(23, 59)))
