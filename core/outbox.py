"""Mails owed from the moment they are written down until the mail server took them.

A row is the record; whoever sends (a task, the beat, a command in a loop) only hastens it. A sender
claims a few rows by a lease, notes the beginning of each sending, sends over a connection that is
kept open, and notes the end under its lease. Nothing is sent inside a transaction.

SMTP cannot promise "exactly once": a sender that dies between the server's "250" and our note,
or a reply that is lost, leaves a sending of unknown fate behind. Such a mail goes out once more
under the same Message-ID, which mail programs fold into one, and after that it is held for a
person to look at. Where only the reply was lost and the server answers again at once, it most
likely has the mail: then it is held without a copy, unless a copy does less harm than nothing
(``repeats_likely``). So nothing is lost in silence, and nobody gets more than two copies.
"""

from __future__ import annotations

import datetime as dt
import enum
import logging
import re
import smtplib
import sys
import time
import uuid
from abc import abstractmethod
from collections import Counter as Counts
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from prometheus_client import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

FATES = Counter("portal_mails", "Sendings by what became of them", ["of", "fate"])
#: A sender has its rows so long. The time a mail server may take for one (``EMAIL_TIMEOUT``, 10 s)
#: fits into a third of it.
LEASE = dt.timedelta(seconds=60)
#: Rows claimed at a time. Whatever dies costs at most one copy of one of them.
AT_ONCE = 20
#: Seconds a sender stays with the rows it claimed. Then it gives back what is left, so that with a
#: slow server, too, what is more urgent waits no longer, and no lease runs out.
LONGEST_IN_HAND = 5.0
#: Seconds before the next attempt, when the server said "later".
BACK_OFF = (30, 60, 300, 900, 3600)
#: The same when no server answered: the mail is not to blame, so the wait does not grow.
WHILE_DOWN = dt.timedelta(seconds=30)
#: Sendings of unknown fate before a person looks.
MOST_UNSURE = 2


#: How the problem of a mail begins that waits for a moment of its reader's.
NOT_BEFORE = "not before "


class Unwanted(Exception):
    """Raised by ``compose``: this mail is not to be sent (any more). Says why."""


class NotNow(Exception):
    """Raised by ``compose``: this is to be sent, but not before a moment (``until``)."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__(f"{NOT_BEFORE}{until.isoformat()}")
        self.until = until


class Owed(models.Model):
    """A message owed to somebody. Abstract: a subclass says what it contains (``compose``)."""

    class State(models.TextChoices):
        OWED = "owed", _("Owed")
        SENT = "sent", _("Sent")
        UNCONFIRMED = "unconfirmed", _("Perhaps sent")
        DEAD = "dead", _("Given up")
        UNWANTED = "unwanted", _("Not wanted any more")

    #: Columns blanked once nothing is owed any more.
    forgotten: ClassVar[dict[str, Any]] = {}
    #: Who is served first.
    turn: ClassVar[tuple[str, ...]] = ("available_at", "pk")
    #: When it was due, while a sender has it in hand.
    due_at: dt.datetime | None = None

    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OWED)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    available_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    expires_at = models.DateTimeField(_("useless after"))
    lease = models.UUIDField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    started_at = models.DateTimeField(null=True, editable=False)
    unsure = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    problem = models.CharField(_("problem"), max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def once_more(self) -> bool:
        """Whether a sending of unknown fate is tried once more."""
        return True

    @property
    def repeats_likely(self) -> bool:
        """Whether one that most likely arrived is sent once more, too: where a copy does less harm
        than nothing."""
        return True

    @classmethod
    def line(cls) -> Line:
        """What messages of this kind go over, closed at the end (``with``)."""
        return Line()

    @classmethod
    def prepare(cls, rows: Sequence[Any]) -> None:
        """Told which rows a sender is about to compose, to read for all of them at once what each
        would read by itself. What it reads has to hold when they are composed."""

    @abstractmethod
    def compose(self) -> Any:
        """The message itself, as its line takes it: for mail an ``EmailMessage`` without its
        Message-ID. Raises ``Unwanted`` if it is not to be sent, ``NotNow`` if it has to wait."""

    def ended(self, fate: Fate, why: str) -> None:
        """Told what became of a sending, once it is noted. For what hangs on it."""

    def settle(self, state: str, *, problem: str = "") -> bool:
        """Nothing is owed any more. Whether it was still ours to say."""
        sent = state == self.State.SENT
        return bool(
            self._mine().update(
                state=state,
                lease=None,
                problem=problem[:200],
                sent_at=timezone.now() if sent else None,
                **self.forgotten,
            )
        )

    def _mine(self, **also: Any) -> models.QuerySet[Self]:
        """This row, as long as it is owed under our lease."""
        rows = type(self)._base_manager
        return rows.filter(pk=self.pk, state=self.State.OWED, lease=self.lease, **also)

    def begin(self) -> bool:
        """Note that a sending begins. False if the row is not ours any more, or too little of the
        lease is left, or its fate has been unknown too often already."""
        unsure = self.unsure + (1 if self.started_at is not None else 0)
        if unsure >= (MOST_UNSURE if self.once_more else 1):
            self.settle(self.State.UNCONFIRMED, problem="interrupted")
            return False
        now = timezone.now()
        mine = self._mine(available_at__gt=now + LEASE / 3)
        return bool(mine.update(started_at=now, unsure=unsure)) and self._note(unsure)

    def _note(self, unsure: int) -> bool:
        self.unsure = unsure
        return True

    def put_off(self, why: str, *, wait: dt.timedelta | None = None) -> None:
        """The server did not take it, and will perhaps take it later."""
        changes: dict[str, Any] = {}
        if wait is None:
            wait = dt.timedelta(seconds=BACK_OFF[min(self.attempts, len(BACK_OFF) - 1)])
            changes = {"attempts": models.F("attempts") + 1}
        self._mine().update(
            available_at=timezone.now() + wait,
            lease=None,
            started_at=None,
            problem=why[:200],
            **changes,
        )

    def give_back(self) -> None:
        """Claimed and not begun: for the next sender, at once and in its old place. What was said
        of it stays."""
        self._mine().update(available_at=self.due_at or timezone.now(), lease=None)

    def doubt(self, why: str) -> None:
        """The server may have taken it: nobody knows."""
        unsure = self.unsure + 1
        if unsure >= (MOST_UNSURE if self.once_more else 1):
            self.settle(self.State.UNCONFIRMED, problem=why)
            return
        self._mine().update(
            available_at=timezone.now() + dt.timedelta(seconds=BACK_OFF[0]),
            lease=None,
            started_at=None,
            unsure=unsure,
            attempts=models.F("attempts") + 1,
            problem=why[:200],
        )


def look_again(rows: models.QuerySet[Any]) -> int:
    """The moment these wait for may be another by now (``NotNow``): the next sender asks. What the
    server put off stays put off. Returns how many there are."""
    waiting = rows.filter(state=Owed.State.OWED, lease=None, problem__startswith=NOT_BEFORE)
    return waiting.update(available_at=timezone.now())


def masked(address: str) -> str:
    """An address as it may stand on a list: its first letter and its domain."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if at else "…"


def without_addresses(words: str) -> str:
    """What a server said, with every address in it masked."""
    return _ADDRESS.sub(lambda found: masked(found[0]), words)


_ADDRESS = re.compile(r"[^\s<>()\[\]'\",:;]+@[^\s<>()\[\]'\",:;]+")


def message_domain() -> str:
    """What stands behind the @ of a Message-ID."""
    return urlsplit(settings.PORTAL_URL).hostname or "localhost"


class Fate(enum.Enum):
    """What became of one sending."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"
    #: The server had all of it, its reply was lost, and it answers again at once.
    LIKELY = "likely"
    UNSURE = "unsure"
    DOWN = "down"


class Line:
    """A connection to the mail server, kept open from one mail to the next."""

    #: Whether all that goes over it goes to one server: if that is down, the rest waits untouched.
    one_server: ClassVar[bool] = True

    def __init__(self) -> None:
        self._backend: Any = None
        #: Whether the text of the mail in hand was begun to be handed over.
        self._handed_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is None:
            return
        try:
            backend.close()
        except (smtplib.SMTPException, OSError):
            log.info("the mail server had closed the connection")

    def _ready(self) -> Any:
        """An open connection. One the server has given up meanwhile is opened anew, since a mail
        that fails on it would be of unknown fate."""
        smtp = getattr(self._backend, "connection", None)
        if smtp is not None:
            try:
                alive = smtp.noop()[0] == 250
            except (smtplib.SMTPException, OSError):
                alive = False
            if not alive:
                self.close()
        if self._backend is None:
            backend = get_connection()
            backend.open()
            self._watch(getattr(backend, "connection", None))
            self._backend = backend
        return self._backend

    def _watch(self, smtp: smtplib.SMTP | None) -> None:
        """Notice when a mail is handed over: what fails before that has not arrived."""
        if smtp is None:
            return
        hand_over = smtp.data

        def data(text: Any) -> tuple[int, bytes]:
            self._handed_over = True
            return hand_over(text)

        smtp.data = data  # type: ignore[method-assign, assignment]

    def send(self, message: EmailMessage, row: Owed) -> tuple[Fate, str]:
        """Hand one mail to the server. What became of it, and what the server said."""
        message.extra_headers.setdefault("Message-ID", row.message_id)
        message.extra_headers.setdefault("Auto-Submitted", "auto-generated")
        try:
            backend = self._ready()
        except (smtplib.SMTPException, OSError) as trouble:
            self.close()
            return Fate.DOWN, _said(trouble)
        self._handed_over = False
        try:
            if settings.MAIL_PROVIDER:  # what its reports name the mail by
                message.metadata = {"message_id": row.message_id}  # type: ignore[attr-defined]
            backend.send_messages([message])
        except smtplib.SMTPRecipientsRefused as refusal:
            codes = [code for code, _reason in refusal.recipients.values()]
            never = all(code >= 500 for code in codes)
            return Fate.NEVER if never else Fate.LATER, _said(refusal)
        except smtplib.SMTPResponseException as refusal:
            if refusal.smtp_code == 421:
                self.close()
            never = refusal.smtp_code >= 500
            return Fate.NEVER if never else Fate.LATER, _said(refusal)
        except smtplib.SMTPNotSupportedError as refusal:
            return Fate.NEVER, _said(refusal)
        except ValueError as unwritable:  # an address or a header no mail can have
            return Fate.NEVER, _said(unwritable)
        except Exception as trouble:  # noqa: BLE001 (whatever it was, the server may have the mail)
            smtp = getattr(backend, "connection", None)
            self.close()
            if smtp is None:
                return _of_provider(trouble), _said(trouble)
            return self._of_server(trouble), _said(trouble)
        return Fate.TAKEN, ""

    def _of_server(self, trouble: Exception) -> Fate:
        """What became of a mail when the connection broke.

        Before its text was handed over: nothing has arrived. After that: a server that crashed may
        have lost it; one that takes a new connection at once has it, as far as anybody can tell.
        """
        if not isinstance(trouble, smtplib.SMTPException | OSError):
            return Fate.UNSURE
        if not self._handed_over:
            return Fate.LATER
        try:
            self._ready()
        except (smtplib.SMTPException, OSError):
            self.close()
            return Fate.UNSURE
        return Fate.LIKELY


def _said(error: Exception) -> str:
    """What kind of trouble, and the server's words."""
    name, words = type(error).__name__, str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        words = " ".join(_words(*answer) for answer in error.recipients.values())
    elif isinstance(error, smtplib.SMTPResponseException):
        words = _words(error.smtp_code, error.smtp_error)
    elif name.startswith("Anymail"):  # says the answer whole, the recipient with it
        code = getattr(error, "status_code", None)
        words = str(code or getattr(error, "__cause__", None) or error.args[:1] or "")
    return without_addresses(f"{name}: {' '.join(words.split())}")


def _words(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"


def _of_provider(trouble: Exception) -> Fate:
    """What became of a mail that a provider's interface did not plainly take.

    The library is looked up, not loaded: an installation that uses a mail server has no need of it.
    """
    provider = sys.modules.get("anymail.exceptions")
    if provider is None:
        return Fate.UNSURE
    if isinstance(trouble, provider.AnymailRecipientsRefused):
        return Fate.NEVER
    if not isinstance(trouble, provider.AnymailAPIError):  # it cannot be put in the provider's form
        return Fate.NEVER if isinstance(trouble, provider.AnymailError) else Fate.UNSURE
    code = trouble.status_code
    if code in {401, 402, 403, 503}:  # the provider takes nothing at all: no mail is to blame
        return Fate.DOWN
    if code is not None and 400 <= code < 500 and code != 408:
        return Fate.LATER
    return Fate.DOWN if code is None and _never_connected(trouble) else Fate.UNSURE


def _never_connected(trouble: BaseException) -> bool:
    """Whether a request failed before anything could be said."""
    causes: list[Any] = [trouble]
    while causes and len(causes) < 10:
        cause = causes[-1]
        if type(cause).__name__ in {
            "ConnectTimeout", "ConnectTimeoutError", "NewConnectionError", "NameResolutionError",
        }:  # fmt: skip
            return True
        inner = cause.args[0] if getattr(cause, "args", ()) else None
        reason = getattr(cause, "reason", None)
        following = cause.__cause__ or cause.__context__
        step = next((x for x in (reason, inner, following) if isinstance(x, BaseException)), None)
        if step is None:
            return False
        causes.append(step)
    return False


@dataclass(slots=True)
class Tally:
    """What a sender did: how many of which fate."""

    fates: Counts[str] = field(default_factory=Counts)

    @property
    def taken(self) -> int:
        return self.fates[Fate.TAKEN.value]

    def __str__(self) -> str:
        return " ".join(f"{name}={n}" for name, n in sorted(self.fates.items()))


def claim(model: type[Owed], *, at_most: int = AT_ONCE, only: int | None = None) -> list[Any]:
    """A few rows that are due, for this sender alone until its lease runs out."""
    now, token = timezone.now(), uuid.uuid4()
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        due = model._base_manager.filter(state=Owed.State.OWED, available_at__lte=now)
        if only is not None:
            due = due.filter(pk=only)
        rows = list(due.select_for_update(skip_locked=skip).order_by(*model.turn)[:at_most])
        model._base_manager.filter(pk__in=[row.pk for row in rows]).update(
            lease=token, available_at=now + LEASE
        )
    for row in rows:
        row.due_at = row.available_at
        row.lease, row.available_at = token, now + LEASE
    return rows


def deliver(row: Owed, line: Line) -> Fate | None:
    """Send one claimed row, and note what became of it. None if there was nothing to send."""
    if row.expires_at < timezone.now():
        row.settle(Owed.State.DEAD, problem="too late to be of use")
        return None
    try:
        message = row.compose()
    except Unwanted as reason:
        row.settle(Owed.State.UNWANTED, problem=str(reason))
        return None
    except NotNow as wait:
        row.put_off(str(wait), wait=wait.until - timezone.now())
        return None
    except Exception as error:  # one mail that cannot be written keeps nobody else's
        log.exception("owed mail %s could not be written", row.message_id)
        row.settle(Owed.State.DEAD, problem=_said(error))
        return None
    if not row.begin():
        return None
    fate, why = line.send(message, row)
    if fate is not Fate.TAKEN:
        log.warning("owed mail %s: %s", row.message_id, why.split(":", 1)[0])
    _note(row, fate, why)
    return fate


def _note(row: Owed, fate: Fate, why: str) -> None:
    """Note the end of a sending, and tell the row."""
    FATES.labels(row._meta.label_lower, fate.value).inc()
    match fate:
        case Fate.TAKEN:
            row.settle(Owed.State.SENT)
        case Fate.NEVER:
            row.settle(Owed.State.DEAD, problem=why)
        case Fate.LATER:
            row.put_off(why)
        case Fate.DOWN:
            row.put_off(why, wait=WHILE_DOWN)
        case Fate.LIKELY if not row.repeats_likely:
            row.settle(Owed.State.UNCONFIRMED, problem=why)
        case Fate.LIKELY | Fate.UNSURE:
            row.doubt(why)
    try:
        row.ended(fate, why)
    except Exception:  # the fate is noted; what hangs on it keeps nobody else's
        log.exception("owed mail %s: what hangs on its fate", row.message_id)


def drain(
    sources: Sequence[type[Owed]],
    *,
    at_most: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Tally:
    """Send what is due, the first source before the others, until nothing is due.

    When no server answers, what was claimed is put off for a moment, and whatever would go over the
    same kind of line waits untouched.
    """
    tally = Tally()
    with ExitStack() as open_lines:
        lines = {model: open_lines.enter_context(model.line()) for model in sources}
        open_sources = list(sources)
        while not stopped() and (at_most is None or sum(tally.fates.values()) < at_most):
            rows = next((rows for model in open_sources if (rows := claim(model))), [])
            if not rows:
                break
            if not _send(rows, lines[type(rows[0])], tally, stopped):
                gone = type(lines[type(rows[0])])
                open_sources = [each for each in open_sources if type(lines[each]) is not gone]
    return tally


def _prepare(rows: Sequence[Owed]) -> None:
    """Let these rows read together what they need. Where that fails each reads by itself, and says
    what is wrong with it."""
    try:
        type(rows[0]).prepare(rows)
    except Exception:
        log.exception("owed mails could not be prepared")


def _send(
    rows: Sequence[Owed], line: Line, tally: Tally, stopped: Callable[[], bool] = lambda: False
) -> bool:
    """Send what was claimed; whether somebody answered at the other end. Asked to stop, or when it
    takes long, the mail in hand is finished and the others are given back."""
    until = time.monotonic() + min(LONGEST_IN_HAND, LEASE.total_seconds() / 3)
    _prepare(rows)
    for place, row in enumerate(rows):
        if place and (stopped() or time.monotonic() > until):
            for rest in rows[place:]:
                rest.give_back()
            break
        fate = deliver(row, line)
        tally.fates[fate.value if fate else "nothing"] += 1
        if fate is Fate.DOWN and line.one_server:
            for rest in rows[place + 1 :]:
                rest.put_off("nobody answers", wait=WHILE_DOWN)
            return False
    return True
