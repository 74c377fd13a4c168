"""Reviews taken over from a registry, from ``validation/data``: replayed as closed cases.

The Digital Public Goods registry asked people to review its candidates and published what they
wrote. Here each candidate becomes one case, judged by the registry's own form as a criteria
set of another family than ours, with one seat for each review. A case is born closed and
gives no label; the record of the solution stays as it is. A candidate is taken over once.

What is irregular in the files is read as the registry meant it, and counted in the report.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.models import User
from catalogue import criteria
from catalogue import loading as records
from catalogue.models import CriteriaSet, CriteriaState, Solution
from core.models import AuditEntry, AuditHead
from validation import choices as c
from validation.judging import Panel
from validation.models import Case, Score, Seat
from validation.operations.common import audit_data

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).resolve().parent / "data"
REVIEWS = "dpg-reviews.json"
FAMILY = "dpg"
VERSION = "1.0"
CRITERIA = f"criteria-{FAMILY}-{VERSION}.json"
#: Files whose change means that there may be something new to take over.
FILES = (DATA / REVIEWS, records.DATA / CRITERIA)

#: Accounts of the registry's reviewers: names and addresses that belong to nobody.
DOMAIN = "registry.invalid"
#: What the registry calls a question, and its code in the criteria set.
NAMED = {
    "license": "D1",
    "ownership": "D2",
    "clearOwnership": "D2",
    "documentation": "D3",
    "nonPII": "D4",
}
GOALS = 10
QUESTIONS = NAMED | {f"SDG[{place}]": f"S{place + 1}" for place in range(GOALS)}
YES, NO = 4, 0
#: Names of columns that are no answers.
FACTS = frozenset({"candidate", "user", "timestamp"})

Report = Callable[[str], None]


# --- Reading the file --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as the registry has it; ``name`` is what its form called the question."""

    name: str
    yes: bool
    comment: str
    confidence: int

    @property
    def code(self) -> str:
        return QUESTIONS[self.name]

    @property
    def value(self) -> int:
        return YES if self.yes else NO

    @property
    def reason(self) -> str:
        """The comment, if there is one, and how sure the reviewer was."""
        return f"{self.comment} Confidence {self.confidence} of 5.".strip()


@dataclass(frozen=True, slots=True)
class Review:
    """One review of one candidate, named by its title."""

    candidate: str
    reviewer: str
    at: datetime
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Reviews:
    """All of them in order of time, where they are from, and what was irregular."""

    rows: tuple[Review, ...]
    attribution: str
    licence: str
    quirks: Mapping[str, int]

    @property
    def candidates(self) -> list[str]:
        return sorted({row.candidate for row in self.rows}, key=str.casefold)

    def of(self, candidate: str) -> list[Review]:
        return [row for row in self.rows if row.candidate == candidate]

    def pairs(self, *, by_name: bool = False) -> tuple[int, int]:
        """Pairs of candidate and question with two answers or more, and how many of them are
        split. ``by_name`` keeps apart the two names the form had for ownership."""
        found: dict[tuple[str, str], list[bool]] = {}
        for row in self.rows:
            for answer in row.answers:
                key = answer.name if by_name else answer.code
                found.setdefault((row.candidate, key), []).append(answer.yes)
        several = [values for values in found.values() if len(values) > 1]
        return len(several), sum(len(set(values)) > 1 for values in several)


@cache
def reviews() -> Reviews:
    """The reviews that come with the portal."""
    return read(json.loads((DATA / REVIEWS).read_text(encoding="utf-8")))


def read(data: Mapping[str, Any]) -> Reviews:
    """The file as reviews. A question or an answer that is none is refused, never guessed."""
    quirks: Counter[str] = Counter()
    rows = [_review(row, quirks) for row in data["reviews"]]
    rows.sort(key=lambda row: (row.at, row.reviewer))
    return Reviews(tuple(rows), data["attribution"], data["licence"], dict(quirks))


def _review(row: Mapping[str, Any], quirks: Counter[str]) -> Review:
    answers = tuple(_answer(name, row[name], quirks) for name in row if name not in FACTS)
    codes = [answer.code for answer in answers]
    if len(set(codes)) != len(codes):
        raise ValueError(f"{row['candidate']}: {row['user']} answers one question twice")
    return Review(
        candidate=row["candidate"].strip(),
        reviewer=row["user"],
        at=datetime.fromtimestamp(row["timestamp"], UTC),
        answers=tuple(sorted(answers, key=lambda answer: list(QUESTIONS).index(answer.name))),
    )


def _answer(name: str, said: Mapping[str, Any], quirks: Counter[str]) -> Answer:
    if name not in QUESTIONS:
        raise ValueError(f"the form has no question {name!r}")
    if not isinstance(said["answer"], bool):
        raise ValueError(f"{said['answer']!r} is neither yes nor no")
    confidence = int(said["confidence"])
    if not 1 <= confidence <= 5:
        raise ValueError(f"a confidence of {confidence}")
    comment = " ".join(said["comment"].split())
    quirks["confidence as text"] += isinstance(said["confidence"], str)
    quirks["ownership under its second name"] += name == "clearOwnership"
    quirks["goal by its place in the list"] += name.startswith("SDG[")
    quirks["no comment"] += not comment
    return Answer(name, said["answer"], comment, confidence)


# --- The registry's form as a criteria set -------------------------------------------------


def registry_form() -> CriteriaSet:
    """The registry's form, published; made when it is not there. It judges no submission:
    those are judged by the common family."""
    content = json.loads((records.DATA / CRITERIA).read_text(encoding="utf-8"))
    return CriteriaSet.objects.get_or_create(
        family=FAMILY,
        version=VERSION,
        hub=None,
        defaults={
            "name": content["name"],
            "content": content,
            "content_hash": criteria.fingerprint(content),
            "state": CriteriaState.IN_FORCE,
            "in_force_from": reviews().rows[0].at,
        },
    )[0]


# --- Taking the reviews over -----------------------------------------------------------------


@dataclass(slots=True)
class ImportReport:
    """What was read, what of it found its record, and what was irregular."""

    rows: int = 0
    answers: int = 0
    reviewers: int = 0
    candidates: int = 0
    matched: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    new: int = 0
    quirks: dict[str, int] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """For whoever runs the import."""
        found = [
            f"Replay: {self.rows} reviews by {self.reviewers} reviewers, {self.answers} answers",
            f"Replay: {len(self.matched)} of {self.candidates} candidates found, {self.new} new",
        ]
        if self.unmatched:
            found.append(f"Replay: without a public record: {', '.join(self.unmatched)}")
        return found + [f"Replay: {name}: {n}" for name, n in sorted(self.quirks.items())]


def replay(by: User, report: Report = lambda _line: None) -> ImportReport:
    """Take the registry's reviews over as closed cases, as ``by``. Repeating it adds nothing.

    No label, no record and no state of a solution comes of it.
    """
    found = reviews()
    done = ImportReport(
        rows=len(found.rows),
        answers=sum(len(row.answers) for row in found.rows),
        reviewers=len({row.reviewer for row in found.rows}),
        candidates=len(found.candidates),
        quirks=dict(found.quirks),
    )
    with transaction.atomic():
        AuditHead.hold()
        chosen = registry_form()
        solutions = _solutions_by_title(by)
        there = set(
            Case.objects.filter(kind=c.CaseKind.REPLAY, criteria_set=chosen).values_list(
                "solution_id", flat=True
            )
        )
        people: dict[str, User] = {}
        for candidate in found.candidates:
            solution = solutions.get(candidate.casefold())
            if solution is None or solution.public_version is None:
                done.unmatched.append(candidate)
                continue
            done.matched.append(candidate)
            if solution.pk not in there:
                people = people or _people(found.rows)
                _replay_one(solution, found.of(candidate), people, chosen, found, by=by)
                done.new += 1
    for line in done.lines():
        report(line)
    return done


def _solutions_by_title(by: User) -> dict[str, Solution]:
    """The registry's entries that are public, by the title the registry knows them by. What
    became of the title here since is no matter: the entry is known by its key."""
    registry = records.registry()
    titles = {
        records.key_of(registry.name, entry["slug"]): entry["title"] for entry in registry.entries
    }
    rows = Solution.objects.public().filter(owner=by, form_key__in=titles)
    return {
        titles[solution.form_key].casefold(): solution
        for solution in rows.select_related("public_version")
    }


def _people(rows: Iterable[Review]) -> dict[str, User]:
    """One account for each of the registry's reviewers. Nobody can sign in with it."""
    names = sorted({row.reviewer for row in rows})
    addresses = {name: f"{name}@{DOMAIN}" for name in names}
    known = {user.email: user for user in User.objects.filter(email__in=addresses.values())}
    return {
        name: known.get(address) or User.objects.create_user(address, name=name, is_active=False)
        for name, address in addresses.items()
    }


def _replay_one(
    solution: Solution,
    rows: Sequence[Review],
    people: Mapping[str, User],
    chosen: CriteriaSet,
    source: Reviews,
    *,
    by: User,
) -> Case:
    """One candidate as one closed case, its reviews in order of time."""
    version = solution.public_version
    assert version is not None  # noqa: S101 (the database holds it for public records)
    asked = {answer.code for row in rows for answer in row.answers}
    first, last = rows[0].at, rows[-1].at
    case = Case.objects.create(
        solution=solution,
        submission=None,
        version=version,
        criteria_set=chosen,
        kind=c.CaseKind.REPLAY,
        scope=[row["code"] for row in chosen.content["criteria"] if row["code"] in asked],
        state=c.CaseState.CLOSED,
        outcome=c.Outcome.REPLAYED,
        opened_at=first,
        state_since=last,
        ended_at=last,
        note=(
            "Reviews that people wrote for the Digital Public Goods registry between "
            f"{first:%Y-%m} and {last:%Y-%m}, about the entry as it then was. "
            f"{source.attribution}. They give no label here."
        ),
    )
    seats = Seat.objects.bulk_create(
        Seat(
            case=case,
            user=people[row.reviewer],
            alias=letters(place),
            state=c.SeatState.SENT,
            invited_at=row.at,
            answered_at=row.at,
            due_at=row.at,
            sent_at=row.at,
        )
        for place, row in enumerate(rows)
    )
    Score.objects.bulk_create(
        Score(seat=seat, criterion=answer.code, value=answer.value, reason=answer.reason)
        for seat, row in zip(seats, rows, strict=True)
        for answer in row.answers
    )
    two = Panel(case, tuple(case.seats.filter(pk__in=[seat.pk for seat in seats[:2]])))
    Case.objects.filter(pk=case.pk).update(third_needed=two.third_needed())
    AuditEntry.record(
        by=by,
        verb="open",
        target=case,
        note=source.attribution,
        reviews=len(rows),
        **audit_data(case),
    )
    return case


def letters(place: int) -> str:
    """A to Z, then AA to AZ, and so on: the alias of the review at this place."""
    first, last = divmod(place, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)
