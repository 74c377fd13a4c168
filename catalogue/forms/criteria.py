"""The long form of a draft criteria set, and the shorter one of what a hub adds.

The names of the fields are the fields that ``catalogue.criteria`` names in its problems:
``criteria-3-weight``, ``thresholds-validated-score_at_least``. A draft is saved as it stands,
finished or not; what keeps it from coming in force is shown at the same fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import criteria as c
from catalogue.criteria import Content, Problem
from catalogue.criteria_operations import codes_added_by
from catalogue.models import CriteriaSet
from core.fields import LimitedField, LongField
from hubs.models import Hub

#: Empty rows offered for what is new.
BLANK = {"gates": 1, "criteria": 2, "strength": 1}
MOST_RULES = 4000
NO_COUNT = {"data-count": "no"}


def flatten(content: Content) -> dict[str, str]:
    """A set as the texts of its form."""
    data: dict[str, str] = {}
    for part, source in (
        ("gates", "gates"),
        ("criteria", "criteria"),
        ("strength", "evidence_strength"),
    ):
        for place, row in enumerate(content[source]):
            for key, value in row.items():
                if key == "anchors":
                    data |= {f"{part}-{place}-anchor-{n}": text for n, text in value.items()}
                elif key != "binding":
                    data[f"{part}-{place}-{key}"] = _text(value)
    data |= {f"anchor-{n}": text for n, text in content["anchors"].items()}
    for label, rule in content["thresholds"].items():
        for key, value in rule.items():
            if key == "no_zero":
                data |= {f"thresholds-{label}-{key}": "on"} if value else {}
            elif key != "gates":
                data[f"thresholds-{label}-{key}"] = _text(value)
    data |= {f"periods-{name}": _text(value) for name, value in content["periods"].items()}
    data["rules"] = "\n".join(content.get("rules", []))
    return data


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


class NumbersField(forms.CharField):
    """Whole numbers with commas between them."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        parts = [part for part in re.split(r"[\s,;]+", text) if part]
        if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
            raise ValidationError(_("Whole numbers with commas between them, like 90, 30, 7."))
        return [int(part) for part in parts]


class WholeField(forms.IntegerField):
    """A whole number; what else is typed is named and kept."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        super().__init__(required=False, min_value=0, max_value=999, widget=widget, **kwargs)


class CodeField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"})
        super().__init__(required=False, max_length=4, widget=widget, **kwargs)


def _line(label: Any, most: int, **kwargs: Any) -> LimitedField:
    return LimitedField(label=label, max_length=most, required=False, **kwargs)


def _lines(label: Any, most: int, rows: int = 2, **kwargs: Any) -> LongField:
    widget = forms.Textarea(attrs={"rows": rows, **NO_COUNT})
    return LongField(label=label, max_length=most, required=False, widget=widget, **kwargs)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a part, for the template."""

    title: str
    fields: list[BoundField]
    anchors: list[BoundField]
    is_new: bool

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in (*self.fields, *self.anchors))


class SetForm(forms.Form):
    """A whole shared set. Always bound: to what was posted, else to what the draft says."""

    mark_optional = False
    TEXTS = {
        "gates": ("code", "name", "question"),
        "criteria": ("code", "name", "question", "evidence_required"),
        "strength": ("code", "name"),
    }

    def __init__(self, data: Any = None, *, draft: CriteriaSet) -> None:
        posted = data is not None
        if not posted:
            data = flatten(draft.content) | {"version": draft.version, "name": draft.name}
        super().__init__(data)
        self.kept = {key: draft.content[key] for key in ("quorum",) if key in draft.content}
        self.codes = [
            (step["code"], f"{step['code']} {step['name']}")
            for step in draft.content["evidence_strength"]
        ]
        self.counts = {
            part: min(_rows(data, part) + (0 if posted else blank), c.MOST_ROWS + blank)
            for part, blank in BLANK.items()
        }
        self.fields["version"] = forms.CharField(
            label=_("Version"),
            help_text=_("Numbers with dots between them, like 1.1."),
            max_length=20,
            widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        )
        self.fields["name"] = LimitedField(label=_("Name"), max_length=c.LENGTHS["name"])
        for place in range(self.counts["gates"]):
            self._gate(f"gates-{place}")
        for score in c.SCORES:
            self.fields[f"anchor-{score}"] = _line(
                _("Score %(n)s") % {"n": score}, c.LENGTHS["anchor"]
            )
        for place in range(self.counts["criteria"]):
            self._criterion(f"criteria-{place}")
        for place in range(self.counts["strength"]):
            self._head(f"strength-{place}")
        self._thresholds()
        self._periods()
        self.fields["rules"] = _lines(
            _("Rules"), MOST_RULES, 6, help_text=_("One sentence per line.")
        )

    # --- Fields -------------------------------------------------------------------------

    def _head(self, prefix: str) -> None:
        self.fields[f"{prefix}-code"] = CodeField(label=_("Code"))
        self.fields[f"{prefix}-name"] = _line(_("Name"), c.LENGTHS["name"])
        self.fields[f"{prefix}-remove"] = forms.BooleanField(
            label=_("Take this row out when saving"), required=False
        )

    def _gate(self, prefix: str) -> None:
        self._head(prefix)
        self.fields[f"{prefix}-question"] = _lines(_("Question"), c.LENGTHS["question"])

    def _criterion(self, prefix: str) -> None:
        self._gate(prefix)
        self.fields[f"{prefix}-evidence_required"] = _lines(
            _("Evidence required"), c.LENGTHS["evidence_required"]
        )
        for score in c.SCORES:
            self.fields[f"{prefix}-anchor-{score}"] = _line(
                _("What score %(n)s means") % {"n": score}, c.LENGTHS["anchor"]
            )
        self.fields[f"{prefix}-minimum"] = forms.ChoiceField(
            label=_("Binding minimum"),
            choices=[("", _("None: not binding")), *((n, n) for n in c.SCORES[1:])],
            required=False,
        )
        self.fields[f"{prefix}-weight"] = WholeField(
            label=_("Weight"), help_text=_("All weights together are 100.")
        )

    def _thresholds(self) -> None:
        for label, name in c.LABEL_NAMES.items():
            prefix = f"thresholds-{label}"
            self.fields[f"{prefix}-binding_at_least"] = WholeField(
                label=_("%(label)s: each binding criterion at least") % {"label": name}
            )
            self.fields[f"{prefix}-score_at_least"] = WholeField(
                label=_("%(label)s: sum at least, of 100") % {"label": name}
            )
            self.fields[f"{prefix}-evidence_at_least"] = forms.ChoiceField(
                label=_("%(label)s: evidence for results at least") % {"label": name},
                choices=[("", _("Choose one")), *self.codes],
                required=False,
            )
            self.fields[f"{prefix}-no_zero"] = forms.BooleanField(
                label=_("%(label)s: no criterion may score 0") % {"label": name}, required=False
            )

    def _periods(self) -> None:
        for name in c.PERIODS:
            label = c.PERIOD_NAMES[name]
            self.fields[f"periods-{name}"] = (
                NumbersField(label=label, max_length=60, required=False)
                if name in c.LISTS
                else WholeField(label=label)
            )

    # --- For the template ---------------------------------------------------------------

    def rows(self, part: str) -> Iterator[Row]:
        for place in range(self.counts[part]):
            prefix = f"{part}-{place}"
            said = [str(self[f"{prefix}-{key}"].value() or "") for key in ("code", "name")]
            names = [*self.TEXTS[part], "minimum", "weight", "remove"]
            yield Row(
                title=" ".join(said).strip(),
                fields=[self[f"{prefix}-{n}"] for n in names if f"{prefix}-{n}" in self.fields],
                anchors=[
                    self[f"{prefix}-anchor-{n}"]
                    for n in c.SCORES
                    if f"{prefix}-anchor-{n}" in self.fields
                ],
                is_new=not any(said),
            )

    def gate_rows(self) -> Iterator[Row]:
        return self.rows("gates")

    def criterion_rows(self) -> Iterator[Row]:
        return self.rows("criteria")

    def strength_rows(self) -> Iterator[Row]:
        return self.rows("strength")

    def score_fields(self) -> list[BoundField]:
        return [self[f"anchor-{score}"] for score in c.SCORES]

    def threshold_fields(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name.startswith("thresholds-")]

    def period_fields(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name.startswith("periods-")]

    def show(self, problems: Iterable[Problem]) -> None:
        """Name at each field what keeps the draft from coming in force."""
        show(self, problems)

    # --- What was written ---------------------------------------------------------------

    @property
    def content(self) -> Content:
        """The set as it was written, finished or not."""
        data = self.cleaned_data
        return {
            **self.kept,
            "score_range": [0, 4],
            "gates": list(self._written("gates")),
            "criteria": [
                {**row, "binding": row["minimum"] is not None} for row in self._written("criteria")
            ],
            "anchors": {score: data[f"anchor-{score}"] for score in c.SCORES},
            "score": c.shipped()["score"],
            "thresholds": {
                label: {
                    "gates": True,
                    **{
                        key: data[f"thresholds-{label}-{key}"]
                        for key in ("binding_at_least", "score_at_least", "evidence_at_least")
                    },
                    **({"no_zero": True} if data[f"thresholds-{label}-no_zero"] else {}),
                }
                for label in c.LABELS
            },
            "evidence_strength": list(self._written("strength")),
            "rules": [line.strip() for line in data["rules"].splitlines() if line.strip()],
            "periods": {name: data[f"periods-{name}"] for name in c.PERIODS},
        }

    def _written(self, part: str) -> Iterator[dict[str, Any]]:
        """The rows that say anything and were not taken out."""
        data = self.cleaned_data
        for place in range(self.counts[part]):
            prefix = f"{part}-{place}"
            row: dict[str, Any] = {key: data[f"{prefix}-{key}"] for key in self.TEXTS[part]}
            if data[f"{prefix}-remove"] or not any(row.values()):
                continue
            if part == "criteria":
                minimum = data[f"{prefix}-minimum"]
                row |= {
                    "anchors": {score: data[f"{prefix}-anchor-{score}"] for score in c.SCORES},
                    "minimum": int(minimum) if minimum else None,
                    "weight": data[f"{prefix}-weight"],
                }
            yield row


def _rows(data: Mapping[str, Any], part: str) -> int:
    """How many rows of a part the data speak of."""
    pattern = re.compile(rf"{part}-(\d{{1,2}})-(?:code|name)")
    found = [int(match[1]) for name in data if (match := pattern.fullmatch(name))]
    return max(found, default=-1) + 1


def show(form: forms.Form, problems: Iterable[Problem]) -> None:
    """Put each problem at its field; what has none goes to the top."""
    form.is_valid()
    for problem in problems:
        form.add_error(problem.field if problem.field in form.fields else None, problem.message)


def own_field(field: str, base: Content) -> str:
    """A field of the whole set as a hub's form calls it: ``criteria-10-name`` is its first."""
    match = re.fullmatch(r"criteria-(\d+)-(.+)", field)
    place = int(match[1]) - len(base["criteria"]) if match else -1
    return f"added-{place}-{match[2]}" if match and place >= 0 else field


class AdditionsForm(forms.Form):
    """What a hub adds to the shared set: raised minimums and thresholds, criteria of its own."""

    mark_optional = False

    def __init__(self, data: Any = None, *, draft: CriteriaSet, base: CriteriaSet) -> None:
        self.draft, self.base = draft, base.content
        super().__init__(self._flat(draft.additions) if data is None else data)
        for row in self.base["criteria"]:
            self._raised(row)
        for label, name in c.LABEL_NAMES.items():
            self._threshold(label, str(name))
        for period in c.VALIDITY:
            self.fields[f"periods-{period}"] = WholeField(
                label=c.PERIOD_NAMES[period],
                help_text=_("Shared: %(n)s. A hub may shorten it; empty leaves it.")
                % {"n": self.base["periods"][period]},
            )
        for place in range(c.MOST_ADDED):
            self._added(f"added-{place}")

    def _flat(self, additions: Mapping[str, Any]) -> dict[str, str]:
        data = {f"minimums-{code}": str(n) for code, n in additions.get("minimums", {}).items()}
        for label, rule in additions.get("thresholds", {}).items():
            data |= {f"thresholds-{label}-{key}": _text(value) for key, value in rule.items()}
        data |= {f"periods-{name}": _text(n) for name, n in additions.get("periods", {}).items()}
        for place, row in enumerate(additions.get("criteria", [])):
            for key in ("code", "name", "question", "evidence_required", "minimum"):
                data[f"added-{place}-{key}"] = _text(row.get(key))
            data |= {f"added-{place}-anchor-{n}": text for n, text in row["anchors"].items()}
        return data

    # --- Fields -------------------------------------------------------------------------

    def _raised(self, row: Mapping[str, Any]) -> None:
        present = row["minimum"] or 0
        shared = _("As shared: %(n)s") % {"n": row["minimum"] or _("none")}
        self.fields[f"minimums-{row['code']}"] = forms.ChoiceField(
            label=f"{row['code']} {row['name']}",
            choices=[("", shared), *((str(n), str(n)) for n in range(present + 1, 5))],
            required=False,
            error_messages={"invalid_choice": _("Choose a higher minimum than the shared one.")},
        )

    def _threshold(self, label: str, name: str) -> None:
        rule = self.base["thresholds"][label]
        self.fields[f"thresholds-{label}-score_at_least"] = WholeField(
            label=_("%(label)s: sum at least, of 100") % {"label": name},
            help_text=_("Shared: %(n)s. A hub may raise it; empty leaves it.")
            % {"n": rule["score_at_least"]},
        )
        steps = self.base["evidence_strength"]
        codes = [step["code"] for step in steps]
        higher = steps[codes.index(rule["evidence_at_least"]) + 1 :]
        shared = _("As shared: %(n)s") % {"n": rule["evidence_at_least"]}
        self.fields[f"thresholds-{label}-evidence_at_least"] = forms.ChoiceField(
            label=_("%(label)s: evidence for results at least") % {"label": name},
            choices=[("", shared), *((s["code"], f"{s['code']} {s['name']}") for s in higher)],
            required=False,
            error_messages={"invalid_choice": _("Choose a stronger step than the shared one.")},
        )

    def _added(self, prefix: str) -> None:
        self.fields[f"{prefix}-code"] = forms.CharField(
            required=False, max_length=4, widget=forms.HiddenInput
        )
        self.fields[f"{prefix}-name"] = _line(_("Name"), c.LENGTHS["name"])
        self.fields[f"{prefix}-question"] = _lines(_("Question"), c.LENGTHS["question"])
        self.fields[f"{prefix}-evidence_required"] = _lines(
            _("Evidence required"), c.LENGTHS["evidence_required"]
        )
        for score in c.SCORES:
            self.fields[f"{prefix}-anchor-{score}"] = _line(
                _("What score %(n)s means") % {"n": score}, c.LENGTHS["anchor"]
            )
        self.fields[f"{prefix}-minimum"] = forms.ChoiceField(
            label=_("Binding minimum"),
            choices=[("", _("Choose one")), *((n, n) for n in c.SCORES[1:])],
            required=False,
        )

    def clean(self) -> dict[str, Any]:
        """A lower value than the shared one would be passed over: say so instead."""
        data = super().clean() or {}
        for label in c.LABELS:
            name = f"thresholds-{label}-score_at_least"
            shared = self.base["thresholds"][label]["score_at_least"]
            value = data.get(name)
            if value is not None and not shared <= value <= 100:
                self.add_error(
                    name,
                    _("The shared threshold is %(n)s. Give a higher one, or leave this empty.")
                    % {"n": shared},
                )
        for period in c.VALIDITY:
            shared, value = self.base["periods"][period], data.get(f"periods-{period}")
            if value is not None and not 1 <= value <= shared:
                self.add_error(
                    f"periods-{period}",
                    _("The shared period is %(n)s months. Give a shorter one, or leave this empty.")
                    % {"n": shared},
                )
        return data

    # --- For the template ---------------------------------------------------------------

    def minimum_fields(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name.startswith("minimums-")]

    def threshold_fields(self) -> list[BoundField]:
        kept = ("thresholds-", "periods-")
        return [self[name] for name in self.fields if name.startswith(kept)]

    def added_rows(self) -> Iterator[Row]:
        for place in range(c.MOST_ADDED):
            prefix = f"added-{place}"
            said = [str(self[f"{prefix}-{key}"].value() or "") for key in ("code", "name")]
            names = ("code", "name", "question", "evidence_required", "minimum")
            yield Row(
                title=" ".join(said).strip(),
                fields=[self[f"{prefix}-{name}"] for name in names],
                anchors=[self[f"{prefix}-anchor-{score}"] for score in c.SCORES],
                is_new=not any(said),
            )

    def show(self, problems: Iterable[Problem]) -> None:
        """Problems name rows of the whole set; the hub's own begin after the shared ones."""
        show(
            self,
            (Problem(own_field(problem.field, self.base), problem.message) for problem in problems),
        )

    # --- What was written ---------------------------------------------------------------

    @property
    def additions(self) -> dict[str, Any]:
        data = self.cleaned_data
        minimums = {
            row["code"]: int(data[f"minimums-{row['code']}"])
            for row in self.base["criteria"]
            if data[f"minimums-{row['code']}"]
        }
        thresholds: dict[str, dict[str, Any]] = {}
        for label in c.LABELS:
            for key in ("score_at_least", "evidence_at_least"):
                value = data[f"thresholds-{label}-{key}"]
                if value not in (None, ""):
                    thresholds.setdefault(label, {})[key] = value
        periods = {
            name: data[f"periods-{name}"]
            for name in c.VALIDITY
            if data[f"periods-{name}"] is not None
        }
        written = {
            "minimums": minimums,
            "criteria": list(self._own_criteria()),
            "thresholds": thresholds,
            "periods": periods,
        }
        return {key: value for key, value in written.items() if value}

    def _own_criteria(self) -> Iterator[dict[str, Any]]:
        data = self.cleaned_data
        known = {row["code"] for row in self.draft.additions.get("criteria", [])}
        fresh = _new_codes(self.draft.hub, self.base)
        for place in range(c.MOST_ADDED):
            prefix = f"added-{place}"
            row: dict[str, Any] = {
                key: data[f"{prefix}-{key}"] for key in ("name", "question", "evidence_required")
            }
            if not any(row.values()):
                continue
            code = data[f"{prefix}-code"]
            minimum = data[f"{prefix}-minimum"]
            yield {
                "code": code if code in known else next(fresh),
                **row,
                "anchors": {score: data[f"{prefix}-anchor-{score}"] for score in c.SCORES},
                "minimum": int(minimum) if minimum else None,
            }


def _new_codes(hub: Hub | None, base: Content) -> Iterator[str]:
    """Codes that none of this hub's sets ever used: evidence that names one keeps its sense."""
    used = {row["code"] for row in (*base["criteria"], *base["gates"])} | codes_added_by(hub)
    return (code for n in range(1, 1000) if (code := f"H{n}") not in used)


class PutInForceForm(forms.Form):
    """Why an edition comes in force, and of what it was looked at."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stays in the history of this edition and of the one before."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Say why, in a sentence or two.")},
    )


class VersionForm(forms.Form):
    """The number of the next edition."""

    version = forms.CharField(
        label=gettext_lazy("Version"),
        help_text=gettext_lazy("Numbers with dots between them, like 1.1."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )


class HubForm(forms.Form):
    """Whose additions are drafted."""

    hub = forms.ModelChoiceField(label=gettext_lazy("Hub"), queryset=Hub.objects.none())

    def __init__(self, *args: Any, hubs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hub"].queryset = hubs
