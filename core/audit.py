"""What the verbs of the audit are called on pages. Each app names its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

_words: dict[str, StrOrPromise] = {}


def name_verbs(words: Mapping[str, StrOrPromise]) -> None:
    """Say how verbs read in a history: ``{"submit": _("Submitted")}``."""
    _words.update(words)


def verb_in_words(verb: str) -> StrOrPromise:
    """The verb as a reader sees it; one nobody named stays as it is recorded."""
    return _words.get(verb, verb)
