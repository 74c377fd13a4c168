"""Papers to print: badges and letters of invitation, made from the record and nothing else."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from core.printing.lettering import is_whole
from core.printing.texts import Data, isolated, language_now, page, paragraphs, sentence, told
from core.printing.typesetting import typeset
from events.choices import EventKind, PartyRole
from events.templatetags.events_tags import span, where
from participation.models import zone_of
from participation.times import times_in_words
from participation.timing import span_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from events.models import Event
    from participation.models import Admission, Registration

HERE = Path(__file__).resolve().parent


def badge(registration: Registration) -> bytes:
    """One badge, on a page of its own size (A6)."""
    return typeset(HERE / "badges.typ", _badges(registration.event, [registration], sheet=False))


def badges(event: Event, registrations: Iterable[Registration]) -> bytes:
    """Badges by name, four on each sheet (A4); at the end, those to be completed by hand."""
    rows = sorted(registrations, key=lambda row: (row.name.casefold(), row.number))
    return typeset(HERE / "badges.typ", _badges(event, rows, sheet=True))


def letter(registration: Registration, admission: Admission) -> bytes:
    """A letter of invitation for somebody with a place."""
    return typeset(HERE / "letter.typ", _letter(registration, admission))


# --- What stands on them -------------------------------------------------------------------


def _badges(event: Event, rows: Sequence[Registration], *, sheet: bool) -> Data:
    by_hand = sorted(row.number for row in rows if not is_whole(_said(row)))
    return {
        **page(_("Badges: %(event)s") % {"event": event} if sheet else _badge_title(rows[0])),
        "sheet": sheet,
        "event": told(event.name),
        "when": told(" · ".join(part for part in (_days(event), where(event)) if part)),
        "badges": [_badge(row) for row in rows],
        "none": _("Nobody has a place yet."),
        "by_hand": {
            "title": _("To be completed by hand"),
            "text": _("These names have letters that this portal cannot print. Write them in:"),
            "numbers": ", ".join(map(str, by_hand)),
        }
        if by_hand and sheet
        else None,
    }  # fmt: skip


def _badge_title(row: Registration) -> str:
    return _("Badge: %(name)s") % {"name": row.name}


def _badge(row: Registration) -> Data:
    country = row.country.name if row.country else ""
    return {
        "name": told(row.name),
        "lines": [told(line) for line in (row.title, row.organisation, country) if line],
        "kind": told(row.category.name) if row.category else None,
        "number": str(row.number),
    }


def _said(row: Registration) -> str:
    kind = row.category.name if row.category else ""
    return f"{row.name} {row.title} {row.organisation} {kind}"


def _letter(row: Registration, admission: Admission) -> Data:
    event, today = row.event, timezone.localdate()
    country = row.country.name if row.country else ""
    hosts = _hosts(event)
    facts = [
        (_("Event"), event.name),
        (_("Date"), _when(event)),
        (_("Place"), ", ".join(part for part in (event.venue, where(event)) if part)),
        (_("Host"), hosts),
        (_("You take part as"), row.category.name if row.category else ""),
        (_("Reference"), reference_of(row)),
    ]
    about = {"name": isolated(row.name), "event": isolated(event.name)}
    invitation = _(
        "We invite you to take part in “%(event)s”. You registered for it, and a place is kept"
        " for you."
    )
    return {
        **page(_("Letter of invitation: %(name)s") % {"name": row.name}),
        "heading": _("Letter of invitation"),
        "from": told(hosts),
        "today": told(_date(today)),
        "to": [
            told(line) for line in (row.name, row.title, row.organisation, country) if line
        ],
        "facts": [[told(label), told(value)] for label, value in facts if value],
        "body": [
            sentence(_("Dear %(name)s,") % about),
            sentence(invitation % about),
            *map(told, paragraphs(admission.letter_text)),
        ],
        "signed": [
            told(line) for line in (admission.signatory, admission.signatory_title, hosts) if line
        ],
        "check": [told(line) for line in _check(event, admission)],
    }  # fmt: skip


def reference_of(row: Registration) -> str:
    """What a letter is known by: the event and the number of the registration."""
    return f"{row.event.slug}/{row.number}"


def _check(event: Event, admission: Admission) -> list[str]:
    """How whoever is shown the letter can find out whether it is true."""
    lines = [
        _("Made from the register of %(portal)s on %(date)s.")
        % {"portal": settings.PORTAL_NAME, "date": _date(timezone.localdate())},
        f"{settings.PORTAL_URL}{event.get_absolute_url()}",
    ]
    if admission.contact:
        lines.append(_("The organisers confirm it: %(address)s") % {"address": admission.contact})
    return lines


def _hosts(event: Event) -> str:
    """Who holds the event, as the record names them; else the hub that keeps the record."""
    parties = event.parties.filter(session=None)
    for role in (PartyRole.HOST, PartyRole.ORGANISER):
        names = [row.name for row in parties if row.role == role]
        if names:
            return "; ".join(dict.fromkeys(names))
    return event.hub.name if event.hub else ""


def _days(event: Event) -> str:
    """The days of an event in words; empty where no source gives them."""
    if not event.starts:
        return ""
    return html.unescape(strip_tags(span(event.starts, event.ends)))


def _when(event: Event) -> str:
    """Days; of a webinar also its hours, in the reader's zone and the host's."""
    if event.kind == EventKind.WEBINAR:
        times = times_in_words(
            span_of(event), timezone.get_current_timezone_name(), zone_of(event), language_now()
        )
        if times:
            return "\n".join(times.lines)
    return _days(event)


def _date(day: dt.date) -> str:
    return date_format(day, "j F Y" if language_now().startswith("en") else "DATE_FORMAT")
