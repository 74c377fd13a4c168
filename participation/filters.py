"""What of an event's registrations its organisers look at: a state, a kind, some words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count

from core.plaintext import is_broken
from core.text import fold
from participation.models import Registration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

    from events.models import Event
    from participation.models import Category

LONGEST = 100
State = Registration.State
#: The order of the tabs: what waits for a decision first.
STATES = (State.ASKED, State.PLACED, State.WAITING, State.DECLINED, State.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for; a state or kind that is not there is left out."""

    state: str = ""
    kind: int | None = None
    words: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], kinds: Sequence[Category]) -> Chosen:
        state, kind = query.get("state", ""), query.get("kind", "")
        words = query.get("q", "").strip()[:LONGEST]
        return cls(
            state=state if state in State.values else "",
            kind=next((row.pk for row in kinds if str(row.pk) == kind), None),
            words="" if is_broken(words) else words,
        )


def matching(event: Event, chosen: Chosen) -> QuerySet[Registration]:
    """The registrations of that kind and with those words, in any state. With words, one query."""
    found = Registration.objects.filter(event=event)
    if chosen.kind is not None:
        found = found.filter(category=chosen.kind)
    if chosen.words:
        found = found.filter(pk__in=_with_words(found, chosen.words))
    return found


def counted(found: QuerySet[Registration]) -> Counter[str]:
    """How many of them there are in each state. One query."""
    return Counter(dict(found.order_by().values_list("state").annotate(n=Count("pk"))))


def in_state(found: QuerySet[Registration], state: str) -> QuerySet[Registration]:
    """Those of a state, or all, in the order they came, with what the list prints of them."""
    rows = found.filter(state=state) if state else found
    return rows.select_related("category", "country", "user").order_by("number", "pk")


def _with_words(found: QuerySet[Registration], typed: str) -> list[int]:
    """Those of whom every word typed is known, compared without case and accents; a number alone
    is that of a registration.

    Folded here and not by the database, since databases disagree on what one letter is.
    """
    words = fold(typed).removeprefix("#").split()
    rows = found.order_by().values_list(
        "pk", "number", "name", "title", "organisation", "user__email"
    )
    if len(words) == 1 and words[0].isascii() and words[0].isdigit():
        return [pk for pk, number, *_told in rows if str(number) == words[0]]
    known = ((pk, fold("\n".join(filter(None, told)))) for pk, _number, *told in rows)
    return [pk for pk, text in known if all(word in text for word in words)]
