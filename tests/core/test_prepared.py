"""Prepared questions: the same answers as the query sets they are made of, without making them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models import Q, Value

from core.prepared import Prepared
from events.models import Session
from hubs.models import Hub
from tests import factories
from tests.events.factories import make_event, make_session

pytestmark = pytest.mark.django_db


def of_event(event: int, kind: str) -> Any:
    rows = Session.objects.filter(event=event).filter(Q(kind=kind) | Q(kind="keynote"))
    return rows.select_related("track", "room").order_by("slug")


def test_it_answers_as_the_query_set_does_for_each_value():
    here, there = make_event(), make_event()
    for event, kind in ((here, "panel"), (here, "keynote"), (here, "break"), (there, "panel")):
        make_session(event, kind=kind, zone="Asia/Jakarta", wall_starts=dt.time(9, 30))
    ask = Prepared(of_event, int, str)

    for event in (here, there):
        for kind in ("panel", "break"):
            found = ask(event.pk, kind).rows()
            asked = list(of_event(event.pk, kind))
            assert [vars(row) | {"_state": 0} for row in found] == [
                vars(row) | {"_state": 0} for row in asked
            ]
        assert [row.starts_at.tzinfo for row in ask(event.pk, "panel").rows()].count(None) == 0
    assert len(ask(here.pk, "break").rows()) == 2
    assert len(ask(there.pk, "panel").rows()) == 1


def test_records_can_be_followed_changed_and_saved(django_assert_num_queries: Any):
    hub = factories.make_hub(name="Before")
    ask = Prepared(lambda pk: Hub.objects.filter(pk=pk).only("name", "country"), int)

    (found,) = ask(hub.pk).rows()
    with django_assert_num_queries(1):  # what was not asked for is asked for when it is needed
        assert found.slug == hub.slug
    Hub.objects.filter(pk=hub.pk).update(name="After")

    assert [row.name for row in ask(hub.pk).rows()] == ["After"]


def test_the_statement_is_put_together_once(django_assert_num_queries: Any):
    asked = []

    def ask_it(event: int) -> Any:
        asked.append(event)
        return Session.objects.filter(event=event)

    ask = Prepared(ask_it, int)
    with django_assert_num_queries(3):
        for event in (1, 2, 3):
            assert ask(event).rows() == []
    assert len(asked) == 1


def test_what_is_read_later_is_what_was_answered(django_assert_num_queries: Any):
    event = make_event()
    make_session(event, title="As it was")
    ask = Prepared(lambda event: Session.objects.filter(event=event), int)
    before = ask(event.pk)
    Session.objects.update(title="As it is now")

    with django_assert_num_queries(0):
        assert [row.title for row in before.rows()] == ["As it was"]
        assert [row.title for row in before.rows()] == ["As it was"]
    assert ask(event.pk).raw != before.raw


def test_values_united_rows_and_annotations_come_as_they_would():
    hub = factories.make_hub(name="Wells")

    def ask_it(pk: int, name: str) -> Any:
        one = Hub.objects.filter(pk=pk).order_by().values_list(Value("by key"), "name")
        return one.union(
            Hub.objects.filter(name=name).order_by().values_list(Value("by name"), "name"), all=True
        )

    ask = Prepared(ask_it, int, str)
    assert sorted(ask(hub.pk, "Wells").rows()) == [("by key", "Wells"), ("by name", "Wells")]
    assert sorted(ask(hub.pk, "Pumps").rows()) == [("by key", "Wells")]
    named = Prepared(lambda pk: Hub.objects.filter(pk=pk).annotate(seen=Value(3)), int)
    assert named(hub.pk).rows()[0].seen == 3


def test_a_value_that_stands_nowhere_is_refused():
    with pytest.raises(ValueError, match="Not every value"):
        Prepared(lambda _pk: Hub.objects.order_by("pk"), int)(1)
    with pytest.raises(TypeError, match="1 values are asked for, 2 given"):
        Prepared(lambda pk: Hub.objects.filter(pk=pk), int)(1, 2)


def test_a_column_is_what_the_records_have():
    factories.reference()
    hub = factories.make_hub(country_id="BR")
    ask = Prepared(lambda pk: Hub.objects.filter(pk=pk).select_related("country"), int)

    found = ask(hub.pk)

    assert found.column("name") == [hub.name]
    assert found.column("country_id") == ["BR"]
    assert found.column("country.iso3") == [hub.country.iso3]
