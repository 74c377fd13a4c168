"""Whose clocks a reader wants to see: those of the profile, or of a zone the address names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.forms import zone_choices
from core import walltime
from participation.cities import name_of

if TYPE_CHECKING:
    from django.http import HttpRequest

#: The word of the address; empty, it asks for the list to choose from.
WORD = "zone"


def asked_for(request: HttpRequest) -> str:
    """The zone the address asks for; empty if none or one nobody knows."""
    name = request.GET.get(WORD, "")
    return name if name in walltime.zones() else ""


def wants_to_choose(request: HttpRequest) -> bool:
    """Whether the list of zones is to be shown."""
    return WORD in request.GET and not asked_for(request)


def zone_of_reader(request: HttpRequest) -> str:
    """The name of the zone whose clocks this reader wants."""
    name = asked_for(request) or timezone.get_current_timezone_name()
    return name if name in walltime.zones() else "UTC"


def place(zone: str) -> str:
    return name_of(zone)


def choices(zone: str) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Every zone under its part of the world: name, place, whether it is this one."""
    groups: list[tuple[str, list[tuple[str, str, bool]]]] = []
    for name, inside in zone_choices():
        if isinstance(inside, str):
            groups.append(("", [(name, inside, name == zone)]))
        else:
            groups.append((name, [(one, said, one == zone) for one, said in inside]))
    return groups


def address_to_choose(request: HttpRequest) -> str:
    """This page, with the list of zones to choose from."""
    query = request.GET.copy()
    query[WORD] = ""
    return f"?{query.urlencode()}"
