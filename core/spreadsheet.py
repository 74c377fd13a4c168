"""Tables for spreadsheets, safe to open there."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

#: A spreadsheet takes a cell that begins with one of these, or its full-width form, for a
#: formula.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CONTROL = ("\t", "\r", "\n")
#: Tells spreadsheets that the file is UTF-8.
MARK = "\ufeff"


def safe_cell(value: object) -> str:
    """The text as it is, or with an apostrophe before what a spreadsheet would run."""
    text = "" if value is None else str(value)
    if text.startswith(CONTROL) or text.lstrip().startswith(FORMULA):
        return f"'{text}"
    return text


class Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The rows as lines of a file, one by one, every cell safe."""
    writer = csv.writer(Echo())
    yield MARK
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def download(rows: Iterable[Iterable[object]], name: str) -> StreamingHttpResponse:
    """The rows as a file to keep."""
    answer = StreamingHttpResponse(lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
