"""One case as one person sees it: what they may read, which forms are open, what each does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from core.models import AuditEntry
from hubs import reference
from validation import choices as c
from validation.admin.base import history_of, is_moderator
from validation.admin.words import barred, failures_of, names_of, next_step, why_third
from validation.conflicts import Named, hard_blocks
from validation.forms.desk import (
    DateForm,
    DecisionForm,
    DeclarationForm,
    DeskForm,
    PersonForm,
    QuestionsForm,
    ReasonForm,
)
from validation.judging import Panel
from validation.models import Appeal, Case, CasePart, Record, Seat
from validation.operations import clarifying, deciding, inviting, opening, panel
from validation.operations.advancing import LEAST
from validation.operations.common import periods
from validation.operations.inviting import MOST_ON_PANEL
from validation.rules import has_declared
from validation.scoring import as_number

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from validation.models import Decision

#: States in which no review is open any more: only then anybody sees scores side by side.
ALL_IN = (c.CaseState.DECISION, c.CaseState.DECIDED)


@dataclass(slots=True)
class Judged:
    """What one reviewer said of one criterion."""

    alias: str
    value: int | None
    cannot_judge: bool
    reason: str
    cites: list[str]


@dataclass(slots=True)
class Row:
    """One criterion: the reviews side by side, what they agree on, the chair's fields."""

    code: str
    name: str
    question: str
    minimum: int | None
    judged: list[Judged]
    agreed: str
    spread: int
    fields: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Place:
    """One seat on the panel with what may be done about it."""

    seat: Seat
    name: str
    country: str
    is_late: bool
    due: DateForm | None = None
    release: ReasonForm | None = None


def case_for(user: Any, pk: str) -> Case | None:
    """One case with all that its page reads from it, if it is in the person's scope."""
    if not pk.isdigit():
        return None
    return (
        Case.objects.at_desk_of(user)
        .select_related(
            *("solution__hub", "submission__submitted_by", "version", "criteria_set"),
            *("chair", "earlier"),
        )
        .prefetch_related(
            "seats__user", "seats__scores", "clarifications__questions", "decisions", "checks"
        )
        .filter(pk=pk)
        .first()
    )


class CasePage:
    """What the page of a case shows to this person, and what they may do there.

    A chair who has not declared sees the declaration alone. Names of reviewers are the
    chair's; other moderators see aliases, until they look with a reason.
    """

    def __init__(self, case: Case, user: User, data: Mapping[str, Any] | None = None) -> None:
        self.case, self.user, self.data = case, user, data
        self.do = str(data.get("do", "")) if data is not None else ""
        self.is_chair = case.chair_id == user.pk
        self.only_declares = self.is_chair and not has_declared(user, case)
        self.chairs = self.is_chair and not self.only_declares
        self.moderates = is_moderator(user) and not self.only_declares
        self.names_shown = self.chairs
        self.bound: DeskForm | None = None
        self.done = ""
        self._forms: dict[str, Any] = {}

    # --- What may be done ---------------------------------------------------------------

    @cached_property
    def acts(self) -> dict[str, Callable[[], None]]:
        """What this person may ask for, whatever the state: that, the operation checks."""
        if self.only_declares:
            return {"declare": self._declare}
        acts: dict[str, Callable[[], None]] = {}
        if self.moderates:
            acts |= {"appoint": self._appoint, "close": self._close, "release": self._release}
            if not self.is_chair:
                acts |= {"take": self._take, "look": self._look}
        if self.chairs:
            acts |= {
                "invite": self._invite,
                "due": self._set_due,
                "release": self._release,
                "ask": self._ask,
                "compute": self._compute,
                "propose": self._propose,
            }
        return acts

    def act(self) -> None:
        """Do what was asked. A refusal is for the caller, who shows it in ``bound``."""
        act = self.acts.get(self.do)
        if act is None:
            raise PermissionDenied
        act()

    def _keep(self, form: Any) -> Any:
        """The form that was sent, checked as far as it can be by itself."""
        self.bound = form
        form.is_valid()
        return form

    def _take(self) -> None:
        declared = self._keep(self.form("take")).declared
        opening.appoint_chair(self.case, by=self.user, chair=self.user, declared=declared)
        self.done = _("You have the chair.")

    def _declare(self) -> None:
        declared = self._keep(self.form("declare")).declared
        if opening.declare_chair(self.case, by=self.user, declared=declared):
            self.done = _("Thank you. The case is open to you.")
        else:
            self.done = _("Thank you. The desk finds somebody else for the chair.")

    def _appoint(self) -> None:
        form = self._keep(self.form("appoint"))
        if not form.errors:
            opening.appoint_chair(self.case, by=self.user, chair=form.chosen)
            self.done = _("%(name)s has the chair and is asked about conflicts of interest.") % {
                "name": form.chosen
            }

    def _invite(self) -> None:
        self._keep(DeskForm(self.data))
        asked = str(self._sent("person"))
        person = User.objects.filter(pk=asked).first() if asked.isdigit() else None
        if person is None:
            raise PermissionDenied
        inviting.invite(self.case, by=self.user, person=person)
        self.done = _("%(name)s is invited.") % {"name": person}

    def _set_due(self) -> None:
        place = self._place()
        form = self._keep(DateForm(self.data, prefix=f"due-{place.seat.uid}"))
        place.due = form
        if not form.errors:
            panel.set_due(place.seat, by=self.user, on=form.cleaned_data["on"])
            self.done = _("The date of %(reviewer)s is changed.") % {"reviewer": place.seat}

    def _release(self) -> None:
        place = self._place()
        form = self._keep(self._release_form(place.seat, self.data))
        place.release = form
        panel.release(place.seat, by=self.user, note=form.cleaned_data.get("note", ""))
        self.done = _("%(reviewer)s is released.") % {"reviewer": place.seat}

    def _ask(self) -> None:
        form = self._keep(self.form("ask"))
        if not form.errors:
            clarifying.ask(self.case, by=self.user, questions=form.questions)
            self.done = _("The questions are with the team.")

    def _compute(self) -> None:
        form = self._keep(self.form("decide"))
        values = form.values()
        strength = self.panel.strength if form.chosen_strength is None else form.chosen_strength
        gates_pass = not any(why.strip() for why in form.failed_gates.values())
        self.computed = self._result(values, strength=strength, gates_pass=gates_pass)

    def _propose(self) -> None:
        form = self._keep(self.form("decide"))
        if form.errors:
            return
        deciding.propose(
            self.case,
            by=self.user,
            rulings=form.rulings,
            letter=form.text("letter"),
            strength=form.chosen_strength,
            strength_reason=form.text("strength_reason"),
            failed_gates=form.failed_gates,
        )
        self.done = _("The proposal is with the panel: one of the reviewers confirms it.")

    def _close(self) -> None:
        note = self._keep(self.form("close")).cleaned_data.get("note", "")
        opening.close_case(self.case, by=self.user, note=note)
        self.done = _("The case is closed.")

    def _look(self) -> None:
        """Show the names this once, and say in the record who looked and why."""
        form = self._keep(self.form("look"))
        note = form.cleaned_data.get("note", "").strip()
        if not note:
            form.add_error("note", _("Say why you need the names: it goes into the record."))
        elif not form.errors:
            AuditEntry.record(by=self.user, verb="reveal", target=self.case, note=note)
            self.names_shown = True
            self.bound = None
            self.__dict__.pop("places", None)

    def _sent(self, name: str) -> Any:
        return self.data.get(name, "") if self.data is not None else ""

    def _place(self) -> Place:
        """The seat that was meant, if it is one of this case."""
        uid = self._sent("seat")
        place = next((place for place in self.places if place.seat.uid == uid), None)
        if place is None:
            raise PermissionDenied
        return place

    # --- Forms --------------------------------------------------------------------------

    def form(self, name: str) -> Any:
        """A form of this page: filled with what was sent, if it is the one that was sent."""
        if name not in self._forms:
            meant = {"compute": "decide", "propose": "decide"}.get(self.do, self.do)
            data = self.data if meant == name else None
            self._forms[name] = self._make(name, data)
        return self._forms[name]

    def _make(self, name: str, data: Mapping[str, Any] | None) -> Any:
        match name:
            case "take" | "declare":
                return DeclarationForm(data, prefix=name)
            case "appoint":
                return PersonForm(data, prefix=name, people=self.candidates[0])
            case "ask":
                return QuestionsForm(
                    data, prefix=name, criteria=self.criteria, asked=self.questions_of_reviewers
                )
            case "decide":
                last = self.decisions[-1] if self.decisions else None
                return DecisionForm(
                    data, prefix=name, case=self.case, panel=self.panel, earlier=last
                )
            case "close":
                return ReasonForm(
                    data, prefix=name, label=_("Why it is closed"), hint=_("The team reads it.")
                )
            case _look:
                return ReasonForm(
                    data,
                    prefix=name,
                    label=_("Why you need the names"),
                    hint=_("It goes into the record, with your name."),
                )

    @property
    def take_form(self) -> Any:
        return self.form("take")

    @property
    def declare_form(self) -> Any:
        return self.form("declare")

    @property
    def appoint_form(self) -> Any:
        return self.form("appoint")

    @property
    def ask_form(self) -> Any:
        return self.form("ask")

    @property
    def decide_form(self) -> Any:
        return self.form("decide")

    @property
    def close_form(self) -> Any:
        return self.form("close")

    @property
    def look_form(self) -> Any:
        return self.form("look")

    @staticmethod
    def _release_form(seat: Seat, data: Mapping[str, Any] | None) -> ReasonForm:
        return ReasonForm(
            data,
            prefix=f"release-{seat.uid}",
            label=_("Why %(reviewer)s is released") % {"reviewer": seat},
            hint=_("A review that is in does not count any more."),
        )

    # --- What is shown ------------------------------------------------------------------

    @cached_property
    def shows_take(self) -> bool:
        """Whether the chair is offered: it is empty, and they have not left it for a conflict."""
        if not (self.case.is_open and self.case.chair_id is None and "take" in self.acts):
            return False
        left = CasePart.objects.filter(case=self.case, user=self.user, part=c.Part.CHAIR)
        return not any(any(row.declared.values()) for row in left)

    @property
    def shows_close(self) -> bool:
        return self.case.is_open and "close" in self.acts

    @property
    def shows_appoint(self) -> bool:
        return self.case.is_open and "appoint" in self.acts

    @property
    def shows_look(self) -> bool:
        return "look" in self.acts and bool(self.places) and not self.names_shown

    @cached_property
    def chair_declared(self) -> bool:
        return self.case.chair is not None and has_declared(self.case.chair, self.case)

    @property
    def next_step(self) -> str:
        return next_step(self.case, chair_declared=self.chair_declared)

    @property
    def why_third(self) -> list[str]:
        return why_third(self.case.third_needed)

    @cached_property
    def names(self) -> dict[str, str]:
        return names_of(self.case.criteria_set.content)

    @cached_property
    def criteria(self) -> list[dict[str, Any]]:
        """The criteria the panel scores, in the order of the set."""
        rows = self.case.criteria_set.content["criteria"]
        return [row for row in rows if row["code"] in self.case.scope]

    @cached_property
    def candidates(self) -> tuple[list[tuple[User, str]], list[tuple[User, str]]]:
        """Who may be given the chair, and who may not with the reason, from what is known."""
        people = (
            User.objects.filter(is_active=True)
            .filter(Q(is_staff=True) | Q(reviewer__is_active=True, reviewer__may_chair=True))
            .exclude(pk__in=[self.user.pk, self.case.chair_id or 0])
            .select_related("profile")
            .order_by("name", "pk")
        )
        named = Named.of(self.case)
        free, blocked = [], []
        for person in people:
            blocks = hard_blocks(person, named)
            if blocks:
                blocked.append((person, " ".join(block.message for block in blocks)))
            else:
                free.append((person, about(person)))
        return free, blocked

    @cached_property
    def places(self) -> list[Place]:
        """The seats in the order of their letters, which tells nothing of when."""
        now, found = timezone.now(), []
        may_change = self.case.is_open and self.chairs
        for seat in sorted(self.case.seats.all(), key=lambda seat: seat.alias):
            seat.case = self.case
            place = Place(
                seat,
                str(seat.user) if self.names_shown else "",
                reference.country_name(seat.country) if seat.country else "",
                seat.state == c.SeatState.REVIEWING
                and seat.due_at is not None
                and seat.due_at < now,
            )
            if may_change and seat.state in c.BUSY:
                day = seat.asked_due_on or (seat.due_at and timezone.localdate(seat.due_at))
                place.due = DateForm(prefix=f"due-{seat.uid}", initial={"on": day})
            if seat.state in c.SEATED and seat.user_id != self.user.pk and "release" in self.acts:
                place.release = self._release_form(seat, None)
            found.append(place)
        return found

    @property
    def shows_suggestions(self) -> bool:
        seated = [place for place in self.places if place.seat.state in c.SEATED]
        open_to_more = self.case.state in {c.CaseState.ASSIGNMENT, c.CaseState.REVIEW}
        return self.chairs and open_to_more and len(seated) < MOST_ON_PANEL

    @property
    def needs_people(self) -> bool:
        """Whether somebody has to be asked now; else the list is there for later."""
        states = [place.seat.state for place in self.places]
        seated = [state for state in states if state in c.SEATED]
        if len(seated) < LEAST:
            return True
        return bool(self.case.third_needed) and not set(states) & set(c.BUSY)

    @cached_property
    def suggestions(self) -> list[inviting.Suggestion]:
        """Whom the chair may ask, the best fit first; people on the panel are not among them."""
        seated = {place.seat.user_id for place in self.places if place.seat.state in c.SEATED}
        found = inviting.suggestions(self.case)
        return [one for one in found if one.reviewer.user_id not in seated]

    @property
    def may_be_asked(self) -> list[tuple[inviting.Suggestion, str]]:
        """With the country each comes from."""
        return [
            (one, country_of(one.reviewer.user)) for one in self.suggestions if one.may_be_asked
        ]

    @property
    def not_to_be_asked(self) -> list[inviting.Suggestion]:
        return [one for one in self.suggestions if not one.may_be_asked]

    # --- Reviews ------------------------------------------------------------------------

    @property
    def shows_reviews(self) -> bool:
        return self.case.state in ALL_IN and not self.only_declares

    @property
    def shows_decision_form(self) -> bool:
        """In its state; and whenever it was sent, so that nothing typed is lost."""
        sent = self.do in {"compute", "propose"} and self.bound is not None
        return self.chairs and (self.case.state == c.CaseState.DECISION or sent)

    @cached_property
    def panel(self) -> Panel:
        return Panel.of(self.case)

    @cached_property
    def rows(self) -> list[Row]:
        """The reviews side by side, by criterion and in the order of the letters."""
        rows = []
        for item in self.criteria:
            code = item["code"]
            judged = [
                Judged(str(seat), score.value, score.cannot_judge, score.reason, score.cites)
                for seat in self.panel.seats
                for score in seat.scores.all()
                if score.criterion == code
            ]
            values = [one.value for one in judged if one.value is not None]
            found = self.panel.agreed.get(code)
            row = Row(
                code,
                item["name"],
                item["question"],
                item["minimum"],
                judged,
                as_number(found.value) if found else "",
                max(values) - min(values) if values else 0,
            )
            if self.shows_decision_form:
                names = (f"{code}-value", f"{code}-why", f"{code}-reason")
                row.fields = [
                    self.decide_form[name] for name in names if name in self.decide_form.fields
                ]
            rows.append(row)
        return rows

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Scores that stand from the earlier record, on the short path."""
        return [
            (self.names.get(code, code), as_number(value))
            for code, value in self.panel.carried.items()
        ]

    @property
    def strengths(self) -> list[tuple[str, str]]:
        """How strong each reviewer found the evidence for results."""
        return [
            (str(seat), str(c.Strength(seat.strength).label) if seat.strength is not None else "–")
            for seat in self.panel.seats
        ]

    @property
    def strength_agreed(self) -> str:
        found = self.panel.strength
        return "" if found is None else str(c.Strength(found).label)

    @property
    def notes_to_chair(self) -> list[tuple[str, str]]:
        return [(str(seat), seat.note) for seat in self.panel.seats if seat.note]

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """Each item of the frozen version with what the panel found when it looked."""
        aliases = {seat.pk: str(seat) for seat in self.panel.seats}
        found: dict[str, list[tuple[str, str, str]]] = {}
        for check in self.case.checks.all():
            if check.seat_id is not None and check.seat_id not in aliases:
                continue
            who = aliases[check.seat_id] if check.seat_id else _("A member")
            label = str(c.CheckOutcome(check.outcome).label)
            found.setdefault(check.ref, []).append((who, label, check.note))
        return [
            {"ref": row["ref"], "title": row["title"], "checks": found.get(row["ref"], [])}
            for row in self.case.version.content["evidence"]
        ]

    # --- Questions to the team ----------------------------------------------------------

    @property
    def shows_ask(self) -> bool:
        if not self.chairs:
            return False
        if self.do == "ask" and self.bound is not None:
            return True
        asks = self.case.state in {c.CaseState.REVIEW, c.CaseState.DECISION}
        return asks and self.rounds_left > 0

    @property
    def rounds_left(self) -> int:
        return max(int(periods(self.case)["clarification_rounds"]) - self.case.rounds, 0)

    @property
    def rounds_left_in_words(self) -> str:
        left = self.rounds_left
        return ngettext("%(n)d round is left.", "%(n)d rounds are left.", left) % {"n": left}

    @property
    def questions_of_reviewers(self) -> dict[str, list[str]]:
        """What reviewers would ask, from reviews that are in: an open one is still theirs."""
        asked: dict[str, list[str]] = {}
        for place in self.places:
            if place.seat.state != c.SeatState.SENT:
                continue
            for score in place.seat.scores.all():
                if score.question:
                    asked.setdefault(score.criterion, []).append(score.question)
        return asked

    @property
    def clarifications(self) -> list[Any]:
        return sorted(self.case.clarifications.all(), key=lambda row: row.round)

    # --- The decision -------------------------------------------------------------------

    @cached_property
    def decisions(self) -> list[Decision]:
        return sorted(self.case.decisions.all(), key=lambda row: row.pk)

    def _result(self, values: Any = None, **more: Any) -> dict[str, Any]:
        result = self.panel.result(values, **more)
        return {
            "label": str(c.Outcome(result.label).label),
            "score": as_number(result.score),
            "barred": barred(result.label, failures_of(result), self.names),
        }

    @cached_property
    def computed(self) -> dict[str, Any]:
        """What follows from the reviews; after "Compute", from what the form says."""
        return self._result()

    @property
    def has_computed(self) -> bool:
        return self.do == "compute"

    @property
    def proposals(self) -> list[dict[str, Any]]:
        """Every proposal of this case, the latest first, as it was laid before the panel."""
        return [
            {
                "decision": row,
                "label": c.Outcome(row.label).label,
                "barred": barred(row.label, row.failures, self.names),
                "rows": [(self.names.get(code, code), said) for code, said in row.scores.items()],
                "gates": sorted(row.failed_gates.items()),
                "strength": "" if row.strength is None else c.Strength(row.strength).label,
                "seat": next(
                    (str(p.seat) for p in self.places if p.seat.pk == row.answered_seat_id), ""
                ),
            }
            for row in reversed(self.decisions)
        ]

    @cached_property
    def record(self) -> Record | None:
        return Record.objects.filter(case=self.case).first()

    @cached_property
    def appeal(self) -> Appeal | None:
        return Appeal.objects.filter(case=self.case).first()

    def history(self) -> QuerySet[AuditEntry]:
        return history_of_case(self.case)

    @property
    def entries(self) -> list[AuditEntry]:
        return list(self.history()[:50])


def history_of_case(case: Case) -> QuerySet[AuditEntry]:
    """Everything recorded about a case and the seats of its panel, newest first."""
    return history_of((Case, [case.pk]), (Seat, list(case.seats.values_list("pk", flat=True))))


def country_of(person: User) -> str:
    code = str(person.profile.country)
    return reference.country_name(code) if code else ""


def about(person: User) -> str:
    """Who somebody is, in a line: institution and country."""
    return ", ".join(part for part in (person.profile.organisation, country_of(person)) if part)
