"""What events ask of a person."""

from __future__ import annotations
