"""Dates known to the year, the month or the day: ``2012``, ``2012-07``, ``2012-07-10``.

Sources often know no more than the year. Such a value is stored as it is known; nothing is
filled in. Text order is time order among values of one precision.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

PATTERN = re.compile(r"(?P<y>\d{4})(?:-(?P<m>\d{2})(?:-(?P<d>\d{2}))?)?")


def validate(value: str) -> None:
    """Refuse what is no date of one of the three precisions, or lies outside 1800–2100."""
    match = PATTERN.fullmatch(value)
    try:
        if match is None:
            raise ValueError(value)
        year = date(int(match["y"]), int(match["m"] or 1), int(match["d"] or 1)).year
        if not 1800 <= year <= 2100:
            raise ValueError(value)
    except ValueError:
        raise ValidationError(
            _("Enter a year, like 2013, or a date, like 2013-05 or 2013-05-16."), code="date"
        ) from None


class PartialDateField(models.CharField):
    """A column for a date of year, month or day precision."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs["max_length"] = 10
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.validators.append(validate)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_length", None)
        return name, path, args, kwargs
