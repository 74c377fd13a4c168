"""What the library asks of moderators: to check proposals, and to look at likely duplicates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.choices import ItemState
from community.library import matching
from community.models import LibraryItem
from core import waiting


@waiting.source("community-library", of_records=False)
def to_check(user: Any) -> Iterable[waiting.Item]:
    """One item for all proposals, one for all pairs. Nobody is asked about their own."""
    if not user.is_staff:
        return
    rows = LibraryItem.objects.filter(state=ItemState.PROPOSED).exclude(added_by=user)
    asked = rows.aggregate(n=Count("pk"), since=Min("added_at"))
    if asked["n"]:
        yield waiting.Item(
            title=_("Check what was proposed for the library"),
            detail=ngettext("%(n)d work waits.", "%(n)d works wait.", asked["n"])
            % {"n": asked["n"]},
            verb=_("Check"),
            url=reverse("community:library"),
            since=asked["since"],
        )
    alike = matching.number_of_pairs()
    if alike:
        yield waiting.Item(
            title=_("Look at likely duplicates in the library"),
            detail=ngettext("%(n)d pair looks alike.", "%(n)d pairs look alike.", alike)
            % {"n": alike},
            verb=_("Compare"),
            url=reverse("community:library-duplicates"),
            since=timezone.now(),
        )
