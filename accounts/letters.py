"""Letters to people with an account: texts written down when a fact happens, in their language.

An app writes what it has to say here and does not care how it arrives: in the portal, by mail at
once, in a digest or not at all is the reader's choice, kept by the app that listens to
``letter_written``. Mails about the account itself, and those to addresses without an account, go by
``operations.owe_mail`` instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.models import User
from accounts.signals import letter_written

if TYPE_CHECKING:
    from accounts.kinds import NoticeKind

LONGEST_TITLE = 250


@dataclass(frozen=True, slots=True)
class LetterText:
    """What a letter says. ``path`` is the page it leads to, as a path of the portal in the
    reader's language; ``calendar`` an iCalendar file that goes with it, or nothing."""

    title: str
    body: str
    path: str
    calendar: str = ""

    @classmethod
    def of(cls, text: str, path: str, *, calendar: str = "") -> LetterText:
        """From a rendered template whose first line is the title."""
        title, _line, body = text.strip().partition("\n")
        body = re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"
        return cls(" ".join(title.split())[:LONGEST_TITLE], body, path, calendar)


def write_letter(to: User, *, kind: NoticeKind, letter: LetterText, key: str = "") -> None:
    """Tell one person, inside the transaction of the fact.

    ``key`` names the fact and the reader: with it the same letter is written once, however often
    this is called. Nothing goes to an account that is closed or locked.
    """
    if to.is_active and to.closed_at is None:
        letter_written.send(User, to=to, kind=kind, letter=letter, key=key)
