"""Chapters keep their lead hub when two hubs become one."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from community.models import Chapter
from hubs.models import Hub
from hubs.signals import hubs_merging


@receiver(hubs_merging, dispatch_uid="chapters-go-with-their-hub")
def keep_lead(gone: Hub, kept: Hub, **_: Any) -> None:
    Chapter.objects.filter(lead_hub=gone).update(lead_hub=kept)
