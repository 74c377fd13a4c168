"""A task is handed over after the change it belongs to, and never stops a page."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from core.background import hasten


class Task:
    """Stands in for a Celery task: remembers what it was given, or has no broker."""

    name = "trial"

    def __init__(self, error=None):
        self.error = error
        self.given = []

    def apply_async(self, *, kwargs, expires):
        if self.error:
            raise self.error
        self.given.append((kwargs, expires))


@pytest.mark.django_db(transaction=True)
def test_a_task_waits_for_the_commit():
    task = Task()
    with transaction.atomic():
        hasten(task, row=7)
        assert task.given == []
    assert task.given == [({"row": 7}, 30)]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_hastens_nothing():
    task = Task()
    with transaction.atomic():
        hasten(task, row=7)
        transaction.set_rollback(True)
    assert task.given == []


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_is_logged_and_nothing_else(caplog):
    with caplog.at_level(logging.WARNING, logger="core.background"):
        hasten(Task(OperationalError("refused")), row=7)
    assert [record.getMessage() for record in caplog.records] == [
        "The broker does not answer, trial has to wait: refused"
    ]


@pytest.mark.django_db(transaction=True)
def test_a_mistake_in_a_task_is_not_hidden():
    with pytest.raises(ValueError, match="mistake"):
        hasten(Task(ValueError("mistake")), row=7)
