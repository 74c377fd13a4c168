"""What labs ask of a person: reports of trials to check, and confirmations of new members to read.

Two queries for whoever keeps a lab or moderates the portal, none of them per item.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.choices import ReportState
from community.models import Lesson, LivingLab, TrialReport
from core import waiting

#: Of one kind, as many are listed.
MOST = 10


@waiting.source("community-reports", of_records=False)
def to_check(user: Any) -> Iterable[waiting.Item]:
    """Reports of trials: of the labs a person keeps, all for portal moderators."""
    rows = TrialReport.objects.to_check_by(user).select_related("solution")
    for report in rows.order_by("submitted_at", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Check a report of a trial: %(solution)s") % {"solution": report.solution},
            detail=_("By %(organisation)s.") % {"organisation": report.organisation},
            verb=_("Check"),
            url=f"{reverse('community:trial', args=[report.uid])}#check",
            since=report.submitted_at,
        )


@waiting.source("community-confirmations", of_records=False)
def to_read(user: Any) -> Iterable[waiting.Item]:
    """Confirmations that wait to be read: one item for each lesson."""
    if not user.is_authenticated:
        return
    held = Q(confirmations__state=ReportState.SUBMITTED)
    lessons = Lesson.objects.shown()
    if not user.is_staff:
        lessons = lessons.filter(lab__in=LivingLab.objects.kept_by(user))
    held &= ~Q(confirmations__user=user)
    rows = lessons.annotate(
        held=Count("confirmations", filter=held), since=Min("confirmations__given_at", filter=held)
    )
    for lesson in rows.filter(held__gt=0).select_related("lab").order_by("since", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Read who confirms a lesson: %(lesson)s") % {"lesson": lesson},
            detail=ngettext(
                "%(n)d member says they saw the same.",
                "%(n)d members say they saw the same.",
                lesson.held,
            )
            % {"n": lesson.held},
            verb=_("Read"),
            url=f"{lesson.get_absolute_url()}#who",
            since=lesson.since,
        )
