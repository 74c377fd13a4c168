"""What is read by everybody once it is announced, and kept by portal moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

M = TypeVar("M", bound=models.Model)


class AnnouncedQuerySet(models.QuerySet[M]):
    """Records with ``is_public``: those in preparation are for portal moderators alone."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        if user.is_authenticated and user.is_staff:
            return self
        return self.filter(is_public=True)

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        return self if user.is_authenticated and user.is_staff else self.none()
