"""What is known of addresses that mails come back from."""

from __future__ import annotations


def is_stopped(address: str) -> bool:
    """Whether nothing but the essential is mailed there."""
    return False


def note_refusal(address: str, why: str) -> None:
    """A mail server said that it will never take mail for this address."""
