"""What a criteria set says, whether it may be put in force, and which one is in force.

A set is data (``catalogue.models.criteria``); the rules about sets stand here, as functions
of their content alone. ``well_formed`` holds for every set, ``tightens`` for the set of a
hub beside the shared one. Both name each problem in words and by the field of the draft's
form where it can be mended.

Source of the shipped set: Common Solution Criteria 1.0 (specification, section 4.2), which
answers the demand of the Bali meeting for criteria that are common, binding and verifiable.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps as present_apps
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.content import canonical
from catalogue.models import CriteriaSet, CriteriaState
from catalogue.models.criteria import COMMON
from hubs.models import Hub

if TYPE_CHECKING:
    from django.db.models import QuerySet

Content = dict[str, Any]

#: The edition of the common set that comes with the portal, and its gates.
SHIPPED = "1.0"
GATES = ("G1", "G2", "G3", "G4", "G5")

SCORES = ("0", "1", "2", "3", "4")
LABELS = ("validated", "promising")
#: What a hub may add to the shared criteria.
MOST_ADDED = 5
MOST_ROWS = 30

#: How long each text of a set may be.
LENGTHS = {"name": 120, "question": 500, "evidence_required": 500, "anchor": 400}
CODE = re.compile(r"[A-Z][A-Za-z0-9]{0,3}")

#: How long a label holds, in months: a hub may shorten it.
VALIDITY = ("validated_months", "promising_months")
#: Times the portal's people set themselves, in days: a hub may shorten them.
OWN_TIMES = (
    "screening_days",
    "assignment_days",
    "invitation_days",
    "review_days",
    "decision_days",
    "appeal_answer_days",
    "challenge_days",
)
#: Times an owner is given: the same in every hub, for shorter would be harder on the owner
#: without making the label stronger.
GIVEN_TIMES = (
    "clarification_days",
    "clarification_rounds",
    "appeal_file_days",
    "renewal_notice_days",
)
PERIODS = (*VALIDITY, *OWN_TIMES, *GIVEN_TIMES)
#: Periods that are several numbers: how many, or None for any number of them.
LISTS: dict[str, int | None] = {"invitation_days": 3, "renewal_notice_days": None}

PERIOD_NAMES = {
    "validated_months": gettext_lazy("“Validated” holds, in months"),
    "promising_months": gettext_lazy("“Promising” holds, in months"),
    "screening_days": gettext_lazy("Screening, in days"),
    "assignment_days": gettext_lazy("Finding reviewers, in days"),
    "invitation_days": gettext_lazy(
        "Invitation: days until the first reminder, the second, the end"
    ),
    "review_days": gettext_lazy("Review, in days"),
    "clarification_days": gettext_lazy("Answer to a clarification, in days"),
    "clarification_rounds": gettext_lazy("Rounds of clarification"),
    "decision_days": gettext_lazy("Decision, in days"),
    "appeal_file_days": gettext_lazy("Time to appeal, in days"),
    "appeal_answer_days": gettext_lazy("Answer to an appeal, in days"),
    "challenge_days": gettext_lazy("Answer to a challenge, in days"),
    "renewal_notice_days": gettext_lazy("Notices before a label runs out, in days"),
}
THRESHOLD_NAMES = {
    "gates": gettext_lazy("every gate passes"),
    "binding_at_least": gettext_lazy("each binding criterion at least"),
    "no_zero": gettext_lazy("no criterion scores 0"),
    "score_at_least": gettext_lazy("sum at least"),
    "evidence_at_least": gettext_lazy("evidence for results at least"),
}
ROW_NAMES = {
    "name": gettext_lazy("name"),
    "question": gettext_lazy("question"),
    "evidence_required": gettext_lazy("evidence required"),
    "minimum": gettext_lazy("minimum"),
    "weight": gettext_lazy("weight"),
}
LABEL_NAMES = {
    "validated": gettext_lazy("Validated"),
    "promising": gettext_lazy("Promising"),
}


# --- Which set is in force ---------------------------------------------------------------

#: How long a process may go on with what it read. Submissions never do: they ask ``fresh``.
KEEP_SECONDS = 60
_kept: dict[int | None, tuple[CriteriaSet, float]] = {}


def forget() -> None:
    """Read again which sets are in force: one was put in force, or a test begins."""
    _kept.clear()


def in_force(hub: Hub | int | None = None, *, fresh: bool = False) -> CriteriaSet:
    """The set a submission to this hub is judged by: the hub's, else the common one.

    Takes a hub or its key. One query, then kept for a minute; ``fresh`` asks the database.
    Whoever gets the set shares it with others: its content is not to be changed.
    """
    key = hub.pk if isinstance(hub, Hub) else hub
    kept = _kept.get(key)
    if kept is not None and not fresh and time.monotonic() < kept[1]:
        return kept[0]
    found = CriteriaSet.objects.in_force().filter(family=COMMON)
    found = (
        found.filter(hub__isnull=True) | found.filter(hub=key) if key else found.filter(hub=None)
    )
    best = found.select_related("hub").order_by(F("hub").desc(nulls_last=True)).first()
    if best is None:
        best = _ship()
    _kept[key] = (best, time.monotonic() + KEEP_SECONDS)
    return best


def ship(using: str, apps: Any = present_apps, **_: Any) -> None:
    """After migrating, and after emptying a database: nothing can be judged without a set."""
    try:
        model = apps.get_model("catalogue", "CriteriaSet")
    except LookupError:  # migrated to a time before there were sets
        return
    if not model.objects.using(using).filter(family=COMMON, hub=None).exists():
        _ship(model.objects.using(using))
    forget()


def _ship(sets: QuerySet[CriteriaSet] | None = None) -> CriteriaSet:
    """The shipped set, in force."""
    content = shipped()
    sets = CriteriaSet.objects.all() if sets is None else sets
    return sets.get_or_create(
        family=COMMON,
        version=SHIPPED,
        hub=None,
        defaults={
            "name": content["name"],
            "content": content,
            "content_hash": fingerprint(content),
            "state": CriteriaState.IN_FORCE,
            "in_force_from": timezone.now(),
        },
    )[0]


@cache
def shipped() -> Content:
    """Common Solution Criteria 1.0, from the data file."""
    path = Path(__file__).parent / "data" / f"criteria-{SHIPPED}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def criteria_set() -> Content:
    """The content of the common set in force."""
    return content_of(in_force())


def content_of(criteria_set: CriteriaSet) -> Content:
    """``gates``, ``criteria``, ``anchors``, ``evidence_strength``, ``thresholds``, ``periods``
    and ``rules`` of a set, as it is judged by. Not to be changed."""
    return criteria_set.content


def screening_days(hub: Hub | int | None = None) -> int:
    """How long the desk of that hub has, by the set in force."""
    return int(in_force(hub).content["periods"]["screening_days"])


def fingerprint(content: Content) -> str:
    """SHA-256 over the canonical form of a set's content, in hexadecimal."""
    return hashlib.sha256(canonical(content)).hexdigest()


# --- Is it a set at all? -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a draft cannot be put in force: the field of its form, and words for the person."""

    field: str
    message: str

    def __str__(self) -> str:
        return self.message


def well_formed(content: Content) -> list[Problem]:
    """What keeps this content from being a criteria set; empty when nothing does."""
    shape = list(_shape(content))
    return shape or [
        *_codes(content),
        *_weights(content),
        *_thresholds(content),
        *_notices(content),
    ]


def _shape(content: Content) -> Iterator[Problem]:
    """Every part is there and of its kind. Only then can the parts be compared."""
    yield from _text(content, "name", "name", LENGTHS["name"])
    yield from _anchors(content.get("anchors"), "anchor", _("the scores"))
    for part, most in (("gates", MOST_ROWS), ("criteria", MOST_ROWS + MOST_ADDED)):
        rows = content.get(part)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            yield Problem(part, _("This part is missing."))
        elif not 1 <= len(rows) <= most:
            yield Problem(part, _("Between one and %(most)s rows belong here.") % {"most": most})
        else:
            look = _gate if part == "gates" else _criterion
            for place, row in enumerate(rows):
                yield from look(row, f"{part}-{place}")
    yield from _strength(content)
    yield from _threshold_shape(content)
    yield from _period_shape(content)
    rules = content.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        yield Problem("rules", _("Rules are a list of sentences."))
    if content.get("score_range") != [0, 4]:
        yield Problem("score_range", _("Scores go from 0 to 4."))
    if not _whole(content.get("quorum", 2), 2, 9):
        yield Problem("quorum", _("No label is given on one review."))


def _text(row: Mapping[str, Any], key: str, field: str, most: int) -> Iterator[Problem]:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        yield Problem(field, _("Fill this in."))
    elif len(value) > most:
        yield Problem(field, _("This is longer than %(most)s characters.") % {"most": most})


def _anchors(anchors: Any, field: str, whose: str) -> Iterator[Problem]:
    anchors = anchors if isinstance(anchors, dict) else {}
    for score in SCORES:
        value = anchors.get(score)
        if not isinstance(value, str) or not value.strip():
            yield Problem(
                f"{field}-{score}",
                _("Say what score %(score)s means for %(criterion)s.")
                % {"score": score, "criterion": whose},
            )
        elif len(value) > LENGTHS["anchor"]:
            yield Problem(
                f"{field}-{score}",
                _("This is longer than %(most)s characters.") % {"most": LENGTHS["anchor"]},
            )


def _code(row: Mapping[str, Any], field: str) -> Iterator[Problem]:
    code = row.get("code")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        yield Problem(
            f"{field}-code",
            _("A code is a capital letter and up to three letters or digits, like C2."),
        )


def _gate(row: Mapping[str, Any], field: str) -> Iterator[Problem]:
    yield from _code(row, field)
    for key in ("name", "question"):
        yield from _text(row, key, f"{field}-{key}", LENGTHS[key])


def _criterion(row: Mapping[str, Any], field: str) -> Iterator[Problem]:
    yield from _code(row, field)
    for key in ("name", "question", "evidence_required"):
        yield from _text(row, key, f"{field}-{key}", LENGTHS[key])
    yield from _anchors(row.get("anchors"), f"{field}-anchor", str(row.get("code", "")))
    minimum, weight = row.get("minimum"), row.get("weight")
    if minimum is not None and not _whole(minimum, 1, 4):
        yield Problem(f"{field}-minimum", _("A minimum is 1, 2, 3 or 4, or there is none."))
    if row.get("binding") is not (minimum is not None):
        yield Problem(f"{field}-minimum", _("A binding criterion has a minimum, no other has one."))
    if not _whole(weight, 0, 100):
        yield Problem(f"{field}-weight", _("A weight is a whole number from 0 to 100."))


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _strength(content: Content) -> Iterator[Problem]:
    steps = content.get("evidence_strength")
    if not isinstance(steps, list) or not steps or not all(isinstance(row, dict) for row in steps):
        yield Problem("strength", _("This part is missing."))
        return
    for place, step in enumerate(steps):
        yield from _code(step, f"strength-{place}")
        yield from _text(step, "name", f"strength-{place}-name", LENGTHS["name"])


def _threshold_shape(content: Content) -> Iterator[Problem]:
    steps = content.get("evidence_strength")
    codes = (
        [row.get("code") for row in steps if isinstance(row, dict)]
        if isinstance(steps, list)
        else []
    )
    thresholds = content.get("thresholds")
    if not isinstance(thresholds, dict) or set(thresholds) != set(LABELS):
        yield Problem("thresholds", _("Thresholds are set for “validated” and for “promising”."))
        return
    for label in LABELS:
        rule, field = thresholds[label], f"thresholds-{label}"
        if not isinstance(rule, dict):
            yield Problem("thresholds", _("This part is missing."))
            continue
        if rule.get("gates") is not True:
            yield Problem(f"{field}-gates", _("No label without every gate."))
        if not _whole(rule.get("binding_at_least"), 0, 4):
            yield Problem(f"{field}-binding_at_least", _("A score is a whole number from 0 to 4."))
        if not _whole(rule.get("score_at_least"), 0, 100):
            yield Problem(f"{field}-score_at_least", _("A sum is a whole number from 0 to 100."))
        if rule.get("evidence_at_least") not in codes:
            yield Problem(
                f"{field}-evidence_at_least", _("Choose one of the steps of evidence of this set.")
            )


def _period_shape(content: Content) -> Iterator[Problem]:
    periods = content.get("periods")
    periods = periods if isinstance(periods, dict) else {}
    for name in PERIODS:
        value, field = periods.get(name), f"periods-{name}"
        if name in LISTS:
            length = LISTS[name]
            if (
                not isinstance(value, list)
                or not value
                or not all(_whole(n, 1, 999) for n in value)
            ):
                yield Problem(field, _("Whole numbers above 0, with commas between them."))
            elif length is not None and len(value) != length:
                yield Problem(field, _("Give %(n)s numbers here.") % {"n": length})
        elif not _whole(value, 1, 999):
            yield Problem(field, _("A whole number above 0 belongs here."))


def _codes(content: Content) -> Iterator[Problem]:
    """Gates, criteria and steps of evidence: no code twice."""
    for parts in (("gates", "criteria"), ("evidence_strength",)):
        seen: set[str] = set()
        for part in parts:
            field = "strength" if part == "evidence_strength" else part
            for place, row in enumerate(content[part]):
                if row["code"] in seen:
                    yield Problem(
                        f"{field}-{place}-code",
                        _("%(code)s is used twice.") % {"code": row["code"]},
                    )
                seen.add(row["code"])


def _weights(content: Content) -> Iterator[Problem]:
    total = sum(row["weight"] for row in content["criteria"])
    if total != 100:
        yield Problem(
            "criteria-0-weight",
            _("The weights add up to %(n)s; they must add up to 100.") % {"n": total},
        )


def _thresholds(content: Content) -> Iterator[Problem]:
    """ "Validated" asks for no less than "promising" in any respect."""
    high, low = (content["thresholds"][label] for label in LABELS)
    order = _order(content)
    for key in ("binding_at_least", "score_at_least", "evidence_at_least"):
        more, less = high[key], low[key]
        if key == "evidence_at_least":
            more, less = order[more], order[less]
        if more < less:
            yield Problem(
                f"thresholds-validated-{key}", _("“Validated” asks for less here than “promising”.")
            )


def _notices(content: Content) -> Iterator[Problem]:
    notices = content["periods"]["renewal_notice_days"]
    if any(later >= earlier for earlier, later in pairwise(notices)):
        yield Problem(
            "periods-renewal_notice_days", _("Begin with the earliest notice: 90, 30, 7.")
        )
    shortest = min(content["periods"][name] for name in VALIDITY)
    if notices[0] >= shortest * 28:
        yield Problem(
            "periods-renewal_notice_days", _("The first notice comes before the label is given.")
        )


def _order(content: Content) -> dict[str, int]:
    """Each step of evidence to its place, weakest first."""
    return {step["code"]: place for place, step in enumerate(content["evidence_strength"])}


def in_words(content: Content, problem: Problem) -> str:
    """A problem with its place, for where it is not shown at its field: "C4, weight: …"."""
    place = ", ".join(str(part) for part in _place(content, problem.field) if part)
    return f"{place}: {problem.message}" if place else problem.message


def _place(content: Content, field: str) -> list[Any]:
    part, _dash, rest = field.partition("-")
    if part in {"gates", "criteria", "strength"} and rest:
        place, _dash, key = rest.partition("-")
        rows = content["evidence_strength" if part == "strength" else part]
        return [rows[int(place)].get("code"), _key(key)]
    if part == "anchor":
        return [_key(field)]
    if part == "periods" and rest:
        return [PERIOD_NAMES[rest]]
    if part == "thresholds" and rest:
        label, _dash, key = rest.partition("-")
        return [LABEL_NAMES[label], THRESHOLD_NAMES[key]]
    return [{"gates": _("Gates"), "criteria": _("Criteria"), "name": _("Name")}.get(field, "")]


def _key(key: str) -> str:
    if key.startswith("anchor-"):
        return _("score %(score)s") % {"score": key.removeprefix("anchor-")}
    return _("code") if key == "code" else str(ROW_NAMES[key])


# --- The set of a hub --------------------------------------------------------------------


def apply_additions(base: Content, additions: Mapping[str, Any]) -> Content:
    """The shared set with what a hub adds. Where both say something, the stricter holds.

    ``additions``: ``minimums`` (code to score), ``criteria`` (rows without weight),
    ``thresholds`` (label to some of its keys), ``periods`` (name to value). What does not
    fit the base is left out here and named by ``additions_fit``.
    """
    content = copy.deepcopy(base)
    for row in content["criteria"]:
        raised = additions.get("minimums", {}).get(row["code"])
        if raised is not None:
            row["minimum"] = max(row["minimum"] or 0, raised)
            row["binding"] = True
    for added in additions.get("criteria", []):
        content["criteria"].append({**copy.deepcopy(added), "binding": True, "weight": 0})
    order = _order(content)
    for label, raised in additions.get("thresholds", {}).items():
        rule = content["thresholds"].get(label)
        for key, value in raised.items() if rule else ():
            if key == "evidence_at_least":
                rule[key] = max(rule[key], value, key=lambda code: order.get(code, -1))
            elif key in {"score_at_least", "binding_at_least"}:
                rule[key] = max(rule[key], value)
            elif key == "no_zero":
                rule[key] = bool(rule.get(key) or value)
    for name, value in additions.get("periods", {}).items():
        if name in VALIDITY:
            content["periods"][name] = min(content["periods"][name], value)
    return content


def additions_fit(base: Content, additions: Mapping[str, Any]) -> list[Problem]:
    """What of a hub's additions has no place in this shared set."""
    known = {row["code"] for row in base["criteria"]}
    problems = [
        Problem(
            f"minimums-{code}",
            _("%(set)s has no criterion %(code)s.") % {"set": _edition(base), "code": code},
        )
        for code in additions.get("minimums", {})
        if code not in known
    ]
    order = _order(base)
    problems += [
        Problem(
            f"thresholds-{label}-evidence_at_least",
            _("%(set)s has no step of evidence %(code)s.")
            % {"set": _edition(base), "code": raised["evidence_at_least"]},
        )
        for label, raised in additions.get("thresholds", {}).items()
        if raised.get("evidence_at_least", next(iter(order))) not in order
    ]
    return problems


def _edition(content: Content) -> str:
    return f"{content['name']} {content.get('version', '')}".strip()


def tightens(base: Content, content: Content) -> list[Problem]:
    """What keeps this content from being the base made stricter; empty when nothing does.

    Whoever passes such a set would have passed the base as well: that is why hubs can
    recognise each other's labels.
    """
    problems = well_formed(content)
    if problems:
        return problems
    return [
        *_same_gates(base, content),
        *_kept_criteria(base, content),
        *_added_criteria(base, content),
        *_same_words(base, content),
        *_no_lower_thresholds(base, content),
        *_no_longer_periods(base, content),
    ]


def _places(content: Content, part: str) -> dict[str, tuple[int, dict[str, Any]]]:
    return {row["code"]: (place, row) for place, row in enumerate(content[part])}


def _same_gates(base: Content, content: Content) -> Iterator[Problem]:
    here = _places(content, "gates")
    for gate in base["gates"]:
        place, row = here.get(gate["code"], (0, None))
        if row is None:
            yield Problem("gates", _("Gate %(code)s is missing.") % {"code": gate["code"]})
        elif row != gate:
            yield Problem(
                f"gates-{place}-question",
                _("Gate %(code)s reads otherwise.") % {"code": gate["code"]},
            )


def _kept_criteria(base: Content, content: Content) -> Iterator[Problem]:
    here = _places(content, "criteria")
    for theirs in base["criteria"]:
        code = theirs["code"]
        place, row = here.get(code, (0, None))
        if row is None:
            yield Problem("criteria", _("Criterion %(code)s is missing.") % {"code": code})
            continue
        if row["weight"] != theirs["weight"]:
            yield Problem(
                f"criteria-{place}-weight", _("The weight of %(code)s differs.") % {"code": code}
            )
        if (row["minimum"] or 0) < (theirs["minimum"] or 0):
            yield Problem(
                f"criteria-{place}-minimum",
                _("The minimum of %(code)s is lower than %(n)s.")
                % {"code": code, "n": theirs["minimum"]},
            )
        own = {"weight", "minimum", "binding"}
        if _without(row, own) != _without(theirs, own):
            yield Problem(
                f"criteria-{place}-question",
                _("Criterion %(code)s reads otherwise.") % {"code": code},
            )


def _without(row: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}


def _added_criteria(base: Content, content: Content) -> Iterator[Problem]:
    shared = {row["code"] for row in base["criteria"]}
    added = [row for row in enumerate(content["criteria"]) if row[1]["code"] not in shared]
    if len(added) > MOST_ADDED:
        yield Problem("criteria", _("A hub adds up to %(most)s criteria.") % {"most": MOST_ADDED})
    for place, row in added:
        if row["weight"]:
            yield Problem(
                f"criteria-{place}-weight",
                _("An added criterion has no weight, so that sums stay comparable."),
            )
        if not row["binding"]:
            yield Problem(f"criteria-{place}-minimum", _("An added criterion has a minimum."))


def _same_words(base: Content, content: Content) -> Iterator[Problem]:
    """What scores and steps of evidence mean is one for all."""
    for part, field in (("anchors", "anchor-0"), ("evidence_strength", "strength")):
        if base[part] != content[part] or base.get("quorum") != content.get("quorum"):
            yield Problem(field, _("What scores and evidence mean is the same in every hub."))


def _no_lower_thresholds(base: Content, content: Content) -> Iterator[Problem]:
    order = _order(base)
    for label in LABELS:
        theirs, rule = base["thresholds"][label], content["thresholds"][label]
        lower = [key for key in ("binding_at_least", "score_at_least") if rule[key] < theirs[key]]
        if order.get(rule["evidence_at_least"], -1) < order[theirs["evidence_at_least"]]:
            lower.append("evidence_at_least")
        if theirs.get("no_zero") and not rule.get("no_zero"):
            lower.append("no_zero")
        for key in lower:
            yield Problem(
                f"thresholds-{label}-{key}",
                _("This is lower than the shared threshold for “%(label)s”.")
                % {"label": LABEL_NAMES[label]},
            )


def _no_longer_periods(base: Content, content: Content) -> Iterator[Problem]:
    for name in PERIODS:
        theirs, value, field = base["periods"][name], content["periods"][name], f"periods-{name}"
        if name in GIVEN_TIMES:
            if value != theirs:
                yield Problem(field, _("This time is the same in every hub."))
        elif any(mine > shared for mine, shared in zip(_many(value), _many(theirs), strict=True)):
            yield Problem(field, _("This is longer than the shared period."))


def _many(value: int | Sequence[int]) -> Sequence[int]:
    return [value] if isinstance(value, int) else value


# --- What changed between two sets -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing two sets say differently; an empty side does not have it."""

    place: str
    before: str
    after: str


def differences(before: Content, after: Content) -> list[Difference]:
    """What differs, in the order of the page; numbers and edition aside."""
    return [
        *_one(_("Name"), before["name"], after["name"]),
        *_rows_differ(_("Gate"), before["gates"], after["gates"]),
        *_anchors_differ(_("Scores"), before["anchors"], after["anchors"]),
        *_rows_differ(_("Criterion"), before["criteria"], after["criteria"]),
        *_rows_differ(_("Evidence"), before["evidence_strength"], after["evidence_strength"]),
        *_thresholds_differ(before["thresholds"], after["thresholds"]),
        *_periods_differ(before["periods"], after["periods"]),
        *_rules_differ(before.get("rules", []), after.get("rules", [])),
    ]


def _one(place: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(place, before, after)


def _rows_differ(
    kind: str, before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]
) -> Iterator[Difference]:
    old, new = ({row["code"]: row for row in rows} for rows in (before, after))
    for code in dict.fromkeys([*old, *new]):
        place = f"{kind} {code}"
        if code not in new:
            yield Difference(place, _in_short(old[code]), "")
        elif code not in old:
            yield Difference(place, "", _in_short(new[code]))
        else:
            for key, name in ROW_NAMES.items():
                sides = (_said(row.get(key), key=key) for row in (old[code], new[code]))
                yield from _one(f"{place}: {name}", *sides)
            yield from _anchors_differ(
                place, old[code].get("anchors", {}), new[code].get("anchors", {})
            )


def _in_short(row: Mapping[str, Any]) -> str:
    words = row["name"] if "question" not in row else f"{row['name']}. {row['question']}"
    if "weight" not in row:
        return words
    return _("%(words)s Minimum: %(minimum)s. Weight: %(weight)s.") % {
        "words": words,
        "minimum": _said(row["minimum"], key="minimum"),
        "weight": row["weight"],
    }


def _said(value: Any, *, key: str = "") -> str:
    if value is None:
        return _("none") if key == "minimum" else ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def _anchors_differ(
    place: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Difference]:
    for score in SCORES:
        where = _("%(place)s: score %(score)s") % {"place": place, "score": score}
        yield from _one(where, before.get(score, ""), after.get(score, ""))


def _thresholds_differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for label in LABELS:
        for key, name in THRESHOLD_NAMES.items():
            sides = (
                _said(side[label].get(key, False if key in {"gates", "no_zero"} else None))
                for side in (before, after)
            )
            yield from _one(f"{LABEL_NAMES[label]}: {name}", *sides)


def _periods_differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in PERIODS:
        yield from _one(str(PERIOD_NAMES[name]), _said(before.get(name)), _said(after.get(name)))


def _rules_differ(before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    for rule in before:
        if rule not in after:
            yield Difference(_("Rule"), rule, "")
    for rule in after:
        if rule not in before:
            yield Difference(_("Rule"), "", rule)
