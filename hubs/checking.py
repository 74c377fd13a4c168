"""What a hub's statements must not say together, and what looks odd without being refused."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from claims.models import before
from claims.weighing import best, groups_of
from hubs.topics import SHARE_CODES, TOPICS

if TYPE_CHECKING:
    from hubs.models import HubClaim

WHOLE = Decimal(100)
#: Addresses below /hubs/ that are pages of their own, and the family of criteria all hubs
#: share, whose address stands beside those of hubs.
RESERVED = frozenset({"compare", "lessons", "contradictions", "invitations", "common"})
#: Topics whose dates may lie before the founding: they are about how it came to be.
MAY_COME_BEFORE = ("founded", "legal_basis", "policy_basis")


def check_slug(slug: str) -> None:
    """Refuse an address that leads to another page."""
    if slug in RESERVED:
        raise ValidationError(
            {"slug": _("“%(address)s” is the address of another page.") % {"address": slug}}
        )


def founding_of(claims: Iterable[HubClaim]) -> HubClaim | None:
    """The statement on the founding that counts: the preferred one, else the earliest date."""
    dated = [claim for claim in claims if claim.topic == "founded" and claim.starts]
    return min(dated, key=lambda claim: (not claim.is_preferred, claim.starts), default=None)


def shares_of(claims: Iterable[HubClaim]) -> dict[str, list[HubClaim]]:
    """The financing mix of each year ("" for none stated): the statements that are shown."""
    by_year: dict[str, list[HubClaim]] = {}
    for claim in claims:
        if claim.topic in SHARE_CODES and claim.has_number:
            by_year.setdefault(claim.as_of[:4], []).append(claim)
    return {
        year: [group.shown for group in groups_of(members, TOPICS)]
        for year, members in by_year.items()
    }


def least(claim: HubClaim) -> Decimal:
    """The least a claim says: nothing for "up to 40"."""
    return claim.low if claim.low is not None else Decimal(0)


def check_mix(claims: Iterable[HubClaim], changed: HubClaim) -> None:
    """Refuse a share with which the mix of its year would exceed the whole."""
    if changed.topic not in SHARE_CODES:
        return
    members = shares_of(claims).get(changed.as_of[:4], [])
    total = sum((least(claim) for claim in members), Decimal(0))
    if total > WHOLE:
        raise ValidationError(
            {
                "low": _(
                    "With this, the shares of the budget add up to %(total)s percent. Lower it, or"
                    " give the year it is for."
                )
                % {"total": f"{total.normalize():f}"}
            }
        )


def oddities(claim: HubClaim, claims: Iterable[HubClaim]) -> list[str]:
    """What an editor should look at again, in words; nothing here is refused."""
    found = []
    others = [other for other in claims if other.pk != claim.pk]
    founding = founding_of([*others, claim])
    begins = claim.starts or claim.as_of
    if (
        founding is not None
        and founding is not claim
        and claim.topic not in MAY_COME_BEFORE
        and before(begins, founding.starts)
    ):
        found.append(
            _("This is dated %(date)s, before the hub was founded (%(founded)s).")
            % {"date": begins, "founded": founding.starts}
        )
    if claim.as_of and claim.as_of > timezone.localdate().isoformat():
        found.append(_("This holds as of a date that has not come yet."))
    return found


def preferred_or_first(claims: Iterable[HubClaim], topic: str) -> HubClaim | None:
    """The statement on a topic that a short view shows; None where nothing is stated."""
    members = [claim for claim in claims if claim.topic == topic]
    return best(members) if members else None
