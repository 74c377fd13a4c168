"""Solutions in the search over everything: what should be findable, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from catalogue import finding
from catalogue.cards import Card, cards_of, in_order
from catalogue.models import Solution
from core.findable import Kind, passages, register
from core.search import Document

if TYPE_CHECKING:
    from core.marking import Marker


def _public() -> Iterable[int]:
    return Solution.objects.public().order_by("pk").values_list("pk", flat=True)


def _documents(keys: Sequence[str]) -> Iterator[Document]:
    rows = Solution.objects.public().for_cards().filter(pk__in=[int(key) for key in keys])
    yield from finding.documents(rows)


def _cards(keys: Sequence[str], marker: Marker) -> list[Card]:
    """Cards; of those that lack the words in title and summary, with a passage that has them."""
    records = in_order(keys)
    cards = cards_of(records, mark=marker.mark)
    unmarked = [
        str(record.pk)
        for record, card in zip(records, cards, strict=True)
        if "<mark>" not in card.title + card.summary
    ]
    found = passages(finding.KIND, unmarked, marker)
    return [
        replace(card, summary=found.get(str(record.pk)) or card.summary)
        for record, card in zip(records, cards, strict=True)
    ]


register(
    Kind(
        code=finding.KIND,
        title=_("Solutions"),
        one=_("Solution"),
        position=10,
        public=_public,
        documents=_documents,
        hits=_cards,
        has_cards=True,
        list_name="catalogue:solutions",
    )
)
