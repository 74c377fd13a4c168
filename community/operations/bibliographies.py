"""Bibliographies people bring: read once, looked at, taken over row by row."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy

from community.library import matching, reading
from community.models import LibraryItem, LibraryUpload
from community.operations import library
from core.models import AuditHead

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.models import User

#: So many looked-at files are kept for a person, the newest.
KEPT = 10
NEW, MAYBE, THERE, TWICE, UNREADABLE, TAKEN = "new", "maybe", "there", "twice", "bad", "taken"
VERDICTS = {
    NEW: gettext_lazy("New"),
    MAYBE: gettext_lazy("Perhaps there already"),
    THERE: gettext_lazy("There already"),
    TWICE: gettext_lazy("Twice in this file"),
    UNREADABLE: gettext_lazy("Cannot be read"),
    TAKEN: gettext_lazy("Taken over"),
}


@transaction.atomic
def keep_upload(*, by: User, data: bytes, name: str = "") -> LibraryUpload:
    """Read a bibliography and keep what it tells, for its owner to look at. Nothing is added to
    the library. The same text gives the same upload. Raises ``reading.Unreadable``."""
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    digest = hashlib.sha256(data).hexdigest()
    there = LibraryUpload.objects.filter(made_by=by, digest=digest).first()
    if there is not None:
        return there
    read = reading.read(data)
    upload, _made = LibraryUpload.objects.get_or_create(
        made_by=by,
        digest=digest,
        defaults={
            "name": name[:150],
            "source": read.source,
            "rows": [row.kept() for row in read.rows],
        },
    )
    kept = LibraryUpload.objects.filter(made_by=by).values_list("pk", flat=True)[:KEPT]
    LibraryUpload.objects.filter(made_by=by).exclude(pk__in=list(kept)).delete()
    return upload


@dataclass(frozen=True, slots=True)
class Judged:
    """One row of an upload and what would become of it."""

    number: int
    row: dict[str, Any]
    verdict: str
    item: LibraryItem | None = None
    #: The number of the row that says the same.
    same_as: int = 0

    @property
    def label(self) -> Any:
        return VERDICTS[self.verdict]

    @property
    def can_be_taken(self) -> bool:
        return self.verdict in (NEW, MAYBE)


def judged(upload: LibraryUpload, user: User) -> list[Judged]:
    """Each row beside the library as it is now. An entry the person may not see is not shown:
    its row counts as new, and proposing it finds the entry."""
    told = [row["told"] for row in upload.rows if row["told"] and not row["problem"]]
    known = matching.Known(told, [row["key"] for row in upload.rows])
    taken = {row["taken"] for row in upload.rows} - {""}
    items = {
        item.reference.key: item
        for item in LibraryItem.objects.visible_to(user)
        .filter(reference__key__in=taken)
        .select_related("reference")
    }
    seen: dict[str, int] = {}
    found = []
    for number, row in enumerate(upload.rows, start=1):
        if row["taken"]:
            found.append(Judged(number, row, TAKEN, items.get(row["taken"])))
            continue
        if row["problem"]:
            found.append(Judged(number, row, UNREADABLE))
            continue
        mark = matching.mark_of(row["told"])
        sure, maybe = known.match(row["told"], row["key"])
        if sure is not None and user.has_perm("community.view_item", sure):
            found.append(Judged(number, row, THERE, sure))
        elif mark in seen:
            found.append(Judged(number, row, TWICE, same_as=seen[mark]))
        elif maybe is not None and user.has_perm("community.view_item", maybe):
            found.append(Judged(number, row, MAYBE, maybe))
        else:
            found.append(Judged(number, row, NEW))
        seen.setdefault(mark, number)
    return found


def counted(rows: Collection[Judged]) -> Counter[str]:
    return Counter(row.verdict for row in rows)


@transaction.atomic
def take_over(upload: LibraryUpload, *, by: User, numbers: Collection[int]) -> tuple[int, int]:
    """Propose the chosen rows. Returns how many works are new to the library, and how many were
    refused, which say why. Sent again it changes nothing: a row is taken once."""
    if upload.made_by_id != by.pk:
        raise PermissionDenied
    AuditHead.hold()
    row = LibraryUpload.objects.select_for_update().get(pk=upload.pk)
    chosen = [one for one in judged(row, by) if one.number in numbers and one.can_be_taken]
    before = LibraryItem.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    works, places, refused = [], [], 0
    for one in chosen:
        told = one.row["told"]
        try:
            library.check(told)
        except ValidationError as refusal:
            row.rows[one.number - 1]["problem"] = " ".join(refusal.messages)
            refused += 1
            continue
        works.append({**told, "tags": one.row["tags"], "anew": one.verdict == MAYBE})
        places.append(one.number - 1)
    for place, item in zip(places, library.propose_many(by=by, works=works), strict=True):
        row.rows[place]["taken"] = item.reference.key
    row.save(update_fields=["rows"])
    new = LibraryItem.objects.filter(pk__gt=before, added_by=by).count()
    return new, refused
