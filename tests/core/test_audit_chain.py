"""The audit as one chain: nobody changes, removes or adds a line unnoticed."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import random
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from accounts.models import User
from accounts.operations import close_account, set_active
from accounts.signals import account_closed
from core import audit, changes
from core.apps import begin_audit_again
from core.models import AuditEntry, AuditHead
from hubs.models import Hub
from tests.desk import desk_client
from tests.factories import make_hub, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = importlib.import_module("core.migrations.0004_audit_kept")
LATEST = [("core", "0004_audit_kept")]


def breaks(**options: Any) -> list[str]:
    return [str(found) for found in audit.verify(**options)]


def recorded(number: int) -> Hub:
    """A hub, and so many entries about it."""
    hub = make_hub(name="Hub")
    by = make_user("Asha")
    for i in range(number):
        AuditEntry.record(by=by, verb="change", target=hub, note=f"Reason {i}", fields=[str(i)])
    return hub


@pytest.fixture
def without_triggers(db: None) -> None:
    """Somebody at the database itself, who has taken its own guard away."""
    with connection.cursor() as cursor:
        KEPT.allow(None, SimpleNamespace(connection=connection, execute=cursor.execute))


# --- The chain -----------------------------------------------------------------------------


def test_entries_are_numbered_and_linked(db: None) -> None:
    recorded(3)
    assert breaks() == []
    one, two, three = AuditEntry.objects.order_by("pk")
    assert [one.pk, two.pk, three.pk] == [1, 2, 3]
    assert [one.previous, two.previous, three.previous] == [audit.GENESIS, one.seal, two.seal]
    assert audit.head() == (3, three.seal)


def test_a_chain_without_an_entry_is_whole(db: None) -> None:
    assert breaks() == []
    assert audit.head() == (0, audit.GENESIS)


def test_under_an_alias_an_entry_knows_neither_name_nor_account(db: None) -> None:
    reviewer = make_user("Canary", email="canary@test.example")
    AuditEntry.record(
        by=reviewer,
        verb="score",
        target=make_hub(),
        alias="Reviewer A",
        alias_ref="seat:7",
        round=2,
    )
    row = AuditEntry.objects.values().get()
    assert (row["actor_id"], row["actor_name"], row["actor_ref"]) == (None, "Reviewer A", "seat:7")
    assert row["data"] == {"round": 2}
    assert "canary" not in str(row).lower()
    assert breaks() == []


def test_an_alias_never_refers_to_an_account(db: None) -> None:
    with pytest.raises(ValueError, match="does not refer"):
        AuditEntry.record(
            by=make_user(), verb="score", target=make_hub(), alias="A", alias_ref="user:5"
        )


def test_any_data_comes_back_from_the_database_as_it_was_sealed(db: None) -> None:
    given = {
        "whole": 1e20,
        "half": 0.5,
        "zero": -0.0,
        "tiny": 1e-300,
        "pair": (1, 2.0),
        "é": "\u200f",
    }
    AuditEntry.record(by=make_user(), verb="v", target=make_hub(), deep={1: given}, none=None)
    stored = AuditEntry.objects.get().data
    assert stored["deep"] == {"1": {**given, "pair": [1, 2]}}
    assert breaks() == []


def test_what_is_no_number_is_not_recorded(db: None) -> None:
    with pytest.raises(ValueError, match="JSON"), transaction.atomic():
        AuditEntry.record(by=make_user(), verb="v", target=make_hub(), share=float("nan"))
    assert not AuditEntry.objects.exists()


def test_recording_costs_three_statements(db: None, django_assert_num_queries: Any) -> None:
    by, hub = make_user(), make_hub()
    with django_assert_num_queries(3):  # the head, the entry, the head
        AuditEntry.record(by=by, verb="v", target=hub)


def test_walking_reads_in_batches(db: None, django_assert_num_queries: Any) -> None:
    recorded(6)
    with django_assert_num_queries(8):
        # three batches and one that is empty; where the head is, the head, others, the count
        assert breaks(batch=2) == []


def test_entries_recorded_during_the_walk_are_walked_too(db: None) -> None:
    hub = recorded(4)
    told: list[tuple[int, int]] = []

    def tell(done: int, of: int) -> None:
        told.append((done, of))
        if done < 6:
            AuditEntry.record(by=make_user(), verb="late", target=hub)

    assert breaks(batch=2, tell=tell) == []
    assert told[-1][0] == audit.head().sequence == AuditEntry.objects.count()


# --- Writers at the same time --------------------------------------------------------------

WRITERS, EACH = 8, 5


def write_at_once(begin: Callable[[], None]) -> list[Exception]:
    hub, people = make_hub(), [make_user() for _writer in range(WRITERS)]
    barrier = threading.Barrier(WRITERS)
    errors: list[Exception] = []

    def write(by: Any) -> None:
        begin()
        barrier.wait()
        try:
            for number in range(EACH):
                AuditEntry.record(by=by, verb="write", target=hub, number=number)
        except Exception as error:  # noqa: BLE001 (the outcome is what is tested)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[by]) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def slowly(read: Callable[[], AuditHead]) -> Callable[[], AuditHead]:
    def hold() -> AuditHead:
        head = read()
        time.sleep(0.01)
        return head

    return hold


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_who_write_at_once_make_one_unbroken_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AuditHead, "hold", slowly(AuditHead.hold))
    assert write_at_once(lambda: None) == []
    assert breaks() == []
    assert audit.head().sequence == AuditEntry.objects.count() == WRITERS * EACH


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin with the guard off: it must fail, or the test above proves nothing."""
    monkeypatch.setattr(AuditHead, "hold", slowly(lambda: AuditHead.objects.get(pk=1)))

    def begin() -> None:
        if connection.vendor == "sqlite":  # whose lock is the transaction
            connection.ensure_connection()
            connection.transaction_mode = None

    errors = write_at_once(begin)
    assert errors
    assert all(isinstance(error, DatabaseError) for error in errors)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_holds_the_end_never_waits_for_one_who_wants_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closing an account and suspending it both change the person and record it, the one
    before (an app above records what it does for a leaving person) and the other after."""
    real = AuditHead.hold

    def hold() -> AuditHead:
        time.sleep(0.3 if threading.current_thread().name == "later" else 0)
        return real()

    monkeypatch.setattr(AuditHead, "hold", hold)
    admin, person, hub = make_user(is_superuser=True, is_staff=True), make_user(), make_hub()

    def leave(user: User, **_: Any) -> None:
        AuditEntry.record(by=user, verb="leave", target=hub)
        time.sleep(0.6)  # by now the other has come as far as it can

    account_closed.connect(leave)
    barrier = threading.Barrier(2)
    errors: list[Exception] = []

    def run(change: Callable[[], None]) -> None:
        barrier.wait()
        try:
            change()
        except Exception as error:  # noqa: BLE001 (the outcome is what is tested)
            errors.append(error)
        finally:
            connections.close_all()

    changes = {
        "first": lambda: close_account(by=person, user=person),
        "later": lambda: set_active(by=admin, user=make_copy(person), active=False, note="Why."),
    }
    threads = [
        threading.Thread(target=run, name=name, args=[change]) for name, change in changes.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    account_closed.disconnect(leave)
    assert [error for error in errors if isinstance(error, DatabaseError)] == []
    assert breaks() == []


def make_copy(person: User) -> User:
    """The person as another request knows them."""
    return User.objects.get(pk=person.pk)


# --- The database's own guard --------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 7},
        {"actor_ref": "user:0"},
        {"verb": "x"},
        {"target_type": "x"},
        {"target_id": "x"},
        {"note": "x"},
        {"data": {}},
        {"created_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"actor_promise": "x"},
        {"target_promise": "x"},
        {"previous": "x"},
        {"seal": "x"},
        {"actor_name": "x"},
        {"target_label": "x"},
        {"actor_salt": "x"},
        {"target_salt": "x"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_database_refuses_to_change_an_entry(change: dict[str, Any], db: None) -> None:
    recorded(1)
    with pytest.raises(IntegrityError, match="never changed"):
        AuditEntry.objects.update(**change)


def test_the_database_refuses_another_actor(db: None) -> None:
    recorded(1)
    with pytest.raises(IntegrityError, match="never changed"):
        AuditEntry.objects.update(actor=make_user())


def test_the_database_refuses_to_delete_an_entry(without_triggers: None) -> None:
    recorded(1)
    with connection.cursor() as cursor:  # both as the migration makes them: see conftest
        KEPT.forbid(None, SimpleNamespace(connection=connection, execute=cursor.execute))
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AuditEntry.objects.all()._raw_delete("default")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AuditEntry.objects.update(note="x")


def test_there_is_one_head_only(db: None) -> None:
    with pytest.raises(IntegrityError):
        AuditHead.objects.create(pk=2)


# --- Forgetting a person -------------------------------------------------------------------


def test_closing_an_account_takes_the_name_and_leaves_the_chain(db: None) -> None:
    hub, moderator = make_hub(name="Hub"), make_user("Moderator")
    person = make_user("Canary", email="canary@test.example")
    AuditEntry.record(by=person, verb="submit", target=hub)
    AuditEntry.record(by=moderator, verb="restore", target=person)
    close_account(by=person, user=person)

    assert breaks() == []
    rows = AuditEntry.objects.order_by("pk")
    assert list(rows.values_list("actor_name", "verb", "target_label")) == [
        ("Former member", "submit", "Hub"),
        ("Moderator", "restore", "Former member"),
        ("Former member", "close", "Former member"),
    ]
    assert "canary" not in str(list(rows.values())).lower()
    assert list(rows.values_list("actor_ref", flat=True)) == [
        f"user:{person.pk}",
        f"user:{moderator.pk}",
        f"user:{person.pk}",
    ]


def test_a_person_who_is_deleted_stays_in_the_chain(db: None) -> None:
    person = make_user("Asha")
    AuditEntry.record(by=person, verb="submit", target=make_hub())
    person.delete()
    assert AuditEntry.objects.get().actor_id is None
    assert breaks() == []


def test_a_name_can_only_be_forgotten_on_record(without_triggers: None) -> None:
    """Taking name and salt away by hand is not forgetting, and neither is another name."""
    hub, person = make_hub(), make_user("Asha")
    AuditEntry.record(by=person, verb="submit", target=hub)
    AuditEntry.objects.update(actor_name="Former member", actor_salt="")
    assert breaks() == ["Entry 1: the name of who acted is not the one recorded."]

    close_account(by=person, user=person)
    assert breaks() == []
    AuditEntry.objects.filter(pk=1).update(actor_name="Someone else")
    assert breaks() == ["Entry 1: the name of who acted is not the one recorded."]


# --- Breaks in words -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (
            lambda rows: rows.filter(pk=2).update(note="Other"),
            ["Entry 2 was altered, or was never recorded by this portal."],
        ),
        (lambda rows: rows.filter(pk=2)._raw_delete("default"), ["Entry 2 is missing."]),
        (
            lambda rows: rows.filter(pk__in=[2, 3])._raw_delete("default"),
            ["Entries 2 to 3 are missing."],
        ),
        (
            lambda rows: rows.filter(pk=5)._raw_delete("default"),
            ["The end was cut: entry 5 is missing."],
        ),
        (
            lambda rows: rows._raw_delete("default"),
            ["The end was cut: entries 1 to 5 are missing."],
        ),
        (
            lambda rows: copy_of(rows.get(pk=5), 6),
            [
                "Entry 6 was altered, or was never recorded by this portal.",
                "Entries were inserted behind the end, number 5.",
            ],
        ),
        (
            lambda rows: copy_of(rows.get(pk=5), 0),
            ["An entry was inserted as number 0."],
        ),
        (
            lambda rows: rows.filter(pk=4).update(actor_name="Other"),
            ["Entry 4: the name of who acted is not the one recorded."],
        ),
        (
            lambda rows: rows.filter(pk=4).update(target_label="Other"),
            ["Entry 4: the name of its object is not the one recorded."],
        ),
        (
            lambda rows: rows.filter(pk=4).update(actor=None),
            ["Entry 4 is no longer linked to the account that acted."],
        ),
        (
            lambda rows: rows.filter(pk=4).update(actor=make_user()),
            ["Entry 4 is linked to an account that did not act."],
        ),
        (lambda rows: AuditHead.objects.all().delete(), ["The head of the chain is missing."]),
        (
            lambda rows: AuditHead.objects.update(seal=rows.get(pk=4).seal),
            ["The head of the chain was forged.", "The head is not that of the last entry."],
        ),
        (
            lambda rows: (
                rows.filter(pk=5)._raw_delete("default"),
                AuditHead.objects.update(sequence=4, seal=rows.get(pk=4).seal),
            ),
            ["The head of the chain was forged."],
        ),
    ],
)
def test_a_break_is_told_in_words(
    tamper: Callable[[Any], Any], found: list[str], without_triggers: None
) -> None:
    recorded(5)
    tamper(AuditEntry.objects.all())
    assert breaks() == found


def copy_of(entry: AuditEntry, number: int) -> AuditEntry:
    entry.pk = number
    entry.save(force_insert=True)
    return entry


def test_an_entry_of_another_history_does_not_follow(without_triggers: None) -> None:
    """A backup went on by itself: its entries bear good seals, but not in this chain."""
    hub = recorded(2)
    head = AuditHead.objects.values().get()
    AuditEntry.record(by=make_user(), verb="other", target=hub)
    AuditEntry.record(by=make_user(), verb="other", target=hub)
    other = AuditEntry.objects.get(pk=4)
    AuditEntry.objects.filter(pk__gt=2)._raw_delete("default")
    AuditHead.objects.update(**head)
    recorded(2)
    AuditEntry.objects.filter(pk=4)._raw_delete("default")
    other.save(force_insert=True)
    assert breaks() == [
        "Entry 4 does not follow on the one before it.",
        "The head is not that of the last entry.",
    ]


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL keeps nothing but times in such a column"
)
@pytest.mark.parametrize("value", ["never", "2020-13-45 00:00:00", b"\x00"])
def test_what_is_no_time_is_an_altered_entry(value: Any, without_triggers: None) -> None:
    recorded(3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditentry SET created_at = %s WHERE id = 2", [value])
    assert breaks() == ["Entry 2 was altered, or was never recorded by this portal."]


def test_nothing_is_recorded_on_a_forged_end(without_triggers: None) -> None:
    """The next entry would bear out what was done before it."""
    hub = recorded(3)
    AuditEntry.objects.filter(pk=3)._raw_delete("default")
    AuditHead.objects.update(sequence=2, seal=AuditEntry.objects.get(pk=2).seal)
    with pytest.raises(audit.AuditBroken, match="verify_audit"), transaction.atomic():
        AuditEntry.record(by=make_user(), verb="v", target=hub)
    assert AuditEntry.objects.count() == 2


def test_who_empties_the_audit_does_not_get_a_new_one(without_triggers: None) -> None:
    hub = recorded(3)
    AuditEntry.objects.all()._raw_delete("default")
    AuditHead.objects.all().delete()
    begin_audit_again(sender=AuditHead._meta.app_config, plan=[])  # as after migrate
    with pytest.raises(audit.AuditBroken), transaction.atomic():
        AuditEntry.record(by=make_user(), verb="v", target=hub)
    assert breaks() == ["The head of the chain is missing."]


@pytest.mark.django_db(transaction=True)
def test_a_flushed_database_begins_a_new_audit() -> None:
    recorded(2)
    call_command("flush", interactive=False, verbosity=0)
    assert (breaks(), audit.head()) == ([], (0, audit.GENESIS))


# --- Anchors -------------------------------------------------------------------------------


def test_a_head_published_earlier_is_in_the_chain(db: None) -> None:
    anchors = [audit.head()]
    recorded(2)
    anchors.append(audit.head())
    recorded(2)
    assert breaks(anchors=anchors) == []


def test_an_anchor_shows_that_the_whole_chain_was_put_back(without_triggers: None) -> None:
    """With its genuine head of that time, an older state is whole by itself."""
    recorded(2)
    head = AuditHead.objects.values().get()
    recorded(2)
    published = audit.head()
    AuditEntry.objects.filter(pk__gt=2)._raw_delete("default")
    AuditHead.objects.update(**head)
    assert breaks() == []
    assert breaks(anchors=[published]) == ["Entry 4, whose seal was published, is not there."]
    recorded(2)
    assert breaks() == []
    assert breaks(anchors=[published]) == ["Entry 4 is not the one whose seal was published."]


# --- Another key ---------------------------------------------------------------------------


def test_another_key_finds_nothing_sealed(db: None, settings: Any) -> None:
    recorded(1)
    settings.AUDIT_KEY = "another"
    assert breaks() == [
        "Entry 1 was altered, or was never recorded by this portal.",
        "The head of the chain was forged.",
    ]


def test_after_a_change_of_key_the_chain_goes_on(without_triggers: None, settings: Any) -> None:
    hub = recorded(2)
    former, settings.AUDIT_KEY = settings.AUDIT_KEY, "another"
    settings.AUDIT_KEY_FALLBACKS = ["older", former]
    assert breaks() == ["The head of the chain bears the seal of a former key."]
    with pytest.raises(audit.AuditBroken), transaction.atomic():
        AuditEntry.record(by=make_user(), verb="v", target=hub)
    with pytest.raises(CommandError):
        call_command("verify_audit", stdout=io.StringIO())

    call_command("verify_audit", "--new-key", stdout=io.StringIO())
    recorded(2)
    assert breaks() == []

    settings.AUDIT_KEY, settings.AUDIT_KEY_FALLBACKS = former, []
    head = AuditHead.objects.get()
    head.append(by=make_user(), verb="forged", target=hub, data={})
    settings.AUDIT_KEY, settings.AUDIT_KEY_FALLBACKS = "another", [former]
    assert breaks() == [
        "Entry 5 was altered, or was never recorded by this portal.",
        "The head of the chain bears the seal of a former key.",
    ]
    with pytest.raises(CommandError):
        call_command("verify_audit", "--new-key", stdout=io.StringIO())


# --- The command ---------------------------------------------------------------------------


def test_the_command_counts_an_unbroken_chain(db: None) -> None:
    recorded(3)
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert out.getvalue() == f"3 entries, unbroken, head 3:{audit.head().seal}\n"


def test_the_command_names_every_break_and_fails(without_triggers: None) -> None:
    recorded(6)
    AuditEntry.objects.filter(pk=2).update(verb="other")
    AuditEntry.objects.filter(pk=4)._raw_delete("default")
    out = io.StringIO()
    with pytest.raises(CommandError, match="broken: 2 findings") as refused:
        call_command("verify_audit", stdout=out)
    assert refused.value.returncode == 1
    assert out.getvalue().splitlines() == [
        "Entry 2 was altered, or was never recorded by this portal.",
        "Entry 4 is missing.",
    ]


def test_the_command_asks_for_published_heads(db: None) -> None:
    recorded(2)
    sequence, seal = audit.head()
    recorded(1)
    call_command("verify_audit", "--anchor", f"{sequence}:{seal}", stdout=io.StringIO())
    with pytest.raises(CommandError, match="1 finding"):
        call_command("verify_audit", f"--anchor=1:{seal}", stdout=io.StringIO())
    with pytest.raises(CommandError, match="not a head"):
        call_command("verify_audit", "--anchor", "some:thing", stdout=io.StringIO())


def test_the_desk_shows_the_number_of_an_entry(db: None) -> None:
    recorded(2)
    client = desk_client(make_user(is_superuser=True, is_staff=True))
    listed = client.get("/desk/core/auditentry/")
    assert listed.context["cl"].list_display[0] == "sequence"
    entry = client.get("/desk/core/auditentry/2/change/")
    assert AuditEntry.objects.get(pk=2).seal in entry.content.decode()
    assert "salt" not in entry.content.decode()


# --- A thousand ways to tamper -------------------------------------------------------------

TEXTS = [
    "actor_ref",
    "actor_name",
    "actor_salt",
    "actor_promise",
    "verb",
    "target_type",
    "target_id",
    "target_label",
    "target_salt",
    "target_promise",
    "note",
    "previous",
    "seal",
]


class Tampering:
    """One random change by somebody who has the database, but not the key."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.rows = AuditEntry.objects.order_by("pk")
        self.last = audit.head().sequence

    def any_row(self) -> int:
        return self.dice.randint(1, self.last)

    def change_text(self) -> None:
        name, row = self.dice.choice(TEXTS), self.rows.get(pk=self.any_row())
        present = getattr(row, name)
        others = {getattr(other, name) for other in self.rows} | {"", "x", present[:-1]}
        value = self.dice.choice(sorted(others - {present}))
        self.rows.filter(pk=row.pk).update(**{name: value})

    def change_time(self) -> None:
        step = dt.timedelta(microseconds=self.dice.choice([-1, 1, 10**6, -(10**9)]))
        self.rows.filter(pk=self.any_row()).update(created_at=F("created_at") + step)

    def change_data(self) -> None:
        row = self.rows.get(pk=self.any_row())
        data = self.dice.choice([{}, [], 0, {**row.data, "x": 1}, {"n": row.data}])
        if data != row.data:
            self.rows.filter(pk=row.pk).update(data=data)
        else:
            self.rows.filter(pk=row.pk).update(data={"round": 3})

    def change_actor(self) -> None:
        row = self.dice.choice(self.rows.exclude(actor=None))
        others = [None, *self.rows.exclude(actor=None).values_list("actor", flat=True).distinct()]
        other = self.dice.choice([pk for pk in others if pk != row.actor_id])
        self.rows.filter(pk=row.pk).update(actor=other)

    def change_number(self) -> None:
        free = self.dice.choice([0, -1, self.last + 1, self.last + 5])
        self.rows.filter(pk=self.any_row()).update(sequence=free)

    def delete(self) -> None:
        first = self.any_row()
        last = first + self.dice.choice([0, 0, 1, 5])
        self.rows.filter(pk__range=[first, last])._raw_delete("default")

    def swap(self) -> None:
        one, two = self.dice.sample(range(1, self.last + 1), 2)
        for number, other in ((one, 10**6), (two, one), (10**6, two)):
            self.rows.filter(pk=number).update(sequence=other)

    def swap_contents(self) -> None:
        one, two = (self.rows.get(pk=n) for n in self.dice.sample(range(1, self.last + 1), 2))
        names = self.dice.choice([["note", "data"], ["verb"], ["actor_name"], [*TEXTS, "data"]])
        if any(getattr(one, name) != getattr(two, name) for name in names):
            for row, other in ((one, two), (two, one)):
                self.rows.filter(pk=row.pk).update(**{n: getattr(other, n) for n in names})
        else:
            self.swap()

    def insert(self) -> None:
        entry = self.rows.get(pk=self.any_row())
        if self.dice.random() < 0.5:  # behind the end
            entry.previous = self.rows.last().seal
            copy_of(entry, self.last + 1)
            if self.dice.random() < 0.5:
                AuditHead.objects.update(sequence=self.last + 1, seal=entry.seal)
        else:  # in the place of another
            place = self.dice.choice([n for n in range(1, self.last + 1) if n != entry.pk])
            entry.previous = self.rows.get(pk=place).previous
            self.rows.filter(pk=place)._raw_delete("default")
            copy_of(entry, place)

    def cut(self) -> None:
        left = self.dice.randint(0, self.last - 1)
        self.rows.filter(pk__gt=left)._raw_delete("default")
        if self.dice.random() < 0.5:
            end = self.rows.last()
            AuditHead.objects.update(sequence=left, seal=end.seal if end else audit.GENESIS)

    def change_head(self) -> None:
        row = self.rows.get(pk=self.any_row())
        self.dice.choice(
            [
                lambda: AuditHead.objects.all().delete(),
                lambda: AuditHead.objects.update(sequence=self.last + self.dice.choice([-1, 1])),
                lambda: AuditHead.objects.update(seal=row.previous),
                lambda: AuditHead.objects.update(mac=row.seal),
            ]
        )()

    def seal_again(self) -> None:
        """Change an entry and seal all from there with a key of one's own."""
        first, key, seal = self.any_row(), f"guess {self.dice.random()}", None
        for row in self.rows.filter(pk__gte=first):
            row.note = "Changed" if row.pk == first else row.note
            row.previous = row.previous if seal is None else seal
            sealed = {name: getattr(row, name) for name in SEALED}
            seal = audit.seal_of(key, **sealed)
            self.rows.filter(pk=row.pk).update(note=row.note, previous=row.previous, seal=seal)
        AuditHead.objects.update(seal=seal, mac=audit.seal_of_head(key, self.last, str(seal)))


SEALED = [
    "sequence",
    "previous",
    "created_at",
    "actor_ref",
    "verb",
    "target_type",
    "target_id",
    "note",
    "data",
    "actor_promise",
    "target_promise",
]
WAYS = [way for way in vars(Tampering) if not way.startswith("_") and way != "any_row"]


def a_lively_history() -> None:
    """People, aliases, somebody who left and somebody who was deleted."""
    hub = make_hub(name="Hub")
    people = [make_user(name) for name in ("Asha", "Bo", "Chi", "Dee")]
    for number in range(12):
        by = people[number % 4]
        AuditEntry.record(by=by, verb="change", target=hub, note=f"«{number}»", share=number / 4)
    for letter in "ABC":
        AuditEntry.record(
            by=people[0],
            verb="score",
            target=hub,
            alias=f"Reviewer {letter}",
            alias_ref=f"seat:{letter}",
            round=1,
        )
    AuditEntry.record(by=people[1], verb="suspend", target=people[2], note="Asked for it.")
    close_account(by=people[2], user=people[2])
    AuditEntry.record(by=people[1], verb="change", target=hub, fields=["name", {"a": [1, None]}])
    people[3].delete()


@pytest.mark.slow
def test_a_thousand_random_manipulations_are_all_detected(without_triggers: None) -> None:
    a_lively_history()
    assert breaks() == []
    missed = []
    for seed in range(1000):
        way = WAYS[seed % len(WAYS)]
        put_back = transaction.savepoint()
        getattr(Tampering(seed), way)()
        if not breaks():
            missed.append((seed, way))
        transaction.savepoint_rollback(put_back)
    assert missed == []
    assert breaks() == []


# --- Entries from before the chain ---------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_entries_from_before_the_chain_become_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.import_module("core.migrations.0003_audit_chain"), "BATCH", 2)
    person = make_user("Asha")
    executor = MigrationExecutor(connection)
    old = executor.migrate([("core", "0002_search")]).apps
    try:
        rows = old.get_model("core", "AuditEntry").objects
        for pk in (3, 4, 9, 12, 20):
            rows.create(
                pk=pk,
                actor_id=person.pk if pk % 2 else None,
                actor_name=f"Name {pk}",
                verb="change",
                target_type="hubs.hub",
                target_id=str(pk),
                target_label=f"Hub {pk}",
                note=f"«{pk}»",
                data={"share": pk / 4, "é": [None, {"z": 1.0, "a": 2}]},
            )
        before = list(rows.order_by("pk").values())
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        changes.note_all_tables()  # as the command does
        if connection.vendor == "sqlite":  # as in conftest
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER core_auditentry_no_delete")

    assert breaks() == []
    after = list(AuditEntry.objects.order_by("pk").values())
    assert [row["sequence"] for row in after] == [1, 2, 3, 4, 5]
    assert [row["actor_ref"] for row in after] == [
        f"user:{row['actor_id']}" if row["actor_id"] else "" for row in before
    ]
    same = before[0].keys() - {"id"}
    assert [{name: row[name] for name in same} for row in after] == [
        {name: row[name] for name in same} for row in before
    ]
    recorded(1)
    assert (breaks(), audit.head().sequence) == ([], 6)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_going_back_keeps_the_entries_and_counts_on() -> None:
    recorded(3)
    executor = MigrationExecutor(connection)
    old = executor.migrate([("core", "0002_search")]).apps
    try:
        rows = old.get_model("core", "AuditEntry").objects
        new = rows.create(
            actor_name="Asha", verb="v", target_type="t", target_id="1", target_label="T"
        )
        assert new.pk == 4
        rows.update(note="Changed")
        assert rows.filter(note="Changed").count() == 4
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        changes.note_all_tables()  # as the command does
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER core_auditentry_no_delete")
    assert (breaks(), audit.head().sequence) == ([], 4)
