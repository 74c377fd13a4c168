"""What owners of saved searches are told: how many new records answer, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.kinds import NoticeKind
from notifications.models.notices import Subject
from notifications.models.searches import SavedSearch
from notifications.noticeable import NOTICEABLE, Line, Noticeable
from notifications.searchable import SEARCHABLE, address_of, public_among, told_in_words

if TYPE_CHECKING:
    from accounts.models import User
    from notifications.models.notices import Notification


def search_lines(rows: Iterable[Notification], user: User) -> dict[int, Line]:
    """Only records that are public now are counted; of none nothing is said. One query, and one
    for each list."""
    rows = list(rows)
    searches = SavedSearch.objects.filter(owner=user, kind__in=SEARCHABLE)
    found = searches.in_bulk({row.notice.subject_id for row in rows})
    keys: dict[str, set[str]] = {}
    for row in rows:
        if search := found.get(row.notice.subject_id):
            keys.setdefault(search.kind, set()).update(row.notice.data["keys"])
    public = {kind: public_among(kind, some) for kind, some in keys.items()}
    lines: dict[int, Line] = {}
    for row in rows:
        search = found.get(row.notice.subject_id)
        n = len(public[search.kind].intersection(row.notice.data["keys"])) if search else 0
        if search and n:
            lines[row.pk] = Line(
                _("Saved search"),
                told_in_words(search.kind, n, search.name, or_more=row.notice.data["more"]),
                address_of(search.kind, search.parameters, newest_first=True),
                f"search{search.pk}",
            )
    return lines


NOTICEABLE[Subject.SEARCH] = Noticeable(lambda _notice: [], search_lines, NoticeKind.SEARCH)
