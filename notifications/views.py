"""The page of what a person follows, and the buttons that change it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.choices import Attention
from events.presentation import in_english
from notifications import operations
from notifications.followables import KINDS, Followable
from notifications.models import LastLook

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: So many of a kind stand on the first page; the rest have one of their own.
FEW = 10
PER_PAGE = 50
#: So much news stands on the page, the newest.
NEWS = 40
#: Nobody is shown news older than this, however long they were away.
LONGEST = dt.timedelta(days=60)


def find_kind(name: str) -> Followable:
    kind = KINDS.get(name)
    if kind is None:
        raise Http404
    return kind


@login_required
@require_safe
def following(request: HttpRequest) -> HttpResponse:
    """Everything the person follows, kind by kind, and what is new there."""
    since = _last_look(request)
    groups = []
    news: list[dict[str, Any]] = []
    for kind in KINDS.values():
        listed = kind.listed(request.user)
        rows = list(listed[: FEW + 1])
        if not rows:
            continue
        fresh = _news(request, kind, listed, since)
        news += fresh
        count: dict[int, int] = {}
        for each in fresh:
            count[each["news"].subject] = count.get(each["news"].subject, 0) + 1
        groups.append(
            {
                "kind": kind,
                "rows": [_row(kind, row, request, count.get(row.pk, 0)) for row in rows[:FEW]],
                "has_more": len(rows) > FEW,
            }
        )
    news.sort(key=lambda each: each["news"].at, reverse=True)
    context = {
        "groups": groups,
        "news": news[:NEWS],
        "has_older": len(news) > NEWS,
        "since": since,
        "en": in_english(),
    }
    return render(request, "notifications/following.html", context)


def _last_look(request: HttpRequest) -> dt.datetime:
    """Since when things are new for this person. One query."""
    earliest = timezone.now() - LONGEST
    at = LastLook.objects.filter(user=request.user).values_list("at", flat=True).first()
    return max(at, earliest) if at else earliest


def _news(
    request: HttpRequest, kind: Followable, listed: Any, since: dt.datetime
) -> list[dict[str, Any]]:
    """What is new of one kind since the person looked, and since they began to follow. What it
    is in is read in one query more."""
    found = kind.news(request.user, since, kind.followed(request.user, listening=True))
    if not found:
        return []
    records = {row.pk: row for row in listed.filter(pk__in={each.subject for each in found})}
    return [
        {
            "kind": kind,
            "news": each,
            "name": kind.name(records[each.subject], request.user),
            "url": records[each.subject].get_absolute_url(),
            "is_itself": kind.key in {"discussion", "event"}
            and each.url == records[each.subject].get_absolute_url(),
        }
        for each in found
        # Of a discussion, ``followed_since`` moves whenever one reads on.
        if each.subject in records
        and (kind.key == "discussion" or each.at > records[each.subject].followed_since)
    ]


def _row(kind: Followable, row: Any, request: HttpRequest, fresh: int = 0) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "name": kind.name(row, request.user),
        "url": row.get_absolute_url(),
        "is_muted": bool(getattr(row, "is_muted", False)),
        "since": row.followed_since,
        "fresh": fresh,
    }


@login_required
@require_safe
def of_kind(request: HttpRequest, kind: str) -> HttpResponse:
    """Everything of one kind that the person follows."""
    found = find_kind(kind)
    page = Paginator(found.listed(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "kind": found,
        "page_obj": page,
        "rows": [_row(found, row, request) for row in page],
        "en": in_english(),
    }
    return render(request, "notifications/kind.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attention(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Follow a record, mute it, or stop. With GET nothing happens: who had to sign in first finds
    the button on the record's page."""
    found = find_kind(kind)
    record = get_object_or_404(found.seen_by(request.user), pk=pk)
    if request.method != "POST":
        return redirect(record.get_absolute_url())
    wanted = request.POST.get("attention", "")
    if wanted not in Attention.values or (wanted == Attention.MUTED and not found.can_mute):
        raise BadRequest("attention")
    operations.pay_attention(found, record, by=request.user, attention=wanted)
    said = {
        Attention.FOLLOWING: _("You follow it. What is new stands under “Following”."),
        Attention.MUTED: _("It is muted: nothing of it is shown as new."),
        Attention.NORMAL: _("You follow it no more."),
    }
    messages.success(request, said[Attention(wanted)])
    back = request.POST.get("next", "")
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(back, hosts, require_https=request.is_secure()):
        return redirect(back)
    return redirect(record.get_absolute_url())


@login_required
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """What is new has been seen."""
    operations.mark_seen(by=request.user)
    return redirect("notifications:following")
