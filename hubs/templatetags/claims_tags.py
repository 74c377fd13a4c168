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
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import conditional_escape as escaped
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from claims import presentation
from claims.topics import Shape
from core.templatetags.components import icon, when
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


# A page has hundreds of statements, so these parts are drawn here and not by templates. What comes
# from a record is escaped; words of the page are, too.


@register.simple_tag
def claim_says(line: Line) -> SafeString:
    """What one claim says: figure or name, text, and what belongs to it."""
    claim, english = line.claim, in_english()
    lead = f'<span class="claim-lead">{escaped(line.lead)}</span> ' if line.lead else ""
    as_of = f' <bdi class="meta">{escaped(line.as_of)}</bdi>' if line.as_of else ""
    text = f"<bdi{english}>{escaped(claim.text)}</bdi>"
    label = f"<bdi{english}>{escaped(claim.label)}</bdi>" if claim.label else ""
    if line.values:
        beside = f" {label}" if label and claim.label != claim.unit else ""
        says = f'<b class="says-it">{escaped(line.values)}</b>{beside}'
        html = f'<p class="says">{lead}{says}{as_of}</p>\n<p>{text}</p>'
    elif label:
        html = f'<p class="says">{lead}<b>{label}</b>{as_of}</p>\n<p>{text}</p>'
    else:
        html = f"<p>{lead}{text}{as_of}</p>"
    if line.details:
        html += f'\n<p class="meta">{escaped(line.details)}</p>'
    return _safe(html)


@register.simple_tag
def claim_source(mark: Mark) -> SafeString:
    """The source of one claim in full, with the place in it."""
    place = f", <bdi{in_english()}>{escaped(mark.place)}</bdi>" if mark.place else ""
    return _safe(f"{_numbered(mark)} {citation(mark.reference)}{place}")


def _numbered(mark: Mark) -> str:
    """The number of a source as a link to it."""
    word = escaped(_("source"))
    told = f'<span class="vh"> {word}</span>'
    return f'<a href="#source-{mark.number}"><b>*{mark.number}</b>{told}</a>'


@register.simple_tag
def claim_notes(claim: Any) -> SafeString:
    """What the editors add to a claim, always marked as theirs."""
    english, html = in_english(), ""
    if claim.derived:
        words = escaped(_("Worked out by the editors:"))
        html += f'<p class="meta">{words} <bdi{english}>{escaped(claim.derived)}</bdi></p>'
    if claim.note:
        words = escaped(_("Editors’ note:"))
        html += f'<p class="meta">{words} <bdi{english}>{escaped(claim.note)}</bdi></p>'
    contradiction = claim.contradiction
    if claim.conflict or contradiction:
        told = escaped(claim.conflict or contradiction.what)
        more = ""
        if contradiction:
            url = f"{reverse('hubs:contradictions')}#{escaped(contradiction.key)}"
            words = escaped(_("More on this disagreement"))
            more = f' <a href="{url}">{words}</a>'
        html += f'<p class="note note-wait"><bdi{english}>{told}</bdi>{more}</p>'
    return _safe(html)


@register.simple_tag
def claim_group(answer: Any, *, lead: str = "") -> SafeString:
    """One question on a page: the claim shown, its source beside it, the others behind it.

    ``answer`` has ``group``, ``mark`` and ``others`` (pairs of claim and mark); ``lead`` names
    the question where the heading above does not.
    """
    claim, mark, others = answer.shown, answer.mark, answer.others
    if mark.in_full:
        source: str = claim_source(mark)
    else:
        place = f" <bdi{in_english()}>{escaped(mark.place)}</bdi>" if mark.place else ""
        source = f"{_numbered(mark)}{place}"
    says = claim_says(line_of(claim, mark, lead=lead))
    parts = [
        f'<div class="said noted" id="c-{escaped(claim.uid)}"><div class="says-all">{says}</div>',
        f'<p class="side">{source}</p>',
    ]
    if others and answer.group.disagrees:
        words = escaped(_("The sources disagree."))
        parts.append(f'<p class="differ">{icon("warn")} <b>{words}</b></p>')
    if others and claim.is_preferred:
        words = escaped(_("Preferred by the editors."))
        parts.append(f'<p class="meta">{words}</p>')
    parts.append(claim_notes(claim))
    if others:
        counted = ngettext("%(n)s other statement", "%(n)s other statements", len(others))
        told = escaped(counted % {"n": number_format(len(others))})
        parts.append(f'<details class="more"><summary>{told}</summary>')
        parts += [
            f'<div class="other" id="c-{escaped(other.uid)}">{claim_says(line_of(other, its))}\n'
            f'<p class="meta">{claim_source(its)}</p>\n{claim_notes(other)}</div>'
            for other, its in others
        ]
        parts.append("</details>")
    return _safe("\n".join([*filter(None, parts), "</div>\n"]))


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 (every text was escaped before)


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
