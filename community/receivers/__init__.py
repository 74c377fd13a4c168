"""What the community hears from the layers below, and from itself. Importing registers it."""

from community.receivers import (
    blog,
    chapters,
    hubs,
    labs,
    library,
    members,
    moderation,
    polls,
    searched,
    solutions,
    synthesis,
)

__all__ = [
    "blog",
    "chapters",
    "hubs",
    "labs",
    "library",
    "members",
    "moderation",
    "polls",
    "searched",
    "solutions",
    "synthesis",
]
