"""Lists of discussions, a member's own, and the texts they have not sent."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from community.choices import Attention
from community.discussed import KINDS, begin_url, find_place, key_of, listed, name_of, rows_of
from community.models import Discussion, Draft, Post
from community.operations import discussing
from community.threads import unread_counts
from community.views.discussions import typed
from core.text import plain

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from accounts.models import User

PER_PAGE = 30
#: What the key of an unsent text looks like: where it was typed.
KEY = re.compile(
    rf"(?:(?:reply|edit):[0-9a-z]{{1,12}}|new:(?:{'|'.join(KINDS)}):[0-9]{{1,18}})\Z", re.ASCII
)
TABS = {
    "followed": gettext_lazy("Followed"),
    "started": gettext_lazy("Started by you"),
    "muted": gettext_lazy("Muted"),
}


@require_safe
def discussions(request: HttpRequest) -> HttpResponse:
    """All discussions this person reads, those written in last first; or those of one place."""
    user = request.user
    rows = Discussion.objects.visible_to(user)
    place, query = None, ""
    kind, _colon, key = request.GET.get("in", "").partition(":")
    if kind:
        place = find_place(kind, key, user)
        rows = rows.filter(**{kind: place})
        query = f"in={kind}:{key_of(place)}&"
    found = list(_before(listed(rows), request).order_by("-last_post_at", "-pk")[: PER_PAGE + 1])
    last = found[PER_PAGE - 1] if len(found) > PER_PAGE else None
    context = {
        "rows": rows_of(found[:PER_PAGE], user),
        "place": place,
        "place_name": name_of(place) if place else "",
        "kind": KINDS[kind].label if place else "",
        "begin_url": begin_url(place, user) if place else "",
        "older": f"?{query}before={_mark(last)}" if last else "",
        "is_first": "before" not in request.GET,
        "first": f"?{query}" if query else request.path,
    }
    return render(request, "community/discussions/list.html", context)


def _mark(row: Discussion) -> str:
    """Where the next page begins: its time to the microsecond, and its key."""
    return f"{row.last_post_at.astimezone(dt.UTC):%Y%m%dT%H%M%S.%fZ}-{row.pk}"


def _before(rows: QuerySet[Discussion], request: HttpRequest) -> QuerySet[Discussion]:
    """Those after the mark in the address; all if there is none, or one that is no mark."""
    stamp, _dash, key = request.GET.get("before", "").partition("-")
    try:
        moment = parse_datetime(stamp)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not re.fullmatch(r"[0-9]{1,18}", key):
        return rows
    return rows.filter(
        Q(last_post_at__lt=moment) | Q(last_post_at=moment, pk__lt=int(key)),
        last_post_at__lte=moment,
    )


# --- One's own ---------------------------------------------------------------------------------


@login_required
@require_safe
def my_discussions(request: HttpRequest) -> HttpResponse:
    """What one follows with what is new, what one started or muted, and texts not sent."""
    user = request.user
    show = request.GET.get("show", "")
    show = show if show in TABS else "followed"
    seen = listed(Discussion.objects.visible_to(user))
    if show == "started":
        seen = seen.filter(started_by=user)
    else:
        wanted = Attention.MUTED if show == "muted" else Attention.FOLLOWING
        seen = seen.filter(readings__user=user, readings__attention=wanted)
    page = Paginator(seen.order_by("-last_post_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    here = reverse("community:my-discussions")
    unread = unread_counts(user, page) if show == "followed" else {}
    context = {
        "rows": rows_of(page, user, unread),
        "page_obj": page,
        "show": show,
        "tabs": [(label, f"{here}?show={name}", name == show) for name, label in TABS.items()],
        "drafts": [_unsent(row, found) for row, found in _drafts_of(user)],
    }
    return render(request, "community/discussions/mine.html", context)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A text that was not sent, with the form it belongs to, if that is still there."""

    draft: Draft
    title: str
    url: str
    start: str


def _drafts_of(user: User) -> list[tuple[Draft, Discussion | Post | object | None]]:
    """The texts with what they belong to, as far as this person still sees it. Few queries."""
    drafts = list(Draft.objects.filter(user=user)[: Draft.MOST])
    keys = [draft.key.split(":") for draft in drafts]
    uids = [parts[1] for parts in keys if parts[0] == "reply"]
    seen = Discussion.objects.visible_to(user)
    there: dict[str, object] = {}
    if uids:
        there |= {f"reply:{row.uid}": row for row in seen.filter(uid__in=uids)}
    if edited := [parts[1] for parts in keys if parts[0] == "edit"]:
        posts = Post.objects.filter(uid__in=edited, author=user, discussion__in=seen)
        there |= {f"edit:{row.uid}": row for row in posts.select_related("discussion")}
    for kind in KINDS:
        if pks := [int(p[2]) for p in keys if p[0] == "new" and p[1] == kind]:
            rows = KINDS[kind].model.objects.visible_to(user)  # type: ignore[attr-defined]
            if kind == "solution":
                rows = rows.select_related("public_version")
            there |= {f"new:{kind}:{row.pk}": row for row in rows.filter(pk__in=pks)}
    return [(draft, there.get(draft.key)) for draft in drafts]


def _unsent(draft: Draft, found: object) -> Unsent:
    start = Truncator(" ".join(plain(draft.body).split())).chars(200)
    if isinstance(found, Discussion):
        return Unsent(draft, found.title, f"{found.get_absolute_url()}?last#reply", start)
    if isinstance(found, Post):
        url = reverse("community:post-edit", args=[found.uid])
        return Unsent(draft, found.discussion.title, url, start)
    if found is not None:
        kind = draft.key.split(":")[1]
        url = reverse("community:discussion-new", args=[kind, key_of(found)])
        return Unsent(draft, draft.title or name_of(found), url, start)
    return Unsent(draft, draft.title, "", start)


@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Keep what was typed so far, or throw it away. Scripts are answered in JSON."""
    wants_json = request.headers.get("Accept", "").startswith("application/json")
    if not request.user.is_authenticated:
        if wants_json:
            return JsonResponse({"login": reverse("account_login")}, status=401)
        return redirect_to_login(reverse("community:my-discussions"))
    key = request.POST.get("key", "")
    if not KEY.match(key):
        return JsonResponse({"error": _("This text cannot be kept.")}, status=400)
    if request.POST.get("action") == "discard":
        discussing.keep_draft(by=request.user, key=key)
        messages.info(request, _("The text is gone."))
        return redirect("community:my-discussions")
    title = request.POST.get("title", "").replace("\x00", "").strip()
    discussing.keep_draft(by=request.user, key=key, title=title, body=typed(request))
    if not wants_json:
        messages.info(request, _("Your text is kept. Only you see it."))
        return redirect("community:my-discussions")
    now = timezone.localtime()
    told = {"time": f"{now:%H:%M}", "zone": now.tzname()}
    return JsonResponse({"message": _("Draft saved at %(time)s %(zone)s.") % told})
