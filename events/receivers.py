"""Events keep their hubs when two of them become one."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from events.models import CommitmentOwner, Contribution, Event, Party
from hubs.models import Hub
from hubs.signals import hubs_merging


@receiver(hubs_merging, dispatch_uid="events-go-with-their-hub")
def bring_events(gone: Hub, kept: Hub, **_: Any) -> None:
    """Whatever of an event leads to the hub that goes leads to the one that stays.

    Names and titles stay as they were then.
    """
    for model in (Event, Party, Contribution, CommitmentOwner):
        model._default_manager.filter(hub=gone).update(hub=kept)
    for event in Event.objects.filter(hubs_shown=gone):
        event.hubs_shown.add(kept)
        event.hubs_shown.remove(gone)
