"""What a team's forms do in one go: a statement together with the source it names, all shares
of a year, a confirmation of what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from claims.models import Reference
from core.errors import DomainError
from core.models import AuditHead
from hubs import checking
from hubs.models import Hub, HubClaim
from hubs.operations import profile
from hubs.topics import SHARE_CODES, TOPICS

if TYPE_CHECKING:
    from accounts.models import User

#: Statements are written in English, whatever language their editor reads.
WRITTEN_IN = "en"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement can be read: a reference that is there, the hub's own word, or a new
    reference described by ``values``."""

    reference: Reference | None = None
    is_own: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)

    def found(self, hub: Hub, *, by: User) -> Reference:
        if self.reference is not None:
            return self.reference
        if self.is_own:
            return profile.own_statement(hub)
        return profile.add_reference(by=by, values=self.values)


@transaction.atomic
def state(
    hub: Hub,
    *,
    by: User,
    values: Mapping[str, Any],
    source: Source,
    claim: HubClaim | None = None,
    base: int | None = None,
) -> HubClaim:
    """Add a statement, or change ``claim``, with its source; neither stays without the other."""
    if not by.has_perm("hubs.change_hub", hub):
        raise PermissionDenied
    AuditHead.hold()
    whole = {**values, "reference": source.found(hub, by=by)}
    if claim is None:
        return profile.add_claim(hub, by=by, values=whole)
    return profile.change_claim(claim, by=by, values=whole, base=base)


def shares_from(hub: Hub, year: str, reference: Reference | None) -> dict[str, HubClaim]:
    """The shares of a year ("" for none stated) that one source gives, by topic. One query."""
    found = hub.claims.filter(topic__in=SHARE_CODES, label="", reference=reference)
    found = found.filter(as_of__startswith=year) if year else found.filter(as_of="")
    return {claim.topic: claim for claim in found.order_by("position", "pk")}


def _seen(hub: Hub, year: str, reference: Reference, base: int) -> list[str]:
    """The uids of the shares that a form opened on revision ``base`` showed."""
    revision = hub.revisions.filter(number=base).first()
    claims = revision.document["claims"] if revision else {}
    return [
        uid
        for uid, content in claims.items()
        if content["topic"] in SHARE_CODES
        and content["reference"] == reference.key
        and content["as_of"][:4] == year
    ]


@transaction.atomic
def save_mix(
    hub: Hub,
    *,
    by: User,
    year: str,
    shares: Mapping[str, Decimal | None],
    source: Source,
    place: str = "",
    base: int | None = None,
) -> None:
    """Write the financing mix of one year as one source gives it, whole or not at all.

    A share of None is no longer stated; one that is not named is left alone, like one that
    stays the same and a range that no number replaces.
    """
    if not by.has_perm("hubs.change_hub", hub):
        raise PermissionDenied
    row = profile.hold(hub)
    reference = source.found(row, by=by)
    present = shares_from(row, year, reference)
    uids = {claim.uid for claim in present.values()}
    if base is not None and base != row.revision:
        uids.update(_seen(row, year, reference, base))
    profile.refuse_stale(row, base, [f"claims.{uid}" for uid in uids])
    last = row.claims.order_by("-position").values_list("position", flat=True).first() or 0
    for topic, number in shares.items():
        claim = present.get(topic)
        if number is None:
            if claim is not None and claim.is_exact:
                claim.delete()
            continue
        if claim is None:
            last = min(last + 1, 9999)
            claim = HubClaim(hub=row, topic=topic, added_by=by, position=last, as_of=year)
        elif claim.is_exact and claim.low == number and (not place or claim.place == place):
            continue
        claim.low = claim.high = number
        claim.text, claim.reference, claim.unit = share_in_words(topic, number), reference, ""
        claim.qualifier, claim.place = "", place or claim.place
        _checked(claim)
        claim.save()
    _refuse_too_much(row, year)
    profile.finish(row, by=by, verb="state-mix")


def share_in_words(topic: str, number: Decimal) -> str:
    """The text of a share, as a statement has one beside its values."""
    with translation.override(WRITTEN_IN):
        return f"{TOPICS[topic].label}: {number.normalize():f} percent of the budget."


def _checked(claim: HubClaim) -> None:
    try:
        claim.full_clean(exclude=["hub"])
    except ValidationError as refusal:
        texts = [text for found in refusal.message_dict.values() for text in found]
        raise ValidationError({claim.topic: texts}) from None


def _refuse_too_much(hub: Hub, year: str) -> None:
    """Refuse a mix of more than the whole, sources taken together, naming its total."""
    members = checking.shares_of(hub.claims.all()).get(year, [])
    total = sum((checking.least(claim) for claim in members), Decimal(0))
    if total > checking.WHOLE:
        raise ValidationError(
            {
                claim.topic: _("The shares of the budget add up to %(total)s percent. Lower them.")
                % {"total": f"{total.normalize():f}"}
                for claim in members
            }
        )


@transaction.atomic
def confirm_as_read(hub: Hub, *, by: User, base: int) -> None:
    """Confirm the profile as it was when the page was opened; refused if it changed since."""
    if not by.has_perm("hubs.confirm_hub", hub):
        raise PermissionDenied
    row = profile.hold(hub)
    if row.revision != base:
        raise DomainError(
            _("The profile changed while you were reading. Look at what is new, then confirm."),
            code="stale",
        )
    profile.confirm(row, by=by)
