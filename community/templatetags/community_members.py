"""Members on pages: who wrote something, who is new, and the way in for those who are not members.

{% author_line seen post.written_at url=post.get_absolute_url %}
{% new_members %}
{% way_in %}
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from community import finding
from community.conduct import VERSION
from community.listing import rows_of
from community.models import DirectoryEntry, member_of, silenced_by
from community.people import Seen

register = template.Library()

#: So many new members are named on the community's page.
NEWEST = 6


@register.inclusion_tag("community/members/_author_line.html")
def author_line(
    seen: Seen, moment: dt.datetime | None = None, *, url: str = "", note: str = ""
) -> dict[str, Any]:
    """The square with initials and the line over a post, for inside ``<li class="post">``.

    ``url`` makes the time a link to the post; ``note`` is one more word ("edited").
    """
    return {"seen": seen, "moment": moment, "url": url, "note": note}


@register.inclusion_tag("community/members/_new.html", takes_context=True)
def new_members(context: template.Context) -> dict[str, Any]:
    """Who was listed in the directory last, with their institution as far as it is open."""
    viewer = context["request"].user
    entries = DirectoryEntry.objects.filter(audience=finding.audience_of(viewer))
    keys = finding.page_of(entries, newest=True, start=0, stop=NEWEST)
    return {
        "rows": rows_of(keys, viewer) if keys else [],
        "may_join": viewer.is_authenticated and member_of(viewer) is None,
        "join_url": reverse("community:join"),
    }


@register.inclusion_tag("community/members/_way_in.html", takes_context=True)
def way_in(context: template.Context, *, next_url: str = "") -> dict[str, Any]:
    """What stands between this reader and taking part: to sign in, to join, to agree to the new
    code of conduct, a suspension. Prints nothing for whoever takes part."""
    request = context["request"]
    user = request.user
    query = urlencode({"next": next_url or request.path})
    if not user.is_authenticated:
        links = [
            (f"{reverse('account_login')}?{query}", _("Sign in"), True),
            (f"{reverse('account_signup')}?{query}", _("Create an account"), False),
        ]
        return {"words": _("Members take part. Reading is open to everybody."), "links": links}
    member = member_of(user)
    to_join = f"{reverse('community:join')}?{query}"
    if member is None:
        return {
            "words": _("Members take part. Joining takes a minute."),
            "links": [(to_join, _("Join the community"), True)],
        }
    sanction = silenced_by(user)
    if sanction is not None:
        return {"words": _("You can read, not write."), "until": sanction.until, "links": []}
    if member.conduct_version < VERSION:
        return {
            "words": _("The code of conduct has changed. Read it and agree, then go on."),
            "links": [(to_join, _("Read the code of conduct"), True)],
        }
    return {"links": []}
