"""The words engines and queries share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Sql(NamedTuple):
    """A piece of SQL and its parameters."""

    text: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question in all the forms in which the index may hold it.

    ``weight`` grows with how few documents have it. ``prefix``: forms are beginnings.
    """

    forms: tuple[str, ...]
    weight: float = 1.0
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow each other; with ``prefix`` the last one is a beginning."""

    words: tuple[str, ...]
    weight: float = 1.0
    prefix: bool = False


Piece = Term | Phrase


class Engine(Protocol):
    """What a database must be able to do to answer questions.

    Everything else (kinds, facets, sorting, paging, counting) is the same SQL everywhere, in
    ``queries``. To add an engine, write a module with these functions, name it in
    ``engines.ENGINES`` and run the tests of search against it.
    """

    def any_of(self, pieces: Sequence[Piece]) -> str:
        """The expression of documents in which at least one piece occurs."""

    def all_of(self, pieces: Sequence[Piece]) -> str:
        """The expression of documents in which every piece occurs."""

    def in_title(self, pieces: Sequence[Piece]) -> str:
        """As ``all_of``, by the words of the title only."""

    def match(self, expression: str) -> Sql:
        """SELECT id: the documents of which the expression holds."""

    def scored(self, expression: str, pieces: Sequence[Piece]) -> Sql:
        """SELECT id, score: the same, with a score by these pieces, highest first."""

    def documents(self) -> str:
        """SELECT about how many documents there are, to weigh words by; 0 if not needed."""

    def neighbours(self) -> str:
        """SELECT word, id: for each word of ``lost`` the vocabulary rows spelt like it."""

    def pattern(self, word: str) -> str:
        """What ``neighbours`` needs to know of a word, never empty."""

    def rows_astray(self) -> int:
        """How many of its own rows do not agree with the documents and the vocabulary."""

    def remake_rows(self) -> None:
        """Make its own rows anew from the documents and the vocabulary."""
