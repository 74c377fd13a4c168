"""Lists of speakers as people paste them: read line by line, matched with people of the record.

A line is "Name; title; organisation; country; part". Tabs, commas and bars divide as well, and
a first line that names the columns may put them in another order. Nothing is guessed: what
cannot be read is a problem of its line, and a name several people may bear is asked about.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.plaintext import is_broken, tidy
from core.text import fold
from events.choices import ContributionRole
from events.models import Contribution, Person, PersonName
from hubs import reference

if TYPE_CHECKING:
    from accounts.models import User

#: So many people are read at once.
MOST_LINES = 500
#: Longer texts are no list of people.
MOST_CHARACTERS = 200_000
#: A quoted cell of a spreadsheet goes over so many lines at most.
MOST_BREAKS = 10
#: As much as the record keeps of each.
LONGEST = {"name": 150, "title": 200, "organisation": 200, "topic": 300}

#: The columns in their usual order; the last two are read only where a first line names them.
COLUMNS = {
    "name": gettext_lazy("Name"),
    "title": gettext_lazy("Title"),
    "organisation": gettext_lazy("Organisation"),
    "country": gettext_lazy("Country"),
    "role": gettext_lazy("Part"),
    "topic": gettext_lazy("About"),
    "session": gettext_lazy("Session"),
}
USUAL = tuple(COLUMNS)[:5]
#: How else columns are headed, besides their names in every language of the portal.
HEADINGS = {
    "name": "speaker, full name, person, nombre, nom, nome, nama, имя, фио, الاسم, 姓名, 名字",
    "title": "position, function, job title, cargo, fonction, jabatan, должность, المنصب, 职务",
    "organisation": "organization, institution, affiliation, ministry, agency, organización, "
    "institución, institución u organización, organização, instituição, organisasi, instansi, "
    "организация, المؤسسة, 机构, 单位",
    "country": "país, pays, negara, страна, البلد, 国家",
    "role": "role, rol, rôle, papel, peran, роль, الدور, 角色",
    "topic": "topic, subject, talk, theme, tema, sujet, topik, тема, الموضوع, 主题",
    "session": "panel, sesión, séance, sessão, sesi, сессия, الجلسة, 会议",
}
#: How else parts are called.
ROLES = {
    ContributionRole.OPENER: "opening, opens, opened by, welcome, opening remarks",
    ContributionRole.CHAIR: "chair, chairperson, chairman, chairwoman, co-chair",
    ContributionRole.MODERATOR: "facilitator, moderated by, host",
    ContributionRole.SPEAKER: "keynote, keynote speaker, presenter, lecturer",
    ContributionRole.PANELLIST: "panelist, panel, panel member",
    ContributionRole.COMMENTATOR: "discussant, respondent, comment, commenter",
    ContributionRole.PARTICIPANT: "participant, attendee",
    ContributionRole.COORDINATOR: "coordinator, co-ordinator",
}
#: What stands before names in lists, and is no part of them.
HONORIFICS = frozenset(
    (
        "amb", "ambassador", "dr", "dra", "drs", "eng", "excellency", "he", "hon",
        "honorable", "honourable", "ir", "lic", "madame", "minister", "mme", "mr", "mrs", "ms",
        "mx", "prof", "professor", "sir", "sr", "sra",
    )
)  # fmt: skip
#: What divides the cells, in the order it is tried; other scripts' forms count as the same.
DIVIDERS = ("\t", ";", "|", ",")
ALIKE = {
    "\uff1b": ";", "\u061b": ";", "\uff5c": "|", "\uff0c": ",", "\u3001": ",", "\u060c": ",",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One person as a list names them. ``country`` and ``role`` are codes, or empty."""

    number: int
    name: str
    title: str = ""
    organisation: str = ""
    country: str = ""
    role: str = ""
    topic: str = ""
    session: str = ""
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """What a list says. ``notes`` concern all of it; with one nothing can be taken over."""

    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    has_header: bool = False

    @property
    def is_good(self) -> bool:
        return bool(self.lines) and not self.notes and not any(row.problems for row in self.lines)

    @property
    def bad(self) -> list[Line]:
        return [row for row in self.lines if row.problems]


# --- Reading a list ------------------------------------------------------------------------------


def read(text: str) -> Reading:
    """The people of a list. Empty lines count for the numbers only."""
    found = Reading()
    if is_broken(text):
        found.notes.append(_("This text contains characters that are not text. Type it again."))
        return found
    if len(text) > MOST_CHARACTERS:
        found.notes.append(_("This text is too long for a list of people."))
        return found
    rows = _rows(tidy(text, lines=True).replace("\u00a0", " "))
    columns: Sequence[str] = USUAL
    if rows and (headed := _columns_of(rows[0][1])):
        columns, found.has_header = headed, True
        del rows[0]
    if not rows:
        found.notes.append(_("There is nobody in this list. Write one person on each line."))
    elif len(rows) > MOST_LINES:
        found.notes.append(
            _("Up to %(most)d people are read at once. There are %(n)d here: make two lists of it.")
            % {"most": MOST_LINES, "n": len(rows)}
        )
    else:
        found.lines = [_line(number, cells, columns) for number, cells in rows]
    return found


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines that hold something, each with its number and its cells."""
    lines = text.split("\n")
    divider = _divider(lines)
    if divider != "\t":
        same = {ord(char): plain for char, plain in ALIKE.items() if plain == divider}
        lines = [line.translate(same) for line in lines]
    found, at = [], 0
    while at < len(lines):
        number, whole = at + 1, lines[at]
        at += 1
        if f"{divider}{whole}".find(f'{divider}"') >= 0 and whole.count('"') % 2:
            whole, at = _until_closed(lines, at)
        cells = next(csv.reader([whole.replace("\n", " ")], delimiter=divider), [])
        cells = [" ".join(cell.split()) for cell in cells]
        if any(cells):
            found.append((number, cells))
    return found


def _until_closed(lines: list[str], after: int) -> tuple[str, int]:
    """A line whose quoted cell goes on below, as spreadsheets hand it over; else as it is."""
    whole = lines[after - 1]
    for at in range(after, min(after + MOST_BREAKS, len(lines))):
        whole += f"\n{lines[at]}"
        if lines[at].count('"') % 2:
            return whole, at + 1
    return lines[after - 1].replace('"', ""), after


def _divider(lines: Iterable[str]) -> str:
    """What divides cells in most lines; commas last, since titles have them, too."""
    written = [line for line in lines if line.strip()]
    for divider in DIVIDERS:
        marks = {divider, *(char for char, plain in ALIKE.items() if plain == divider)}
        if 2 * sum(any(mark in line for mark in marks) for line in written) >= max(len(written), 1):
            return divider
    return ";"


def _columns_of(cells: Sequence[str]) -> list[str]:
    """The columns a first line names, "" for one nobody reads; nothing if it is a person."""
    names = [heading_of(cell) for cell in cells]
    known = [name for name in names if name]
    if "name" not in known or len(known) != len(set(known)) or 2 * len(known) < len(names):
        return []
    return names


def heading_of(text: str) -> str:
    """The column of this heading, or nothing."""
    return _headings().get(_plain(text), "")


def _line(number: int, cells: Sequence[str], columns: Sequence[str]) -> Line:
    told = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    more = [cell for cell in cells[len(columns) :] if cell]
    line = line_of(told, number)
    if not more:
        return line
    problem = ngettext(
        "There is %(n)d cell too many. Put quotation marks around a cell that holds a comma.",
        "There are %(n)d cells too many. Put quotation marks around a cell that holds a comma.",
        len(more),
    ) % {"n": len(more)}
    return _with(line, problem)


def _with(line: Line, *problems: str) -> Line:
    values = {name: getattr(line, name) for name in Line.__slots__}
    return Line(**values | {"problems": (*line.problems, *problems)})


def line_of(cells: Mapping[str, str], number: int) -> Line:
    """One person from cells by the names of columns, whatever kind of file they stood in."""
    if any(is_broken(cells.get(name, "")) for name in COLUMNS):
        return Line(number, "", problems=(_("This line contains characters that are not text."),))
    told = {name: " ".join(tidy(cells.get(name, "")).split()) for name in COLUMNS}
    problems = []
    if not told["name"]:
        problems.append(_("The name is missing."))
    elif not any(char.isalpha() for char in told["name"]):
        problems.append(_("“%(text)s” is no name.") % {"text": told["name"][:60]})
    for name, most in LONGEST.items():
        if len(told[name]) > most:
            problems.append(
                _("%(column)s: shorten this to %(most)d characters. It has %(n)d now.")
                % {"column": COLUMNS[name], "most": most, "n": len(told[name])}
            )
    country, trouble = read_country(told["country"])
    problems += trouble
    role = read_role(told["role"])
    if told["role"] and not role:
        problems.append(
            _("No part is called “%(text)s”. Write one of: %(parts)s.")
            % {
                "text": told["role"][:60],
                "parts": ", ".join(str(label) for _code, label in ContributionRole.choices),
            }
        )
    return Line(
        number,
        told["name"],
        told["title"],
        told["organisation"],
        country,
        role,
        told["topic"],
        told["session"][:300],
        tuple(problems),
    )


def read_country(text: str) -> tuple[str, list[str]]:
    """The code of a country by any of its names, and what is wrong with it."""
    if not text:
        return "", []
    codes = reference.countries_called(text)
    if len(codes) == 1:
        return codes[0], []
    if not codes:
        return "", [
            _("No country is called “%(text)s”. Write its English name.") % {"text": text[:60]}
        ]
    named = ", ".join(f"{reference.country_name(code)} ({code})" for code in codes)
    return "", [
        _("“%(text)s” may be one of several countries. Write one of: %(names)s.")
        % {"text": text[:60], "names": named}
    ]


def read_role(text: str) -> str:
    """The code of a part by its name in any language of the portal, or nothing."""
    return _roles().get(_plain(text), "")


def _plain(text: str) -> str:
    """Words alone, in the form in which they are compared."""
    return " ".join(re.findall(r"[^\W_]+", fold(text)))


@cache
def _headings() -> dict[str, str]:
    found = {_plain(word): name for name, words in HEADINGS.items() for word in words.split(",")}
    for name, label in COLUMNS.items():
        found |= dict.fromkeys([_plain(name), *_in_all_languages(label)], name)
    return found


@cache
def _roles() -> dict[str, str]:
    found = {_plain(word): str(role) for role, words in ROLES.items() for word in words.split(",")}
    for role in ContributionRole:
        found |= dict.fromkeys([_plain(role.value), *_in_all_languages(role.label)], role.value)
    return found


def _in_all_languages(label: object) -> list[str]:
    """A lazily translated word as every language of the portal has it."""
    words = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words.append(_plain(str(label)))
    return words


# --- Finding people of the record ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a name can mean, the likeliest first. Certain only if nobody has to be asked."""

    people: tuple[int, ...] = ()
    is_certain: bool = False

    @property
    def is_new(self) -> bool:
        return not self.people


class Directory:
    """Everybody of the record by their names, read once: two queries.

    Accents, case, punctuation and what stands before a name (Dr, Ms …) do not tell people
    apart. The same words in another order, or with one more between them, are asked about.
    """

    def __init__(self) -> None:
        self.countries: dict[int, str] = {}
        self._exact: dict[str, set[int]] = {}
        self._words: dict[int, list[frozenset[str]]] = {}
        self._with: dict[str, set[int]] = {}
        for pk, name, country in Person.objects.values_list("pk", "name", "country_id"):
            self.countries[pk] = country or ""
            self._add(pk, name)
        for pk, name in PersonName.objects.values_list("person_id", "name"):
            self._add(pk, name)

    def _add(self, pk: int, name: str) -> None:
        self._exact.setdefault(key_of(name), set()).add(pk)
        words = frozenset(key_of(name).split())
        self._words.setdefault(pk, []).append(words)
        for word in words:
            self._with.setdefault(word, set()).add(pk)

    def whom(self, name: str, country: str = "") -> Match:
        """Who of the record may bear this name and come from there."""
        exact = self._exact.get(key_of(name), set())
        alike = {pk for pk in self._near(name) if self._fits(pk, country)} - exact
        people = (*sorted(exact, key=lambda pk: (not self._fits(pk, country), pk)), *sorted(alike))
        certain = len(exact) == 1 and not alike and self._fits(people[0], country)
        return Match(people, certain)

    def _fits(self, pk: int, country: str) -> bool:
        return not country or self.countries[pk] in ("", country)

    def _near(self, name: str) -> set[int]:
        """People whose words are among those of the name, or the other way round."""
        words = frozenset(key_of(name).split())
        if len(words) < 2:
            return set()
        seen = set().union(*(self._with.get(word, set()) for word in words))
        return {
            pk
            for pk in seen
            for own in self._words[pk]
            if len(own) > 1 and (own <= words or words <= own)
        }


def key_of(name: str) -> str:
    """A name as names are compared: words alone, without what stands before it."""
    words = _plain(name).split()
    if words[:2] == ["h", "e"]:
        del words[:2]
    while len(words) > 1 and words[0] in HONORIFICS:
        del words[0]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of the record in words that tell people of one name apart."""

    person: Person
    country: str
    lately: str


def known(keys: Iterable[int], user: User | None = None) -> dict[int, Known]:
    """These people with the title they last had, as far as this reader sees. Two queries."""
    people = Person.objects.in_bulk(set(keys))
    lately: dict[int, str] = {}
    rows = Contribution.objects.visible_to(user or AnonymousUser()).filter(person__in=people)
    rows = rows.order_by("event__starts", "pk")
    for pk, *told in rows.values_list("person_id", "title", "organisation"):
        if any(told):
            lately[pk] = ", ".join(filter(None, told))
    return {
        pk: Known(
            person,
            reference.country_name(person.country_id) if person.country_id else "",
            lately.get(pk, ""),
        )
        for pk, person in people.items()
    }
