"""What other parts of the portal have for the page of a hub: see ``core.around``."""

from __future__ import annotations

from core.around import Around

_around = Around()
tells, with_around, may_have = _around.tells, _around.along, _around.may_have
