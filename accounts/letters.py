"""Letters to people with an account: texts written down when a fact happens, in their language.

An app writes what it has to say here and does not care how it arrives: in the portal, by mail at
once, in a digest or not at all is the reader's choice, kept by the app that listens to
``letter_written``. Mails about the account itself, and those to addresses without an account, go by
``operations.owe_mail`` instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from accounts.operations import profile_of
from accounts.signals import letter_written

if TYPE_CHECKING:
    from accounts.kinds import NoticeKind

#: The page a letter leads to: the name of a view and what it takes, or what finds its path.
Page = tuple[str, *tuple[Any, ...]] | Callable[[], str]

LONGEST_TITLE = 250


@dataclass(frozen=True, slots=True)
class LetterText:
    """What a letter says. ``path`` is the page it leads to, as a path of the portal in the
    reader's language; ``calendar`` an iCalendar file that goes with it, or nothing; ``name`` the
    template it was made from, for those who look after the portal."""

    title: str
    body: str
    path: str
    calendar: str = ""
    name: str = ""

    @classmethod
    def of(cls, text: str, path: str, *, calendar: str = "", name: str = "") -> LetterText:
        """From a rendered template whose first line is the title."""
        title, _line, body = text.strip().partition("\n")
        body = re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"
        return cls(" ".join(title.split())[:LONGEST_TITLE], body, path, calendar, name)


def write_letter(
    to: User, *, kind: NoticeKind, letter: LetterText, key: str = "", discreet: bool = False
) -> None:
    """Tell one person, inside the transaction of the fact.

    ``key`` names the fact and the reader (80 characters at most): with it the same letter is
    written once, however often this is called. Of a ``discreet`` one the portal shows the day it
    came and never the time, which would tell when somebody did something. Nothing goes to an
    account that is closed or locked.
    """
    if may_be_told(to):
        letter_written.send(User, to=to, kind=kind, letter=letter, key=key, discreet=discreet)


def may_be_told(user: User) -> bool:
    """Whether anything is written to this account: it is neither closed nor locked."""
    return user.is_active and user.closed_at is None


# --- From templates ----------------------------------------------------------------------------


@contextmanager
def words_for(reader: User) -> Iterator[None]:
    """Everything said inside is in this person's language, and times are those of their clock."""
    profile = profile_of(reader)
    with (
        translation.override(profile.interface_language or settings.LANGUAGE_CODE),
        timezone.override(profile.time_zone or "UTC"),
    ):
        yield


def render_letter(template: str, path: str, **context: Any) -> LetterText:
    """The letter ``emails/<template>.txt`` in the language that is spoken just now.

    Its first line is the title. ``url`` in it is the whole address of ``path``.
    """
    context |= {"portal_name": settings.PORTAL_NAME, "url": f"{settings.PORTAL_URL}{path}"}
    text = render_to_string(f"emails/{template}.txt", context)
    return LetterText.of(text, path, name=template)


def tell(
    to: User,
    template: str,
    page: Page,
    *,
    kind: NoticeKind,
    key: str = "",
    discreet: bool = False,
    **context: Any,
) -> None:
    """Write one person the letter ``emails/<template>.txt`` in their words, as ``write_letter``
    does. What there is to say may be a function, called once their language is spoken."""
    if not may_be_told(to):
        return
    with words_for(to):
        path = page() if callable(page) else reverse(page[0], args=page[1:])
        said = {name: value() if callable(value) else value for name, value in context.items()}
        letter = render_letter(template, path, **said)
        write_letter(to, kind=kind, letter=letter, key=key, discreet=discreet)


def on_one_line(named: Any) -> str:
    """A name as it can stand in a title."""
    return " ".join(str(named).split())
