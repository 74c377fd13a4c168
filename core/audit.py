"""The audit as a chain: what its verbs are called, how an entry is sealed, whether it holds.

Each entry carries the seal of the one before and a seal of its own over both: HMAC-SHA256
with ``AUDIT_KEY``, which the database never sees. Whoever can write to the database but has
no key can therefore change, remove, add or swap nothing unnoticed. The end of the chain is
kept apart, in ``AuditHead``, so that a cut end shows. See decision 16.

Names of people are not sealed but promised: the seal covers the hash of a name and a random
salt. When somebody leaves, name and salt go, and the chain holds.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from django_stubs_ext import StrOrPromise

# --- What verbs are called ------------------------------------------------------------------

_words: dict[str, StrOrPromise] = {}
_withheld: list[Callable[[Any], Q]] = []


def withhold(choose: Callable[[Any], Q]) -> Callable[[Any], Q]:
    """Register what a person may not read in the audit although they may read the rest: what
    others do with something of their own, for one. ``choose(user)`` says which entries."""
    _withheld.append(choose)
    return choose


def withheld_from(user: Any) -> list[Q]:
    """The entries each app keeps from this person."""
    return [choose(user) for choose in _withheld]


def name_verbs(words: Mapping[str, StrOrPromise]) -> None:
    """Say how verbs read in a history: ``{"submit": _("Submitted")}``. Each app names its own."""
    _words.update(words)


def verb_in_words(verb: str) -> StrOrPromise:
    """The verb as a reader sees it; one nobody named stays as it is recorded."""
    return _words.get(verb, verb)


# --- Seals ----------------------------------------------------------------------------------

#: What the first entry carries as the seal before it.
GENESIS = "0" * 64

#: Begins the reference of an actor who acted by name; the primary key follows.
PERSON = "user:"

#: In the data of the entry that records a person's leaving: the name that replaces theirs.
FORGOTTEN_AS = "forgotten_as"


class AuditBroken(Exception):
    """The end of the chain is not what this portal left there. Nothing is recorded on top."""


def _text(purpose: str, facts: Sequence[Any]) -> bytes:
    """The one way to write these facts: JSON in ASCII, keys sorted, no spaces."""
    return json.dumps([purpose, *facts], sort_keys=True, separators=(",", ":")).encode()


def _mac(key: str, purpose: str, facts: Sequence[Any]) -> str:
    return hmac.digest(key.encode(), _text(purpose, facts), "sha256").hex()


def seal_of(
    key: str,
    *,
    sequence: int,
    previous: str,
    created_at: dt.datetime,
    actor_ref: str,
    verb: str,
    target_type: str,
    target_id: str,
    note: str,
    data: Any,
    actor_promise: str,
    target_promise: str,
) -> str:
    """The seal of one entry: everything it says, but names only as promised."""
    time = created_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    said = [actor_ref, verb, target_type, target_id, note, data]
    return _mac(key, "entry", [sequence, previous, time, *said, actor_promise, target_promise])


def seal_of_head(key: str, sequence: int, seal: str) -> str:
    """What shows that the end of the chain was written by this portal."""
    return _mac(key, "head", [sequence, seal])


def promise(salt: str, name: str) -> str:
    """A name that can be checked as long as its salt is there, and not guessed without it."""
    return hashlib.sha256(_text("name", [salt, name])).hexdigest()


def new_salt() -> str:
    return secrets.token_hex(16)


def reference(person: Any) -> str:
    """How the chain names who acted: by account, which says nothing once it is closed."""
    return f"{PERSON}{person.pk}" if person is not None and person.pk else ""


def plain(data: Any) -> Any:
    """The data as either database gives it back: text keys, lists, and 2.0 as 2.

    PostgreSQL keeps numbers in decimal, so a whole number loses its form as a float; what is
    no number at all (NaN) it does not take.
    """

    def number(written: str) -> float | int:
        value = float(written)
        return int(value) if value.is_integer() else value

    return json.loads(json.dumps(data, allow_nan=False), parse_float=number)


# --- Whether the chain holds ----------------------------------------------------------------


class Head(NamedTuple):
    """The end of the chain: the number of the last entry, and its seal."""

    sequence: int
    seal: str


class Break(NamedTuple):
    """One place where the chain does not hold, in words."""

    #: altered, missing, inserted, cut, head, key, name, actor or anchor.
    kind: str
    #: The first entry concerned; None for the head.
    sequence: int | None
    text: str

    def __str__(self) -> str:
        return self.text


class _Row(NamedTuple):
    """An entry as the database has it, nothing of it believed."""

    sequence: Any
    previous: Any = None
    seal: Any = None
    created_at: Any = None
    actor_id: Any = None
    actor_ref: Any = None
    verb: Any = None
    target_type: Any = None
    target_id: Any = None
    note: Any = None
    written: Any = ""
    actor_name: Any = None
    actor_salt: Any = None
    actor_promise: Any = None
    target_label: Any = None
    target_salt: Any = None
    target_promise: Any = None

    def fits(self, key: str) -> bool:
        """Whether the seal was made with this key over just these values."""
        try:
            seal = seal_of(
                key,
                sequence=self.sequence,
                previous=self.previous,
                created_at=self.created_at,
                actor_ref=self.actor_ref,
                verb=self.verb,
                target_type=self.target_type,
                target_id=self.target_id,
                note=self.note,
                data=json.loads(self.written),
                actor_promise=self.actor_promise,
                target_promise=self.target_promise,
            )
        except (AttributeError, TypeError, ValueError):  # not even of the right kind
            return False
        return bool(self.seal == seal)


def head() -> Head:
    """The end of the chain now. Published, it is an anchor: see ``verify``."""
    kept = apps.get_model("core", "AuditHead").objects.filter(pk=1).first()
    return Head(kept.sequence, kept.seal) if kept else Head(0, GENESIS)


def verify(
    *,
    anchors: Iterable[tuple[int, str]] = (),
    tell: Callable[[int, int], None] | None = None,
    batch: int = 1000,
) -> Generator[Break, None, Head]:
    """Walk the whole chain and yield each break; return the last entry seen.

    ``anchors`` are heads published earlier: each must still be in the chain. They show what
    the chain by itself cannot, that it was put back to an older state as a whole. ``tell``
    hears how many of how many entries were seen. It reads in batches and takes no lock, so
    it may run while people work: entries recorded meanwhile are walked as well.
    """
    walk = _Walk(anchors, batch)
    yield from walk.entries(tell)
    yield from walk.end()
    return Head(walk.sequence, walk.seal)


class _Walk:
    """One pass over the chain, and what has to be remembered from entry to entry."""

    def __init__(self, anchors: Iterable[tuple[int, str]], batch: int) -> None:
        self.entries_of = apps.get_model("core", "AuditEntry")._base_manager
        self.head_of = apps.get_model("core", "AuditHead")._base_manager
        self.batch = batch
        self.anchors: dict[int, set[str]] = defaultdict(set)
        for sequence, seal in anchors:
            self.anchors[sequence].add(seal)
        #: Keys that may still come: once the chain went on under a newer one, an older one,
        #: which may be known to others by now, seals nothing any more.
        self.all_keys = dict.fromkeys([settings.AUDIT_KEY, *settings.AUDIT_KEY_FALLBACKS])
        self.keys = list(self.all_keys)
        self.key = ""
        self.sequence = 0
        self.seal = GENESIS
        self.sound = True  # whether the entry before was, so that one break is told once
        self.seen = 0

    # The entries

    def entries(self, tell: Callable[[int, int], None] | None) -> Iterator[Break]:
        after: int | None = None
        asked: int | None = None  # where the head was ahead of the entries already
        while True:
            rows = self._read(after)
            sound = []
            for row in rows:
                if (yield from self._entry(row)):
                    sound.append(row)  # noqa: PERF401 (a comprehension cannot yield)
            if rows:
                yield from self._people(sound)
                if not isinstance(rows[-1].sequence, int):
                    return
                after = rows[-1].sequence
                if tell:
                    tell(self.seen, max(self._end_of_head(), self.seen))
            # The head is written with its entry: who sees the one sees the other.
            elif self._end_of_head() <= self.sequence or asked == self.sequence:
                return
            else:
                asked = self.sequence

    def _end_of_head(self) -> int:
        return self.head_of.filter(pk=1).values_list("sequence", flat=True).first() or 0

    def _read(self, after: int | None) -> list[_Row]:
        rows = self.entries_of.order_by("pk")
        if after is not None:
            rows = rows.filter(pk__gt=after)
        whole = rows.annotate(written=Cast("data", TextField())).values_list(*_Row._fields)
        try:
            return [_Row(*row) for row in whole[: self.batch]]
        except ValueError:  # SQLite lets a time be any text; then row by row
            read = []
            for sequence in rows.values_list("pk", flat=True)[: self.batch]:
                try:
                    read.append(_Row(*whole.get(pk=sequence)))
                except ValueError:
                    read.append(_Row(sequence))
            return read

    def _entry(self, row: _Row) -> Generator[Break, None, bool]:
        """Look at one entry by itself and after the one before; say whether its seal fits."""
        self.seen += 1
        if not isinstance(row.sequence, int) or row.sequence < 1:
            yield Break(
                "inserted", None, _("An entry was inserted as number %(n)s.") % {"n": row.sequence}
            )
            return False
        number = row.sequence
        if number > self.sequence + 1:
            yield self._missing("missing", self.sequence + 1, number - 1)
        fits = self._fits(row)
        if not fits:
            yield Break(
                "altered",
                number,
                _("Entry %(n)s was altered, or was never recorded by this portal.") % {"n": number},
            )
        elif number == self.sequence + 1 and self.sound and row.previous != self.seal:
            yield Break(
                "inserted",
                number,
                _("Entry %(n)s does not follow on the one before it.") % {"n": number},
            )
        if self.anchors.pop(number, {row.seal}) != {row.seal}:
            yield Break(
                "anchor",
                number,
                _("Entry %(n)s is not the one whose seal was published.") % {"n": number},
            )
        if row.actor_id is not None and row.actor_ref != f"{PERSON}{row.actor_id}":
            yield Break(
                "actor",
                number,
                _("Entry %(n)s is linked to an account that did not act.") % {"n": number},
            )
        if (
            row.actor_salt
            and promise(str(row.actor_salt), str(row.actor_name)) != row.actor_promise
        ):
            yield self._wrong_actor_name(number)
        if (
            row.target_salt
            and promise(str(row.target_salt), str(row.target_label)) != row.target_promise
        ):
            yield self._wrong_target_name(number)
        self.sequence, self.seal, self.sound = number, row.seal, fits
        return fits

    def _fits(self, row: _Row) -> bool:
        for key in self.keys:
            if row.fits(key):
                if key != self.key:
                    left = [other for other in self.keys if other not in {key, self.key}]
                    self.keys, self.key = [key, *left], key
                return True
        return False

    def _people(self, rows: list[_Row]) -> Iterator[Break]:
        """What a batch says about accounts: three questions to the database at most."""
        accounts = get_user_model()
        kind = accounts._meta.label_lower
        persons = {
            row.sequence: str(row.actor_ref).removeprefix(PERSON)
            for row in rows
            if str(row.actor_ref).startswith(PERSON)
        }
        unlinked = {
            row.sequence: persons[row.sequence]
            for row in rows
            if row.actor_id is None and persons.get(row.sequence, "").isdecimal()
        }
        if unlinked:
            alive = set(
                accounts._base_manager.filter(pk__in=set(unlinked.values())).values_list(
                    "pk", flat=True
                )
            )
            for number, pk in unlinked.items():
                if int(pk) in alive:
                    yield Break(
                        "actor",
                        number,
                        _("Entry %(n)s is no longer linked to the account that acted.")
                        % {"n": number},
                    )
        actors = {
            row.sequence: (persons.get(row.sequence, ""), row.actor_name)
            for row in rows
            if not row.actor_salt
        }
        targets = {
            row.sequence: (row.target_id if row.target_type == kind else "", row.target_label)
            for row in rows
            if not row.target_salt
        }
        if not actors and not targets:
            return
        left: dict[tuple[str, str], int] = {}
        asked = {pk for pk, _name in (*actors.values(), *targets.values()) if pk}
        for pk, sequence, data in self.entries_of.filter(
            target_type=kind, target_id__in=asked, data__has_key=FORGOTTEN_AS
        ).values_list("target_id", "pk", "data"):
            left[pk, data[FORGOTTEN_AS]] = sequence
        for number, pair in actors.items():
            if left.get(pair, 0) <= number:
                yield self._wrong_actor_name(number)
        for number, pair in targets.items():
            if left.get(pair, 0) <= number:
                yield self._wrong_target_name(number)

    @staticmethod
    def _wrong_actor_name(number: int) -> Break:
        return Break(
            "name",
            number,
            _("Entry %(n)s: the name of who acted is not the one recorded.") % {"n": number},
        )

    @staticmethod
    def _wrong_target_name(number: int) -> Break:
        return Break(
            "name",
            number,
            _("Entry %(n)s: the name of its object is not the one recorded.") % {"n": number},
        )

    @staticmethod
    def _missing(kind: str, first: int, last: int) -> Break:
        one = first == last
        if kind == "cut":
            words = (
                _("The end was cut: entry %(first)s is missing.")
                if one
                else _("The end was cut: entries %(first)s to %(last)s are missing.")
            )
        else:
            words = (
                _("Entry %(first)s is missing.")
                if one
                else _("Entries %(first)s to %(last)s are missing.")
            )
        return Break(kind, first, words % {"first": first, "last": last})

    # The end

    def end(self) -> Iterator[Break]:
        """The head against the last entry. Entries recorded since the walk are left alone."""
        last = self.head_of.filter(pk=1).first()
        if last is None:
            yield Break("head", None, _("The head of the chain is missing."))
        else:
            # Under an earlier key, which others may know, it is not believed by itself.
            macs = [seal_of_head(key, last.sequence, last.seal) for key in self.all_keys]
            if last.mac not in macs:
                yield Break("head", None, _("The head of the chain was forged."))
            elif last.mac != macs[0]:
                yield Break("key", None, _("The head of the chain bears the seal of a former key."))
            if last.sequence < self.sequence:
                yield Break(
                    "inserted",
                    last.sequence + 1,
                    _("Entries were inserted behind the end, number %(n)s.") % {"n": last.sequence},
                )
            elif last.sequence == self.sequence and last.seal != self.seal:
                yield Break("head", None, _("The head is not that of the last entry."))
            elif (
                last.sequence > self.sequence
                and not self.entries_of.filter(pk=self.sequence + 1).exists()
            ):
                yield self._missing("cut", self.sequence + 1, last.sequence)
        if self.head_of.exclude(pk=1).exists():
            yield Break("head", None, _("There is a second head."))
        if self.entries_of.filter(pk__lte=self.sequence).count() != self.seen:
            yield Break("inserted", None, _("A number stands for more than one entry."))
        self.anchors.pop(0, None)
        for number in sorted(self.anchors):
            yield Break(
                "anchor",
                number,
                _("Entry %(n)s, whose seal was published, is not there.") % {"n": number},
            )
