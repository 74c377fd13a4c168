"""The content of a record as labelled answers, for every page that lists them field by field:
check-your-answers, the desk, differences between versions.

One place turns stored codes into words in the reader's language. It takes frozen content
(``catalogue.content``), never the working copy, and runs no query but the reference data
that the process keeps anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import choices as c
from catalogue import fields as f
from catalogue.models import BuildingBlock, Contributor, Evidence, Indicator
from hubs import reference

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: How the verbs of the catalogue's audit read in a history.
VERBS: dict[str, StrOrPromise] = {
    "start": gettext_lazy("Begun"),
    "submit": gettext_lazy("Submitted"),
    "recall": gettext_lazy("Taken back by its team"),
    "give_back": gettext_lazy("Returned for changes"),
    "decline": gettext_lazy("Declined"),
    "pass_screening": gettext_lazy("Passed screening"),
    "publish": gettext_lazy("Published"),
    "renew": gettext_lazy("New version published"),
    "withdraw": gettext_lazy("Withdrawn"),
    "restore": gettext_lazy("Published again"),
    "take-over": gettext_lazy("Editing taken over"),
    "invite": gettext_lazy("Somebody invited to the team"),
    "join": gettext_lazy("Joined the team"),
    "leave": gettext_lazy("Left the team"),
    "remove": gettext_lazy("Removed from the team"),
}

CHOICES: dict[str, Any] = {
    "kind": c.Kind,
    "scale": c.Scale,
    "stage": c.Stage,
    "licence": c.Licence,
    "modalities": c.Modality,
}
ROW_MODELS: dict[str, Any] = {
    "blocks": BuildingBlock,
    "indicators": Indicator,
    "evidence": Evidence,
    "contributors": Contributor,
}
ROW_CHOICES: dict[tuple[str, str], Any] = {
    ("blocks", "role"): c.BlockRole,
    ("evidence", "kind"): c.EvidenceKind,
    ("evidence", "access"): c.Access,
    ("contributors", "role"): c.ContributorRole,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a repeated part: its heading and the labelled values that are not empty."""

    title: str
    pairs: tuple[tuple[StrOrPromise, str], ...]
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One field with its answer in words.

    ``shape`` says how to print it: *text* (one string), *rich* (cleaned HTML), *list*
    (several strings) or *rows*. ``value`` is empty when nothing was stated.
    """

    name: str
    label: StrOrPromise
    shape: str
    value: Any

    @property
    def is_empty(self) -> bool:
        return not self.value


@dataclass(frozen=True, slots=True)
class AnswerPage:
    page: f.Page
    answers: tuple[Answer, ...]


def answers(content: dict[str, Any], private: dict[str, Any] | None = None) -> list[AnswerPage]:
    """All pages with their answers. Private fields only when ``private`` is given."""
    both = content | (private or {})
    if private is not None:
        both["evidence"] = content["evidence"]
    return [
        AnswerPage(
            page,
            tuple(
                answer_of(item, both.get(item.name))
                for item in f.on_page(page.code)
                if private is not None or not item.private
            ),
        )
        for page in f.PAGES
    ]


def answer_of(item: f.Field, value: Any) -> Answer:
    """One stored value in words."""
    if item.kind == f.ROWS:
        return Answer(item.name, item.label, "rows", rows_of(item.name, value or []))
    if item.kind == f.RICH:
        return Answer(item.name, item.label, "rich", value or "")
    if item.kind == f.MANY:
        return Answer(item.name, item.label, "list", [_word(item.name, v) for v in value or []])
    return Answer(item.name, item.label, "text", _text(item, value))


def _text(item: f.Field, value: Any) -> str:
    if item.kind == f.FLAG:
        return _("Yes") if value else ""
    if value in (None, ""):
        return ""
    if item.kind == f.CHOICE:
        return _choice(CHOICES[item.name], value)
    if item.kind == f.ONE:
        if item.name == "language":
            return reference.language_name(value)
        if item.name == "hub":
            return str(value["name"])
        return f"{value['reference']} {value['title']}"
    return str(value)


def _word(name: str, value: Any) -> str:
    match name:
        case "sectors":
            return reference.sector_name(value)
        case "countries":
            return reference.country_name(value)
        case "goals":
            return f"{value} {reference.goal_name(value)}"
        case "targets":
            target = reference.targets().get(value)
            return str(target) if target else str(value)
        case "offer_languages":
            return reference.language_name(value)
        case "modalities":
            return _choice(c.Modality, value)
        case _:
            return str(value)


def _choice(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else str(value)


def rows_of(name: str, rows: list[dict[str, Any]]) -> list[Row]:
    meta = ROW_MODELS[name]._meta
    found = []
    for row in rows:
        pairs = []
        for column, value in row.items():
            if column in {"title", "name", "ref"} or value in (None, "", []):
                continue
            pairs.append((_row_label(meta, column), _row_value(name, column, value)))
        title = row.get("title") or row.get("name") or ""
        if row.get("ref"):
            title = f"{row['ref']} {title}"
        found.append(Row(title, tuple(pairs), row))
    return found


def _row_label(meta: Any, column: str) -> StrOrPromise:
    return meta.get_field(column).verbose_name


def _row_value(name: str, column: str, value: Any) -> str:
    if (name, column) in ROW_CHOICES:
        return _choice(ROW_CHOICES[name, column], value)
    if column == "language":
        return reference.language_name(value)
    if column == "file":
        return str(value["name"])
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
