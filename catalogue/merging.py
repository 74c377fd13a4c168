"""Two hubs become one: their records and criteria.

Records move with the hub they are described for. What was published says the hub's name of
that time for good; where it is found follows the hub. Nobody is judged by other criteria than
those in force when they submitted: submissions and cases name their edition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue import criteria_operations, finding
from catalogue.models import CriteriaSet, CriteriaState, PageDraft, Solution
from core import search
from hubs.models import Hub
from hubs.operations.merging import Expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import User


def bring_records(gone: Hub, kept: Hub) -> None:
    """Working copies and unsaved text name the hub that stays; public records are found by it."""
    Solution.objects.filter(hub=gone).update(hub=kept)
    for draft in PageDraft.objects.filter(data__has_key="hub"):
        if draft.data["hub"] == [str(gone.pk)]:
            PageDraft.objects.filter(pk=draft.pk).update(data={**draft.data, "hub": [str(kept.pk)]})


def find_by_the_hub_that_stays(kept: Hub) -> None:
    """Write the search entries of its public records anew, once the other hub is gone."""
    rows = Solution.objects.public().for_cards().filter(hub=kept)
    search.index_many(finding.documents(rows.iterator(chunk_size=200)))


def bring_criteria(gone: Hub, kept: Hub, *, by: User) -> None:
    """Drafts go over. Published editions stay under the address of the hub that had them, for
    records name them; the one in force ends, since nothing is submitted there any more."""
    criteria_operations.hand_over(gone, kept, by=by)


def expected(gone: Hub, kept: Hub) -> Expected:
    own = CriteriaSet.objects.filter(hub=gone)
    drafts = own.filter(state=CriteriaState.DRAFT).count()
    return Expected({"catalogue.criteriaset": drafts}, list(_notes(gone, kept)))


def _notes(gone: Hub, kept: Hub) -> Iterator[str]:
    published = CriteriaSet.objects.published().filter(hub=gone)
    if number := published.count():
        yield ngettext(
            "%(n)d published edition of criteria stays at its address, for records name it.",
            "%(n)d published editions of criteria stay at their addresses, for records name them.",
            number,
        ) % {"n": number}
    if published.in_force().exists():
        yield _(
            "The criteria of %(gone)s end. What was submitted is judged by them to the end; what"
            " is submitted from now on is judged by those of %(kept)s."
        ) % {"gone": gone.short, "kept": kept.short}
    both = criteria_operations.codes_added_by(gone) & criteria_operations.codes_added_by(kept)
    if both:
        yield _(
            "Both hubs have own criteria under these codes: %(codes)s. Evidence in drafts that"
            " names one will be read by the criteria of %(kept)s."
        ) % {"codes": ", ".join(sorted(both)), "kept": kept.short}
