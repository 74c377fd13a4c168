"""Papers of the community to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.printing.texts import isolated, page, sentence, told
from core.printing.typesetting import typeset

if TYPE_CHECKING:
    from community.models import Certificate

HERE = Path(__file__).resolve().parent


def certificate(row: Certificate) -> bytes:
    """A certificate on one A4 page, in the language of the page it was asked from."""
    issued = date_format(timezone.localdate(row.issued_at), "DATE_FORMAT")
    about = {"name": isolated(row.name), "year": row.year, "portal": settings.PORTAL_NAME}
    opening = _("In %(year)d %(name)s shared the following with peers in other countries:")
    return typeset(
        HERE / "certificate.typ",
        {
            **page(_("Certificate of contribution: %(name)s") % {"name": row.name}),
            "from": told(settings.PORTAL_NAME),
            "heading": _("Certificate of contribution"),
            "name": told(row.name),
            "opening": sentence(opening % about),
            "lines": [told(line) for line in row.lines()],
            "check": [
                told(
                    _("Counted from the record of %(portal)s on %(date)s.")
                    % {"portal": settings.PORTAL_NAME, "date": issued}
                ),
                told(f"{settings.PORTAL_URL}{row.get_absolute_url()}"),
            ],
        },
    )
