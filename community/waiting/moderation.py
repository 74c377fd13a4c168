"""What waits for moderators and keepers: posts and flags to decide about, and appeals.

Two queries for whoever keeps something, three for portal moderators, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import queue
from core import waiting


@waiting.source("community-moderation", of_records=False)
def to_decide(user: Any) -> Iterable[waiting.Item]:
    """One item for everything in the queue."""
    count, since = queue.summary_for(user)
    if since is None:
        return
    yield waiting.Item(
        title=_("Moderate the community"),
        detail=ngettext(
            "%(n)d contribution waits for a decision.",
            "%(n)d contributions wait for a decision.",
            count,
        )
        % {"n": count},
        verb=_("Decide"),
        url=reverse("community:moderation"),
        since=since,
    )


@waiting.source("community-appeals", of_records=False)
def appeals(user: Any) -> Iterable[waiting.Item]:
    """One item for the appeals somebody else has to answer than who decided."""
    if not user.is_staff:
        return
    found = queue.appeals_for(user).aggregate(n=Count("pk"), since=Min("made_at"))
    if not found["n"] or found["since"] is None:
        return
    yield waiting.Item(
        title=_("Answer appeals"),
        detail=ngettext("%(n)d appeal is open.", "%(n)d appeals are open.", found["n"])
        % {"n": found["n"]},
        verb=_("Answer"),
        url=reverse("community:appeals"),
        since=found["since"],
    )
