"""The printed code: small, plain, and the same squares as the library's."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from validation.qr import qr_svg

URL = "https://hubs.example.org/en/validation/records/V-0001/verify"


def drawn(svg: str) -> list[list[bool]]:
    """The squares that the path makes dark."""
    root = ET.fromstring(svg)
    size = int(root.attrib["viewBox"].split()[2])
    squares = [[False] * size for _number in range(size)]
    path = root[1].attrib["d"]
    x = y = 0
    for verb, numbers in re.findall(r"([Mmh])([\d. ]+)", path):
        if verb == "M":
            column, row = numbers.split()
            x, y = int(column), int(float(row) - 0.5)
        elif verb == "m":
            x += int(numbers.split()[0])
        else:
            for _step in range(int(numbers)):
                squares[y][x] = True
                x += 1
    assert "".join(verb + n for verb, n in re.findall(r"([Mmh])([\d. ]+)", path)) == path
    return squares


@pytest.mark.parametrize(
    "url", ["https://a.example/", URL, "https://hubs.example.org/" + "x" * 900]
)
def test_the_drawing_has_the_squares_of_the_library(url):
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(url)
    code.make(fit=True)
    assert drawn(qr_svg(url)) == code.get_matrix()


def test_an_address_of_sixty_characters_takes_less_than_three_kilobytes():
    assert len(URL) == 60
    assert len(qr_svg(URL).encode()) < 3000


def test_the_drawing_is_a_file_of_two_paths_that_no_policy_forbids():
    root = ET.fromstring(qr_svg(URL))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert [child.tag.rpartition("}")[2] for child in root] == ["path", "path"]
    names = {name for element in root.iter() for name in element.attrib}
    assert names == {
        "class",
        "role",
        "aria-label",
        "width",
        "height",
        "viewBox",
        "shape-rendering",
        "fill",
        "d",
        "stroke",
    }


def test_the_address_is_said_to_who_cannot_see_it_and_cannot_break_out():
    root = ET.fromstring(qr_svg('https://a.example/?a=1&b="><script>'))
    assert root.attrib["aria-label"] == 'Code that leads to https://a.example/?a=1&b="><script>'
