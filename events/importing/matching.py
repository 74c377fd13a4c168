"""Which session of a programme a row of a file is.

It is the session of its ID; else the one of its number; else the one that begins with the same
title at the same time. Where two could be meant it is none of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from core.text import fold
from events.importing.rows import Row, own_key
from events.models import Session

#: "S1: On wells": a number before the title.
_NUMBERED = re.compile(r"([A-Za-z]{0,3}[ .-]?\d{1,3}[a-z]?(?:\.\d{1,3})*): (?=\S)(.+)", re.DOTALL)


class Known:
    """The sessions of a programme by what rows can call them."""

    def __init__(self, sessions: Iterable[Session]) -> None:
        sessions = list(sessions)
        self._by_pk = {session.pk: session for session in sessions}
        self._by_id: dict[str, Session] = {}
        self._by_code: dict[str, list[Session]] = {}
        self._by_title: dict[tuple[Any, ...], list[Session]] = {}
        self._by_heading: dict[tuple[Any, ...], list[Session]] = {}
        self._titles: dict[str, list[Session]] = {}
        for session in sessions:
            if session.external_id:
                self._by_id.setdefault(session.external_id, session)
            if session.code:
                self._by_code.setdefault(fold(session.code), []).append(session)
            title = fold(on_one_line(session.title))
            when = (session.day, session.wall_starts)
            self._by_title.setdefault((*when, title), []).append(session)
            heading = fold(on_one_line(heading_of(session)))
            self._by_heading.setdefault((*when, heading), []).append(session)
            self._titles.setdefault(title, []).append(session)

    def session_of(self, row: Row) -> Session | None:
        """The session this row is about."""
        told = row.values
        name = told.get("external_id", "")
        if (found := self._by_pk.get(own_key(name) or 0)) is not None:
            del told["external_id"]  # it is the portal's own name for it
            return found
        if name and (found := self._by_id.get(name)):
            return found
        when = _time_of(told)
        if "heading" in told:
            key = (*when, fold(told["heading"]))
            if found := _only(self._by_heading.get(key, ()), name):
                return found
            code, title = map(fold, split_heading(told["heading"]))
        else:
            code, title = fold(told.get("code", "")), fold(told.get("title", ""))
        if code and code in self._by_code:
            return _only(_nearest(self._by_code[code], row, title), name)
        there = [one for one in self._by_title.get((*when, title), ()) if not (code and one.code)]
        return _only(_nearest(there, row, title), name)

    def called(self, title: str) -> Session | None:
        """A session of this title, at whatever time."""
        return next(iter(self._titles.get(fold(on_one_line(title)), ())), None)


def _nearest(sessions: Iterable[Session], row: Row, title: str) -> list[Session]:
    """Of several that could be meant, those that agree in title, then hour, then room."""
    left = list(sessions)
    when, room = _time_of(row.values), fold(row.values.get("room", ""))
    for agrees in (
        lambda one: fold(on_one_line(one.title)) == title,
        lambda one: (one.day, one.wall_starts) == when,
        lambda one: fold(one.room.name if one.room else "") == room,
    ):
        if len(left) > 1:
            left = [one for one in left if agrees(one)] or left
    return left


def _only(sessions: Iterable[Session], name: str) -> Session | None:
    """The one session that can have this ID: none of them says that it has another."""
    fitting = [
        one for one in sessions if not one.external_id or not name or one.external_id == name
    ]
    return fitting[0] if len(fitting) == 1 else None


def _time_of(told: dict[str, Any]) -> tuple[dt.date | None, dt.time | None]:
    day, starts = told.get("day"), told.get("starts")
    return (
        dt.date.fromisoformat(day) if day else None,
        dt.time.fromisoformat(starts) if starts else None,
    )


def read_heading(row: Row, before: Session | None) -> None:
    """What stands in the one line a calendar has for both the number and the title."""
    heading = row.values.get("heading")
    if heading is None:
        return
    if before is not None:
        if heading == on_one_line(heading_of(before)):
            return
        if before.code and heading.startswith(f"{before.code}: "):
            row.values["title"] = heading.removeprefix(f"{before.code}: ")
            return
    code, row.values["title"] = split_heading(heading)
    if code:
        row.values["code"] = code


def heading_of(session: Session) -> str:
    """As this portal's calendars have it."""
    return f"{session.code}: {session.title}" if session.code else session.title


def split_heading(text: str) -> tuple[str, str]:
    """The number before a title, if there is one, and the title."""
    match = _NUMBERED.fullmatch(text)
    return (match[1], match[2]) if match else ("", text)


def on_one_line(text: str) -> str:
    return " ".join(text.split())
