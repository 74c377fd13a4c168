"""Public records for tests of figures. Every name is made up."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from hubs import finding
from hubs import reference as kept
from hubs.models import Country, Hub
from tests import factories
from tests.catalogue import shown

PLACES = {"BR": (-53.1, -10.8), "ID": (117.3, -2.2), "CG": (15.2, -0.8), "CD": (23.6, -2.9)}


def on_the_map() -> None:
    """Countries of the tests with the coordinates they have in the reference data."""
    factories.reference()
    for code, (lon, lat) in PLACES.items():
        Country.objects.filter(pk=code).update(longitude=lon, latitude=lat)
    kept.forget()


def five_solutions() -> None:
    """Health twice, water three times; Brazil three times, Indonesia once, the Congos once."""
    shown.public("One", sectors=["health"], countries=["BR"], goals=[3], started_on="2011-05")
    shown.public("Two", sectors=["health", "water"], countries=["BR", "ID"], started_on="2011")
    shown.public("Three", sectors=["water"], countries=["BR"], goals=[3, 6], kind="policy")
    shown.public("Four", sectors=["water"], countries=["CG", "CD"], mark="validated")
    shown.public("Five", sectors=["education"], countries=[], stage="scaling")


def make_hub(slug: str, *, offers: int = 0, seeks: int = 0, **more: Any) -> Hub:
    """A listed hub with as many statements on what it offers and seeks."""
    factories.reference()
    hub = factories.make_hub(slug=slug, name=f"Hub of {slug}", **more)
    for topic, number in (("offered", offers), ("sought", seeks)):
        for place in range(number):
            factories.state(hub, topic, f"Service {place}")
    finding.note(hub)
    return hub


def pictures(html: str) -> list[ET.Element]:
    """Every picture of a page, read as XML: one that is not well-formed fails here."""
    return [
        ET.fromstring("<svg" + piece.split("</svg>")[0] + "</svg>")
        for piece in html.split("<svg")[1:]
    ]
