"""Results, records and checks in words, for every page that shows them.

A public record is shown from what was signed (``Record.document``) and from nothing else but
its state since; a page can therefore say no more of a panel than the record itself does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F
from django.db.models.fields.json import KT, KeyTextTransform
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from catalogue.choices import Publication
from catalogue.models.criteria import COMMON
from catalogue.reading import language_attrs
from core.text import base_language
from hubs import reference
from validation import choices as c
from validation.models import Record

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import StrOrPromise

TOP_SCORE = 4
#: The mark is drawn for this many binding criteria (design guide).
SPOKES = range(5, 9)

#: What the scores of the common criteria are called. Other sets have anchors of their own.
SCORE_WORDS: tuple[StrOrPromise, ...] = (
    pgettext_lazy("score", "Absent"),
    pgettext_lazy("score", "Asserted"),
    pgettext_lazy("score", "Adequate"),
    pgettext_lazy("score", "Strong"),
    pgettext_lazy("score", "Outstanding"),
)
#: An agreed score may lie between two of them.
BETWEEN_WORDS: tuple[StrOrPromise, ...] = (
    gettext_lazy("Absent to asserted"),
    gettext_lazy("Asserted to adequate"),
    gettext_lazy("Adequate to strong"),
    gettext_lazy("Strong to outstanding"),
)
#: Names in the common criteria that the interface translates; other sets stay in their words.
NAMES: dict[str, StrOrPromise] = {
    "Relevance": gettext_lazy("Relevance"),
    "Results": gettext_lazy("Results"),
    "Verifiability": gettext_lazy("Verifiability"),
    "Transferability": gettext_lazy("Transferability"),
    "Sustainability": gettext_lazy("Sustainability"),
    "Inclusion": gettext_lazy("Inclusion"),
    "Inclusion and gender": gettext_lazy("Inclusion and gender"),
    "Efficiency": gettext_lazy("Efficiency"),
    "Participation": gettext_lazy("Participation"),
    "Learning and failure": gettext_lazy("Learning and failure"),
    "Readiness to share": gettext_lazy("Readiness to share"),
    "In practice": gettext_lazy("In practice"),
    "Right to share": gettext_lazy("Right to share"),
    "Country-led": gettext_lazy("Country-led"),
    "No known harm": gettext_lazy("No known harm"),
    "Complete and readable": gettext_lazy("Complete and readable"),
}
#: Names too long for the spokes of the seal.
SHORT_NAMES: dict[str, StrOrPromise] = {"Inclusion and gender": gettext_lazy("Inclusion")}
LONGEST_ON_SEAL = 16
#: The steps of evidence for results, without their codes.
STRENGTH_WORDS: dict[str, StrOrPromise] = {
    "E0": gettext_lazy("Assertion"),
    "E1": gettext_lazy("Own records"),
    "E2": gettext_lazy("External review"),
    "E3": gettext_lazy("Comparison study"),
    "E4": gettext_lazy("Repeated in two or more contexts"),
}
#: What a check found: its word, and the kind of status it is shown as.
CHECKS: dict[str, tuple[StrOrPromise, str]] = {
    c.CheckOutcome.OPENED: (gettext_lazy("Opened"), "open"),
    c.CheckOutcome.CONFIRMED: (gettext_lazy("Confirmed with its author"), "done"),
    c.CheckOutcome.NOT_CONFIRMED: (gettext_lazy("Could not be confirmed"), "late"),
    c.CheckOutcome.CONTRADICTED: (gettext_lazy("Contradicted"), "miss"),
    "unchecked": (gettext_lazy("Not checked"), "none"),
}
#: What the state of a record is called in a list, in short.
STATES: dict[str, StrOrPromise] = {
    c.RecordState.IN_FORCE: gettext_lazy("In force"),
    c.RecordState.SUSPENDED: gettext_lazy("Suspended"),
    c.RecordState.EXPIRED: gettext_lazy("Expired"),
    c.RecordState.REVOKED: gettext_lazy("Revoked"),
    c.RecordState.SUPERSEDED: gettext_lazy("Replaced"),
}
KINDS: dict[str, StrOrPromise] = {
    c.CaseKind.FIRST: gettext_lazy("Whole set of criteria"),
    c.CaseKind.RENEWAL: gettext_lazy("Re-validation: what changed was judged again"),
    c.CaseKind.APPEAL: gettext_lazy("Second look by a new panel, after an appeal"),
}

_CITED = re.compile(r"(?<![\w/.-])(E(?:1\d|20|[1-9]))(?![\w.]\w|[\w-])")


# --- Words ----------------------------------------------------------------------------------


def number(value: Any) -> str:
    """An agreed score or sum as readers of this language write it: ``2.5``, ``2,5``."""
    found = Fraction(str(value))
    if found.denominator == 1:
        return number_format(int(found))
    return number_format(round(float(found), 2))


def _short(value: Any) -> float:
    """A number that prints as ``3``, not as ``3.0``."""
    found = Fraction(str(value))
    return int(found) if found.denominator == 1 else float(found)


def score_word(value: Fraction | None) -> StrOrPromise:
    """A score of the common criteria in a word or two; empty for none."""
    if value is None:
        return ""
    below = min(int(value), TOP_SCORE)
    return SCORE_WORDS[below] if value == below else BETWEEN_WORDS[below]


def translated_name(text: str) -> str:
    return str(NAMES.get(text, text))


def short_name(text: str) -> str:
    """A name that fits beside a spoke or a bar."""
    shown = str(SHORT_NAMES.get(text) or translated_name(text))
    return shown if len(shown) <= LONGEST_ON_SEAL else f"{shown[: LONGEST_ON_SEAL - 1].rstrip()}…"


def in_own_words(text: str) -> SafeString:
    """A name from a criteria set: translated where the interface knows it, else marked as
    the English it is."""
    shown = translated_name(text)
    if shown == text and base_language(get_language() or "en") != "en":
        return format_html('<bdi lang="en">{}</bdi>', text)
    return escape(shown)


def failure_words(failure: Mapping[str, Any]) -> str:
    """One reason why a label is not reached, as ``Decision.failures`` keeps it."""
    words = {
        "criterion": failure.get("criterion", ""),
        "needed": number(failure["needed"]) if failure.get("needed") is not None else "",
        "found": number(failure["found"]) if failure.get("found") is not None else "",
    }
    match failure["code"]:
        case "gate":
            return _("A gate does not pass.")
        case "unjudged":
            return _("%(criterion)s is binding, and too few could judge it.") % words
        case "binding":
            return _("%(criterion)s scores %(found)s; at least %(needed)s is needed.") % words
        case "zero":
            return _("%(criterion)s scores 0.") % words
        case "score":
            return _("The sum is %(found)s; at least %(needed)s is needed.") % words
        case _:
            text = _("The evidence for results is E%(found)s; at least E%(needed)s is needed.")
            return text % words


def reviewers_in_words(count: int, countries: int) -> str:
    """``2 reviewers from 2 countries``; without the countries where none is known."""
    people = ngettext("%(n)s reviewer", "%(n)s reviewers", count) % {"n": count}
    if not countries:
        return people
    places = ngettext("%(n)s country", "%(n)s countries", countries) % {"n": countries}
    return _("%(reviewers)s from %(countries)s") % {"reviewers": people, "countries": places}


def cited(text: str, refs: Iterable[str], base: str = "") -> SafeString:
    """A plain text with "E2" as a link to that item in the list of evidence."""
    known = set(refs)

    def link(match: re.Match[str]) -> str:
        ref = match[1]
        if ref not in known:
            return ref
        return f'<a class="cite" href="{escape(base)}#{ref.lower()}">{ref}</a>'

    return mark_safe(_CITED.sub(link, escape(text)))  # noqa: S308 (escaped just before)


# --- Which records, and their state today ---------------------------------------------------


#: The language the judged version is written in.
_LANGUAGE = KeyTextTransform("language", "version__content")


def with_document(records: QuerySet[Record]) -> QuerySet[Record]:
    """All that a page about one record reads, in one query; the long texts stay behind."""
    return (
        records.select_related("solution__public_version", "version", "criteria_set__hub")
        .defer(
            *(
                f"{version}__{column}"
                for version in ("version", "solution__public_version")
                for column in ("content", "private_content")
            )
        )
        .annotate(language=_LANGUAGE)
    )


def for_rows(records: QuerySet[Record]) -> QuerySet[Record]:
    """What a list of records shows, read out of the documents by the database."""
    return records.defer("document").annotate(
        title=KT("document__solution__title"),
        solution_reference=KT("document__solution__reference"),
        judged_version=KT("document__version__number"),
        score=KT("document__score"),
        set_name=KT("document__criteria_set__name"),
        set_version=KT("document__criteria_set__version"),
        example=F("document__is_example"),
        scored=F("document__criteria"),
        language=_LANGUAGE,
    )


def day_of(moment: datetime) -> date:
    """The day in UTC, as records and lists of states spell it. Never the time: it could give
    away who acted."""
    return moment.astimezone(UTC).date()


def state_of(record: Record, today: date | None = None) -> c.RecordState:
    """The state as it has to be told today: silence never renews, even before the sweep that
    writes it down."""
    today = today or day_of(timezone.now())
    if record.state == c.RecordState.IN_FORCE and record.has_run_out(today):
        return c.RecordState.EXPIRED
    return c.RecordState(record.state)


def state_since(record: Record, today: date | None = None) -> date:
    """The first day of that state."""
    if state_of(record, today) == c.RecordState.EXPIRED:
        return record.expires_on + timedelta(days=1)
    return day_of(record.state_since)


def binding_scores(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, float | None]]:
    """Name and score of the binding criteria, for the strip; empty where no mark is drawn."""
    found = [
        (short_name(row["name"]), None if row["score"] is None else _short(row["score"]))
        for row in rows
        if row["minimum"] is not None
    ]
    return found if len(found) in SPOKES else []


# --- One record -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One criterion on the scorecard."""

    code: str
    name: SafeString
    short_name: str
    value: float | None
    number: str
    word: StrOrPromise
    minimum: int | None
    weight: str
    reason: SafeString
    carried_from: str
    changed_by_chair: bool
    reviews: int

    @property
    def is_judged(self) -> bool:
        return self.value is not None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence and what the panel found when it looked."""

    ref: str
    title: str
    is_restricted: bool
    check: StrOrPromise
    kind: str
    checked_on: str

    @property
    def anchor(self) -> str:
        return self.ref.lower()


@dataclass(frozen=True, slots=True)
class Gate:
    code: str
    name: SafeString
    passes: bool
    reason: str


class Shown:
    """A record as its page shows it. Asks the database nothing."""

    def __init__(self, record: Record, *, evidence_base: str = "") -> None:
        self.record = record
        self.document: dict[str, Any] = record.document
        self.evidence_base = evidence_base
        self.today = day_of(timezone.now())

    # --- What it is --------------------------------------------------------------------------

    @property
    def reference(self) -> str:
        return self.record.reference

    @property
    def url(self) -> str:
        return self.record.get_absolute_url()

    @property
    def permanent_url(self) -> str:
        """The address to print and to quote; the same in every language."""
        return str(self.document["id"])

    @property
    def title(self) -> str:
        return str(self.document["solution"]["title"])

    @property
    def title_attrs(self) -> SafeString:
        return language_attrs(getattr(self.record, "language", "") or "")

    @property
    def is_example(self) -> bool:
        return bool(self.document["is_example"])

    @property
    def label(self) -> str:
        return str(self.document["label"])

    @property
    def label_name(self) -> str:
        return str(c.Outcome(self.label).label)

    @property
    def score(self) -> str:
        return number(self.document["score"])

    @property
    def renews(self) -> str:
        return str(self.document["renews"] or "")

    @property
    def kind(self) -> StrOrPromise:
        return KINDS.get(c.CaseKind(self.document["kind"]), "")

    @property
    def is_withdrawn(self) -> bool:
        return self.record.solution.publication == Publication.WITHDRAWN

    # --- What became of it -------------------------------------------------------------------

    @cached_property
    def state(self) -> c.RecordState:
        return state_of(self.record, self.today)

    @property
    def state_name(self) -> StrOrPromise:
        return STATES[self.state]

    @cached_property
    def since(self) -> date:
        return state_since(self.record, self.today)

    @property
    def note(self) -> str:
        return self.record.public_note

    @property
    def is_in_force(self) -> bool:
        return self.state == c.RecordState.IN_FORCE

    @property
    def can_be_challenged(self) -> bool:
        return self.state in {c.RecordState.IN_FORCE, c.RecordState.SUSPENDED}

    @property
    def level(self) -> str:
        """The mark that says both what was found and whether it still counts."""
        return self.label if self.is_in_force else str(self.state)

    # --- Dates, as the document has them -----------------------------------------------------

    @property
    def issued_on(self) -> str:
        return str(self.document["issued_at"])[:10]

    @property
    def expires_on(self) -> str:
        return str(self.document["expires_on"])

    @property
    def dates(self) -> dict[str, str]:
        return dict(self.document["dates"])

    # --- The version that was judged ---------------------------------------------------------

    @property
    def version_number(self) -> int:
        return int(self.document["version"]["number"])

    @property
    def version_url(self) -> str:
        return reverse(
            "catalogue:solution-version",
            kwargs={
                "reference": self.record.solution.reference,
                "number": self.version_number,
            },
        )

    # --- Scores ------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> list[Row]:
        return [self._row(row) for row in self.document["criteria"]]

    def _row(self, row: Mapping[str, Any]) -> Row:
        value = None if row["score"] is None else Fraction(str(row["score"]))
        is_common = self.document["criteria_set"]["family"] == COMMON
        return Row(
            code=row["code"],
            name=in_own_words(row["name"]),
            short_name=short_name(row["name"]),
            value=None if value is None else float(value),
            number="" if value is None else number(value),
            word=score_word(value) if is_common else "",
            minimum=row["minimum"],
            weight=number(row["weight"]),
            reason=cited(row["reason"], self._refs, self.evidence_base),
            carried_from=row["carried_from"] or "",
            changed_by_chair=bool(row["changed_by_chair"]),
            reviews=row["reviews"],
        )

    @cached_property
    def _refs(self) -> set[str]:
        return {row["ref"] for row in self.document["evidence"]}

    @property
    def binding(self) -> list[Row]:
        return [row for row in self.rows if row.minimum is not None]

    @property
    def minimums(self) -> list[int]:
        """The pass lines there are on the scorecard."""
        return sorted({row.minimum for row in self.binding if row.minimum is not None})

    @property
    def has_seal(self) -> bool:
        return len(self.binding) in SPOKES

    @property
    def set_name(self) -> SafeString:
        chosen = self.document["criteria_set"]
        edition = f"{chosen['name']} {chosen['version']}"
        if base_language(get_language() or "en") != "en":
            return format_html('<bdi lang="en">{}</bdi>', edition)
        return escape(edition)

    # --- Evidence, gates, panel --------------------------------------------------------------

    @property
    def strength(self) -> str:
        return str(self.document["evidence_strength"] or "")

    @property
    def strength_word(self) -> StrOrPromise:
        return STRENGTH_WORDS.get(self.strength, "")

    @cached_property
    def evidence(self) -> list[Item]:
        found = []
        for row in self.document["evidence"]:
            word, kind = CHECKS.get(row["check"], CHECKS["unchecked"])
            found.append(
                Item(
                    ref=row["ref"],
                    title=row["title"],
                    is_restricted=row["access"] != "open",
                    check=word,
                    kind=kind,
                    checked_on=row["checked_on"] or "",
                )
            )
        return found

    @property
    def checked_in_words(self) -> str:
        checked = sum(item.kind != "none" for item in self.evidence)
        total = len(self.evidence)
        text = ngettext(
            "The panel opened or checked %(checked)s of %(n)s item.",
            "The panel opened or checked %(checked)s of %(n)s items.",
            total,
        )
        return text % {"checked": checked, "n": total}

    @cached_property
    def gates(self) -> list[Gate]:
        names = {row["code"]: row["name"] for row in self.record.criteria_set.content["gates"]}
        return [
            Gate(
                code=row["code"],
                name=in_own_words(names.get(row["code"], "")),
                passes=bool(row["passes"]),
                reason=row["reason"],
            )
            for row in self.document["gates"]
        ]

    @property
    def reviewers(self) -> str:
        panel = self.document["reviewers"]
        return reviewers_in_words(panel["number"], len(panel["countries"]))

    @property
    def countries(self) -> list[str]:
        return [reference.country_name(code) for code in self.document["reviewers"]["countries"]]

    @property
    def named(self) -> list[str]:
        return list(self.document["reviewers"]["named"])

    @property
    def rounds(self) -> int:
        return int(self.document["clarification_rounds"])

    # --- Proof -------------------------------------------------------------------------------

    @property
    def proof(self) -> dict[str, str]:
        return dict(self.document["proof"])

    @property
    def audit(self) -> dict[str, Any]:
        return dict(self.document["audit"])


# --- For other programs ---------------------------------------------------------------------


def pointer(shown: Shown, about: str) -> dict[str, Any]:
    """What the linked data of a solution says of its label (schema.org); empty unless it is in
    force, and for examples, which no other catalogue may take for a judgement."""
    if not shown.is_in_force or shown.is_example:
        return {}
    chosen = shown.document["criteria_set"]
    label = {"validated": "Validated", "promising": "Promising"}[shown.label]
    return {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "@id": about,
        "award": f"{label} by {settings.PORTAL_NAME}: {chosen['name']} {chosen['version']}, "
        f"version {shown.version_number}, until {shown.expires_on}",
        "subjectOf": {
            "@type": "DigitalDocument",
            "@id": shown.permanent_url,
            "url": shown.permanent_url,
            "identifier": shown.reference,
            "datePublished": shown.issued_on,
            "expires": shown.expires_on,
            "encoding": {
                "@type": "MediaObject",
                "contentUrl": f"{shown.permanent_url.rstrip('/')}.json",
                "encodingFormat": "application/ld+json",
            },
        },
    }
