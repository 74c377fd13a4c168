"""What editors write of a programme: sessions, rooms and tracks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import walltime
from core.fields import LimitedField, LongField, PickField
from events.choices import SessionKind
from events.editing import Place
from events.forms.fields import DayField, HourField, zones_with
from events.models import Event, Room, Session, Track

#: Fields of forms and what they are called in the record.
COLUMNS = {
    "begins": "wall_starts",
    "ends": "wall_ends",
    "which": "second_hour",
}
#: Which of two hours that bear the same name, as the record and the form say it.
WHICH = {None: "", False: "first", True: "second"}
FIELDS = {column: name for name, column in COLUMNS.items()}


class SessionFields(forms.Form):
    """What both forms of a session share: what it is, and when and where."""

    title = LimitedField(
        label=gettext_lazy("Title"),
        max_length=300,
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    kind = PickField(label=gettext_lazy("Kind"), choices=SessionKind.choices)
    begins = HourField(label=gettext_lazy("Begins"), required=False)
    ends = HourField(label=gettext_lazy("Ends"), required=False)
    which = PickField(
        label=gettext_lazy("Which of the two hours?"),
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("The clocks are put back on that day, and this hour comes twice."),
    )
    zone = PickField(
        label=gettext_lazy("Time zone of these hours"),
        required=False,
        error_messages={"required": gettext_lazy("Choose the time zone of these hours.")},
    )
    room = PickField(label=gettext_lazy("Room"), required=False)

    mark_optional = False

    def __init__(
        self,
        *args: Any,
        event: Event,
        rooms: Sequence[Room],
        zone: str = "",
        all_zones: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.event, self.rooms = event, {str(row.pk): row for row in rooms}
        self.default_zone = zone
        self.asks_which = self.is_stale = False
        names = [(key, row.name) for key, row in self.rooms.items()]
        self.fields["room"].choices = [("", _("No room")), *names]  # type: ignore[attr-defined]
        self.fields["zone"].choices = zones_with(zone, event.zone)  # type: ignore[attr-defined]
        self.fields["zone"].initial = zone
        self.has_all_zones = all_zones or not (zone or event.zone)
        if not self.has_all_zones:
            self._shorten(zone, event.zone)
        self.fields["which"].choices = [  # type: ignore[attr-defined]
            ("", _("Not said")),
            ("first", _("The first, before the clocks are put back")),
            ("second", _("The second, after the clocks were put back")),
        ]

    def _shorten(self, *known: str) -> None:
        """Offer the zones in use here alone: the whole list is long, and rarely needed. What
        was chosen from it before stays, and all of it is accepted."""
        field = self.fields["zone"]
        used = dict.fromkeys(["", *filter(None, [*known, str(self["zone"].value() or "")])])
        names = {name for name, _label in _flat(field.choices)}  # type: ignore[attr-defined]
        field.widget.choices = [  # type: ignore[attr-defined]
            (name, name.replace("_", " ") or "—") for name in used if name in names
        ]

    def values(self) -> dict[str, Any]:
        """What the form says, by the names of the record."""
        data = self.cleaned_data
        told = {COLUMNS.get(name, name): value for name, value in data.items()}
        told["second_hour"] = {name: value for value, name in WHICH.items()}[data["which"]]
        told["room"] = self.rooms.get(data["room"])
        told["zone"] = data.get("zone") or (self.default_zone if data["begins"] else "")
        return told

    def refuse(self, refusal: ValidationError) -> None:
        """Put what the record refused at its fields; ask which of two hours is meant."""
        for column, errors in refusal.error_dict.items():
            name = FIELDS.get(column, column)
            at = name if name in self.fields else None
            for error in errors:
                if error.code == "ambiguous":
                    self._ask(column)
                self.add_error(None if column == NON_FIELD_ERRORS else at, error)

    def _ask(self, column: str) -> None:
        """Offer both hours, each with its distance from universal time."""
        self.asks_which = True
        values = self.values()
        day = values.get("day") or getattr(self, "day", None)
        time: dt.time | None = values[column]
        if day is None or time is None:
            return
        wall = dt.datetime.combine(day, time)
        moments = walltime.both(wall, values["zone"])
        labels = [_("The first, %(offset)s"), _("The second, %(offset)s")]
        self.fields["which"].choices = [  # type: ignore[attr-defined]
            (value, label % {"offset": _offset(moment, values["zone"])})
            for value, label, moment in zip(("first", "second"), labels, moments, strict=True)
        ]


def _flat(choices: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Choices without their groups."""
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from label
        else:
            yield value, label


def _offset(moment: dt.datetime, zone: str) -> str:
    """ "UTC+02:00", as the clocks of a zone are at that instant."""
    text = walltime.wall(moment, zone).strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}".replace("UTC-", "UTC\u2212")


class QuickForm(SessionFields):
    """One line below a day: a session that follows the last one."""

    def __init__(self, *args: Any, day: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"d{day.isoformat()}", **kwargs)
        self.day = day
        if self.default_zone:
            del self.fields["zone"]

    def values(self) -> dict[str, Any]:
        return super().values() | {"day": self.day}


class SessionForm(SessionFields):
    """All that editors write of a session."""

    day = DayField(label=gettext_lazy("Day"), required=False)
    code = LimitedField(
        label=gettext_lazy("Number, as in the printed programme"), max_length=40, required=False
    )
    summary = LongField(label=gettext_lazy("Summary"), max_length=4000, required=False)
    track = PickField(label=gettext_lazy("Track"), required=False)
    new_room = LimitedField(label=gettext_lazy("Or a new room"), max_length=120, required=False)
    new_track = LimitedField(label=gettext_lazy("Or a new track"), max_length=120, required=False)

    def __init__(self, *args: Any, tracks: Iterable[Track], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tracks = {str(row.pk): row for row in tracks}
        names = [(key, row.name) for key, row in self.tracks.items()]
        self.fields["track"].choices = [("", _("No track")), *names]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        told = super().values()
        told["track"] = self.tracks.get(self.cleaned_data["track"])
        del told["new_room"], told["new_track"]
        return told

    @property
    def new_places(self) -> dict[str, str]:
        """Names of a room and a track that are to be made first."""
        return {name: self.cleaned_data[f"new_{name}"] for name in ("room", "track")}


def opened_from(session: Session) -> dict[str, Any]:
    """The values of the form as the record has them."""
    return {
        "title": session.title,
        "kind": session.kind,
        "code": session.code,
        "summary": session.summary,
        "day": session.day,
        "begins": session.wall_starts,
        "ends": session.wall_ends,
        "which": WHICH[session.second_hour],
        "zone": session.zone,
        "room": str(session.room_id or ""),
        "track": str(session.track_id or ""),
    }


class MoveForm(forms.Form):
    """Another day, hour or room; the session stays as long as it is."""

    day = DayField(label=gettext_lazy("Day"))
    begins = HourField(label=gettext_lazy("Begins"))
    room = PickField(label=gettext_lazy("Room"), required=False)

    mark_optional = False

    def __init__(self, *args: Any, rooms: Sequence[Room], **kwargs: Any) -> None:
        super().__init__(*args, prefix="move", **kwargs)
        self.rooms = {str(row.pk): row for row in rooms}
        names = [(key, row.name) for key, row in self.rooms.items()]
        self.fields["room"].choices = [("", _("No room")), *names]  # type: ignore[attr-defined]


# --- Rooms and tracks --------------------------------------------------------------------------

#: Forged longer lists are cut here.
MOST_PLACES = 60


class PlaceRows:
    """The rooms, or the tracks, of an event: names that come, go and change places by plain
    buttons. ``kind`` is the prefix of its fields."""

    def __init__(self, kind: str, rows: Iterable[Place], errors: Sequence[str] = ()) -> None:
        self.kind, self.rows, self.errors = kind, list(rows), list(errors)

    @classmethod
    def typed(cls, kind: str, data: Any) -> PlaceRows:
        """As a form says them."""
        rows = []
        for n in range(min(_number(data.get(f"{kind}-rows", "")) or 0, MOST_PLACES)):
            key = _number(data.get(f"{kind}-{n}-pk", ""))
            rows.append(Place(data.get(f"{kind}-{n}-name", ""), key))
        return cls(kind, rows)

    def is_valid(self) -> bool:
        """Tidies the names; leaves out new rows without one."""
        field = LimitedField(max_length=120, required=False)
        kept: list[Place] = []
        for n, row in enumerate(self.rows, 1):
            try:
                name = " ".join(field.clean(row.name).split())
            except ValidationError as refusal:
                self.errors += [f"{n}: {text}" for text in refusal.messages]
                kept.append(row)
                continue
            if name or row.pk is not None:
                kept.append(Place(name, row.pk))
            if not name and row.pk is not None:
                self.errors.append(_("Line %(n)d: enter a name, or take the line out.") % {"n": n})
        self.rows = kept
        return not self.errors

    def moved(self, command: str) -> None:
        """ "room:add", "room:up:2", "room:down:0", "room:remove:1": the rows after a button."""
        kind, _colon, rest = command.partition(":")
        verb, _colon, place = rest.partition(":")
        at = _number(place)
        if kind != self.kind:
            return
        if verb == "add" and not self.is_full:
            self.rows.append(Place(""))
        elif at is not None and at < len(self.rows):
            if verb == "remove":
                del self.rows[at]
            elif verb in ("up", "down"):
                to = at - 1 if verb == "up" else at + 1
                if 0 <= to < len(self.rows):
                    self.rows[at], self.rows[to] = self.rows[to], self.rows[at]

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MOST_PLACES


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
