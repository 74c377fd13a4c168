"""Every background task runs twice, and the second time changes nothing and mails nobody.

A new task without an entry here fails: whoever adds one says what it has to do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.db import connection, transaction

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.operations import owe_mail
from catalogue import links
from catalogue.choices import LinkState
from catalogue.models import Evidence
from community.choices import Attention
from community.operations import discussing
from core.models import SearchDocument
from hubportal.celery import app
from notifications import noticing, searching
from notifications.models import Notice
from notifications.searchable import parsed
from tests.community.factories import make_discussion, make_post, make_theme
from tests.community.factories import make_member as make_writer
from tests.community.test_blog import accepted
from tests.factories import complete_snapshot, make_solution, make_user, published, reference
from tests.participation.factories import come, make_webinar, open_registration
from tests.validation.factories import chaired_case, invited

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
OURS = ("accounts", "catalogue", "validation", "participation", "community", "notifications")


@dataclass(frozen=True)
class Work:
    """What there is to do before a task runs, how much later it runs, and what it is told."""

    prepare: Callable[[], dict[str, Any] | None]
    after: dt.timedelta = dt.timedelta(0)
    alters_tables: bool = False


def owed() -> Any:
    return owe_mail(to="a@test.example", purpose="x", subject="S", body="B", asked_by_anyone=False)


def letter() -> None:
    with transaction.atomic():
        text = LetterText.of("Decided\n\nIt was decided.", "/")
        write_letter(make_user(), kind=NoticeKind.CASE, letter=text)


def followed() -> Notice:
    """A post that its follower is to be told of."""
    discussion = make_discussion()
    discussing.pay_attention(discussion, by=make_writer(), attention=Attention.FOLLOWING)
    post = make_post(discussion)
    return Notice.objects.get(key=f"post:{post.pk}")


def digest() -> None:
    followed()
    noticing.tell_owed()


def something_to_find() -> None:
    published(complete_snapshot())


def due_article() -> None:
    accepted(publish_on=(START + DAY).date())


def webinar() -> None:
    event = make_webinar(START + DAY)
    open_registration(event)
    come(event)


def saved_search() -> None:
    searching.save(by=make_writer(), kind="solution", data=parsed("sector=water"), name="Water")


def link() -> None:
    Evidence.objects.create(
        solution=make_solution(), title="T", kind="report", url="https://test.example/report"
    )


def spoilt_index() -> None:
    published(complete_snapshot())
    SearchDocument.objects.filter(kind="solution").delete()


WORK = {
    "core.tasks.keep_snapshot": Work(something_to_find),
    "accounts.tasks.deliver": Work(lambda: {"mail_id": owed().pk}),
    "accounts.tasks.deliver_owed": Work(owed),
    "catalogue.tasks.check_owed_links": Work(link),
    "catalogue.tasks.mend_search": Work(spoilt_index, alters_tables=True),
    "validation.tasks.keep_dates": Work(lambda: invited(chaired_case()), 4 * DAY),
    "participation.tasks.remind": Work(webinar, dt.timedelta(hours=1)),
    "community.tasks.publish_articles": Work(due_article, DAY),
    "notifications.tasks.tell": Work(lambda: {"notice_id": followed().pk}),
    "notifications.tasks.tell_owed": Work(followed),
    "notifications.tasks.drain": Work(letter),
    "notifications.tasks.owe_digests": Work(digest, DAY),
    "notifications.tasks.tell_searches": Work(saved_search, DAY),
    "notifications.tasks.keep_dates": Work(lambda: make_theme(month="2026-03"), DAY),
    "notifications.tasks.forget_old": Work(letter, 400 * DAY),
}

#: Keeps no row of a model, and nothing at all on SQLite: tests/core/test_repeat_visits.py runs it.
ELSEWHERE = {"core.tasks.forget_changes"}


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all our tables."""
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=str)
        for name in (*OURS, "core", "hubs", "events", "claims", "assessment")
        for model in apps.get_app_config(name).get_models()
        if model._meta.managed
    }


@pytest.fixture(autouse=True)
def _all_tasks() -> None:
    """As in a worker: elsewhere modules of tasks are read when one is handed over."""
    app.loader.import_default_modules()


def names_of_tasks() -> set[str]:
    return {
        name for name in app.tasks if name.partition(".")[0] in {*OURS, "core", "hubs", "events"}
    }


def test_every_task_is_named_here() -> None:
    assert names_of_tasks() == set(WORK) | ELSEWHERE


@pytest.mark.parametrize("name", WORK)
def test_running_a_task_twice_is_running_it_once(
    name: str, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.SEARCH_SNAPSHOT, settings.SEARCH_SNAPSHOT_FROM = tmp_path / "snapshot", 1
    monkeypatch.setattr(links, "check", lambda _url: links.Verdict(LinkState.OPENS, ""))
    work = WORK[name]
    with time_machine.travel(START, tick=False):
        reference()
        told = work.prepare()
    told = told if isinstance(told, dict) else {}
    if work.alters_tables and connection.vendor == "postgresql":
        # As after a commit: nothing is left to be checked.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    before = everything()
    with time_machine.travel(START + work.after, tick=False):
        app.tasks[name].run(**told)
        once, mails = everything(), len(mail.outbox)
        app.tasks[name].run(**told)
    assert once != before, "there was nothing to do"
    assert everything() == once
    assert len(mail.outbox) == mails
