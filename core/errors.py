"""Failures the product expects, worded for the person who meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class DomainError(Exception):
    """A rule of the domain refused the request; nothing was changed.

    ``code`` is for programs and tests, the message for the person: what is wrong and what
    to do. ``fields`` names the fields the refusal belongs to, so that a page can show each
    reason where it can be mended.
    """

    def __init__(
        self,
        message: StrOrPromise,
        *,
        code: str,
        fields: dict[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.fields = fields or {}
