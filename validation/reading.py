"""The frozen version laid out for those who judge it: beside each criterion the answers that
belong to it, the evidence tied to it, and what was asked and said since.

Texts are shown in the language in which they were frozen: that is what is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.db.models.fields.json import KeyTextTransform
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue import fields as f
from catalogue.presentation import Answer, answers
from catalogue.reading import LinkStates, Record, Source, language_attrs
from validation import choices as c
from validation.models import Decision, EvidenceCheck, Question
from validation.operations.common import periods

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from validation.models import Case, Seat

#: The field whose answer is the list of evidence, shown as such and not among the answers.
EVIDENCE = "evidence"


# --- The criteria of a case --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of the set a case is judged by."""

    code: str
    name: str
    question: str
    looked_for: str
    anchors: tuple[tuple[int, str], ...]
    minimum: int | None
    is_binding: bool
    weight: Any


def criteria_of(case: Case) -> list[Criterion]:
    """All criteria of the set, in its order, those a hub added included."""
    return [
        Criterion(
            code=row["code"],
            name=row["name"],
            question=row["question"],
            looked_for=row.get("evidence_required", ""),
            anchors=tuple((n, row["anchors"][str(n)]) for n in range(5)),
            minimum=row["minimum"],
            is_binding=bool(row["binding"]) or row["minimum"] is not None,
            weight=row["weight"],
        )
        for row in case.criteria_set.content["criteria"]
    ]


# --- The frozen version ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence, with what this reviewer found."""

    source: Source
    check: EvidenceCheck | None

    @property
    def ref(self) -> str:
        return self.source.ref


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the panel and the team's answer; empty until it was sent."""

    round: int
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What the owner said of a criterion when they confirmed the solution again."""

    status: StrOrPromise
    note: str
    evidence: tuple[str, ...]


class Frozen:
    """The version a case is about, as its panel may read it: restricted parts included."""

    def __init__(
        self,
        case: Case,
        *,
        link_states: LinkStates | None = None,
        checks: Sequence[EvidenceCheck] = (),
        questions: Sequence[Question] = (),
    ) -> None:
        version = case.version
        self.case = case
        self.content = version.content
        self.record = Record(
            version.content,
            language=version.content["language"],
            private=version.private_content,
            link_states=link_states,
        )
        self._private = version.private_content
        self._checks = {check.ref: check for check in checks}
        self._questions = questions

    @property
    def attrs(self) -> SafeString:
        """The language of the answers, where it is not that of the page."""
        return language_attrs(self.content["language"])

    @cached_property
    def items(self) -> list[Item]:
        return [Item(source, self._checks.get(source.ref)) for source in self.record.evidence]

    @cached_property
    def refs(self) -> list[str]:
        return [item.ref for item in self.items]

    def items_for(self, code: str) -> list[Item]:
        """Evidence the team tied to this criterion."""
        return [item for item in self.items if code in item.source.criteria]

    @cached_property
    def _answers(self) -> list[Answer]:
        return [
            answer
            for page in answers(self.content, self._private)
            for answer in page.answers
            if answer.name != EVIDENCE
        ]

    def answers_to(self, code: str) -> list[Answer]:
        """What the record answers to this criterion, and what it leaves open."""
        return [
            answer
            for answer in self._answers
            if code in f.BY_NAME[answer.name].criteria
            and not (answer.is_empty and not f.BY_NAME[answer.name].required)
        ]

    @cached_property
    def other_answers(self) -> list[Answer]:
        """What is stated and belongs to no criterion of the set."""
        codes = {row["code"] for row in self.case.criteria_set.content["criteria"]}
        said = {"title", "summary"}
        return [
            answer
            for answer in self._answers
            if not answer.is_empty
            and answer.name not in said
            and not codes & set(f.BY_NAME[answer.name].criteria)
        ]

    def asked_about(self, code: str) -> list[Asked]:
        """Questions and answers of all rounds. An answer still being written is not shown."""
        return [
            Asked(
                question.clarification.round,
                question.text,
                question.answer
                if question.clarification.state == c.ClarificationState.ANSWERED
                else "",
            )
            for question in self._questions
            if question.criterion == code
        ]

    @cached_property
    def _statements(self) -> Mapping[str, Any]:
        renewal = getattr(self.case.submission, "renewal", None)
        return renewal.statements if renewal is not None else {}

    def statement_on(self, code: str) -> Statement | None:
        said = self._statements.get(code)
        if said is None:
            return None
        return Statement(
            c.Renewed(said["status"]).label, said["note"], tuple(said.get("evidence", ()))
        )

    @cached_property
    def carried(self) -> list[tuple[Criterion, str]]:
        """Criteria that are not scored again, with the agreed score they keep."""
        earlier = self.case.earlier
        if earlier is None:
            return []
        kept = {row["code"]: row["score"] for row in earlier.document["criteria"]}
        return [
            (criterion, kept[criterion.code])
            for criterion in criteria_of(self.case)
            if criterion.code not in self.case.scope and kept.get(criterion.code) is not None
        ]


def questions_of(case: Case) -> list[Question]:
    """What the team was asked in this case. One query."""
    asked = Question.objects.filter(clarification__case=case).select_related("clarification")
    return list(asked.order_by("clarification__round", "pk"))


# --- Dates in words ----------------------------------------------------------------------


def days_in_words(due: datetime) -> str:
    """How far off a date is: "5 days left", "Due today", "2 days late"."""
    days = (timezone.localdate(due) - timezone.localdate()).days
    if days > 1:
        return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}
    if days == 1:
        return _("Due tomorrow")
    if days == 0:
        return _("Due today")
    return ngettext("%(n)d day late", "%(n)d days late", -days) % {"n": -days}


def is_late(due: datetime | None) -> bool:
    return due is not None and timezone.localdate(due) < timezone.localdate()


def answer_due(seat: Seat) -> datetime:
    """Until when an invitation waits for its answer."""
    return seat.invited_at + timedelta(days=sum(periods(seat.case)["invitation_days"]))


# --- A person's queue --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue."""

    seat: Any
    verb: StrOrPromise
    due: datetime | None
    address: str = "validation:review"

    @property
    def url(self) -> str:
        return reverse(self.address, args=[self.seat.uid])

    @property
    def title(self) -> str:
        return str(self.seat.title)

    @property
    def attrs(self) -> SafeString:
        return language_attrs(self.seat.language)

    @property
    def is_late(self) -> bool:
        return is_late(self.due)

    @property
    def in_words(self) -> str:
        return days_in_words(self.due) if self.due else ""


def with_titles(seats: QuerySet[Seat]) -> QuerySet[Seat]:
    """Seats with title and language of the frozen version, without reading the whole of it."""
    return seats.select_related("case__solution", "case__criteria_set").annotate(
        title=KeyTextTransform("title", "case__version__content"),
        language=KeyTextTransform("language", "case__version__content"),
        has_proposal=Exists(
            Decision.objects.filter(case=OuterRef("case"), state=c.DecisionState.PROPOSED)
        ),
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for a reviewer, by what there is to do; the soonest first."""

    invited: list[Row]
    reviewing: list[Row]
    to_confirm: list[Row]
    waiting: list[Row]

    @property
    def asks(self) -> int:
        """How many of them wait for this person."""
        return len(self.invited) + len(self.reviewing) + len(self.to_confirm)

    @property
    def dated(self) -> list[Row]:
        return [*self.invited, *self.reviewing, *self.to_confirm]


def queue_of(seats: QuerySet[Seat]) -> Queue:
    """Everything of a person that is still going on. One query."""
    found: dict[str, list[Row]] = {"invited": [], "reviewing": [], "to_confirm": [], "waiting": []}
    going_on = seats.filter(state__in=c.SEATED, case__state__in=c.OPEN)
    for seat in with_titles(going_on):
        name, row = _row(seat)
        found[name].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row.due is None, row.due, row.seat.pk))
    return Queue(**found)


def _row(seat: Any) -> tuple[str, Row]:
    case = seat.case
    match seat.state:
        case c.SeatState.INVITED:
            return "invited", Row(seat, _("Answer"), answer_due(seat))
        case c.SeatState.REVIEWING:
            return "reviewing", Row(seat, _("Review"), seat.due_at)
    if case.state == c.CaseState.DECISION and seat.has_proposal:
        return "to_confirm", Row(seat, _("Look at it"), case.due_at, "validation:review-decision")
    return "waiting", Row(seat, _("See your review"), None)


# --- A decision in words -----------------------------------------------------------------


def failure_in_words(failure: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One reason that keeps a solution from a label, as kept with the decision."""
    code = failure["criterion"]
    told = {
        "criterion": f"{code} {names.get(code, '')}".strip(),
        "needed": failure["needed"],
        "found": failure["found"],
    }
    match failure["code"]:
        case "gate":
            return _("A gate was found to fail during the review.")
        case "unjudged":
            return _("%(criterion)s: too few could judge it.") % told
        case "binding":
            return _("%(criterion)s: %(found)s, and %(needed)s is needed.") % told
        case "zero":
            return _("%(criterion)s scores 0.") % told
        case "score":
            return _("The sum is %(found)s, and %(needed)s is needed.") % told
        case _:
            return _("The evidence for results is E%(found)s, and E%(needed)s is needed.") % {
                **told,
                "found": failure["found"] or 0,
            }
