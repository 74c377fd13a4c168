"""The page of what a person was told, the number at the bell, and letters in full."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.kinds import NoticeKind as K
from accounts.middleware import unattended
from notifications import noticing
from notifications.kinds import GROUPS
from notifications.models import Notification
from notifications.noticeable import lines_of

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpRequest, QueryDict

    from accounts.models import User
    from notifications.noticeable import Line

PER_PAGE = 40
LARGEST = 2**62
#: The shelves of the page, by the words that stand in its address.
SHELVES = dict(zip(("asked", "about", "followed"), GROUPS, strict=True))
ICONS: dict[str, str] = {
    K.ASKED: "edit", K.PANEL: "people", K.DESK: "filter", K.HUB_DUTY: "check", K.PROMISE: "flag",
    K.CASE: "doc", K.PLACE: "cal", K.REMINDER: "clock", K.RECORDING: "video",
    K.MENTION: "reply", K.YOURS: "star", K.ROLE: "user", K.MEASURE: "warn",
    K.DISCUSSION: "people", K.THEME: "pct", K.BLOG: "doc", K.LAB: "data", K.SOLUTION: "doc",
    K.HUB: "pin", K.EVENT: "cal", K.COMMITMENT: "flag", K.SEARCH: "search",
}  # fmt: skip


@dataclass(slots=True)
class Told:
    """One line of the page: the newest of its group, and how many older ones stand behind it."""

    key: int
    line: Line
    at: dt.datetime
    is_new: bool
    icon: str
    reason: str
    has_letter: bool
    #: How exactly the moment may be told: of discreet letters the day alone.
    precision: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of them the page shows. What is no choice counts as none."""

    shelf: str = ""
    unread: bool = False
    before: int | None = None

    @classmethod
    def of(cls, given: QueryDict) -> Choice:
        shelf = given.get("shelf", "")
        return cls(
            shelf=shelf if shelf in SHELVES else "",
            unread=given.get("unread") == "1",
            before=_number(given.get("before")),
        )

    @property
    def kinds(self) -> tuple[str, ...] | None:
        return SHELVES[self.shelf][1] if self.shelf else None

    def fields(self) -> dict[str, str]:
        """As they stand in an address or a form."""
        said = {"shelf": self.shelf, "unread": "1" if self.unread else ""}
        return {name: value for name, value in said.items() if value} | (
            {"before": str(self.before)} if self.before is not None else {}
        )

    def url(self, **changes: Any) -> str:
        """The page with this choice, from its beginning unless ``before`` says otherwise."""
        query = urlencode(replace(self, **{"before": None, **changes}).fields())
        return reverse("notices:notices") + (f"?{query}" if query else "")

    def of_person(self, user: User) -> Any:
        rows = Notification.objects.of(user).select_related("notice", "letter")
        return rows.filter(kind__in=self.kinds) if self.kinds is not None else rows


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
    choice = Choice.of(request.GET)
    rows = choice.of_person(user)
    if choice.unread:
        rows = rows.filter(read_at=None)
    if choice.before is not None:
        rows = rows.filter(pk__lt=choice.before)
    page = list(rows[: PER_PAGE + 1])
    has_more, page = len(page) > PER_PAGE, page[:PER_PAGE]
    context = {
        "told": _gathered(page, user),
        "choice": choice,
        "tabs": _tabs(choice),
        "toggle": choice.url(unread=not choice.unread),
        "older": choice.url(before=page[-1].pk) if has_more else "",
        "newest": page[0].pk if page and choice.before is None else None,
        "has_unread": any(row.read_at is None for row in page)
        or (user.unread > 0 and not choice.shelf),
    }
    return render(request, "notifications/notices.html", context)


def _gathered(page: list[Notification], user: User) -> list[Told]:
    lines = lines_of(page, user)
    told: dict[tuple[str, bool], Told] = {}
    for row in page:
        line = lines.get(row.pk)
        if line is None:
            continue
        is_new = row.read_at is None
        there = told.get((line.group, is_new))
        if there is None:
            told[line.group, is_new] = Told(
                row.pk,
                line,
                row.notice.happened_at,
                is_new,
                ICONS[row.kind],
                row.get_reason_display(),
                row.letter_id is not None,
                row.notice.precision,
            )
        else:
            there.more += 1
    return list(told.values())


def _tabs(choice: Choice) -> list[dict[str, Any]]:
    named = [("", _("All")), *((name, str(label)) for name, (label, _kinds) in SHELVES.items())]
    return [
        {"label": label, "url": choice.url(shelf=name), "current": choice.shelf == name}
        for name, label in named
    ]


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one line as read (what it gathers as well), or everything up to the newest shown; of
    what the page showed, and nothing else."""
    user = cast("User", request.user)
    choice = Choice.of(request.POST)
    one, up_to = _number(request.POST.get("key")), _number(request.POST.get("up_to"))
    if one is not None:
        chosen = list(choice.of_person(user).filter(pk__lte=one, read_at=None)[:PER_PAGE])
        lines = lines_of(chosen, user)
        group = lines[one].group if one in lines else ""
        keys = [row.pk for row in chosen if row.pk in lines and lines[row.pk].group == group]
        noticing.read(user, keys=keys)
    elif up_to is not None:
        noticing.read(user, up_to=up_to, kinds=choice.kinds)
    if request.headers.get("Sec-Fetch-Mode") == "no-cors":
        return HttpResponse(status=204)
    return redirect(choice.url(before=choice.before))


@never_cache
@login_required
@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter in full, for its reader: it may have come by no mail. Reading it marks nothing."""
    rows = Notification.objects.select_related("notice", "letter")
    row = get_object_or_404(rows, pk=pk, user=cast("User", request.user), letter__isnull=False)
    line = lines_of([row], cast("User", request.user)).get(row.pk)
    context = {"row": row, "letter": row.letter, "line": line, "icon": ICONS[row.kind]}
    return render(request, "notifications/letter.html", context)


@unattended
@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """How many are unread, for the bell of a page that stays open. It stands on the account, so
    nothing is asked for it; the tag lets most answers be empty."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    response = JsonResponse({"unread": request.user.unread})
    response["ETag"] = f'"{request.user.unread}"'
    response["Cache-Control"] = "private, no-store"
    return response
