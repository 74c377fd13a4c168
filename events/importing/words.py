"""Words of programmes as people write them: headings, kinds, days, hours, zones."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from core import walltime
from core.text import fold
from events import speakers
from events.choices import ContributionRole, SessionKind
from events.importing.rows import COLUMNS

#: How else columns are headed, besides their names in every language of the portal.
HEADINGS = {
    "code": "code, no, no., nr, nr., #, session number, session no, session code, ref, reference",
    "day": "date, session date, start date, fecha, data, tanggal, дата, التاريخ, 日期, ngày",
    "starts": "start, starts, start time, starting time, from, begin, begin time, time from, "
    "inicio, hora de inicio, début, heure de début, início, mulai, начало, البداية, 开始",
    "ends": "end, end time, ending time, to, until, finish, time to, fin, hora de fin, "
    "heure de fin, fim, selesai, конец, окончание, النهاية, 结束",
    "hours": "time, times, hours, hour, schedule, hora, horario, heure, horaire, horário, waktu, "
    "jam, время, الوقت, 时间",
    "title": "session title, session name, name, session, activity, agenda item, item, título, "
    "titre, judul, название, العنوان, 标题",
    "kind": "type, session type, format, tipo, jenis, тип, النوع, 类型",
    "track": "strand, stream, theme",
    "room": "hall, place, location, venue, sala, salle, ruang, зал, القاعة, 会议室, 地点",
    "summary": "description, abstract, details, about, descripción, description de la séance, "
    "resumen, résumé, resumo, descrição, deskripsi, ringkasan, описание, الوصف, 说明, 简介",
    "people": "speaker, presenters, presenter, contributors, people, participants, faculty, "
    "oradores, ponentes, intervenants, pembicara, спикеры, المتحدثون, 发言人",
    "zone": "timezone, tz",
    "external_id": "uid, external id, session id, identifier, guid",
}
#: How else kinds are called.
KINDS = {
    SessionKind.OPENING: "opening session, opening ceremony, welcome, inauguration",
    SessionKind.PLENARY: "plenary session, keynote, general session",
    SessionKind.PANEL: "panel discussion, panel session",
    SessionKind.ROUND_TABLE: "roundtable, round-table",
    SessionKind.FOCUS: "focus, breakout, break-out, breakout session, parallel session",
    SessionKind.SIDE_EVENT: "side-event, sidevent",
    SessionKind.WORKSHOP: "training, clinic",
    SessionKind.FIELD_VISIT: "site visit, study visit, excursion",
    SessionKind.MARKET_PLACE: "marketplace, exhibition, fair, expo",
    SessionKind.BREAK: "coffee break, coffee, tea break, lunch, lunch break, pause, dinner, "
    "reception",
    SessionKind.CLOSING: "closing session, closing ceremony, wrap-up",
}
#: How columns that name people of one part are headed, besides the part's own names.
PARTS = {
    ContributionRole.OPENER: "openers",
    ContributionRole.CHAIR: "chairs, chaired by",
    ContributionRole.MODERATOR: "moderators, facilitators",
    ContributionRole.PANELLIST: "panellists, panelists",
    ContributionRole.COMMENTATOR: "commentators, discussants",
}
#: A heading of one of these is about something else than the part of the same name.
NO_PARTS = frozenset({"host", "opening", "comment", "panel", "keynote", "welcome", "participant"})

_RANGE = re.compile(r"\s*(?:-|–|—|\u2212|~|\bto\b|\buntil\b|→)\s*")
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:\s*[:.h]\s*(?P<minute>\d{2})|h)?(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?\s*(?P<offset>[+-]\d{2}:?\d{2})?"
)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ]\d{2}:\d{2}.*)?")
_NUMBERS = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})")
_NAMED = re.compile(r"(?:(\d{1,2})\.?\s+([^\W\d]+)\.?|([^\W\d]+)\.?\s+(\d{1,2})),?\s+(\d{4})")
_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
CENTURY = 2000


def plain(text: str) -> str:
    """A heading or the name of a kind in the form in which they are compared."""
    return " ".join(re.findall(r"[^\W_]+|#", fold(text)))


def cell(text: str) -> str:
    """What stands in a cell, without the apostrophe that keeps a spreadsheet from running it."""
    text = text.strip()
    if text.startswith("'") and text[1:].lstrip()[:1] and text[1:].lstrip()[0] in _SIGNS:
        return text[1:].strip()
    return text


# --- Headings and kinds --------------------------------------------------------------------------


def heading_of(text: str) -> str:
    """The column of this heading: a name of ``COLUMNS``, "hours", "role:…" for people of one
    part, or nothing."""
    found = _headings().get(plain(text), "")
    if not found and plain(text) not in NO_PARTS and (part := _parts().get(plain(text))):
        return f"role:{part}"
    return found


def kind_of(text: str) -> str:
    """The code of a kind of session by its name in any language of the portal, or nothing."""
    return _kinds().get(plain(text), "")


def _in_all_languages(label: object) -> list[str]:
    words = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words.append(plain(str(label)))
    return words


@cache
def _headings() -> dict[str, str]:
    found = {plain(word): name for name, words in HEADINGS.items() for word in words.split(",")}
    for name, label in COLUMNS.items():
        found |= dict.fromkeys([*_in_all_languages(label), plain(name)], name)
    return found


@cache
def _parts() -> dict[str, str]:
    found = {plain(word): str(role) for role, words in PARTS.items() for word in words.split(",")}
    for role in ContributionRole:
        found |= dict.fromkeys([*_in_all_languages(role.label), plain(role.value)], role.value)
    return found


@cache
def _kinds() -> dict[str, str]:
    found = {plain(word): str(kind) for kind, words in KINDS.items() for word in words.split(",")}
    for kind in SessionKind:
        found |= dict.fromkeys([*_in_all_languages(kind.label), plain(kind.value)], kind.value)
    return found


def part_of(text: str) -> str:
    """The code of a person's part, or nothing."""
    return speakers.read_role(text)


# --- Days ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayOrder:
    """Whether a table writes 5/6 for the fifth of June; None where it does not show."""

    day_first: bool | None = None

    @classmethod
    def of(cls, texts: list[str], days: tuple[str, str] = ("", "")) -> DayOrder:
        """Told by days after the twelfth, by dots, or by the only days the event has."""
        pairs = [
            (int(match[1]), int(match[3]), match[4])
            for text in texts
            if (match := _NUMBERS.fullmatch(fold(text))) and match[2] != "."
        ]
        after = {True for a, _b, _y in pairs if a > 12} | {False for _a, b, _y in pairs if b > 12}
        if len(after) == 1:
            return cls(after.pop())
        if after or not all(days):
            return cls()
        fits = {
            order
            for order in (True, False)
            if all(
                (day := _date(y, *((b, a) if order else (a, b))))
                and days[0] <= day.isoformat() <= days[1]
                for a, b, y in pairs
            )
        }
        return cls(fits.pop() if len(fits) == 1 else None)


def _date(year: str, month: int, day: int) -> dt.date | None:
    number = int(year)
    try:
        return dt.date(number + CENTURY if len(year) == 2 else number, month, day)
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    """Months by their names in every language of the portal, and the English short ones."""
    found = {fold(name): n for n, name in enumerate(calendar.month_abbr) if n}
    found["sept"] = 9
    for number in range(1, 13):
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                name = ENGLISH_MONTHS[number - 1]
                found[fold(translation.gettext(name))] = number
                found[fold(translation.pgettext("alt. month", name))] = number  # in a date
    return found


#: Django's own words for months, which its catalogues translate.
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def read_day(text: str, order: DayOrder) -> dt.date:
    """A day in any of the usual ways of writing it. Refuses what can mean two."""
    folded = fold(text).replace(" de ", " ").replace(" of ", " ")
    without_weekday = re.sub(r"^[^\W\d]+\.?,?\s+", "", folded)
    day = _day_of(folded, text, order) or _day_of(without_weekday, text, order)
    if day is None:
        raise ValidationError(
            _("“%(text)s” is no day. Write it like %(like)s.")
            % {"text": text[:40], "like": "2013-05-16"}
        )
    return day


def _day_of(folded: str, text: str, order: DayOrder) -> dt.date | None:
    if match := _ISO.fullmatch(folded):
        return _date(match[1], int(match[2]), int(match[3]))
    if match := _NUMBERS.fullmatch(folded):
        first, second = int(match[1]), int(match[3])
        day_first = True if match[2] == "." else order.day_first
        if day_first is None and first != second and max(first, second) <= 12:
            raise ValidationError(
                _("“%(text)s” can be two days. Write it like %(like)s.")
                % {"text": text[:40], "like": "2013-05-16"}
            )
        if day_first is None:
            day_first = first > 12 or first == second
        return _date(match[4], *((second, first) if day_first else (first, second)))
    if match := _NAMED.fullmatch(folded):
        month = _months().get(match[2] or match[3], 0)
        return _date(match[5], month, int(match[1] or match[4])) if month else None
    return None


# --- Hours ---------------------------------------------------------------------------------------


def read_time(text: str) -> tuple[dt.time, str]:
    """An hour of the day, and the distance from UTC that may stand behind it."""
    folded = fold(text).replace("\u2212", "-")
    folded = re.sub(r"^\d{4}-\d{2}-\d{2}[t ](?=\d)", "", folded)  # a cell with day and hour
    if folded in {"noon", "midday"}:
        return dt.time(12), ""
    if re.fullmatch(r"\d{4}", folded):
        folded = f"{folded[:2]}:{folded[2:]}"
    match = _TIME.fullmatch(folded)
    if match is None or (match["minute"] is None and not re.search(r"[hm]", folded)):
        raise _no_time(text)
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise _no_time(text)
        hour = hour % 12 + (12 if match["half"].startswith("p") else 0)
    if (hour, minute) == (24, 0):
        raise ValidationError(
            _("24:00 belongs to the next day. Write 23:59, or an entry for each day.")
        )
    try:
        return dt.time(hour, minute), match["offset"] or ""
    except ValueError:
        raise _no_time(text) from None


def _no_time(text: str) -> ValidationError:
    return ValidationError(
        _("“%(text)s” is no time of day. Write it like %(like)s.")
        % {"text": text[:40], "like": "14:30"}
    )


def split_hours(text: str) -> tuple[str, str]:
    """ "9:00–10:30" as two hours; the second is empty if there is only one."""
    begins, *more = _RANGE.split(fold(text), maxsplit=1)
    if more and not re.search("[ap]", begins) and (half := re.search(r"[ap]\.?\s?m\.?$", more[0])):
        begins = _with_half(begins, more[0], half[0])
    if more and re.fullmatch(r"\d{1,2}", begins):
        begins += ":00"
    if more and re.fullmatch(r"\d{1,2}", more[0]):
        more[0] += ":00"
    return begins, more[0] if more else ""


def _with_half(begins: str, ends: str, half: str) -> str:
    """ "9–10:30 am" means in the morning both times; "11–1 pm" does not."""
    hours = [re.match(r"\d{1,2}", text) for text in (begins, ends)]
    if None in hours:
        return begins
    first, second = (int(match[0]) % 12 for match in hours if match)
    if half.startswith("p") and first > second:
        half = "am"
    return f"{begins} {half}"


# --- Zones ---------------------------------------------------------------------------------------


@cache
def _zones() -> dict[str, str]:
    windows = {fold(name): zone for name, zone in WINDOWS_TO_OLSON.items()}
    return windows | {fold(name): name for name in walltime.zones()}


def zone_of(text: str) -> str:
    """The zone of that name, as calendars and Windows write it; nothing if nobody knows it.

    Some programs put the name of their maker before it: "/mozilla.org/2005/Europe/Berlin".
    """
    parts = [part for part in text.strip().split("/") if part]
    for start in range(len(parts)):
        if found := _zones().get(fold("/".join(parts[start:]))):
            return found
    return ""
