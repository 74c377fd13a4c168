"""What a reviewer posts: a review as typed, and the small forms around it.

A review is judged part by part, a part being one criterion or one of the answers about the
whole. Each page carries a mark of every part as it stood when the page was made. So the
server can tell what *this* window changed from what another window changed, keeps both, and
asks only where the two changed the same part.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.errors import DomainError
from core.fields import LongField, PickField
from core.plaintext import tidy
from validation import choices as c
from validation.models import Score, Seat
from validation.operations.panel import LONGEST_DELAY
from validation.operations.reviewing import CITES_FROM, Draft, Judgement

if TYPE_CHECKING:
    from django.http import QueryDict

CANNOT = "cannot"
#: Parts of a review that belong to no criterion.
WHOLE = ("strength", "note", "named")
#: How much of each text is kept; more is refused, and stays in the page.
MOST = {"reason": 2000, "question": 1000, "note": 4000}
#: A number that no score and no strength can be, for what is not even a number.
FORGED = 99
SCORES = range(5)
_FIELD = re.compile(r"([A-Z][A-Za-z0-9]{0,3})-(?:value|reason|cites|question)")
_MOST_POSTED = 60

Part = Judgement | int | str | bool | None


def _text(data: QueryDict, name: str) -> str:
    """A text as it is kept: one kind of line break, nothing a database refuses, no edges."""
    return tidy(data.get(name, ""), lines=True).strip()


def _number(text: str) -> int | None:
    if not text:
        return None
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else FORGED


def mark(part: Part) -> str:
    """A fingerprint of one part, short enough to travel with the page."""
    if isinstance(part, Judgement):
        plain: Any = [part.value, part.cannot_judge, part.reason, part.cites, part.question]
    else:
        plain = part
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:10]


NOTHING: dict[str, Part] = {"strength": None, "note": "", "named": False}


def blank(name: str) -> Part:
    """What a part says before anybody wrote."""
    return NOTHING[name] if name in NOTHING else Judgement()


def saved_parts(seat: Seat, refs: list[str]) -> dict[str, Part]:
    """The review as it is saved. ``scores`` of the seat are read ahead."""
    parts: dict[str, Part] = {
        row.criterion: _judgement(row, refs)
        for row in seat.scores.all()
        if row.criterion in seat.case.scope
    }
    for code in seat.case.scope:
        parts.setdefault(code, Judgement())
    return {**parts, "strength": seat.strength, "note": seat.note, "named": seat.named}


def _judgement(row: Score, refs: list[str]) -> Judgement:
    cites = tuple(ref for ref in refs if ref in row.cites)
    return Judgement(row.value, row.cannot_judge, row.reason, cites, row.question)


@dataclass
class Sheet:
    """A review in a page: from the database, or as it was posted."""

    parts: dict[str, Part]
    opened: dict[str, str]
    errors: dict[str, list[str]] = field(default_factory=dict)
    #: What is saved of a part that two windows changed.
    theirs: dict[str, Part] = field(default_factory=dict)

    @classmethod
    def saved(cls, seat: Seat, refs: list[str]) -> Sheet:
        parts = saved_parts(seat, refs)
        return cls(parts, {name: mark(part) for name, part in parts.items()})

    @classmethod
    def posted(cls, data: QueryDict, refs: list[str]) -> Sheet:
        """What came in. Nothing is refused here but what is too long to keep; what can never
        be is for the operation to refuse."""
        parts: dict[str, Part] = {}
        for key in list(data)[: _MOST_POSTED * 5]:
            found = _FIELD.fullmatch(key)
            if found:
                parts.setdefault(found[1], _posted_judgement(data, found[1], refs))
        if "whole" in data:
            parts["strength"] = _number(data.get("strength", ""))
            parts["note"] = _text(data, "note")
            parts["named"] = "named" in data
        pairs = (word.partition(":") for word in data.get("opened", "")[:4000].split())
        sheet = cls(parts, {name: seen for name, _colon, seen in pairs})
        sheet._refuse_long()
        return sheet

    def _refuse_long(self) -> None:
        for name, part in self.parts.items():
            texts: dict[str, str] = {}
            if isinstance(part, Judgement):
                texts = {f"{name}-reason": part.reason, f"{name}-question": part.question}
            elif name == "note":
                texts = {name: str(part)}
            for control, text in texts.items():
                most = MOST[control.rpartition("-")[2]]
                if len(text) > most:
                    self.errors.setdefault(control, []).append(too_long(text, most))

    def has_error(self, name: str) -> bool:
        return any(control.split("-")[0] == name for control in self.errors)

    def refuse(self, refusal: DomainError) -> None:
        """Put what an operation refused at the controls where it can be mended."""
        for name, texts in refusal.fields.items():
            part = self.parts.get(name)
            controls = [name]
            if isinstance(part, Judgement):
                forged = "cites" if part.value in {None, *SCORES} else "value"
                kinds = missing_of(part) if refusal.code == "incomplete" else [forged]
                controls = [f"{name}-{kind}" for kind in kinds]
            for control, text in zip(controls, texts, strict=False):
                self.errors.setdefault(control, []).append(text)

    def take_saved(self, name: str) -> None:
        """Leave a part as it is saved."""
        self.parts.pop(name, None)
        for control in [each for each in self.errors if each.split("-")[0] == name]:
            del self.errors[control]

    def against(self, saved: Mapping[str, Part]) -> dict[str, Part]:
        """The parts to write: changed in this window and in no other. What both changed goes
        to ``theirs``."""
        fresh: dict[str, Part] = {}
        self.theirs = {}
        for name, mine in self.parts.items():
            seen = self.opened.get(name) or mark(blank(name))
            there = saved.get(name, blank(name))
            if self.has_error(name) or mark(mine) in {seen, mark(there)}:
                continue
            if mark(there) == seen:
                fresh[name] = mine
            else:
                self.theirs[name] = there
        return fresh

    def settle(self, saved: Mapping[str, Part]) -> None:
        """Note what has arrived: parts this window and the database say in the same words."""
        for name, there in saved.items():
            if name in self.parts and mark(self.parts[name]) == mark(there):
                self.opened[name] = mark(there)

    def catch_up(self, saved: Mapping[str, Part]) -> None:
        """Make it fit for a page: what another window saved shows wherever this one changed
        nothing; where both did, both show, and the next save is a choice made knowingly."""
        for name, there in saved.items():
            seen = self.opened.get(name) or mark(blank(name))
            if name not in self.parts or mark(self.parts[name]) == seen:
                self.parts[name] = there
            if name in self.theirs or mark(self.parts[name]) == mark(there):
                self.opened[name] = mark(there)

    @property
    def written(self) -> str:
        """The marks as a hidden field carries them."""
        return " ".join(f"{name}:{seen}" for name, seen in self.opened.items())


def missing_of(said: Judgement) -> list[str]:
    """Which controls of a criterion still lack something, in the order of the page."""
    lacks = []
    if said.value is None and not said.cannot_judge:
        lacks.append("value")
    if not said.reason:
        lacks.append("reason")
    if said.value is not None and said.value >= CITES_FROM and not said.cites:
        lacks.append("cites")
    return lacks


def too_long(text: str, most: int) -> str:
    return ngettext(
        "Shorten this to %(most)d character. It has %(seen)d now.",
        "Shorten this to %(most)d characters. It has %(seen)d now.",
        most,
    ) % {"most": most, "seen": len(text)}


def _posted_judgement(data: QueryDict, code: str, refs: list[str]) -> Judgement:
    value = data.get(f"{code}-value", "")
    given = dict.fromkeys(data.getlist(f"{code}-cites")[:_MOST_POSTED])
    known = [ref for ref in refs if ref in given]
    return Judgement(
        value=None if value == CANNOT else _number(value),
        cannot_judge=value == CANNOT,
        reason=_text(data, f"{code}-reason"),
        cites=(*known, *(ref[:20] for ref in given if ref not in refs)),
        question=_text(data, f"{code}-question"),
    )


def draft_of(fresh: Mapping[str, Part], seat: Seat) -> Draft:
    """Parts to write as the operation takes them; what is not among them stays."""
    whole: dict[str, Any] = {
        "strength": seat.strength,
        "note": seat.note,
        "named": seat.named,
        **{name: part for name, part in fresh.items() if name in WHOLE},
    }
    judged = {name: part for name, part in fresh.items() if isinstance(part, Judgement)}
    return Draft(judged, **whole)


# --- Around the review -------------------------------------------------------------------


def declared(data: QueryDict) -> dict[str, bool]:
    """The answers about conflicts of interest that are a yes or a no."""
    answers = {code: data.get(code, "") for code in c.Conflict.values}
    return {code: text == "yes" for code, text in answers.items() if text in {"yes", "no"}}


class DeclineForm(forms.Form):
    """No, and why."""

    mark_optional = False
    reason = PickField(
        label=gettext_lazy("Why can you not review it?"),
        choices=c.DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    note = LongField(
        label=gettext_lazy("In a few words, for the chair"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Needed only for “Another reason”."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reason") == c.DeclineReason.OTHER and not data.get("note"):
            self.add_error("note", _("Say in a few words why."))
        return data


class DayField(forms.DateField):
    """A day of the calendar, as browsers send it."""

    widget = forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d")
    input_formats = ["%Y-%m-%d"]


class DateForm(forms.Form):
    """Another day on which the review could be ready."""

    mark_optional = False
    on = DayField(
        label=gettext_lazy("The day you could send it"),
        error_messages={
            "required": gettext_lazy("Enter a day, like 2027-03-31."),
            "invalid": gettext_lazy("Enter a day, like 2027-03-31."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["on"].widget.attrs |= {
            "min": (today + timedelta(days=1)).isoformat(),
            "max": (today + timedelta(days=LONGEST_DELAY)).isoformat(),
        }
        self.fields["on"].help_text = _("Within the next %(n)d days.") % {"n": LONGEST_DELAY}


class ReasonForm(forms.Form):
    """One text that says why."""

    mark_optional = False
    note = LongField(label=gettext_lazy("Why"), max_length=2000)

    def __init__(self, *args: Any, label: str, missing: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].label = label
        self.fields["note"].error_messages["required"] = missing
