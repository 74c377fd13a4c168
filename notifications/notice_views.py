"""The page of what a person was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from notifications import noticing
from notifications.models import Notification
from notifications.noticeable import lines_of

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpRequest

    from accounts.models import User
    from notifications.noticeable import Line

PER_PAGE = 40
LARGEST = 2**62


@dataclass(slots=True)
class Told:
    """One line of the page: the newest of its group, and how many older ones stand behind it."""

    key: int
    line: Line
    at: dt.datetime
    is_new: bool
    more: int = 0


def _number(sent: str | None) -> int | None:
    if sent and sent.isdecimal() and len(sent) <= len(str(LARGEST)):
        return min(int(sent), LARGEST)
    return None


@never_cache
@login_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first; several of one discussion stand as one line."""
    user = cast("User", request.user)
    before = _number(request.GET.get("before"))
    rows = Notification.objects.of(user).select_related("notice", "letter")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PER_PAGE + 1])
    has_more, page = len(page) > PER_PAGE, page[:PER_PAGE]
    lines = lines_of(page, user)
    told: dict[tuple[str, bool], Told] = {}
    for row in page:
        line = lines.get(row.pk)
        if line is None:
            continue
        is_new = row.read_at is None
        there = told.get((line.group, is_new))
        if there is None:
            told[line.group, is_new] = Told(row.pk, line, row.notice.happened_at, is_new)
        else:
            there.more += 1
    context = {
        "told": list(told.values()),
        "older": page[-1].pk if has_more else None,
        "newest": page[0].pk if page and before is None else None,
        "has_unread": any(row.read_at is None for row in page) or user.unread > 0,
    }
    return render(request, "notifications/notices.html", context)


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one line as read (what it gathers as well), or everything up to the newest shown."""
    user = cast("User", request.user)
    one, up_to = _number(request.POST.get("key")), _number(request.POST.get("up_to"))
    if one is not None:
        rows = Notification.objects.of(user).select_related("notice", "letter")
        chosen = list(rows.filter(pk__lte=one, read_at=None)[:PER_PAGE])
        lines = lines_of(chosen, user)
        group = lines[one].group if one in lines else ""
        keys = [row.pk for row in chosen if row.pk in lines and lines[row.pk].group == group]
        noticing.read(user, keys=keys)
    elif up_to is not None:
        noticing.read(user, up_to=up_to)
    if request.headers.get("Sec-Fetch-Mode") == "no-cors":
        return HttpResponse(status=204)
    return redirect("notices:notices")
