"""The words engines and queries share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np

    from core.search.vocabulary import Understood

#: Values chosen in groups of facets, and how many documents have each value.
Selected = Mapping[str, Sequence[str]]
Counts = Mapping[str, Mapping[str, int]]


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


class Answer(NamedTuple):
    """How many documents answer, and the object ids of one page of them in order."""

    total: int
    ids: tuple[str, ...]


class Resemblance(NamedTuple):
    """What is compared of a document."""

    object_id: str
    title: str
    summary: str


class Answerer(Protocol):
    """What answers a question that was understood: match, counts, page.

    There are two, and the same tests hold both to the same answers: ``statements.InDatabase``
    asks the database for everything, ``counting.View`` counts in the process over a snapshot. A
    search cluster would be a third: a class with these functions, chosen in ``queries``.
    """

    def page(
        self,
        kind: str,
        meaning: Understood,
        selected: Selected,
        *,
        sort: str,
        offset: int,
        limit: int,
    ) -> Answer:
        """All that answer, counted, and some of them in the order (a key of ``ORDERS``)."""

    def counts(
        self, kind: str, meaning: Understood, selected: Selected, groups: Sequence[str]
    ) -> Counts:
        """Of each group, how many documents each value would leave; values of none are absent."""

    def everywhere(self, meaning: Understood, top: int) -> Mapping[str, Answer]:
        """For each kind with an answer, how many there are and the best few."""

    def best(
        self, kind: str, meaning: Understood, limit: int, without: str | None
    ) -> list[Resemblance]:
        """The documents that answer best, with their texts."""


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

    def packed(self, match: Sql) -> Sql:
        """SELECT one value that holds the ids of a ``match``, quick to hand over."""

    def unpacked(self, value: Any) -> np.ndarray:
        """The ids of such a value."""

    def take_turn(self) -> None:
        """Wait until no other open transaction writes into the search; then others wait for us."""

    def horizon(self) -> int:
        """Now: changes by transactions numbered below this are committed and seen, or undone."""

    def since(self) -> str:
        """The condition of changes after an anchor (%s) or by transactions from a horizon (%s)."""

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
