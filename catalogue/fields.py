"""The fields of the solution record: one table that drives the form pages, the check for
completeness, the frozen content, differences, remarks and translations.

A record has two forms. The *snapshot* is the required core, publishable as "documented, not
validated"; the *full* record is what a panel can judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from catalogue.choices import Form
from catalogue.models import Solution

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: How a value is stored in the frozen content (``catalogue.content`` says more).
TEXT, RICH, CHOICE, ONE, MANY, DATE, NUMBER, FLAG, ROWS = (
    "text",
    "rich",
    "choice",
    "one",
    "many",
    "date",
    "number",
    "flag",
    "rows",
)

MAX_TARGETS = 3
MAX_TAGS = 8
MAX_BLOCKS = 6
MIN_BLOCKS = 2
MAX_INDICATORS = 8
MAX_EVIDENCE = 20


@dataclass(frozen=True, slots=True)
class Page:
    """One question page of the guided form."""

    code: str
    title: StrOrPromise
    question: StrOrPromise


@dataclass(frozen=True, slots=True)
class Field:
    """One field: on which page it is asked, how it is stored, in which form it is required.

    ``required`` is the smallest form that needs it ("" for never); ``criteria`` are the
    criteria of the common set that rest on it; ``private`` fields are for the panel only.
    """

    name: str
    page: str
    kind: str
    required: str = ""
    criteria: tuple[str, ...] = ()
    translatable: bool = False
    private: bool = False

    @property
    def label(self) -> StrOrPromise:
        column: Any = Solution._meta.get_field(self.name)
        if self.kind == ROWS:
            return column.related_model._meta.verbose_name_plural
        return column.verbose_name

    def needed_for(self, form: str) -> bool:
        return self.required == Form.SNAPSHOT or (self.required == form == Form.FULL)


PAGES: tuple[Page, ...] = (
    Page("name", _("Name and summary"), _("What is it, in one sentence?")),
    Page("place", _("Place and time"), _("Where, since when, and who stands behind it?")),
    Page("problem", _("The problem"), _("Which problem does it answer, and whose?")),
    Page("approach", _("How it works"), _("What is done, step by step?")),
    Page("results", _("Results"), _("What changed, and how do you know?")),
    Page("peers", _("What a peer needs"), _("What must another country know before trying it?")),
    Page("learning", _("People and learning"), _("Who gains, and what did not work?")),
    Page("evidence", _("Evidence"), _("What can a third party open and check?")),
    Page(
        "sharing", _("Sharing and rights"), _("What may peers do with it, and whom can they ask?")
    ),
)
PAGE_CODES = tuple(page.code for page in PAGES)

S, F = Form.SNAPSHOT, Form.FULL
FIELDS: tuple[Field, ...] = (
    Field("title", "name", TEXT, S, translatable=True),
    Field("summary", "name", TEXT, S, translatable=True),
    Field("language", "name", ONE, S),
    Field("kind", "name", CHOICE, S),
    Field("sectors", "name", MANY, S, ("C1",)),
    Field("goals", "name", MANY),
    Field("targets", "name", MANY, F, ("C1",)),
    Field("tags", "name", MANY),
    Field("countries", "place", MANY, S),
    Field("area", "place", TEXT, translatable=True),
    Field("scale", "place", CHOICE, F),
    Field("started_on", "place", DATE, S, ("G1",)),
    Field("ended_on", "place", DATE),
    Field("is_running", "place", FLAG),
    Field("stage", "place", CHOICE, S, ("G1",)),
    Field("owner_institution", "place", TEXT, S, ("G3",)),
    Field("hub", "place", ONE, S, ("G3",)),
    Field("problem", "problem", RICH, S, ("C1",), translatable=True),
    Field("affected", "problem", RICH, F, ("C1",), translatable=True),
    Field("approach", "approach", RICH, S, translatable=True),
    Field("steps", "approach", RICH, F, ("C4",), translatable=True),
    Field("blocks", "approach", ROWS, F, ("C4",)),
    Field("indicators", "results", ROWS, F, ("C2",)),
    Field("narrative", "results", RICH, S, ("C2",), translatable=True),
    Field("unintended", "results", RICH, F, ("G4",), translatable=True),
    Field("preconditions", "peers", RICH, F, ("C4",), translatable=True),
    Field("do_not_use_when", "peers", RICH, F, ("C4",), translatable=True),
    Field("cost_total", "peers", NUMBER, F, ("C7",)),
    Field("cost_currency", "peers", TEXT, F, ("C7",)),
    Field("cost_year", "peers", NUMBER, F, ("C7",)),
    Field("cost_unit", "peers", NUMBER, "", ("C7",)),
    Field("cost_unit_name", "peers", TEXT, "", ("C7",), translatable=True),
    Field("cost_payers", "peers", TEXT, F, ("C5", "C7"), translatable=True),
    Field("staff_time", "peers", TEXT, "", ("C7",), translatable=True),
    Field("sustainability", "peers", RICH, F, ("C5",), translatable=True),
    Field("inclusion", "learning", RICH, F, ("C6",), translatable=True),
    Field("participation", "learning", RICH, F, ("C8",), translatable=True),
    Field("failure", "learning", RICH, S, ("C9",), translatable=True),
    Field("evidence", "evidence", ROWS, S, ("C3",)),
    Field("modalities", "sharing", MANY, F, ("C10",)),
    Field("offer_languages", "sharing", MANY, "", ("C10",)),
    Field("offer_days", "sharing", NUMBER, "", ("C10",)),
    Field("offer_materials", "sharing", TEXT, "", ("C10",), translatable=True),
    Field("contributors", "sharing", ROWS),
    Field("licence", "sharing", CHOICE, S, ("G2",)),
    Field("licence_note", "sharing", TEXT),
    Field("consent", "sharing", FLAG, S, ("G2",)),
    Field("personal_data", "sharing", TEXT, F, ("G2", "G4"), translatable=True),
    Field("adapted_from", "sharing", ONE),
    Field("adapted_from_note", "sharing", TEXT, translatable=True),
    Field("editors_note", "sharing", TEXT, translatable=True),
    Field("contact_name", "sharing", TEXT, S, ("C3", "C10"), private=True),
    Field("contact_role", "sharing", TEXT, private=True),
    Field("contact_email", "sharing", TEXT, S, ("C3", "C10"), private=True),
    Field("contact_phone", "sharing", TEXT, private=True),
)
BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}


def on_page(page: str) -> list[Field]:
    return [field for field in FIELDS if field.page == page]
