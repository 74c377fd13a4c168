"""What changed between two versions, said so that a person can read it.

Text is compared paragraph by paragraph and, within a paragraph that was edited, word by word;
lists are compared by what was added and removed; rows (evidence, indicators …) by their title.

The work is bounded: one comparison of two versions has a fixed number of steps to spend. Text
that would need more (a hundred thousand characters rewritten from end to end) is shown as
removed and added as a whole, which is what a reader would see in it anyway.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue import fields as f
from catalogue.content import Change, Content, changes
from catalogue.presentation import answer_of, rows_of
from core.text import is_unspaced, plain
from hubs import reference

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SAME, REMOVED, ADDED, CHANGED = "same", "removed", "added", "changed"
#: Steps one comparison of two versions may take; a step is about a third of a microsecond.
EFFORT = 1_000_000
#: Steps one pair of texts may take of it, so that one field cannot use up all.
EFFORT_PER_TEXT = 250_000
#: Two paragraphs are one edited paragraph when they share this part of their words.
ALIKE = 0.4


@dataclass(slots=True)
class Effort:
    """Steps left for one page."""

    left: int = EFFORT


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stayed, went or came."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph with its pieces; ``skipped`` unchanged ones stand for themselves."""

    pieces: tuple[Piece, ...] = ()
    skipped: int = 0

    @property
    def note(self) -> str:
        return ngettext("%(n)d paragraph unchanged", "%(n)d paragraphs unchanged", self.skipped) % {
            "n": self.skipped
        }


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a row that changed."""

    label: StrOrPromise
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was added, removed or changed, named by its title."""

    kind: str
    title: str
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in one field. Only one of the parts is filled, by the kind of the field."""

    field: str
    label: StrOrPromise
    paragraphs: tuple[Paragraph, ...] = ()
    items: tuple[Piece, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


# --- Comparing sequences -----------------------------------------------------------------


def _steps(before: Sequence[str], after: Sequence[str], effort: Effort) -> list[tuple[str, str]]:
    """The shortest way from one sequence to the other: kind and item, in reading order.

    Myers's greedy algorithm after cutting off the common ends. When the effort is spent, the
    rest counts as removed and added.
    """
    head = 0
    shorter = min(len(before), len(after))
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    a, b = before[head : len(before) - tail], after[head : len(after) - tail]
    middle = _shortest(a, b, effort)
    if middle is None:
        middle = [(REMOVED, item) for item in a] + [(ADDED, item) for item in b]
    start = [(SAME, item) for item in before[:head]]
    end = [(SAME, item) for item in after[len(after) - tail :]]
    return [*start, *middle, *end]


def _shortest(a: Sequence[str], b: Sequence[str], effort: Effort) -> list[tuple[str, str]] | None:
    """The shortest edit script, or None when it would take too many steps."""
    n, m = len(a), len(b)
    if not n or not m:
        return [(REMOVED, item) for item in a] + [(ADDED, item) for item in b]
    allowance = min(effort.left, EFFORT_PER_TEXT)
    furthest: dict[int, int] = {1: 0}
    trail: list[dict[int, int]] = []
    for d in range(n + m + 1):
        trail.append(dict(furthest))
        spent = 2 * (d + 1)
        for k in range(-d, d + 1, 2):
            down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            start = x
            while x < n and x - k < m and a[x] == b[x - k]:
                x += 1
            furthest[k] = x
            spent += 1 + x - start
            if x >= n and x - k >= m:
                effort.left -= spent
                return _walk_back(a, b, trail)
        effort.left -= spent
        allowance -= spent
        if allowance <= 0:
            return None
    return None  # pragma: no cover (the loop always reaches the end within n + m)


def _walk_back(
    a: Sequence[str], b: Sequence[str], trail: list[dict[int, int]]
) -> list[tuple[str, str]]:
    x, y = len(a), len(b)
    way: list[tuple[str, str]] = []
    for d in range(len(trail) - 1, -1, -1):
        furthest, k = trail[d], x - y
        down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
        from_k = k + 1 if down else k - 1
        from_x = furthest[from_k]
        from_y = from_x - from_k
        while x > from_x and y > from_y and x > 0 and y > 0:
            x, y = x - 1, y - 1
            way.append((SAME, a[x]))
        if d > 0:
            way.append((ADDED, b[from_y]) if down else (REMOVED, a[from_x]))
        x, y = from_x, from_y
    way.reverse()
    return way


# --- Text --------------------------------------------------------------------------------

_TOKENS = re.compile(r"\s+|[^\s]+")


def _class_of(char: str) -> str:
    """What may stand together in one word: letters with their marks, and digits."""
    if is_unspaced(char):
        return char  # a script without spaces is compared character by character
    return "w" if unicodedata.category(char)[0] in "LMN" else char


def words_of(text: str) -> list[str]:
    """Words, spaces and single signs; joined again they are the text."""
    found: list[str] = []
    for token in _TOKENS.findall(text):
        if (token.isascii() and token.isalnum()) or token.isspace():
            found.append(token)
        else:
            found += ["".join(run) for _class, run in groupby(token, key=_class_of)]
    return found


def pieces_of(before: str, after: str, effort: Effort | None = None) -> tuple[Piece, ...]:
    """Two texts as one, with what went and what came, word by word."""
    steps = _steps(words_of(before), words_of(after), effort or Effort())
    runs = [
        (kind, "".join(text for _kind, text in run))
        for kind, run in groupby(steps, key=lambda step: step[0])
    ]
    return tuple(_readable(runs))


def _readable(runs: list[tuple[str, str]]) -> Iterable[Piece]:
    """Edits with a mere space or a short word between them become one edit.

    The shortest script keeps every "of" and comma in place and is a patchwork to read.
    """
    out = came = ""
    for place, (kind, text) in enumerate(runs):
        if kind == REMOVED:
            out += text
        elif kind == ADDED:
            came += text
        elif (out or came) and place + 1 < len(runs) and len(text.strip()) <= 3:
            out, came = out + text, came + text
        else:
            yield from _edit(out, came)
            out = came = ""
            yield Piece(SAME, text)
    yield from _edit(out, came)


def _edit(out: str, came: str) -> Iterable[Piece]:
    """One edit; what both ends with or begins with alike is not part of it."""
    if out == came:
        if out:
            yield Piece(SAME, out)
        return
    if out:
        yield Piece(REMOVED, out)
    if came:
        yield Piece(ADDED, came)


def _alike(before: str, after: str) -> bool:
    a, b = Counter(before.split()), Counter(after.split())
    shared = sum((a & b).values())
    if not a or not b or max(a.total(), b.total()) < 4:  # too few words to say
        return True
    return shared / max(a.total(), b.total()) >= ALIKE or (
        shared == 0 and is_unspaced(before[:1]) and is_unspaced(after[:1])
    )


def paragraphs_of(before: str, after: str, effort: Effort | None = None) -> tuple[Paragraph, ...]:
    """Two texts paragraph by paragraph; what did not change is counted, not repeated."""
    effort = effort or Effort()
    steps = _steps(before.splitlines(), after.splitlines(), effort)
    found: list[Paragraph] = []
    for is_same, run in groupby(steps, key=lambda step: step[0] == SAME):
        part = list(run)
        if is_same:
            found.append(Paragraph(skipped=len(part)))
        else:
            out = [text for kind, text in part if kind == REMOVED]
            came = [text for kind, text in part if kind == ADDED]
            found += _paired(out, came, effort)
    return tuple(found)


def _paired(out: list[str], came: list[str], effort: Effort) -> Iterable[Paragraph]:
    """Paragraphs that went and came, side by side where one is the other edited."""
    i = j = 0
    while i < len(out) or j < len(came):
        gone, new = len(out) - i, len(came) - j
        if gone and new and _alike(out[i], came[j]):
            yield Paragraph(pieces_of(out[i], came[j], effort))
            i, j = i + 1, j + 1
        elif gone >= new:
            yield Paragraph((Piece(REMOVED, out[i]),))
            i += 1
        else:
            yield Paragraph((Piece(ADDED, came[j]),))
            j += 1


# --- Rows --------------------------------------------------------------------------------

#: Where a row stands, not what it says.
_TITLES = {"title", "name"}


def _keyed(rows: list[Content]) -> dict[tuple[str, int], Content]:
    """Rows by their title; the second of two alike is the second everywhere."""
    seen: Counter[str] = Counter()
    keyed = {}
    for row in rows:
        title = str(row.get("title") or row.get("name") or "")
        seen[title] += 1
        keyed[title, seen[title]] = row
    return keyed


def _rows(name: str, before: list[Content], after: list[Content], effort: Effort) -> Difference:
    old, new = _keyed(before), _keyed(after)
    former = _former(old, new)
    found: list[Row] = []
    for key, row in new.items():
        if key not in former:
            found.append(Row(ADDED, key[0]))
            continue
        columns = tuple(_columns(name, old[former[key]], row, effort))
        if columns:
            found.append(Row(CHANGED, key[0], columns))
    gone = [key for key in old if key not in former.values()]
    found += [Row(REMOVED, key[0]) for key in gone]
    moved = [former[key] for key in new if key in former] != [key for key in old if key not in gone]
    notes = (_("The order changed."),) if moved else ()
    return Difference(name, f.BY_NAME[name].label, rows=tuple(found), notes=notes)


def _former(old: dict[Any, Content], new: dict[Any, Content]) -> dict[Any, Any]:
    """For each row that is not new, which one it was: the one of its title, or else the one
    that stood in its place and says mostly the same under another title."""
    former = {key: key for key in new if key in old}
    for was, now in zip(old, new, strict=False):
        if now not in former and was not in new and _mostly_equal(old[was], new[now]):
            former[now] = was
    return former


def _mostly_equal(old: Content, new: Content) -> bool:
    said = [column for column, value in new.items() if value and column not in _TITLES | {"ref"}]
    equal = sum(old.get(column) == new[column] for column in said)
    return equal > 0 and equal * 2 >= len(said)


def _columns(name: str, old: Content, new: Content, effort: Effort) -> Iterable[Column]:
    """The columns that differ, in words. What follows from the place of a row is left out."""
    before, after = (dict(rows_of(name, [row])[0].pairs) for row in (old, new))
    was, now = (str(row.get("title") or row.get("name") or "") for row in (old, new))
    if was != now:
        yield Column(_("name"), pieces_of(was, now, effort))
    for label in dict.fromkeys([*before, *after]):
        if before.get(label) != after.get(label):
            was, now = str(before.get(label, "")), str(after.get(label, ""))
            yield Column(label, pieces_of(was, now, effort))
    if old.get("file") != new.get("file") and _file_name(old) == _file_name(new) != "":
        yield Column(_("file"), (Piece(SAME, _("Another file of the same name.")),))


def _file_name(row: Content) -> str:
    return str(row["file"]["name"]) if row.get("file") else ""


# --- Versions ----------------------------------------------------------------------------


def differences(before: Content, after: Content) -> list[Difference]:
    """What changed, field by field in the order of the form; translations last."""
    effort = Effort()
    found: list[Difference] = []
    for change in changes(before, after):
        if change.field == "translations":
            found += _translations(change, effort)
        else:
            found.append(_difference(change, effort))
    return found


def _difference(change: Change, effort: Effort) -> Difference:
    item = f.BY_NAME[change.field]
    name, label = item.name, item.label
    if item.kind == f.ROWS:
        return _rows(name, change.before or [], change.after or [], effort)
    if item.kind in {f.RICH, f.TEXT}:
        texts = [change.before or "", change.after or ""]
        old_text, new_text = map(plain, texts) if item.kind == f.RICH else texts
        if old_text == new_text:
            return Difference(name, label, notes=(_("Only the formatting changed."),))
        return Difference(name, label, paragraphs=paragraphs_of(old_text, new_text, effort))
    old, new = (_values(item, value) for value in (change.before, change.after))
    items = [Piece(REMOVED, value) for value in old if value not in new]
    items += [Piece(ADDED, value) for value in new if value not in old]
    silent = _("The order changed.") if item.kind == f.MANY else _("It is written differently.")
    return Difference(name, label, items=tuple(items), notes=() if items else (silent,))


def _values(item: f.Field, value: Any) -> list[str]:
    """One value or several, in words."""
    if item.kind == f.FLAG:
        return [_("Yes") if value else _("No")]
    words = answer_of(item, value).value
    return words if isinstance(words, list) else [words] * bool(words)


ADDED_TRANSLATION = gettext_lazy("The translation was added.")
REMOVED_TRANSLATION = gettext_lazy("The translation was removed.")


def _translations(change: Change, effort: Effort) -> Iterable[Difference]:
    old, new = change.before or {}, change.after or {}
    for code in sorted(set(old) | set(new)):
        if old.get(code) == new.get(code):
            continue
        title = _("Translation: %(language)s") % {"language": reference.language_name(code)}
        if code not in old or code not in new:
            note = ADDED_TRANSLATION if code in new else REMOVED_TRANSLATION
            yield Difference(f"translation-{code}", title, notes=(str(note),))
            continue
        yield from _texts(code, title, old[code], new[code], effort)


def _texts(
    code: str, title: str, old: Content, new: Content, effort: Effort
) -> Iterable[Difference]:
    a, b = old["texts"], new["texts"]
    texts = [item for item in f.FIELDS if a.get(item.name, "") != b.get(item.name, "")]
    for item in texts:
        paragraphs = paragraphs_of(plain(a.get(item.name, "")), plain(b.get(item.name, "")), effort)
        name, label = f"translation-{code}-{item.name}", f"{title}, {item.label}"
        yield Difference(name, label, paragraphs=paragraphs)
    if not texts:
        yield Difference(
            f"translation-{code}", title, notes=(_("How it was made, or its state, changed."),)
        )
