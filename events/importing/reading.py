"""A chosen file as rows: what kind it is shows in its bytes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core import uploads
from core.uploads import megabytes
from events.importing import calendar_files, sessions_of_table, tables, workbooks
from events.importing.rows import MOST_BYTES, Read, Row, Unreadable
from events.models import Event, ProgrammeImport

Source = ProgrammeImport.Source
ARCHIVE = b"PK\x03\x04"


def read(upload: Any, event: Event, *, zone: str = "") -> Read:
    """What a file says of a programme. Hours without a zone are in ``zone``.

    Raises ``Unreadable``.
    """
    data = _bytes(upload)
    days = (event.starts, event.ends or event.starts)
    zone = event.zone or zone
    if calendar_files.is_calendar(data):
        found = Read(Source.ICALENDAR, *calendar_files.read(data, event, zone))
    elif data.startswith(ARCHIVE):
        table = workbooks.read_xlsx(_workbook(upload))
        found = Read(Source.XLSX, sessions_of_table.rows_of(table, days), table.notes)
    else:
        table = tables.read_csv(data)
        found = Read(Source.CSV, sessions_of_table.rows_of(table, days), table.notes)
    if not found.rows:
        raise Unreadable(_("There is no session in this file."))
    for row in found.rows:
        _suppose_zone(row, zone)
    return found


def _workbook(upload: Any) -> bytes:
    """The bytes of a workbook without macros, programs and bombs."""
    try:
        found = uploads.inspect(upload)
    except ValidationError as refusal:
        raise Unreadable(_other() if refusal.code == "kind" else refusal.messages[0]) from None
    if not found.content_type.endswith("spreadsheetml.sheet"):
        raise Unreadable(_other())
    return found.data


def _other() -> str:
    return _("This file is no table that can be read. Save it as XLSX or CSV.")


def _bytes(upload: Any) -> bytes:
    if upload.size > MOST_BYTES:
        raise Unreadable(too_large())
    upload.seek(0)
    data: bytes = upload.read(MOST_BYTES + 1)
    if not data.strip():
        raise Unreadable(_("This file is empty."))
    return data


def too_large() -> str:
    return _("This file is far too large. The limit is %(limit)s MB.") % {
        "limit": megabytes(MOST_BYTES)
    }


def _suppose_zone(row: Row, zone: str) -> None:
    if zone and "zone" not in row.values:
        row.values["supposed_zone"] = zone
