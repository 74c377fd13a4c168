"""What is known about hubs in general, and where published sources disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.views.generic import TemplateView

from claims.citing import Citations
from claims.disagreements import disagreements_to_read, record_of
from claims.models import Contradiction
from hubs.models import Lesson, LessonHub
from hubs.templatetags.claims_tags import in_english, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claims.models import Claim
    from hubs.templatetags.claims_tags import Line


class LessonsView(TemplateView):
    """The findings on national and sector hubs and the capacities of a hub, with the hubs that
    show them. Two queries."""

    template_name = "hubs/lessons.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = LessonHub.objects.filter(hub__is_listed=True, hub__merged_into=None)
        lessons = Lesson.objects.select_related("reference").prefetch_related(
            Prefetch("shown_by", shown.select_related("hub").order_by("hub__name", "pk"))
        )
        by_kind: dict[str, list[Lesson]] = {}
        for lesson in lessons.order_by("kind", "number"):
            by_kind.setdefault(lesson.kind, []).append(lesson)
        citations = Citations()
        groups = [
            (kind.value, kind.label, [(one, citations.cite(one)) for one in by_kind[kind]])
            for kind in Lesson.Kind
            if kind in by_kind
        ]
        return super().get_context_data(
            groups=groups, citations=citations, english=in_english(), **kwargs
        )


@dataclass(slots=True)
class Saying:
    """One answer in a disagreement, and the records about which it is given."""

    line: Line
    records: list[tuple[str, str]]


class ContradictionsView(TemplateView):
    """Where published sources disagree: the places the editors marked, and further questions
    that were answered in different ways. One query, and three for each kind of statement."""

    template_name = "hubs/contradictions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        marked: dict[int, list[Claim]] = {}
        questions = []
        for found in disagreements_to_read(self.request.user):
            keys = {claim.contradiction_id for claim in found.group.all} - {None}
            for key in keys:
                marked.setdefault(key, []).extend(
                    claim for claim in found.group.all if claim.contradiction_id in (key, None)
                )
            if not keys:
                questions.append((found, name_of(found.record), sayings(found.group.all)))
        return super().get_context_data(
            contradictions=[
                (row, sayings(marked.get(row.pk, []))) for row in Contradiction.objects.all()
            ],
            questions=questions,
            english=in_english(),
            **kwargs,
        )


def name_of(record: Any) -> str:
    """What a record is called where room is scarce."""
    return getattr(record, "short", "") or str(record)


def sayings(claims: Iterable[Claim]) -> list[Saying]:
    """The claims side by side; what was said alike of several records stands once."""
    found: dict[tuple[Any, ...], Saying] = {}
    citations = Citations()
    for claim in claims:
        record = getattr(claim, record_of(type(claim)))
        key = (claim.topic, claim.label, claim.text, claim.reference_id, claim.place)
        saying = found.setdefault(key, Saying(line_of(claim, citations.cite(claim)), []))
        saying.records.append((name_of(record), claim.get_absolute_url()))
    return list(found.values())
