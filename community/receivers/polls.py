"""Polls go with their discussion when it is merged into another."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from community.models import Discussion, Poll
from community.signals import discussion_moved


@receiver(discussion_moved, dispatch_uid="polls-go-with-their-discussion")
def follow_discussion(discussion: Discussion, verb: str, **_: Any) -> None:
    if verb == "merge_discussion" and discussion.merged_into_id is not None:
        Poll.objects.filter(discussion=discussion).update(discussion=discussion.merged_into_id)
