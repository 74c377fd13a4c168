"""What a person is told as an Atom feed (RFC 4287), at an address that is a key of its own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.plaintext import tidy
from notifications.models import FeedKey, Notification
from notifications.noticeable import lines_of

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpRequest

    from accounts.models import User

#: Entries of a feed: the newest.
MOST = 50


def feed_of(user: User) -> dict[str, Any]:
    """What ``notifications/_feed.html`` shows. One query."""
    return {"feed_made": FeedKey.objects.filter(user=user).first()}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def feed_address(request: HttpRequest) -> HttpResponse:
    """Make, replace or take back the address of one's own feed."""
    user = cast("User", request.user)
    context: dict[str, Any] = {}
    match request.POST.get("do", "") if request.method == "POST" else "look":
        case "make":
            # Answered at once and not by a redirect: nothing that is shown once is kept.
            token = FeedKey.make(user)
            with translation.override(settings.LANGUAGE_CODE):  # its reader's profile says in which
                path = reverse("notices:feed", args=[token])
            context = {"feed_address": settings.PORTAL_URL + path}
        case "drop":
            FeedKey.drop(user)
            messages.success(request, _("The address leads nowhere any more."))
            return redirect("notices:feed-address")
        case "look":
            pass
        case _:
            raise BadRequest
    response = render(request, "notifications/feed.html", context | feed_of(user))
    add_never_cache_headers(response)
    return response


class PrivateFeed(Atom1Feed):
    """Atom with plain words only, and without its own address, which is a key: whoever passes an
    entry on often passes on what stands above it."""

    def latest_post_date(self) -> dt.datetime:
        """Of an empty feed a moment that stays, so that it is not sent again and again."""
        return max((item["updateddate"] for item in self.items), default=self.feed["begun"])

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("summary", item["reason"], {"type": "text"})


@require_safe
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """The newest of what the owner of the address was told and may read now; without signing in."""
    owner = FeedKey.owner_of(key, "profile")
    if owner is None:
        raise Http404
    profile = getattr(owner, "profile", None)
    language = profile.interface_language if profile is not None else ""
    with translation.override(language or settings.LANGUAGE_CODE):
        content = written(owner)
    response = HttpResponse(content, content_type="application/atom+xml; charset=utf-8")
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def written(owner: User) -> str:
    """The feed in the language that is active."""
    page = settings.PORTAL_URL + reverse("notices:notices")
    rows = list(Notification.objects.of(owner).select_related("notice", "letter")[:MOST])
    lines = lines_of(rows, owner)
    atom = PrivateFeed(
        title=f"{settings.PORTAL_NAME}: {_('Notifications')}",
        link=page,
        description=None,
        language=translation.get_language(),
        author_name=settings.PORTAL_NAME,
        feed_guid=_urn(f"/notifications/of/{owner.pk}/"),
        begun=owner.date_joined,
    )
    for row in rows:
        line = lines.get(row.pk)
        if line is None:
            continue
        words = row.letter.title if row.letter is not None else f"{line.text}: {line.title}"
        atom.add_item(
            title=tidy(words),
            link=settings.PORTAL_URL + line.url,
            description=None,  # type: ignore[arg-type]  # none is written then
            unique_id=_urn(f"/notifications/{row.pk}/"),
            pubdate=row.notice.happened_at,
            updateddate=row.notice.happened_at,
            categories=[row.kind],
            reason=row.get_reason_display(),
        )
    text: str = atom.writeString("utf-8")
    return text


def _urn(path: str) -> str:
    """A name that stays, and says nothing but that it is the same."""
    return uuid.uuid5(uuid.NAMESPACE_URL, settings.PORTAL_URL + path).urn
