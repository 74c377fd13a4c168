"""Reads what a mail server sends back: delivery reports (RFC 3464) and complaints (RFC 5965).

Whoever knows the return address can send anything here, so nothing is believed that does not name
a mail of ours and its reader; ``addresses`` looks that up. Reading is bounded: the beginning of a
message is enough, and one with more parts than any report has is not taken apart.
"""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING

from notifications import addresses

if TYPE_CHECKING:
    from typing import BinaryIO

#: So much of a message is looked at. Reports come before the mail they are about.
LONGEST = 256 * 1024
#: More parts than these no report has.
MOST_BOUNDARIES, MOST_TYPES = 30, 60
#: More lines than these in its heads no report has.
MOST_RECIPIENTS = 50
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,190}>")
#: What readers' mail programs and providers send when they call a mail unwanted.
UNWANTED = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient a mail did not reach."""

    recipients: frozenset[str]
    status: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says about one mail."""

    message_id: str
    failures: tuple[Failure, ...] = ()
    is_complaint: bool = False
    #: Whose complaint it is, where the report says so.
    recipients: frozenset[str] = frozenset()


def take(stream: BinaryIO) -> list[str]:
    """Read one message and act on it. Returns what became of it, in ``addresses``' words."""
    raw = stream.read(LONGEST)
    while stream.read(LONGEST):  # a mail server wants to get rid of all of it
        pass
    report = read_report(raw)
    if report is None:
        return [addresses.noted("no report")]
    if report.is_complaint:
        return [addresses.note_complaint(report.message_id, set(report.recipients))]
    if not report.failures:
        return [addresses.noted("no failure")]
    return [
        addresses.note_bounce(report.message_id, set(each.recipients), each.status, each.words)
        for each in report.failures
    ]


def read_report(raw: bytes) -> Report | None:
    """What a message reports, or None if it is no report that can be read."""
    lowered = raw.lower()
    if lowered.count(b"boundary") > MOST_BOUNDARIES or lowered.count(b"content-type") > MOST_TYPES:
        return None
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        if message.get_content_type() != "multipart/report":
            return None
        return _read(message)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, AssertionError):
        return None  # malformed in a way the reader of mails stumbles over


def _read(message: Message) -> Report | None:
    parts = _parts(message)
    by_type = {part.get_content_type(): part for part in reversed(parts)}
    message_id = _original(by_type)
    if not message_id:
        return None
    if complaint := by_type.get("message/feedback-report"):
        said = _headers(complaint)
        if _first(said, "Feedback-Type").lower() not in UNWANTED:
            return None
        named = {_address(str(value)) for value in said.get_all("Original-Rcpt-To", [])}
        whole = frozenset(each for each in named if "@" in each and "redacted" not in each)
        return Report(message_id, is_complaint=True, recipients=whole)
    if report := by_type.get("message/delivery-status"):
        return Report(message_id, tuple(_failures(_parts(report))))
    return None


def _parts(message: Message) -> list[Message]:
    """What a message is made of; nothing if it is one text."""
    inside = message.get_payload()
    if not isinstance(inside, list):
        return []
    return [part for part in inside if isinstance(part, Message)]


def _failures(blocks: list[Message]) -> list[Failure]:
    """The recipients that are given up. Those a server still tries are no failures yet."""
    found = []
    for block in blocks[:MOST_RECIPIENTS]:
        if _first(block, "Action").lower() != "failed":
            continue
        named = {
            _address(_first(block, name)) for name in ("Final-Recipient", "Original-Recipient")
        }
        status = addresses.status_in(_first(block, "Status"))
        words = _first(block, "Diagnostic-Code").partition(";")[2].strip()
        if status:
            found.append(Failure(frozenset(named - {""}), status, words))
    return found


def _original(by_type: dict[str, Message]) -> str:
    """The Message-ID of the mail a report is about."""
    for kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
        part = by_type.get(kind)
        if part is not None:
            found = _MESSAGE_ID.search(_first(_headers(part), "Message-ID"))
            return found[0] if found else ""
    return ""


def _headers(part: Message) -> Message:
    """What a part holds, as headers: a message in it, or its text read as one."""
    if inside := _parts(part):
        return inside[0]
    text = part.get_payload(decode=True)
    return email.message_from_bytes(text if isinstance(text, bytes) else b"")


def _first(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _address(value: str) -> str:
    """The address in ``rfc822; <name@domain>``."""
    return value.rpartition(";")[2].strip().strip("<>").lower()
