"""Whether other parts of the portal have something for a hub's page, asked along with the hub.

Most hubs have nothing of most kinds, so a page that knows asks less. A part says how to find out:
``tells("articles", lambda: Exists(…))``, with ``OuterRef("pk")`` for the hub. It may say more hubs
than the reader sees anything of; what is shown is asked for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

    from hubs.models import Hub

_TOLD: dict[str, Callable[[], Any]] = {}


def tells(name: str, found: Callable[[], Any]) -> None:
    """Make it known how to find out whether there is anything of this name."""
    _TOLD[name] = found


def with_around(hubs: QuerySet[Hub]) -> QuerySet[Hub]:
    """Hubs that know what stands around them."""
    return hubs.annotate(**{f"has_{name}": found() for name, found in _TOLD.items()})


def may_have(hub: Hub, name: str) -> bool:
    """Whether it is worth asking: also where nobody looked."""
    return bool(getattr(hub, f"has_{name}", True))
