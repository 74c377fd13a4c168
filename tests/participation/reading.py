"""Reading pages of participation in tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.urls import reverse

if TYPE_CHECKING:
    from events.models import Event


def url(name: str, event: Event, *more: str) -> str:
    """A page of an event."""
    return reverse(f"participation:{name}", args=[event.slug, *more])


def text_of(answer: Any) -> str:
    """What can be read on a page, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def told(answer: Any) -> list[str]:
    """The messages the page shows."""
    return [str(message) for message in answer.context["messages"]]
