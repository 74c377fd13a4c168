"""Where sources disagree, over all kinds of records at once.

The database picks the statements that can be in conflict at all, in one query for each kind;
whether they are is decided as on every page (``claims.weighing``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet, Window

from claims.models import Claim, kinds
from claims.weighing import Group, in_conflict

if TYPE_CHECKING:
    from claims.topics import Topic


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One question about one record to which the sources give answers that do not fit."""

    record: Any
    topic: Topic | None
    group: Group[Any]


@cache
def record_of(kind: type[Claim]) -> str:
    """The name of the foreign key to the record that a kind of claim is about."""
    general = {field.name for field in Claim._meta.get_fields()}
    own = [field for field in kind._meta.concrete_fields if field.name not in general]
    return next(field.name for field in own if field.is_relation)


def candidates(kind: type[Claim], scope: Any) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Statements about records in scope that answer a question on which some are marked or
    several have a value to compare; and marked ones that answer none."""
    record = record_of(kind)
    single = [code for code, topic in kind.topics.items() if topic.one]
    marked = ~Q(conflict="") | Q(contradiction__isnull=False)
    comparable = Q(low__isnull=False) | Q(high__isnull=False) | ~Q(starts="") | ~Q(status="")
    rows = kind._default_manager.filter(**{f"{record}__in": scope})
    questions = rows.filter(topic__in=single).annotate(
        answers=Window(Count("pk"), partition_by=[record, "topic", "label"]),
        marks=Window(Count("pk", filter=marked), partition_by=[record, "topic", "label"]),
        values_given=Window(
            Count("pk", filter=comparable), partition_by=[record, "topic", "label"]
        ),
    )
    alone = rows.exclude(topic__in=single).filter(marked)
    open_questions = questions.filter(Q(marks__gt=0) | Q(answers__gt=1, values_given__gt=1))
    return open_questions, alone


def disagreements(user: Any) -> list[Disagreement]:
    """Everything in the person's scope at the desk, by record. Three queries for each kind."""
    return [
        found
        for kind in kinds()
        for found in disagreements_among(kind, records_of(kind)._default_manager.at_desk_of(user))
    ]


def disagreements_to_read(user: Any) -> list[Disagreement]:
    """The same over the records this person may read. Three queries for each kind."""
    return [
        found
        for kind in kinds()
        for found in disagreements_among(kind, records_of(kind)._default_manager.visible_to(user))
    ]


def records_of(kind: type[Claim]) -> Any:
    """The model of the records that a kind of claim is about."""
    return kind._meta.get_field(record_of(kind)).related_model


def disagreements_among(kind: type[Claim], scope: Any) -> Iterator[Disagreement]:
    """The disagreements about records in scope, by record. Three queries."""
    record = record_of(kind)
    claims = [
        claim
        for rows in candidates(kind, scope)
        for claim in rows.select_related("reference", "contradiction").order_by("position", "pk")
    ]
    keys = {getattr(claim, f"{record}_id") for claim in claims}
    records = records_of(kind)._default_manager.in_bulk(keys)
    order = {pk: (str(records[pk]), pk) for pk in keys}
    claims.sort(key=lambda claim: order[getattr(claim, f"{record}_id")])
    for key, members in groupby(claims, key=lambda claim: getattr(claim, f"{record}_id")):
        for group in in_conflict(members, kind.topics):
            for claim in group.all:
                setattr(claim, record, records[key])
            yield Disagreement(records[key], kind.topics.get(group.topic), group)
