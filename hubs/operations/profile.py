"""Changes to a hub's profile: each one call, atomic, kept as a revision and in the audit.

Every change names the revision its form was opened on (``base``). What somebody else changed
since is not overwritten: the call is refused, and the form keeps what was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from claims.models import Reference, by_key
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.text import fold
from hubs import checking, finding, revisions
from hubs.models import Hub, HubClaim, HubRevision
from hubs.signals import profile_changed, profile_confirmed

if TYPE_CHECKING:
    from accounts.models import User

#: What only the whole portal decides about a hub.
FOR_STAFF = ("is_listed", "slug")


def hold(hub: Hub) -> Hub:
    """The hub's row for this transaction alone. Refuses one that became part of another."""
    AuditHead.hold()
    row = Hub.objects.select_for_update().get(pk=hub.pk)
    if row.merged_into_id:
        raise DomainError(
            _("This hub is part of %(hub)s now.") % {"hub": row.merged_into}, code="merged"
        )
    return row


def _require(by: User, hub: Hub) -> None:
    if not by.has_perm("hubs.change_hub", hub):
        raise PermissionDenied


def refuse_stale(hub: Hub, base: int | None, keys: Iterable[str]) -> None:
    if base is not None and revisions.changed_since(hub, base, keys):
        raise DomainError(
            _(
                "Somebody else changed this while you were writing. Your text is still here:"
                " compare, then save again."
            ),
            code="stale",
        )


def finish(
    hub: Hub, *, by: User, verb: str, note: str = "", always: bool = False, **data: Any
) -> HubRevision | None:
    """Bring up to date what follows from the profile, and record the change with ``data``.

    Where nothing changed nothing is recorded, unless ``always`` says so.
    """
    claims = list(hub.claims.all())
    founding = checking.founding_of(claims)
    hub.founded = int(founding.starts[:4]) if founding else None
    hub.save(update_fields=["founded", "updated_at"])
    revision = revisions.keep(hub, by=by, note=note)
    finding.note(hub)
    if revision is not None:
        data |= {"revision": revision.number, "fields": revision.changed}
    if revision is not None or always:
        AuditEntry.record(by=by, verb=verb, target=hub, note=note, **data)
    if revision is not None:
        profile_changed.send(Hub, hub=hub, by=by, changed=revision.changed)
    return revision


@transaction.atomic
def create_hub(
    hub: Hub, *, by: User, sectors: Sequence[Any] = (), claims: Iterable[HubClaim] = ()
) -> Hub:
    """A new hub with its sectors and statements. Portal moderators only."""
    if not by.is_staff:
        raise PermissionDenied
    checking.check_slug(hub.slug)
    AuditHead.hold()
    hub.save()
    hub.sectors.set(sectors)
    rows = list(claims)
    for position, claim in enumerate(rows, start=1):
        claim.hub, claim.position, claim.added_by = hub, claim.position or position, by
        claim.clean()
    HubClaim.objects.bulk_create(rows)
    finish(hub, by=by, verb="add")
    return hub


@transaction.atomic
def change_profile(
    hub: Hub,
    *,
    by: User,
    values: Mapping[str, Any],
    sectors: Sequence[Any] | None = None,
    base: int | None = None,
    note: str = "",
) -> HubRevision | None:
    """Write columns of the profile (``revisions.COLUMNS``) and, if given, its sectors.

    Whether a hub is listed is for portal moderators. None when nothing differs.
    """
    _require(by, hub)
    row = hold(hub)
    if unknown := set(values) - {*revisions.COLUMNS, *FOR_STAFF}:
        raise ValueError(f"No columns of a profile: {sorted(unknown)}")
    if not by.is_staff and set(values) & set(FOR_STAFF):
        raise PermissionDenied
    if "slug" in values:
        checking.check_slug(values["slug"])
    refuse_stale(row, base, [*values, *(["sectors"] if sectors is not None else [])])
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    if sectors is not None:
        row.sectors.set(sectors)
    return finish(row, by=by, verb="change", note=note)


# --- Statements --------------------------------------------------------------------------


@transaction.atomic
def add_claim(hub: Hub, *, by: User, values: Mapping[str, Any]) -> HubClaim:
    """State something about the hub. ``values`` are fields of a claim, with ``reference``."""
    _require(by, hub)
    row = hold(hub)
    last = row.claims.order_by("-position").values_list("position", flat=True).first() or 0
    claim = HubClaim(hub=row, added_by=by, **{"position": min(last + 1, 9999), **values})
    _write(row, claim)
    finish(row, by=by, verb="state")
    return claim


@transaction.atomic
def change_claim(
    claim: HubClaim, *, by: User, values: Mapping[str, Any], base: int | None = None, note: str = ""
) -> HubClaim:
    """Change a statement, unless somebody else did since revision ``base``."""
    _require(by, claim.hub)
    row = hold(claim.hub)
    fresh = row.claims.filter(pk=claim.pk).first()
    if fresh is None:
        raise DomainError(_("This statement was removed meanwhile."), code="gone")
    refuse_stale(row, base, [f"claims.{fresh.uid}"])
    for name, value in values.items():
        setattr(fresh, name, value)
    _write(row, fresh)
    finish(row, by=by, verb="restate", note=note)
    return fresh


@transaction.atomic
def remove_claim(claim: HubClaim, *, by: User, note: str) -> None:
    """Take a statement off the profile, with a reason; its revisions keep it."""
    _require(by, claim.hub)
    row = hold(claim.hub)
    if not note.strip():
        raise DomainError(_("Say why the statement goes."), code="reason")
    row.claims.filter(pk=claim.pk).delete()
    finish(row, by=by, verb="unstate", note=note)


@transaction.atomic
def prefer(claim: HubClaim, *, by: User) -> None:
    """Show this statement first among those that answer the same question."""
    _require(by, claim.hub)
    row = hold(claim.hub)
    fresh = row.claims.filter(pk=claim.pk).first()
    if fresh is None:
        raise DomainError(_("This statement was removed meanwhile."), code="gone")
    row.claims.filter(topic=fresh.topic, label=fresh.label).update(is_preferred=False)
    fresh.is_preferred = True
    _write(row, fresh)
    finish(row, by=by, verb="prefer")


def _write(hub: Hub, claim: HubClaim) -> None:
    """Save a statement that fits its topic and the others; refuse at the field what does not."""
    if claim.reference_id is None:
        raise ValidationError({"reference": _("Say where this can be read.")})
    if claim.is_preferred:
        alike = hub.claims.filter(topic=claim.topic, label=claim.label, is_preferred=True)
        alike.exclude(pk=claim.pk).update(is_preferred=False)
    claim.full_clean(exclude=["hub"])
    others = [other for other in hub.claims.all() if other.pk != claim.pk]
    checking.check_mix([*others, claim], claim)
    claim.save()


# --- Sources -----------------------------------------------------------------------------


def own_statement(hub: Hub) -> Reference:
    """The source of what a hub says of itself."""
    reference, _created = Reference.objects.get_or_create(
        key=f"own:{hub.slug}",
        defaults={
            "kind": Reference.Kind.OWN,
            "title": hub.name,
            "citation": f"{hub.name}, own statement",
        },
    )
    return reference


@transaction.atomic
def add_reference(*, by: User, values: Mapping[str, Any]) -> Reference:
    """A source to cite; the same address or the same citation gives the one there is.

    Never the own word of a hub: nobody puts a statement into another's mouth.
    """
    if not by.has_perm("claims.add_reference"):
        raise PermissionDenied
    AuditHead.hold()  # one at a time: two who cite the same source find it
    reference = Reference(added_by=by, **values)
    reference.citation = reference.citation or reference.composed()[:600]
    sources = Reference.objects.exclude(kind=Reference.Kind.OWN)
    if reference.url and (known := sources.filter(url=reference.url).first()):
        return known.merged_into or known
    if known := sources.filter(citation__iexact=reference.citation).first():
        return known.merged_into or known
    reference.key = reference.key or _free_key(reference)
    reference.full_clean()
    reference.save()
    return reference


def _free_key(reference: Reference) -> str:
    stem = slugify(fold(f"{reference.authors} {reference.title}"))[:80].strip("-") or "source"
    number, key = 1, stem
    while Reference.objects.filter(key=key).exists():
        number += 1
        key = f"{stem}-{number}"
    return key


# --- Confirming and taking back ----------------------------------------------------------


@transaction.atomic
def confirm(hub: Hub, *, by: User) -> None:
    """A focal point says that the whole profile is right today."""
    if not by.has_perm("hubs.confirm_hub", hub):
        raise PermissionDenied
    row = hold(hub)
    row.confirmed_at, row.confirmed_by = timezone.now(), by
    row.save(update_fields=["confirmed_at", "confirmed_by"])
    finding.note(row)
    AuditEntry.record(by=by, verb="confirm-profile", target=row, revision=row.revision)
    profile_confirmed.send(Hub, hub=row, by=by)


@transaction.atomic
def restore(revision: HubRevision, *, by: User, note: str) -> HubRevision | None:
    """Write the profile as it was at a revision, as a new one. Portal moderators only.

    Whether the hub is listed stays as it is: that is no part of what its team writes.
    """
    if not by.has_perm("hubs.restore_hub", revision.hub):
        raise PermissionDenied
    if not note.strip():
        raise DomainError(_("Say why the profile goes back."), code="reason")
    row = hold(revision.hub)
    document = revision.document
    for name in revisions.COLUMNS:
        if name != "is_listed":
            setattr(row, name, document["columns"][name])
    row.save()
    row.sectors.set(document["sectors"])
    row.claims.all().delete()
    wanted = {content["reference"] for content in document["claims"].values()}
    references = by_key(wanted)
    HubClaim.objects.bulk_create(
        [
            revisions.claim_from(row, uid, content, references)
            for uid, content in document["claims"].items()
        ]
    )
    return finish(row, by=by, verb="restore-profile", note=note)
