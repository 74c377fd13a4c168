"""Ways to flag and to moderate, where somebody may; and what moderators decided, for the member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from community.choices import DiscussionState
from community.models import Discussion, Member, Post, member_of
from community.models.members import unread_sanctions_of
from community.operations.moderating import NAMES, SHOWN, acts_for, author_of
from community.screening import meaning_of, standing_of
from core.templatetags.components import icon

if TYPE_CHECKING:
    from community.operations.moderating import Thing

register = template.Library()

NOTHING = SafeString("")


@register.simple_tag(takes_context=True)
def flag_link(context: template.Context, thing: Thing) -> SafeString:
    """Leads to the form that says which rule something breaks. No query.

    Nothing for its author and for what is not shown. Who is not signed in signs in first.
    """
    user = context["request"].user
    author = author_of(thing) if not isinstance(thing, Post) else None
    own = thing.author_id if isinstance(thing, Post) else (author.pk if author else None)
    if thing.state != SHOWN[type(thing)] or (user.is_authenticated and own == user.pk):
        return NOTHING
    url = reverse("community:flag", args=[NAMES[type(thing)], thing.uid])
    return format_html('<a href="{}" rel="nofollow">{}{}</a>', url, _("Flag"), _which(thing))


def _which(thing: Thing) -> SafeString:
    """For those who hear a list of links: which one it is."""
    if isinstance(thing, Post):
        return format_html(
            '<span class="vh">: {}</span>', _("post %(number)d") % {"number": thing.number}
        )
    return format_html('<span class="vh">: {}</span>', thing)


@register.simple_tag(takes_context=True)
def moderate_post(context: template.Context, post: Post) -> SafeString:
    """Leads moderators to the page where they decide about a post. No query per post: what
    somebody keeps is asked once, and the post comes with its discussion."""
    user = context["request"].user
    if post.author_id == user.pk or not acts_for(post, flagged=False):
        return NOTHING
    if not user.has_perm("community.moderate", post):
        return NOTHING
    url = reverse("community:decide", args=["post", post.uid])
    return format_html('<a href="{}">{}{}</a>', url, _("Moderate"), _which(post))


@register.inclusion_tag("community/moderation/_discussion_links.html", takes_context=True)
def moderate_discussion(context: template.Context, discussion: Discussion) -> dict[str, Any]:
    """Lock, hide, move, merge, split, for those who may. No query of its own."""
    user = context["request"].user
    if not user.has_perm("community.moderate", discussion):
        return {"links": []}
    state = discussion.state
    links = []
    if state in {DiscussionState.OPEN, DiscussionState.LOCKED}:
        locked = state == DiscussionState.LOCKED
        links.append((_("Open again") if locked else _("Lock"), "lock"))
        if discussion.article_id is None:
            links += [
                (_("Move"), "move"),
                (_("Merge into another"), "merge"),
                (pgettext("a discussion", "Split"), "split"),
            ]
        if discussion.started_by_id != user.pk:
            links.append((_("Hide"), "hide"))
    elif state == DiscussionState.HIDDEN:
        links.append((_("Show again"), "hide"))
    return {
        "links": [
            (label, reverse(f"community:discussion-{verb}", args=[discussion.uid]))
            for label, verb in links
        ]
    }


@register.inclusion_tag("community/moderation/_notes.html", takes_context=True)
def conduct_notes(context: template.Context) -> dict[str, Any]:
    """What was decided about the reader and they have not said that they read it.

    Asks nothing that a member's page does not ask anyway, and nothing for those signed out.
    """
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    if request is None or match is None or match.namespace != "community":
        return {"measures": []}
    if not request.user.is_authenticated or match.url_name == "my-decisions":
        return {"measures": []}
    return {"measures": unread_sanctions_of(request.user)}


@register.inclusion_tag("community/moderation/_standing.html", takes_context=True)
def own_standing(context: template.Context, member: Member) -> dict[str, Any]:
    """On a member's own page: how far their posts go out unread, what that means, what is missing.

    Nothing for anybody else. Seven queries for the member.
    """
    own = member_of(context["request"].user)
    if own is None or own.pk != member.pk:
        return {"member": None}
    standing = standing_of(context["request"].user)
    return {"member": own, "standing": standing, "meaning": meaning_of(own.trust)}


@register.simple_tag(takes_context=True)
def conduct_link(context: template.Context, member: Member) -> SafeString:
    """Leads portal moderators from a member's page to their conduct. No query."""
    if not context["request"].user.has_perm("community.moderate_members"):
        return NOTHING
    url = reverse("community:sanction", args=[member.handle])
    return format_html('<a href="{}">{} {}</a>', url, icon("doc"), _("Conduct"))
