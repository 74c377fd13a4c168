"""Letters of the community, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.kinds import NoticeKind
from accounts.letters import Page, tell

if TYPE_CHECKING:
    from accounts.models import User

#: How the reader of each letter sorts it.
KINDS = {
    "article_accepted": NoticeKind.YOURS,
    "article_published": NoticeKind.YOURS,
    "article_returned": NoticeKind.YOURS,
    "chapter_admitted": NoticeKind.ROLE,
    "chapter_asked": NoticeKind.ASKED,
    "chapter_coordinator": NoticeKind.ROLE,
    "chapter_declined": NoticeKind.ROLE,
    "chapter_removed": NoticeKind.ROLE,
    "moderation_appeal": NoticeKind.MEASURE,
    "moderation_decision": NoticeKind.MEASURE,
    "moderation_flag": NoticeKind.YOURS,
    "moderation_held": NoticeKind.DESK,
    "report_hidden": NoticeKind.YOURS,
    "report_shown": NoticeKind.YOURS,
}


def write(name: str, to: User, page: Page, *, key: str = "", **context: Any) -> None:
    """Write somebody the letter of that name (``emails/community/<name>.txt``, title first)."""
    tell(to, f"community/{name}", page, kind=KINDS[name], key=key, **context)
