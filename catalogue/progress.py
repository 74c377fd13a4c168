"""How far the pages of a record have come: for its overview, and beside every question."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue import fields as f
from catalogue.choices import SubmissionState
from catalogue.content import Document, Gap, gaps

if TYPE_CHECKING:
    from catalogue.models import Remark, Submission

#: Filled in for everyone, so they say nothing about a page having been begun.
PRESET = frozenset({"language", "licence", "contributors", "title", "hub"})
EMPTY: tuple[Any, ...] = ("", None, [], False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the desk asked to change at one field, and whether that field was changed since."""

    field: str
    page: str
    text: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class PageProgress:
    """One page: *done* (nothing is missing), *started*, *todo*, or *optional* (empty, and the
    chosen form does not need it)."""

    page: f.Page
    state: str
    gaps: tuple[Gap, ...]
    asked: tuple[Asked, ...]
    is_unsaved: bool

    @property
    def to_fix(self) -> int:
        return sum(not remark.is_changed for remark in self.asked)

    @property
    def note(self) -> str:
        """The state in a word or two."""
        if self.to_fix:
            return ngettext("%(n)d to fix", "%(n)d to fix", self.to_fix) % {"n": self.to_fix}
        if self.is_unsaved:
            return _("Not saved")
        if self.state == "started":
            n = len(self.gaps)
            return ngettext("%(n)d to add", "%(n)d to add", n) % {"n": n}
        if self.state == "optional":
            return _("Optional")
        return _("Done") if self.state == "done" else _("To do")

    @property
    def status(self) -> str:
        """The kind of mark it gets (``{% status %}``)."""
        if self.to_fix:
            return "miss"
        if self.is_unsaved:
            return "late"
        return {"done": "done", "started": "open"}.get(self.state, "none")


def both(document: Document) -> dict[str, object]:
    """Public and private answers together; evidence as the public sees it."""
    return document.content | {
        name: value for name, value in document.private.items() if name != "evidence"
    }


def asked_in(submission: Submission | None, document: Document) -> list[Asked]:
    """The remarks of the desk's last answer, if that answer was a return."""
    if submission is None or submission.state != SubmissionState.RETURNED:
        return []
    now = both(document)
    then = submission.version.content | submission.version.private_content
    return [
        _asked(remark, now.get(remark.field) != then.get(remark.field))
        for remark in _remarks(submission)
    ]


def _remarks(submission: Submission) -> Iterable[Remark]:
    return (remark for remark in submission.remarks.all() if remark.field in f.BY_NAME)


def _asked(remark: Remark, is_changed: bool) -> Asked:  # noqa: FBT001 (one of four plain facts)
    return Asked(remark.field, f.BY_NAME[remark.field].page, remark.text, is_changed)


def pages_of(
    document: Document, form: str, *, asked: Iterable[Asked] = (), unsaved: Collection[str] = ()
) -> list[PageProgress]:
    """The state of every page, in order."""
    missing = gaps(document, form)
    remarks = list(asked)
    said = both(document)
    found = []
    for page in f.PAGES:
        lacks = tuple(gap for gap in missing if gap.page == page.code)
        begun = any(
            said[item.name] not in EMPTY for item in f.on_page(page.code) if item.name not in PRESET
        )
        state = ("todo", "started") if lacks else ("optional", "done")
        found.append(
            PageProgress(
                page,
                state[begun],
                lacks,
                tuple(remark for remark in remarks if remark.page == page.code),
                page.code in unsaved,
            )
        )
    return found
