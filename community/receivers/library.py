"""The library follows what cites: an entry is listed while something public points at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from claims.models import Reference
from claims.relations import citing_columns
from community.library import listing
from community.library.kinds import references_of_event
from community.models import LibraryItem
from core import search
from events.models import Document, Event
from hubs.signals import profile_changed

if TYPE_CHECKING:
    from hubs.models import Hub


class Look:
    """Look at these references once the transaction is done: whoever cites does not wait for
    it. What is missed, ``load_library`` finds."""

    def __init__(self) -> None:
        self.keys: set[int] = set()
        self.asked: dict[tuple[str, int], Callable[[], Iterable[int]]] = {}
        self.is_done = False

    def __call__(self) -> None:
        self.is_done = True
        keys = self.keys.union(*(ask() for ask in self.asked.values()))
        listing.refresh(sorted(keys))


def _look() -> Look:
    """One for all that a transaction changes."""
    connection = transaction.get_connection()
    here = set(connection.savepoint_ids)
    for savepoints, function, _robust in connection.run_on_commit:
        if isinstance(function, Look) and savepoints == here and not function.is_done:
            return function
    return Look()


def later(keys: Iterable[int | None]) -> None:
    wanted = {key for key in keys if key is not None}
    if wanted:
        look = _look()
        is_new = not look.keys and not look.asked
        look.keys |= wanted
        if is_new:
            transaction.on_commit(look, robust=True)


def later_of(name: str, key: int, ask: Callable[[], Iterable[int]]) -> None:
    """The same for references that are asked for only then."""
    look = _look()
    is_new = not look.keys and not look.asked
    look.asked[name, key] = ask
    if is_new:
        transaction.on_commit(look, robust=True)


#: The columns of each model that name a reference; entries of the library do not cite.
CITING: dict[type, list[str]] = {}
for _model, _name in citing_columns():
    if _model not in (LibraryItem, Reference) and not _model._meta.auto_created:
        CITING.setdefault(_model, []).append(f"{_name}_id")


def look_at_cited(sender: type, instance: Any, raw: bool = False, **_: Any) -> None:  # noqa: FBT001, FBT002
    if not raw:
        later(getattr(instance, name) for name in CITING[sender])


for _model in CITING:
    for _signal in (post_save, post_delete):
        _signal.connect(look_at_cited, sender=_model, dispatch_uid=f"library-{_model.__name__}")


@receiver(m2m_changed, sender=Document.further.through, dispatch_uid="library-further")
def look_at_further(pk_set: set[int] | None, **_: Any) -> None:
    later(pk_set or ())


@receiver(post_save, sender=Event, dispatch_uid="library-event")
def look_at_event(instance: Event, *, created: bool, **_: Any) -> None:
    """What is made public makes public what it cites."""
    if not created:
        later_of("event", instance.pk, lambda: references_of_event(instance))


@receiver(profile_changed, dispatch_uid="library-hub")
def look_at_hub(hub: Hub, **_: Any) -> None:
    later_of("hub", hub.pk, lambda: hub.claims.values_list("reference", flat=True))


@receiver(post_delete, sender=LibraryItem, dispatch_uid="library-item-gone")
def forget(instance: LibraryItem, **_: Any) -> None:
    search.remove(listing.KIND, instance.reference_id)
