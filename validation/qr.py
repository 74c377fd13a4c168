"""The code on a printed record that leads back to it."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

#: Light modules around the code, as the standard asks.
QUIET = 4
#: Pixels of a module at the size it has unless a style sheet says otherwise.
MODULE = 4


def qr_svg(url: str) -> SafeString:
    """A drawing for a page or a file of its own: dark on light in every colour scheme.

    Each row is one line, drawn module by module: a third of the size of as many squares.
    """
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415 (few pages draw one)
    from qrcode.main import QRCode  # noqa: PLC0415

    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(url)
    code.make(fit=True)
    rows = code.get_matrix()
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="qr" role="img" aria-label="{label}"'
        ' width="{width}" height="{width}" viewBox="0 0 {size} {size}"'
        ' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        '<path stroke="#000" d="{path}"/></svg>',
        label=_("Code that leads to %(url)s") % {"url": url},
        width=MODULE * len(rows),
        size=len(rows),
        path="".join(_strokes(number, row) for number, row in enumerate(rows)),
    )


def _strokes(number: int, row: list[bool]) -> str:
    """The dark runs of one row: where to begin, how far to draw, how far to jump."""
    parts, at, x = "", 0, 0
    while True in row[x:]:
        start = row.index(True, x)
        x = row.index(False, start)
        parts += f"m{start - at} 0" if parts else f"M{start} {number}.5"
        parts += f"h{x - start}"
        at = x
    return parts
