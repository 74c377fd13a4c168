"""Checking a signed record offline: the file, the keys one trusts, and a date. Nothing else.

No database, no network, no clock: whoever calls says what time it is and which keys count.
Everything read here was written by somebody who may mean harm; whatever it holds, the answer
is a verdict in words.

What a verdict rests on, in this order: the document has the shape of a record; its signature
fits; the key that made it is trusted, not merely enclosed; the frozen version is the one it
speaks of; the date lies within its period; a signed and recent status list knows it as in
force. A check that had nothing to go by is *open*, which is not the same as passed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.content import fingerprint
from core.errors import DomainError
from validation import signing
from validation.choices import RecordState
from validation.signing import Document, NotCanonical

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: The longest file that is read, and the most values in it.
LONGEST_MB = 8
LONGEST = LONGEST_MB * 1024 * 1024
MOST_VALUES = 300_000

NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
SHA256 = re.compile(r"[0-9a-f]{64}")
BUNDLE_NAMES = {"record", "frozen_version", "status"}


class Outcome(TextChoices):
    """The verdict in one word. Only the first two mean that the label counts."""

    VALID = "valid", gettext_lazy("Valid")
    AS_ISSUED = "valid_as_issued", gettext_lazy("Valid as issued")
    EXPIRED = "valid_but_expired", gettext_lazy("Genuine, but expired")
    NOT_YET = "not_yet_issued", gettext_lazy("Not yet issued at that date")
    SUSPENDED = "suspended", gettext_lazy("Genuine, but suspended")
    REVOKED = "revoked", gettext_lazy("Genuine, but revoked")
    SUPERSEDED = "superseded", gettext_lazy("Genuine, but replaced by a later record")
    UNTRUSTED = "not_trusted", gettext_lazy("Not signed with a key you trust")
    NOT_VALID = "not_valid", gettext_lazy("Not valid")
    UNREADABLE = "unreadable", gettext_lazy("Cannot be read")


class Result(TextChoices):
    PASSED = "passed", gettext_lazy("passed")
    FAILED = "failed", gettext_lazy("failed")
    OPEN = "open", gettext_lazy("not checked")


class Name(TextChoices):
    """The checks, in the order in which they are made and shown."""

    SHAPE = "shape", gettext_lazy("Document")
    SIGNATURE = "signature", gettext_lazy("Signature")
    KEY = "key", gettext_lazy("Key")
    VERSION = "version", gettext_lazy("Frozen version")
    PERIOD = "period", gettext_lazy("Period")
    STATUS_LIST = "status_list", gettext_lazy("Status list")
    STATUS_AGE = "status_age", gettext_lazy("Age of the status list")
    STATE = "state", gettext_lazy("State")


#: The states that end a label's force, whatever the period says.
STATE_OUTCOMES = {
    RecordState.SUSPENDED: Outcome.SUSPENDED,
    RecordState.REVOKED: Outcome.REVOKED,
    RecordState.SUPERSEDED: Outcome.SUPERSEDED,
    RecordState.EXPIRED: Outcome.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was found, in words."""

    name: Name
    result: Result
    text: str

    @property
    def passed(self) -> bool:
        return self.result == Result.PASSED

    @property
    def failed(self) -> bool:
        return self.result == Result.FAILED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of a file.

    ``record`` is what the file says, and is given only if its signature fits and its key is
    trusted: a page that prints it cannot print a forgery by mistake.
    """

    outcome: Outcome
    checks: tuple[Check, ...]
    record: Document | None = None
    key_id: str = ""

    @property
    def is_valid(self) -> bool:
        return self.outcome in {Outcome.VALID, Outcome.AS_ISSUED}

    @property
    def is_genuine(self) -> bool:
        """Whether a trusted key signed exactly this, whatever became of the label since."""
        return self.record is not None

    @property
    def summary(self) -> str:
        """The verdict as a sentence for somebody who reads nothing else."""
        return str(_summaries()[self.outcome])

    def check(self, name: Name) -> Check:
        return next(check for check in self.checks if check.name == name)

    def as_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome.value,
            "valid": self.is_valid,
            "genuine": self.is_genuine,
            "summary": self.summary,
            "number": self.record["number"] if self.record else None,
            "key_id": self.key_id or None,
            "checks": [
                {"name": check.name.value, "result": check.result.value, "text": check.text}
                for check in self.checks
            ],
        }


def _summaries() -> dict[Outcome, StrOrPromise]:
    return {
        Outcome.VALID: _("The record is genuine and in force."),
        Outcome.AS_ISSUED: _(
            "The record is genuine and within its period. Whether it was suspended or revoked "
            "since is not known here: that needs a recent status list."
        ),
        Outcome.EXPIRED: _("The record is genuine. Its period is over."),
        Outcome.NOT_YET: _("The record is genuine, but was issued after the date asked about."),
        Outcome.SUSPENDED: _("The record is genuine. Its label is suspended."),
        Outcome.REVOKED: _("The record is genuine. Its label was revoked."),
        Outcome.SUPERSEDED: _("The record is genuine. A later record has taken its place."),
        Outcome.UNTRUSTED: _(
            "The document is whole, but nobody you trust has signed it. It proves nothing."
        ),
        Outcome.NOT_VALID: _("This is not a valid record."),
        Outcome.UNREADABLE: _("The file cannot be read as a record."),
    }


# --- Reading -----------------------------------------------------------------------------


class Unreadable(DomainError):
    """The bytes are no document that could be checked."""

    def __init__(self, message: StrOrPromise) -> None:
        super().__init__(message, code="unreadable")


def read(raw: bytes) -> Any:
    """JSON, read more strictly than usual: what programs understand differently is refused."""
    if len(raw) > LONGEST:
        raise Unreadable(_("The file is longer than %(mb)d MB.") % {"mb": LONGEST_MB})
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MOST_VALUES:
        raise Unreadable(_("The file holds more values than any record."))
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_int=_whole_number,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
        signing.refuse_uncanonical(value)
    except UnicodeDecodeError as error:
        raise Unreadable(_("The file is not text in UTF-8.")) from error
    except RecursionError as error:
        raise Unreadable(_("The file nests deeper than any record.")) from error
    except json.JSONDecodeError as error:
        text = _("The file is not JSON: it breaks off or goes wrong in line %(n)d.")
        raise Unreadable(text % {"n": error.lineno}) from error
    except NotCanonical as error:
        raise Unreadable(_plain(str(error))) from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> Document:
    """An object. Of two values under one name, programs differ in which they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable(_("The file gives one name two values."))
    return found


def _whole_number(text: str) -> int:
    if text == "-0" or len(text) > len(str(-signing.LARGEST)):
        raise Unreadable(_("The file holds a number that not every program reads alike."))
    return int(text)


def _no_fraction(text: str) -> Any:
    raise Unreadable(_("The file holds a number with a fraction. Records write those as text."))


def _plain(text: str) -> str:
    """Somebody else's words, fit to be printed in a terminal: no control characters."""
    clean = "".join(letter if letter.isprintable() else "�" for letter in text)
    return clean if len(clean) <= 300 else f"{clean[:299]}…"


# --- Verifying ---------------------------------------------------------------------------


def verify(
    bundle_or_record: Any,
    *,
    keys: Mapping[str, bytes] | None,
    at: datetime,
    version: Any = None,
    status: Any = None,
) -> Verdict:
    """Say what a record is worth at a moment.

    Each document is given as the bytes of its file, or as a value already read. ``keys`` are
    the public keys to trust. ``version`` and ``status`` take the place of what a bundle has.
    """
    keys = keys or {}
    try:
        given = _document(bundle_or_record)
        version, status = _document(version), _document(status)
    except DomainError as refusal:
        return Verdict(
            Outcome.UNREADABLE,
            (Check(Name.SHAPE, Result.FAILED, str(refusal)), *_open_from(Name.SIGNATURE)),
        )
    try:
        record, version, status = _parts(given, version, status)
        facts = _facts(record)
    except _Misshapen as fault:
        return Verdict(
            Outcome.NOT_VALID,
            (Check(Name.SHAPE, Result.FAILED, str(fault)), *_open_from(Name.SIGNATURE)),
        )
    checks = [
        Check(
            Name.SHAPE,
            Result.PASSED,
            _("It is the validation record %(number)s.") % {"number": facts.number},
        ),
        _signature(record, facts.proof),
        _key(facts.proof, keys),
        _version(facts, version),
        _period(facts, at),
    ]
    found = _Status.read(status, keys.values(), facts, at)
    checks += found.checks
    by_name = {check.name: check for check in checks}
    outcome = _outcome(by_name, found, facts, at)
    genuine = by_name[Name.SIGNATURE].passed and by_name[Name.KEY].passed
    return Verdict(
        outcome,
        tuple(checks),
        record=dict(record) if genuine else None,
        key_id=facts.proof.key_id,
    )


def _outcome(checks: Mapping[Name, Check], status: _Status, facts: _Facts, at: datetime) -> Outcome:
    """The worst that was found decides."""
    if checks[Name.SIGNATURE].failed or checks[Name.VERSION].failed:
        return Outcome.NOT_VALID
    if checks[Name.KEY].failed:
        return Outcome.UNTRUSTED
    if checks[Name.STATUS_LIST].failed or (checks[Name.STATE].failed and status.state is None):
        return Outcome.NOT_VALID
    if facts.issued_at > at:
        return Outcome.NOT_YET
    if checks[Name.STATE].failed and status.state is not None:
        return STATE_OUTCOMES[status.state]
    if checks[Name.PERIOD].failed:
        return Outcome.EXPIRED
    if checks[Name.STATUS_AGE].passed and checks[Name.STATE].passed:
        return Outcome.VALID
    return Outcome.AS_ISSUED


def _document(given: Any) -> Any:
    """A value that holds nothing but what documents hold."""
    if isinstance(given, bytes | bytearray | memoryview):
        return read(bytes(given))
    try:
        signing.refuse_uncanonical(given)
    except NotCanonical as error:
        raise Unreadable(_plain(str(error))) from error
    return given


def _open_from(first: Name) -> list[Check]:
    """The checks that come after one that stopped everything."""
    names = list(Name)
    text = _("Not looked at.")
    return [Check(name, Result.OPEN, text) for name in names[names.index(first) :]]


# --- The shape of documents --------------------------------------------------------------


class _Misshapen(Exception):
    """A document lacks what a record has; the message says what."""


@dataclass(frozen=True, slots=True)
class _Proof:
    public_key: bytes
    signature: bytes

    @property
    def key_id(self) -> str:
        return signing.key_id(self.public_key)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the verifier reads of a record."""

    number: str
    issued_at: datetime
    expires_on: date
    version_number: int
    content_sha256: str
    proof: _Proof


def _parts(given: Any, version: Any, status: Any) -> tuple[Document, Any, Any]:
    """The record, and what goes with it; what is given apart counts more than what is enclosed."""
    if not isinstance(given, dict):
        raise _Misshapen(_("The file holds no object."))
    if "record" in given and "type" not in given:
        if set(given) - BUNDLE_NAMES:
            raise _Misshapen(_("The bundle holds something that does not belong in it."))
        version = given.get("frozen_version") if version is None else version
        status = given.get("status") if status is None else status
        given = given["record"]
        if not isinstance(given, dict):
            raise _Misshapen(_("The bundle holds no record."))
    return given, version, status


def _facts(record: Document) -> _Facts:
    if record.get("type") != signing.RECORD:
        raise _Misshapen(_("The document is not a validation record."))
    number, version = record.get("number"), record.get("version")
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise _lacks("number")
    if not isinstance(version, dict):
        raise _lacks("version")
    version_number, digest = version.get("number"), version.get("content_sha256")
    if not isinstance(version_number, int) or isinstance(version_number, bool):
        raise _lacks("version.number")
    if not isinstance(digest, str) or not SHA256.fullmatch(digest):
        raise _lacks("version.content_sha256")
    return _Facts(
        number=number,
        issued_at=_instant(record.get("issued_at"), "issued_at"),
        expires_on=_date(record.get("expires_on"), "expires_on"),
        version_number=version_number,
        content_sha256=digest,
        proof=_proof(record),
    )


def _lacks(name: str) -> _Misshapen:
    return _Misshapen(
        _("The document lacks “%(name)s”, or has it in another form.") % {"name": name}
    )


def _instant(value: Any, name: str) -> datetime:
    """A moment with its distance from UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _lacks(name) from None
    if moment.tzinfo is None:
        raise _lacks(name)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _lacks(name) from None


def _date(value: Any, name: str) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise _lacks(name)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _lacks(name) from None


def _proof(document: Document) -> _Proof:
    """The proof, in its one spelling: nothing may be added to it or written otherwise."""
    proof = document.get("proof")
    if not isinstance(proof, dict):
        raise _Misshapen(_("The document is not signed: it has no proof."))
    if set(proof) != set(signing.PROOF_NAMES):
        raise _Misshapen(_("The proof has members that are missing or do not belong in it."))
    kind = (proof["type"], proof["canonicalisation"])
    if kind != (signing.ALGORITHM, signing.CANONICALISATION):
        raise _Misshapen(_("The proof is of a kind that is not known here."))
    public = _bytes(proof["public_key"], signing.BYTES_OF_A_KEY)
    signature = _bytes(proof["signature"], signing.BYTES_OF_A_SIGNATURE)
    if public is None or signature is None:
        raise _Misshapen(_("The key or the signature in the proof is damaged."))
    if proof["key_id"] != signing.key_id(public):
        raise _Misshapen(_("The proof names another key than it encloses."))
    return _Proof(public, signature)


def _bytes(value: Any, length: int) -> bytes | None:
    """Base64 in its only spelling: what decodes to the same bytes otherwise is refused."""
    if not isinstance(value, str):
        return None
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == length and signing.to_base64(raw) == value else None


# --- One check each ----------------------------------------------------------------------


def _fits(document: Document, proof: _Proof) -> bool:
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    try:
        Ed25519PublicKey.from_public_bytes(proof.public_key).verify(
            proof.signature, signing.canonical(unsigned)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _signature(record: Document, proof: _Proof) -> Check:
    if _fits(record, proof):
        return Check(
            Name.SIGNATURE, Result.PASSED, _("It fits: nothing was changed since it was signed.")
        )
    return Check(
        Name.SIGNATURE,
        Result.FAILED,
        _("It does not fit: the document or its proof was changed, or another key signed it."),
    )


def _key(proof: _Proof, keys: Mapping[str, bytes]) -> Check:
    if proof.public_key in keys.values():
        text = _("The key %(key)s is one you trust.")
        return Check(Name.KEY, Result.PASSED, text % {"key": proof.key_id})
    text = (
        _("The key %(key)s is none of those you trust. Anybody can make a key and enclose it.")
        if keys
        else _(
            "No key to trust was given. The enclosed key %(key)s shows only that the document "
            "is whole, not who signed it."
        )
    )
    return Check(Name.KEY, Result.FAILED, text % {"key": proof.key_id})


def _version(facts: _Facts, version: Any) -> Check:
    words = {"number": facts.version_number}
    if version is None:
        text = _("Not compared: the content of version %(number)d was not given.")
        return Check(Name.VERSION, Result.OPEN, text % words)
    if isinstance(version, dict) and fingerprint(version) == facts.content_sha256:
        text = _("The content is exactly that of version %(number)d, which the record is about.")
        return Check(Name.VERSION, Result.PASSED, text % words)
    text = _("The content is not that of version %(number)d, which the record is about.")
    return Check(Name.VERSION, Result.FAILED, text % words)


def _period(facts: _Facts, at: datetime) -> Check:
    today = at.astimezone(UTC).date()
    words = {
        "issued": facts.issued_at.date().isoformat(),
        "until": facts.expires_on.isoformat(),
        "today": today.isoformat(),
    }
    if facts.issued_at > at:
        text = _("It was issued on %(issued)s, after the date asked about, %(today)s.")
        return Check(Name.PERIOD, Result.FAILED, text % words)
    if facts.expires_on < today:
        text = _("It was issued on %(issued)s and expired after %(until)s.")
        return Check(Name.PERIOD, Result.FAILED, text % words)
    text = _("It was issued on %(issued)s and lasts until %(until)s.")
    return Check(Name.PERIOD, Result.PASSED, text % words)


# --- The status list ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Status:
    """What a status list says of one record."""

    checks: tuple[Check, Check, Check]
    state: RecordState | None = None

    @classmethod
    def read(cls, status: Any, keys: Collection[bytes], facts: _Facts, at: datetime) -> _Status:
        if status is None:
            text = _("None was given.")
            return cls._without(Check(Name.STATUS_LIST, Result.OPEN, text))
        try:
            return cls._of(status, keys, facts, at)
        except _Misshapen as fault:
            check = Check(Name.STATUS_LIST, Result.FAILED, str(fault))
            return cls._without(check)

    @classmethod
    def _without(cls, check: Check) -> _Status:
        """Nothing a list says is repeated unless its signature and key are good."""
        unknown = _("Not known without a status list that can be trusted.")
        return cls(
            (
                check,
                Check(Name.STATUS_AGE, Result.OPEN, unknown),
                Check(Name.STATE, Result.OPEN, unknown),
            )
        )

    @classmethod
    def _of(cls, status: Any, keys: Collection[bytes], facts: _Facts, at: datetime) -> _Status:
        if not isinstance(status, dict) or status.get("type") != signing.STATUS_LIST:
            raise _Misshapen(_("The document is not a status list."))
        proof = _proof(status)
        made_at = _instant(status.get("issued_at"), "issued_at")
        renewed_by = _instant(status.get("next_update"), "next_update")
        rows = status.get("records")
        if not isinstance(rows, list):
            raise _lacks("records")
        if not _fits(status, proof):
            raise _Misshapen(_("The signature of the status list does not fit: it was changed."))
        if proof.public_key not in keys:
            text = _("The status list is signed with the key %(key)s, which you do not trust.")
            words = {"key": proof.key_id}
            return cls._without(Check(Name.STATUS_LIST, Result.FAILED, text % words))
        state, check = _state(rows, facts, made_at, at)
        text = _("It is signed with the key %(key)s, which you trust.") % {"key": proof.key_id}
        return cls(
            (
                Check(Name.STATUS_LIST, Result.PASSED, text),
                _age(made_at, renewed_by, at),
                check,
            ),
            state=state,
        )


def _age(made_at: datetime, renewed_by: datetime, at: datetime) -> Check:
    words = {"made": signing.instant(made_at), "next": signing.instant(renewed_by)}
    if made_at > at:
        text = _("It was made at %(made)s, after the date asked about.")
        return Check(Name.STATUS_AGE, Result.PASSED, text % words)
    days = (at - made_at).days
    age = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if renewed_by < at:
        text = _(
            "It was made at %(made)s, %(age)s before, and should have been replaced by %(next)s. "
            "It cannot know what happened since: get a newer one."
        )
        return Check(Name.STATUS_AGE, Result.FAILED, text % {**words, "age": age})
    text = _("It was made at %(made)s, %(age)s before.")
    return Check(Name.STATUS_AGE, Result.PASSED, text % {**words, "age": age})


def _state(
    rows: list[Any], facts: _Facts, made_at: datetime, at: datetime
) -> tuple[RecordState | None, Check]:
    """What the list says of this record, at the date asked about."""
    found = [row for row in rows if isinstance(row, dict) and row.get("number") == facts.number]
    words = {"number": facts.number, "made": signing.instant(made_at)}
    # Records are dated by the day: a list of that day may have been made before the record.
    if not found and facts.issued_at.date() >= made_at.date():
        text = _("The list of %(made)s may be older than the record.")
        return None, Check(Name.STATE, Result.OPEN, text % words)
    if len(found) != 1:
        text = (
            _("The list has several entries for %(number)s.")
            if found
            else _("The list does not know %(number)s, though it is younger than the record.")
        )
        return None, Check(Name.STATE, Result.FAILED, text % words)
    row = found[0]
    since = _instant(row.get("since"), "since")
    if row.get("state") not in RecordState.values:
        raise _lacks("state")
    state = RecordState(row["state"])
    words |= {"state": str(state.label), "since": since.date().isoformat()}
    if state == RecordState.IN_FORCE:
        return state, Check(Name.STATE, Result.PASSED, _("In force since %(since)s.") % words)
    if since > at and state in {RecordState.EXPIRED, RecordState.SUPERSEDED}:
        # A suspension or revocation counts for earlier dates too: its reason may be older.
        text = _("%(state)s since %(since)s; in force at the date asked about.")
        return state, Check(Name.STATE, Result.PASSED, text % words)
    note = row.get("note")
    text = _("%(state)s since %(since)s.") % words
    if isinstance(note, str) and note:
        text = f"{text} {_plain(note)}"
    return state, Check(Name.STATE, Result.FAILED, text)
