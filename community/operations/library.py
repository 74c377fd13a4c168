"""The library: propose a work, check it, correct it, make two entries one.

Whoever adds works holds the head of the audit first, so two people who send the same work at the
same moment get one entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.html import escape
from django.utils.text import slugify
from django.utils.translation import gettext as _

from claims.models import Reference
from claims.relations import citing_columns
from community.choices import ItemState, PublicationKind
from community.library import listing, matching
from community.library.identifiers import address_key, doi_of, isbn_of, title_key
from community.models import Distinct, LibraryItem
from community.screening import screen
from community.signals import library_item_moved
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.text import fold
from hubs.loading import source_entries
from hubs.models import Hub, HubClaim
from hubs.operations.profile import finish

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping

    from accounts.models import User

#: What the entry tells of the work, by where it is kept.
OF_REFERENCE = ("title", "authors", "publisher", "date", "site", "url", "language")
OF_ITEM = (
    "publication", "doi", "isbn", "container", "volume", "issue", "pages", "abstract",
    "theme", "chapter", "lab",
)  # fmt: skip
MOST_TAGS = 20
LONGEST_TAG = 60
#: Second parts of addresses under the library that are no keys.
RESERVED = frozenset({"add", "import", "duplicates", "export", "merge"})
FIRST_KIND = {
    Reference.Kind.PAGE: PublicationKind.PAGE,
    Reference.Kind.PUBLICATION: PublicationKind.REPORT,
    Reference.Kind.DOCUMENT: PublicationKind.OTHER,
}


# --- Adding ------------------------------------------------------------------------------------


@transaction.atomic
def propose(
    *,
    by: User,
    title: str,
    authors: str = "",
    form_key: uuid.UUID | None = None,
    tags: Iterable[str] = (),
    anew: bool = False,
    **values: Any,
) -> LibraryItem:
    """Add a work to the library; a known member's is listed at once, a new member's waits.

    ``values`` are further columns of ``OF_REFERENCE`` and ``OF_ITEM``. The same form sent twice is
    one entry, and so is a work the library has for certain (its DOI, ISBN, address, or title,
    year and authors): then that entry is returned as it is. ``anew`` says that somebody looked
    and it is another work; an identifier is believed all the same.
    """
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    AuditHead.hold()
    if form_key is not None:
        there = LibraryItem.objects.filter(added_by=by, form_key=form_key).first()
        if there is not None:
            return there
    told = {"title": title, "authors": authors, **values}
    known = matching.certain(told, by_words=not anew)
    if known is not None and known.state != ItemState.UNLISTED:
        return known
    verdict = screen(by, f"<p>{escape(title)}</p><p>{escape(told.get('abstract', ''))}</p>")
    if known is not None:
        return _adopted(
            known,
            by,
            told,
            tags,
            form_key=form_key,
            held=verdict.held,
            because=str(verdict.because),
        )
    return _added(
        by, told, tags, form_key=form_key, held=verdict.held, because=str(verdict.because)
    )


@transaction.atomic
def propose_many(*, by: User, works: Iterable[Mapping[str, Any]]) -> list[LibraryItem]:
    """The same for several works of one upload, screened together. Returns an entry for each.

    A work with ``anew`` was looked at and is another than the one it resembles.
    """
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    AuditHead.hold()
    wanted = [dict(work) for work in works]
    if not wanted:
        return []
    text = "".join(f"<p>{escape(work['title'])}</p>" for work in wanted[:20])
    verdict = screen(by, text)
    made = []
    for told in wanted:
        anew, tags = told.pop("anew", False), told.pop("tags", ())
        known = matching.certain(told, by_words=not anew)
        how: dict[str, Any] = {"held": verdict.held, "because": str(verdict.because), "note": False}
        if known is None:
            made.append(_added(by, told, tags, **how))
        elif known.state == ItemState.UNLISTED:
            made.append(_adopted(known, by, told, tags, **how))
        else:
            made.append(known)
    listing.refresh([item.reference_id for item in made])
    return made


def _added(
    by: User,
    told: Mapping[str, Any],
    tags: Iterable[str],
    *,
    held: bool,
    because: str = "",
    form_key: uuid.UUID | None = None,
    note: bool = True,
) -> LibraryItem:
    reference = Reference(added_by=by)
    item = LibraryItem(
        added_by=by,
        form_key=form_key,
        state=ItemState.PROPOSED if held else ItemState.LISTED,
        held_because=because,
    )
    _fill(reference, item, told)
    page = item.publication == PublicationKind.PAGE
    reference.kind = Reference.Kind.PAGE if page else Reference.Kind.PUBLICATION
    reference.key = free_key(reference)
    _save(reference, item)
    item.tags.set(tidy_tags(tags))
    if note:
        listing.refresh([reference.pk])
    if not held:
        library_item_moved.send(LibraryItem, item=item, verb="accept_item", by=by)
    return item


def _adopted(
    item: LibraryItem,
    by: User,
    told: Mapping[str, Any],
    tags: Iterable[str],
    *,
    held: bool,
    because: str = "",
    form_key: uuid.UUID | None = None,
    note: bool = True,
) -> LibraryItem:
    """A work that only unpublished records cite is proposed by itself. How those cite it stays;
    what they do not say is taken from the proposal."""
    reference = item.reference
    missing = {
        name: value
        for name, value in told.items()
        if name not in OF_REFERENCE or not getattr(reference, name)
    }
    _fill(reference, item, missing)
    item.added_by, item.form_key, item.added_at = by, form_key, timezone.now()
    item.is_automatic, item.held_because = False, because
    item.state = ItemState.PROPOSED if held else ItemState.LISTED
    _save(reference, item)
    item.tags.set(tidy_tags(tags))
    if note:
        listing.refresh([reference.pk])
    return item


def _fill(reference: Reference, item: LibraryItem, told: Mapping[str, Any]) -> None:
    if unknown := set(told) - {*OF_REFERENCE, *OF_ITEM}:
        msg = f"Nothing the library keeps: {sorted(unknown)}"
        raise TypeError(msg)
    for name, value in told.items():
        clean = value.strip() if isinstance(value, str) else value
        setattr(reference if name in OF_REFERENCE else item, name, clean)
    item.doi = doi_of(item.doi) or item.doi
    item.isbn = isbn_of(item.isbn) or item.isbn
    if item.doi and not reference.url:
        reference.url = f"https://doi.org/{item.doi}"


def check(told: Mapping[str, Any]) -> None:
    """Raise what proposing this work would refuse, without asking the database."""
    reference, item = Reference(key="-"), LibraryItem()
    _fill(reference, item, told)
    _check(reference, item, ask=False)


def _save(reference: Reference, item: LibraryItem) -> None:
    """Both, or a refusal at the fields of both."""
    _check(reference, item)
    reference.save()
    item.reference = reference
    item.save()


def _check(reference: Reference, item: LibraryItem, *, ask: bool = True) -> None:
    reference.citation = reference.citation or reference.composed()[:600]
    item.title_key = title_key(reference.title)
    item.address_key = address_key(reference.url)
    errors: dict[str, Any] = {}
    for row in (reference, item):
        try:
            row.full_clean(
                exclude=["reference", "added_by", "form_key", "merged_into"],
                validate_unique=ask,
                validate_constraints=ask,
            )
        except ValidationError as refusal:
            errors |= refusal.error_dict
    if item.doi and not doi_of(item.doi):
        errors["doi"] = _("A DOI looks like 10.1596/978-1-4648-0000-0.")
    if item.isbn and not isbn_of(item.isbn):
        errors["isbn"] = _("Check the digits of this ISBN.")
    if errors:
        raise ValidationError(errors)


def free_key(reference: Reference) -> str:
    """A key that nothing has: authors' first word, year, first words of the title."""
    name = fold(reference.authors).replace(";", " ").replace(",", " ").split()
    words = [*name[:1], reference.date[:4], *fold(reference.title).split()[:4]]
    stem = slugify(" ".join(words))[:80].strip("-") or "work"
    if stem in RESERVED:
        stem = f"{stem}-1"
    taken = set(Reference.objects.filter(key__startswith=stem).values_list("key", flat=True))
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def tidy_tags(tags: Iterable[str]) -> list[str]:
    """Each once, cut to size, in small letters as all tags of the library are."""
    clean = (" ".join(str(tag).split()).lower()[:LONGEST_TAG] for tag in tags)
    return list(dict.fromkeys(tag for tag in clean if tag))[:MOST_TAGS]


@transaction.atomic
def load_library() -> int:
    """Give every reference its entry; list what the published sources name and what something
    public cites. Returns how many entries are new. Run again, it mends what was missed."""
    rows = Reference.objects.filter(library_item=None, merged_into=None)
    missing = rows.exclude(kind=Reference.Kind.OWN).values_list("pk", flat=True)
    made = listing.refresh(list(missing))
    # What the product's own sources name belongs to the library, cited or not.
    named = LibraryItem.objects.filter(
        is_automatic=True, reference__key__in=[entry["key"] for entry in source_entries()]
    )
    sources = list(named.values_list("reference", flat=True))
    named.update(is_automatic=False, state=ItemState.LISTED)
    listing.refresh(sources)
    listing.refresh(listing.astray())
    return made


# --- Checking and correcting -------------------------------------------------------------------


@transaction.atomic
def move_item(item: LibraryItem, verb: str, *, by: User, **told: Any) -> None:
    """Make a move of an entry, and let readers find it or not."""
    AuditHead.hold()
    getattr(item, verb)(by=by, **told)
    listing.refresh([item.reference_id])


def may_change(item: LibraryItem, *, by: User) -> bool:
    """Moderators, and who proposed it while it waits."""
    if by.has_perm("community.keep_library"):
        return True
    waits = item.state == ItemState.PROPOSED and by.has_perm("community.own_item", item)
    return waits and by.has_perm("community.take_part")


@transaction.atomic
def change_item(
    item: LibraryItem, *, by: User, values: Mapping[str, Any], tags: Iterable[str] | None = None
) -> LibraryItem:
    """Correct an entry: moderators, and who proposed it while it waits.

    What else cites the reference shows the corrected words, too.
    """
    if not may_change(item, by=by):
        raise PermissionDenied
    AuditHead.hold()
    row = LibraryItem.objects.select_for_update().select_related("reference").get(pk=item.pk)
    reference = row.reference
    if row.state == ItemState.MERGED:
        raise DomainError(_("This entry was merged into another."), code="merged")
    before = {name: getattr(_home(row, name), name) for name in values}
    before_words = reference.composed()[:600]
    _fill(reference, row, values)
    changed = [name for name in values if getattr(_home(row, name), name) != before[name]]
    if reference.citation == before_words:
        reference.citation = reference.composed()[:600]
    _save(reference, row)
    if tags is not None:
        row.tags.set(tidy_tags(tags))
    if changed:
        AuditEntry.record(by=by, verb="change_item", target=row, fields=changed, key=reference.key)
    listing.refresh([reference.pk])
    return row


def _home(item: LibraryItem, name: str) -> Any:
    return item.reference if name in OF_REFERENCE else item


# --- Two that are one --------------------------------------------------------------------------


@transaction.atomic
def say_distinct(one: LibraryItem, other: LibraryItem, *, by: User) -> None:
    """Remember that two entries are two works, so that nobody is asked again."""
    if not by.has_perm("community.keep_library"):
        raise PermissionDenied
    if one.pk == other.pk:
        raise DomainError(_("These are the same entry."), code="same")
    AuditHead.hold()
    first, second = sorted((one, other), key=lambda item: item.pk)
    _row, made = Distinct.objects.get_or_create(one=first, other=second, defaults={"said_by": by})
    if made:
        AuditEntry.record(by=by, verb="say_distinct", target=first, other=second.pk)
        transaction.on_commit(matching.forget_number)


@transaction.atomic
def merge_references(
    gone: Reference,
    *,
    into: Reference,
    by: User,
    note: str,
    values: Mapping[str, Any] | None = None,
) -> Reference:
    """Make one reference of two. Moderators only; it cannot be undone.

    Everything in the database that points at the one that goes points at the one that stays.
    ``values`` are the columns chosen for it. The row that goes remains as an alias: its address
    leads on, and earlier revisions of a hub's profile, which name sources by key and are never
    changed, go on meaning something. So do published syntheses, signed records and the audit:
    they keep the words they were written with.
    """
    if not by.has_perm("community.keep_library"):
        raise PermissionDenied
    if not note.strip():
        reason = _("Say how you know that the two are one.")
        raise DomainError(reason, code="reason", fields={"note": [reason]})
    AuditHead.hold()
    wanted = Reference.objects.select_for_update().filter(pk__in=[gone.pk, into.pk])
    rows = {row.pk: row for row in wanted.order_by("pk")}
    leaves, stays = rows[gone.pk], rows[into.pk]
    _refuse(leaves, stays)
    listing.ensure([leaves, stays])
    items = {row.reference_id: row for row in LibraryItem.objects.filter(reference__in=rows)}
    kept, left = items[stays.pk], items[leaves.pk]
    kept.reference = stays
    hubs = list(
        HubClaim.objects.filter(reference=leaves, hub__merged_into=None)
        .values_list("hub", flat=True)
        .distinct()
    )
    moved = repoint(leaves, stays)
    _fill(stays, kept, values or {})
    for name in ("theme", "chapter", "lab"):
        if getattr(kept, f"{name}_id") is None:
            setattr(kept, f"{name}_id", getattr(left, f"{name}_id"))
    if kept.state != ItemState.LISTED and left.state == ItemState.LISTED:
        kept.state = ItemState.LISTED
        kept.is_automatic = kept.is_automatic and left.is_automatic
    if values:
        stays.citation = stays.composed()[:600]
    _save(stays, kept)
    kept.tags.add(*left.tags.names())
    _keep_distinctions(left, kept)
    Reference.objects.filter(pk=leaves.pk).update(merged_into=stays)
    LibraryItem.objects.filter(pk=left.pk).update(state=ItemState.MERGED, reason=note[:300])
    AuditEntry.record(
        by=by,
        verb="merge_reference",
        target=kept,
        note=note,
        gone=leaves.key,
        into=stays.key,
        moved=moved,
    )
    for hub in Hub.objects.select_for_update().filter(pk__in=hubs).order_by("pk"):
        finish(hub, by=by, verb="merge_reference", note=note)
    listing.refresh([leaves.pk, stays.pk])
    transaction.on_commit(matching.forget_number)
    library_item_moved.send(LibraryItem, item=kept, verb="merge_reference", by=by)
    return stays


def _refuse(gone: Reference, kept: Reference) -> None:
    """Say no where one of the two cannot take part."""
    if gone.pk == kept.pk:
        raise DomainError(_("Choose another entry: these are the same."), code="same")
    if Reference.Kind.OWN in {gone.kind, kept.kind}:
        raise DomainError(
            _("A hub’s own statement belongs to the hub and stays apart."), code="own"
        )
    for row in (gone, kept):
        if row.merged_into_id is not None:
            raise DomainError(
                _("“%(title)s” was merged into another entry meanwhile.") % {"title": row.title},
                code="merged",
            )


def repoint(gone: Reference, kept: Reference) -> dict[str, int]:
    """Let everything that points at one reference point at another. Returns how many rows of
    what. An entry of the library belongs to its own reference and stays."""
    moved = {}
    for model, name in citing_columns():
        if model is LibraryItem:
            continue
        rows = model._base_manager.filter(**{name: gone})
        if model._meta.auto_created:
            # Rows of a many-to-many relation: who names both goes on naming one.
            (own,) = (
                field.name
                for field in model._meta.local_fields
                if field.is_relation and field.name != name
            )
            both = model._base_manager.filter(**{name: kept}).values(own)
            rows.filter(**{f"{own}__in": list(both.values_list(own, flat=True))}).delete()
        if number := rows.update(**{name: kept}):
            moved[f"{model._meta.label_lower}.{name}"] = number
    return moved


def _keep_distinctions(gone: LibraryItem, kept: LibraryItem) -> None:
    """What was found to be another work than the one that goes is another than the other."""
    pairs = Distinct.objects.filter(models.Q(one=gone) | models.Q(other=gone))
    for pair in pairs:
        third = pair.other_id if pair.one_id == gone.pk else pair.one_id
        if third != kept.pk:
            first, second = sorted((third, kept.pk))
            Distinct.objects.get_or_create(
                one_id=first, other_id=second, defaults={"said_by": pair.said_by}
            )
        pair.delete()
