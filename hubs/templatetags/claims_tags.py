"""Claims on a page: what they say, where that can be read, and the others beside them.

``{% claim_values claim %}`` prints the figure or date, ``{% claim_group answer %}`` the claim
that is shown of a group with its source, and the others behind a line that opens.
``{% source_mark mark %}`` is the asterisk that leads to the source. They work for every kind of
claim; they live here because the names of countries do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from claims import presentation
from claims.topics import Shape
from core.templatetags.components import when
from hubs import reference as names

if TYPE_CHECKING:
    from claims.citing import Mark
    from claims.models import Claim

register = template.Library()

#: Statements are written in English.
LANGUAGE_OF_CLAIMS = "en"


def in_english() -> SafeString:
    """The attributes that tell a page of another language that English follows."""
    foreign = not (get_language() or "en").startswith(LANGUAGE_OF_CLAIMS)
    return SafeString(' lang="en" dir="ltr"' if foreign else "")


@register.simple_tag
def claim_values(claim: Claim) -> SafeString | str:
    """The figure or the date a claim states; "" for one that states neither."""
    figure = presentation.figure(claim)
    if figure:
        return format_html('<bdi class="num">{}</bdi>', figure)
    topic = claim.about
    if topic is not None and topic.shape == Shape.DATE:
        return presentation.period(claim)
    return ""


@register.simple_tag
def source_mark(mark: Mark | None) -> SafeString | str:
    """The asterisk that says where a statement comes from, as a link to the list of sources."""
    if mark is None:
        return ""
    return format_html(
        ' <a class="cite" href="#source-{0}"><span class="vh">{1} </span>*{0}</a>',
        mark.number,
        _("Source"),
    )


@register.simple_tag
def citation(reference: Any) -> SafeString:
    """A source as it is cited, in the language it is cited in as far as that is known."""
    language = reference.language or LANGUAGE_OF_CLAIMS
    if language == (get_language() or LANGUAGE_OF_CLAIMS).split("-")[0]:
        return format_html("<bdi>{}</bdi>", reference.citation)
    return format_html('<bdi lang="{}">{}</bdi>', language, reference.citation)


@dataclass(frozen=True, slots=True)
class Line:
    """One claim as its line is printed."""

    claim: Claim
    mark: Mark
    lead: str
    values: SafeString | str
    as_of: SafeString | str
    details: SafeString | str


def line_of(claim: Claim, mark: Mark, *, lead: str = "") -> Line:
    return Line(claim, mark, lead, claim_values(claim), _as_of(claim), _details(claim))


def _as_of(claim: Claim) -> SafeString | str:
    """When the statement held, where that adds something to what it says."""
    if not presentation.is_said_by_date(claim):
        return ""
    return format_html(_("as of {date}"), date=when(claim.as_of))


def _details(claim: Claim) -> SafeString | str:
    """Part, kind of actor, country, status and period, in one line."""
    topic = claim.about
    parts: list[Any] = []
    if claim.role:
        parts.append(format_html("<bdi{}>{}</bdi>", in_english(), claim.role))
    if claim.actor:
        parts.append(claim.get_actor_display())
    if claim.country:
        parts.append(names.country_name(claim.country))
    if claim.status:
        parts.append(claim.get_status_display())
    dated = topic is not None and topic.shape == Shape.DATE
    if not dated and (period := presentation.period(claim)):
        parts.append(period)
    return format_html_join(" · ", "{}", ((part,) for part in parts))


@register.inclusion_tag("claims/group.html")
def claim_group(answer: Any, *, lead: str = "", link: str = "") -> dict[str, Any]:
    """One question on a page: the claim shown, its source beside it, the others behind it.

    ``answer`` has ``group``, ``mark`` and ``others`` (pairs of claim and mark); ``lead`` names
    the question where the heading above does not; ``link`` is the page with all of them.
    """
    return {
        "line": line_of(answer.shown, answer.mark, lead=lead),
        "others": [line_of(claim, mark) for claim, mark in answer.others],
        "disagrees": answer.group.disagrees,
        "english": in_english(),
        "link": link,
    }


@register.inclusion_tag("claims/rows.html")
def claim_rows(answer: Any, *, signed: bool = False) -> dict[str, Any]:
    """The same question with all its claims open, each with its source in full.

    ``signed`` says who added each and when; that is for the record's own people.
    """
    pairs = [(answer.shown, answer.mark), *answer.others]
    return {
        "lines": [line_of(claim, mark) for claim, mark in pairs],
        "several": len(pairs) > 1,
        "disagrees": answer.group.disagrees,
        "signed": signed,
        "english": in_english(),
    }


@register.simple_tag(takes_context=True)
def has_team_space(context: template.Context, hub: Any) -> bool:
    """Whether the reader has a part in the hub's team, or looks after the portal."""
    request = context.get("request")
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated and user.has_perm("hubs.view_team_space", hub))
