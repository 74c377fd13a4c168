"""Signed documents: what this portal issues, so that anybody can check it without asking.

A signed document is a JSON object with a ``proof`` beside its own members::

    {"type": "ValidationRecord", "number": "V-0001", …,
     "proof": {"type": "Ed25519", "canonicalisation": "RFC8785",
               "key_id": "…", "public_key": "…", "signature": "…"}}

The signature covers the canonical bytes of everything but ``proof``. ``type`` is among what
is signed, so that a document of one kind cannot pass for another. The canonical form is that
of ``catalogue.content``, kept to values that every language spells alike; for those it is
RFC 8785, so that ready-made libraries agree with it.

What the verifier reads of a record: ``type``, ``number``, ``issued_at`` (an instant),
``expires_on`` (the last day in force, UTC), ``version.number`` and ``version.content_sha256``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from catalogue import content

Document = dict[str, Any]

RECORD = "ValidationRecord"
STATUS_LIST = "ValidationStatusList"
ALGORITHM = "Ed25519"
CANONICALISATION = "RFC8785"
PROOF_NAMES = ("type", "canonicalisation", "key_id", "public_key", "signature")

#: A status list is meant to be fetched anew after this long.
STATUS_LASTS = timedelta(days=7)

#: Larger whole numbers are not exact in every language.
LARGEST = 2**53 - 1
#: Nesting of objects and lists. A record needs six levels, a frozen version five.
DEEPEST = 32

BYTES_OF_A_KEY = 32
BYTES_OF_A_SIGNATURE = 64


class NotCanonical(ValueError):
    """The value has no spelling that every language agrees on."""


class NotAKey(ValueError):
    """The text is no Ed25519 key."""


# --- One spelling ------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """The bytes that are signed: sorted keys, no spaces, UTF-8.

    Only text, whole numbers, true, false, null, lists and objects with text as keys. A number
    with a fraction is written as text by whoever makes the document: languages differ in how
    they spell 0.1, and a spelling that differs is a signature that fails.
    """
    refuse_uncanonical(value)
    return content.canonical(value)


#: The way to a value: the way to what holds it, and its name or number there.
_Way = tuple[Any, str | int] | None


def refuse_uncanonical(value: Any) -> None:
    """Raise ``NotCanonical`` at the first value that languages spell differently."""
    todo: list[tuple[Any, _Way, int]] = [(value, None, 0)]
    while todo:
        item, way, depth = todo.pop()
        if depth > DEEPEST:
            raise NotCanonical(_("More than %(n)d levels of nesting.") % {"n": DEEPEST})
        if isinstance(item, dict):
            for key in item:
                _refuse_key(key, way)
            todo += [(child, (way, key), depth + 1) for key, child in item.items()]
        elif isinstance(item, list):
            todo += [(child, (way, number), depth + 1) for number, child in enumerate(item)]
        else:
            _refuse_scalar(item, way)


def _spelt(way: _Way) -> str:
    """``version.number`` or ``criteria[3].reason``; long names are cut."""
    parts: list[str] = []
    while way is not None:
        way, name = way
        parts.append(f"[{name}]" if isinstance(name, int) else f".{name[:40]}")
    return "".join(reversed(parts)).lstrip(".") or "{}"


def _refuse_key(key: Any, way: _Way) -> None:
    if not isinstance(key, str):
        raise NotCanonical(_("A name in %(where)s is not text.") % {"where": _spelt(way)})
    # Beyond U+FFFF the order of names depends on how a language stores text.
    if key and max(key) > "\uffff":
        raise NotCanonical(
            _("A name in %(where)s has a character beyond U+FFFF.") % {"where": _spelt(way)}
        )
    _refuse_scalar(key, way)


def _refuse_scalar(item: Any, way: _Way) -> None:
    if isinstance(item, str):
        try:
            item.encode()
        except UnicodeEncodeError as error:
            text = _("The text %(where)s holds half a character.")
            raise NotCanonical(text % {"where": _spelt(way)}) from error
    elif isinstance(item, int):
        if abs(item) > LARGEST:
            text = _("The number %(where)s is too large: write it as text.")
            raise NotCanonical(text % {"where": _spelt(way)})
    elif item is not None:
        text = _("%(where)s is of the kind “%(kind)s”: write it as text.")
        raise NotCanonical(text % {"where": _spelt(way), "kind": type(item).__name__})


# --- Keys --------------------------------------------------------------------------------


def private_key() -> Ed25519PrivateKey:
    """The key that signs, from the setting ``RECORD_KEY``."""
    return _private_key(settings.RECORD_KEY)


@lru_cache(maxsize=4)
def _private_key(text: str) -> Ed25519PrivateKey:
    try:
        return private_key_from(text)
    except NotAKey as error:
        # The reason only: the message must not carry the key into a log.
        msg = f"RECORD_KEY: {error}"
        raise ImproperlyConfigured(msg) from None


def private_key_from(text: str) -> Ed25519PrivateKey:
    """A private key from PEM (its line ends may be written ``\\n``) or 32 bytes in base64."""
    if "-----BEGIN" in text:
        try:
            key = load_pem_private_key(text.replace("\\n", "\n").encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            msg = "it is no private key in PEM without a password."
            raise NotAKey(msg) from error
        if not isinstance(key, Ed25519PrivateKey):
            msg = "it is a private key of another kind than Ed25519."
            raise NotAKey(msg)
        return key
    seed = _from_base64(text)
    if seed is None or len(seed) != BYTES_OF_A_KEY:
        msg = f"it is neither PEM nor {BYTES_OF_A_KEY} bytes in base64."
        raise NotAKey(msg)
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key_from(text: str) -> bytes:
    """The 32 bytes of a public key from PEM or base64."""
    if "PRIVATE KEY" in text:
        msg = "It is a private key. Give the public one."
        raise NotAKey(msg)
    if "-----BEGIN" in text:
        try:
            key = load_pem_public_key(text.replace("\\n", "\n").encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            msg = "It is no public key in PEM."
            raise NotAKey(msg) from error
        if not isinstance(key, Ed25519PublicKey):
            msg = "It is a public key of another kind than Ed25519."
            raise NotAKey(msg)
        return key.public_bytes_raw()
    raw = _from_base64(text)
    if raw is None or len(raw) != BYTES_OF_A_KEY:
        msg = f"It is neither PEM nor {BYTES_OF_A_KEY} bytes in base64."
        raise NotAKey(msg)
    return raw


def public_key_from_file_or_text(given: str) -> bytes:
    """A public key given in base64, or as the path of a file that holds it."""
    try:
        return public_key_from(given)
    except NotAKey:
        try:
            with Path(given).open("rb") as file:
                text = file.read(10_000).decode("ascii")
        except (OSError, ValueError):
            msg = f"It is no file, and not {BYTES_OF_A_KEY} bytes in base64."
            raise NotAKey(msg) from None
        return public_key_from(text)


def _from_base64(text: str) -> bytes | None:
    """Bytes from base64 of either alphabet, padded or not; None if it is something else."""
    plain = re.sub(r"\s", "", text).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def to_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def key_id(public: bytes) -> str:
    """A short name of a public key, for people and for look-up. It proves nothing itself."""
    return hashlib.sha256(public).hexdigest()[:16]


def public_key() -> bytes:
    """The public half of the key that signs now."""
    return private_key().public_key().public_bytes_raw()


def known_keys() -> dict[str, bytes]:
    """The keys this portal stands by: today's, and the former ones it has listed."""
    return {key_id(key): key for key in (public_key(), *former_keys())}


def former_keys() -> list[bytes]:
    """The public keys listed in ``RECORD_KEY_FORMER``, as base64 or as paths of files."""
    return list(_former_keys(tuple(settings.RECORD_KEY_FORMER)))


@lru_cache(maxsize=4)
def _former_keys(entries: tuple[str, ...]) -> tuple[bytes, ...]:
    found = []
    for number, entry in enumerate(entries, start=1):
        try:
            found.append(public_key_from_file_or_text(entry))
        except NotAKey as error:
            msg = f"RECORD_KEY_FORMER, entry {number}: {error}"
            raise ImproperlyConfigured(msg) from None
    return tuple(found)


# --- Signing -----------------------------------------------------------------------------


def sign(document: Mapping[str, Any]) -> Document:
    """The document with a proof. Refuses one without a type, or that has a proof already."""
    if not isinstance(document.get("type"), str):
        msg = "A document says what it is in `type`, so that it cannot pass for another kind."
        raise NotCanonical(msg)
    if "proof" in document:
        msg = "The document has a proof already."
        raise NotCanonical(msg)
    key = private_key()
    public = key.public_key().public_bytes_raw()
    return {
        **document,
        "proof": {
            "type": ALGORITHM,
            "canonicalisation": CANONICALISATION,
            "key_id": key_id(public),
            "public_key": to_base64(public),
            "signature": to_base64(key.sign(canonical(dict(document)))),
        },
    }


def status_list(
    rows: Iterable[Mapping[str, Any]], at: datetime, *, lasts: timedelta = STATUS_LASTS
) -> Document:
    """What became of every record ever issued, signed: ``number``, ``state``, ``since``, ``note``.

    All records are listed, those in force too: a record that is missing in a list made after
    the day it was issued is not one of ours.
    """
    return sign(
        {
            "type": STATUS_LIST,
            "issuer": settings.PORTAL_URL,
            "issued_at": instant(at),
            "next_update": instant(at + lasts),
            "records": [
                {
                    "number": row["number"],
                    "state": str(row["state"]),
                    "since": instant(row["since"]),
                    "note": row.get("note") or "",
                }
                for row in rows
            ],
        }
    )


def instant(moment: datetime | str) -> str:
    """A moment as documents spell it: UTC, whole seconds, ``2026-01-31T12:00:00Z``."""
    if isinstance(moment, str):
        return moment
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
