"""Mails of the community, part by part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accounts.operations import owe_mail

if TYPE_CHECKING:
    from accounts.models import User


def owe_letter(letter: str, to: User, text: str) -> None:
    """Owe somebody a letter that is written: its first line is the subject."""
    subject, _line, body = text.strip().partition("\n")
    owe_mail(
        to=to.email,
        purpose=f"community_{letter}",
        subject=subject.strip(),
        body=re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n",
        asked_by_anyone=False,
    )
