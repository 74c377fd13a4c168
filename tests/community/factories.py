"""What tests of the community need. Every name and text is made up."""

from __future__ import annotations

import itertools
from typing import Any

from community.models import Chapter, MonthlyTheme

_count = itertools.count(1)


def make_theme(**values: Any) -> MonthlyTheme:
    n = next(_count)
    return MonthlyTheme.objects.create(
        **{"slug": f"theme-{n}", "title": f"Deeper wells {n}", "month": "2024-05"} | values
    )


def make_chapter(**values: Any) -> Chapter:
    n = next(_count)
    return Chapter.objects.create(
        **{"slug": f"chapter-{n}", "name": f"Chapter of valley {n}", "region": "The valley"}
        | values
    )
