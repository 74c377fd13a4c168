"""Documents that resemble a text: possible duplicates, and more of the same kind."""

from __future__ import annotations

from core.models import SearchDocument
from core.search.asking import SearchQuery
from core.search.queries import best
from core.search.vocabulary import likeness, stem_form
from core.text import STOP_WORDS, fold, form, tokens

#: How many candidates of the ranked search are compared one by one.
CANDIDATES = 20
#: A text is not a question: its quotation marks and dashes mean nothing.
NO_OPERATORS = str.maketrans('"“”„«»「」『』-', " " * 11)
#: What a title and a summary weigh in the comparison.
TITLE, SUMMARY = 0.75, 0.25


def _stems(text: str, language: str) -> set[str]:
    """The meaning-bearing words of a text, so that inflection and order do not matter."""
    telling = [word for word in tokens(text) if form(word) not in STOP_WORDS]
    return {stem_form(word, language) or form(word) for word in telling}


def _overlap(one: set[str], other: set[str]) -> float:
    """Shared words as a part of the smaller set, 0 to 1: a longer wording still resembles."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def alike(title: str, summary: str, other_title: str, other_summary: str, language: str) -> float:
    """How much two records look like one: 0 nothing in common, 1 the same words.

    Titles are compared by their letters (which forgives typing errors) and by their words
    (which forgives order and additions), whichever agrees more; one shared word alone says
    little, so short titles are held back.
    """
    by_letters = likeness(fold(title), fold(other_title))
    mine, theirs = _stems(title, language), _stems(other_title, language)
    by_words = _overlap(mine, theirs) * min(1.0, len(mine & theirs) / 3)
    of_titles = max(by_letters, by_words)
    words, other_words = _stems(summary, language), _stems(other_summary, language)
    if not words or not other_words:
        return of_titles
    return TITLE * of_titles + SUMMARY * _overlap(words, other_words)


def similar(
    kind: str,
    *,
    title: str,
    summary: str = "",
    language: str = "en",
    exclude_id: str | None = None,
    limit: int = 5,
) -> list[tuple[str, float]]:
    """Object ids of documents that look like this text with their likeness, most alike first.

    Two queries whatever the number of documents. From 0.5 a person should look: names that
    differ in one word reach it, a text about the same subject alone does not.
    """
    query = SearchQuery.parse(title.translate(NO_OPERATORS))
    rows = best(kind, query, CANDIDATES, without=exclude_id)
    scored = [
        (row.object_id, alike(title, summary, row.title, row.summary, language)) for row in rows
    ]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:limit]


def more_like(kind: str, object_id: str, *, limit: int = 3) -> list[str]:
    """Object ids of other documents of the kind that share most with this one."""
    row = SearchDocument.objects.filter(kind=kind, object_id=object_id).first()
    if row is None:
        return []
    query = SearchQuery.parse(f"{row.title} {row.summary}".translate(NO_OPERATORS))
    return [other.object_id for other in best(kind, query, limit, without=object_id)]
