"""Tables for spreadsheets: nothing in them runs, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import spreadsheet


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain", "plain"),
        ("", ""),
        (None, ""),
        (0, "0"),
        ("a=b", "a=b"),
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-5", "'-5"),
        ("@A1", "'@A1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\n=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20A1", "'\uff20A1"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: object, cell: str):
    assert spreadsheet.safe_cell(text) == cell


@given(st.text())
def test_a_cell_never_begins_like_a_formula_and_never_loses_text(text: str):
    cell = spreadsheet.safe_cell(text)

    assert cell[:1] not in {*spreadsheet.FORMULA, *spreadsheet.CONTROL} - {""} or not text
    assert not cell.lstrip().startswith(spreadsheet.FORMULA)
    assert cell in {text, f"'{text}"}


def test_a_file_is_utf8_for_spreadsheets_line_by_line_and_comes_as_a_download():
    answer = spreadsheet.download(([name, 1, None] for name in ("Água", "=A1")), "wells.csv")

    parts = [bytes(part) for part in answer.streaming_content]

    assert len(parts) == 3
    assert b"".join(parts).decode("utf-8") == "\ufeffÁgua,1,\r\n'=A1,1,\r\n"
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="wells.csv"'
