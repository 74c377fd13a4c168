"""What of the community waits for a person. Importing registers it."""

from community.waiting import blog, chapters, labs, library, moderation

__all__ = ["blog", "chapters", "labs", "library", "moderation"]
