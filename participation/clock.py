"""What the portal may do by itself with registrations."""

from __future__ import annotations

from core.clock import Portal

PORTAL = Portal(may=("participation.give_place",))
