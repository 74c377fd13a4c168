"""What the catalogue hears of solutions: whether they were tried and where they are used,
whether they are talked and written about, and whether they grew out of a discussion."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.dispatch import receiver

from catalogue import finding
from catalogue.around import tells
from catalogue.uptake import counted_by
from community.models import Article, Discussion, Outgrowth, TrialReport
from community.signals import report_moved
from community.trials import adoptions

tells("trials", lambda: Exists(TrialReport.objects.filter(solution=OuterRef("pk"))))
tells("discussions", lambda: Exists(Discussion.objects.filter(solution=OuterRef("pk"))))
tells(
    "articles",
    lambda: Exists(Article.solutions.through._default_manager.filter(solution=OuterRef("pk"))),
)
tells("grown_from", lambda: Exists(Outgrowth.objects.filter(solution=OuterRef("pk"))))
counted_by(adoptions)


@receiver(report_moved, dispatch_uid="uptake-follows-reports")
def count_again(report: TrialReport, **_: Any) -> None:
    """In the transaction of the move, so that no list says otherwise."""
    finding.note_uptake(report.solution_id)
