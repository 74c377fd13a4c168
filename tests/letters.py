"""What people were written: titles and texts of letters, whatever became of their mails."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from notifications.models import Notification


def letters(user: User | None = None, *, after: int = 0) -> list[Notification]:
    """Who was told what in fixed words, in order: of one reader or of all, after a row."""
    rows = Notification.objects.exclude(letter=None).filter(pk__gt=after)
    if user is not None:
        rows = rows.filter(user=user)
    return list(rows.select_related("letter", "user", "notice").order_by("pk"))


def letters_of(user: User) -> list[str]:
    """The titles of what one person was written."""
    return [title_of(row) for row in letters(user)]


def all_letters() -> list[tuple[str, str]]:
    """Whom each letter went to, with its title."""
    return [(row.user.email, title_of(row)) for row in letters()]


def the_letter(user: User) -> Any:
    """The only letter of one person."""
    [row] = letters(user)
    return row.letter


def title_of(row: Notification) -> str:
    assert row.letter is not None
    return row.letter.title


def text_of(row: Notification) -> str:
    """Everything a reader is shown of it: title, text and where it leads."""
    assert row.letter is not None
    return "\n".join((row.letter.title, row.letter.body, row.letter.path, row.letter.calendar))


def name_of(row: Notification) -> str:
    """The template a letter was made from, like "validation/invitation"."""
    return str(row.notice.data["letter"])
