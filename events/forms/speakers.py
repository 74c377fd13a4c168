"""A pasted list of people on its way into a programme, and one part somebody has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.fields import LimitedField, LongField, PickField
from core.text import fold
from events import speakers
from events.choices import ContributionRole
from events.editing import Part
from events.models import Contribution, Event, Session
from events.speakers import Directory, Known, Line, Match, Reading
from hubs import reference
from hubs.forms.fields import country_choices

#: What a choice says for somebody who is not on record yet.
NEW = "new"
#: So many errors stand above the list; each stands in its line, too.
MOST_ERRORS = 20


class PasteForm(forms.Form):
    """The list, where its people have a part, and which, where a line does not say."""

    text = LongField(
        label=gettext_lazy("People, one on each line"),
        max_length=speakers.MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "data-count": "no"}),
        help_text=gettext_lazy(
            "Name; title; organisation; country; part. A table copied from a spreadsheet works,"
            " too. A first line may name the columns in another order, and add “About” and"
            " “Session”."
        ),
        error_messages={"required": gettext_lazy("Paste a list, or write at least one name.")},
    )
    session = PickField(label=gettext_lazy("Where they have a part"), required=False)
    role = PickField(
        label=gettext_lazy("Part, where a line names none"),
        choices=ContributionRole.choices,
        initial=ContributionRole.SPEAKER,
        error_messages={"required": gettext_lazy("Choose a part.")},
    )

    mark_optional = False

    def __init__(self, *args: Any, sessions: Sequence[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sessions = {str(row.pk): row for row in sessions}
        names = [(key, in_a_list(row)) for key, row in self.sessions.items()]
        self.fields["session"].choices = [  # type: ignore[attr-defined]
            ("", _("The event as a whole")), *names,
        ]  # fmt: skip


def in_a_list(session: Session) -> str:
    """A session among others: its number, its title, its hour."""
    name = f"{session.code}: {session.title}" if session.code else session.title
    if session.day is None:
        return name[:90]
    hour = f" {session.wall_starts:%H:%M}" if session.wall_starts else ""
    return f"{session.day.isoformat()}{hour} · {name}"[:110]


@dataclass(slots=True)
class Shown:
    """One line of a list as the preview shows it, and whom it will mean."""

    line: Line
    session: Session | None
    role: str
    people: list[Known] = field(default_factory=list)
    chosen: str = ""
    is_same: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The field that says who is meant."""
        return f"who-{self.line.number}"

    @property
    def is_asked(self) -> bool:
        return bool(self.people) and not self.chosen

    @property
    def role_in_words(self) -> str:
        return str(ContributionRole(self.role).label) if self.role else ""

    @property
    def country_in_words(self) -> str:
        return reference.country_name(self.line.country) if self.line.country else ""


class Preview:
    """What taking a list over would do, line by line. Five queries, however long it is."""

    def __init__(
        self,
        event: Event,
        reading: Reading,
        *,
        session: Session | None,
        sessions: Iterable[Session],
        role: str,
        data: Mapping[str, str],
        user: Any,
    ) -> None:
        self.notes = reading.notes
        self._called = _by_name(sessions)
        directory = Directory()
        matches = [directory.whom(line.name, line.country) for line in reading.lines]
        people = speakers.known({key for match in matches for key in match.people}, user)
        there: set[tuple[int, int | None, str]] = set(
            event.contributions.values_list("person_id", "session_id", "role")
        )
        self.rows = [
            self._shown(line, match, people, there, session, role, data)
            for line, match in zip(reading.lines, matches, strict=True)
        ]

    def _shown(
        self,
        line: Line,
        match: Match,
        people: Mapping[int, Known],
        there: set[tuple[int, int | None, str]],
        session: Session | None,
        role: str,
        data: Mapping[str, str],
    ) -> Shown:
        found, problems = self._session(line, session)
        row = Shown(line, found, line.role or role, problems=[*line.problems, *problems])
        row.people = [people[key] for key in match.people if key in people]
        allowed = {NEW, *(str(known.person.pk) for known in row.people)}
        told = data.get(row.name, "")
        if not row.people:
            row.chosen = NEW
        elif told in allowed:
            row.chosen = told
        elif match.is_certain:
            row.chosen = str(match.people[0])
        key = found.pk if found else None
        row.is_same = row.chosen != NEW and any(
            (known.person.pk, key, row.role) in there
            for known in row.people
            if str(known.person.pk) == row.chosen
        )
        return row

    def _session(self, line: Line, usual: Session | None) -> tuple[Session | None, list[str]]:
        """The session a line names by number, title or address; else the one of the list."""
        if not line.session:
            return usual, []
        found = self._called.get(fold(line.session), [])
        if len(found) == 1:
            return found[0], []
        words = {"text": line.session[:80]}
        if not found:
            return None, [_("No session is called “%(text)s”.") % words]
        return None, [_("Several sessions are called “%(text)s”. Write the number.") % words]

    @property
    def asked(self) -> int:
        return sum(row.is_asked for row in self.rows)

    @property
    def bad(self) -> list[Shown]:
        return [row for row in self.rows if row.problems]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """What is to be mended, with the field it leads to, for the summary of the page."""
        found = [(note, "id_text") for note in self.notes]
        for row in self.rows:
            at = _("Line %(n)d:") % {"n": row.line.number}
            found += [(f"{at} {text}", "id_text") for text in row.problems]
            if row.is_asked:
                found.append((f"{at} {_('Choose who it is.')}", row.name))
        return found[:MOST_ERRORS]

    @property
    def is_good(self) -> bool:
        return bool(self.rows) and not (self.notes or self.bad or self.asked)

    def parts(self) -> list[Part]:
        """What is to be written."""
        countries = reference.countries()
        return [
            Part(
                name=row.line.name,
                person=next(
                    (one.person for one in row.people if str(one.person.pk) == row.chosen), None
                ),
                session=row.session,
                values={
                    "role": row.role,
                    "title": row.line.title,
                    "organisation": row.line.organisation,
                    "country": countries.get(row.line.country),
                    "topic": row.line.topic,
                },
            )
            for row in self.rows
        ]


def _by_name(sessions: Iterable[Session]) -> dict[str, list[Session]]:
    found: dict[str, list[Session]] = {}
    for session in sessions:
        for name in {fold(session.code), fold(session.title), session.slug} - {""}:
            found.setdefault(name, []).append(session)
    return found


# --- One part ------------------------------------------------------------------------------------


class PartForm(forms.Form):
    """What somebody was at the time, and what they spoke about."""

    role = PickField(label=gettext_lazy("Part"), choices=ContributionRole.choices)
    title = LimitedField(label=gettext_lazy("Title then"), max_length=200, required=False)
    organisation = LimitedField(
        label=gettext_lazy("Organisation then"), max_length=200, required=False
    )
    country = PickField(label=gettext_lazy("Country"), required=False)
    topic = LimitedField(label=gettext_lazy("About"), max_length=300, required=False)

    mark_optional = False
    is_stale = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["country"] = reference.countries().get(data["country"])
        return data


def opened_from(part: Contribution) -> dict[str, Any]:
    """The values of the form as the record has them."""
    return {
        "role": part.role,
        "title": part.title,
        "organisation": part.organisation,
        "country": part.country_id or "",
        "topic": part.topic,
    }
