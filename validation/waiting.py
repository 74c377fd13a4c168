"""What the validation asks of a person."""

from __future__ import annotations
