"""Work behind the pages. The rows say what is owed; running twice changes nothing."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from catalogue import finding, links
from catalogue.choices import LinkState
from catalogue.models import Evidence
from core import findable, search

#: Links checked in one run: at most ten times five seconds.
AT_ONCE = 10
TRY_AGAIN = timedelta(hours=1)
RECHECK = {
    LinkState.BROKEN: timedelta(days=1),
    LinkState.OPENS: timedelta(days=30),
}


def _owed() -> Q:
    """Links that were never asked, could not be asked, or were asked long ago.

    Those of imported collections are left alone: their registries look after them.
    """
    now = timezone.now()
    due = Q(link_state=LinkState.UNCHECKED) & (
        Q(link_checked_at=None) | Q(link_checked_at__lt=now - TRY_AGAIN)
    )
    for state, after in RECHECK.items():
        due |= Q(link_state=state, link_checked_at__lt=now - after)
    return due & ~Q(url="") & Q(solution__collection="")


@shared_task(ignore_result=True)
def check_owed_links() -> None:
    """Open the links of evidence and note which do not open.

    Each row is claimed by moving its time of checking; so a second run at the same time
    takes other rows, and a run that dies leaves nothing that is not tried again.
    """
    rows = Evidence.objects.filter(_owed()).order_by("link_checked_at", "pk")[:AT_ONCE]
    for row in rows:
        claimed = Evidence.objects.filter(
            pk=row.pk, url=row.url, link_checked_at=row.link_checked_at
        ).update(link_checked_at=timezone.now())
        if not claimed:
            continue  # somebody else has it, or the link was changed
        try:
            verdict = links.check(row.url)
        except links.Later:
            continue
        Evidence.objects.filter(pk=row.pk, url=row.url).update(
            link_state=verdict.state, link_note=verdict.note[:200], link_checked_at=timezone.now()
        )


@shared_task(ignore_result=True)
def mend_search() -> None:
    """Compare what can be found with what is public, then the engine with its documents, and
    mend the difference."""
    finding.mend()
    findable.mend(thorough=False)
    search.mend()
