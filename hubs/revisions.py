"""A profile as one document, so that every change can be seen, compared and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from claims.models import Contradiction
from hubs.models import Hub, HubClaim, HubRevision

if TYPE_CHECKING:
    from accounts.models import User

#: The columns of a profile that its revisions keep, as Django names their attributes.
COLUMNS = (
    "name", "acronym", "summary", "kind", "country_id", "region_id", "model", "functions",
    "modalities", "languages", "contacts", "website", "is_pilot", "is_listed",
)  # fmt: skip
CLAIM_COLUMNS = (
    "topic", "label", "text", "low", "high", "unit", "qualifier", "starts", "ends", "as_of",
    "role", "actor", "country", "status", "place", "is_preferred", "note", "conflict", "derived",
    "position",
)  # fmt: skip
NUMBERS = ("low", "high")
Document = dict[str, Any]


def document_of(hub: Hub) -> Document:
    """The profile as it is now: columns, sectors, and statements by their uid. Two queries."""
    claims = hub.claims.select_related("reference", "contradiction").order_by("position", "pk")
    return {
        "columns": {name: getattr(hub, name) for name in COLUMNS},
        "sectors": sorted(hub.sectors.values_list("pk", flat=True)),
        "claims": {claim.uid: content_of(claim) for claim in claims},
    }


def content_of(claim: HubClaim) -> Document:
    """One statement in plain values; its source by the source's key."""
    content = {name: getattr(claim, name) for name in CLAIM_COLUMNS}
    for name in NUMBERS:
        content[name] = _plain(content[name])
    content["reference"] = claim.reference.key
    content["contradiction"] = claim.contradiction.key if claim.contradiction else ""
    return content


def _plain(number: Decimal | None) -> str | None:
    """A number as text, without the zeros a column adds."""
    return None if number is None else f"{Decimal(number).normalize():f}"


def changes(before: Document, after: Document) -> list[str]:
    """The keys in which two documents differ: a column's name, ``sectors``, ``claims.<uid>``."""
    found = [
        name
        for name in COLUMNS
        if before.get("columns", {}).get(name) != after.get("columns", {}).get(name)
    ]
    if before.get("sectors") != after.get("sectors"):
        found.append("sectors")
    old, new = before.get("claims", {}), after.get("claims", {})
    found += [f"claims.{uid}" for uid in {**old, **new} if old.get(uid) != new.get(uid)]
    return found


def part(document: Document, key: str) -> Any:
    """What a document has under one of the keys of ``changes``; None where it has nothing."""
    if key.startswith("claims."):
        return document.get("claims", {}).get(key.removeprefix("claims."))
    return document.get("sectors") if key == "sectors" else document.get("columns", {}).get(key)


def keep(hub: Hub, *, by: User | None, note: str = "") -> HubRevision | None:
    """Write the next revision, in the caller's transaction; None when nothing differs."""
    after = document_of(hub)
    latest = hub.revisions.order_by("-number").first()
    changed = changes(latest.document if latest else {}, after)
    if latest is not None and not changed:
        return None
    revision = HubRevision.objects.create(
        hub=hub, number=hub.revision + 1, document=after, changed=changed, note=note[:300], by=by
    )
    Hub.objects.filter(pk=hub.pk).update(revision=revision.number)
    hub.revision = revision.number
    return revision


def changed_since(hub: Hub, base: int, keys: Iterable[str]) -> list[str]:
    """Which of these keys somebody changed after revision ``base`` was read."""
    if base == hub.revision:
        return []
    earlier = hub.revisions.filter(number=base).first()
    if earlier is None:
        return list(keys)
    now = document_of(hub)
    return [key for key in keys if part(earlier.document, key) != part(now, key)]


def claim_from(
    hub: Hub, uid: str, content: Mapping[str, Any], references: Mapping[str, int]
) -> Any:
    """A statement as a document has it, not saved. ``references``: primary keys by key."""
    values = {name: content[name] for name in CLAIM_COLUMNS if name in content}
    for name in NUMBERS:
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    key = content.get("contradiction")
    contradiction = Contradiction.objects.filter(key=key).first() if key else None
    return HubClaim(
        hub=hub,
        uid=uid,
        reference_id=references[content["reference"]],
        contradiction=contradiction,
        **values,
    )
