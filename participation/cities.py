"""Cities over the zones of the earth, from west to east, to compare a moment in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class City(NamedTuple):
    name: StrOrPromise
    zone: str


#: Eight cities, from west to east.
CITIES: tuple[City, ...] = (
    City(_("Mexico City"), "America/Mexico_City"),
    City(_("Bogotá"), "America/Bogota"),
    City(_("Brasília"), "America/Sao_Paulo"),
    City(pgettext_lazy("city", "Lagos"), "Africa/Lagos"),
    City(_("Nairobi"), "Africa/Nairobi"),
    City(_("New Delhi"), "Asia/Kolkata"),
    City(_("Jakarta"), "Asia/Jakarta"),
    City(_("Seoul"), "Asia/Seoul"),
)

_NAMES = {city.zone: city.name for city in CITIES} | {
    # The zone's own city, not the capital whose clocks go with it.
    "America/Sao_Paulo": _("São Paulo"),
    "Asia/Kolkata": _("Kolkata"),
}


def name_of(zone: str) -> str:
    """A zone as people call it, by its place: "Buenos Aires"."""
    if zone in _NAMES:
        return str(_NAMES[zone])
    return "UTC" if zone in ("UTC", "Etc/UTC") else zone.rsplit("/", 1)[-1].replace("_", " ")
