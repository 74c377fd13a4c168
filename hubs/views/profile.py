"""One hub: what is stated about it, each statement with its source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.generic import DetailView

from claims.presentation import number
from core.templatetags.components import when
from core.text import fold
from hubs import choices as c
from hubs import reference
from hubs.around import may_have, with_around
from hubs.checking import WHOLE, founding_of, least
from hubs.models import Hub, Lesson, LessonHub, Membership, Sector
from hubs.profile import Profile, claims_of, profile_of
from hubs.templatetags.claims_tags import in_english, source_mark
from hubs.topics import SHARES

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from claims.topics import Topic
    from hubs.profile import Answer

#: As many hues as the plots have; further parts share the last.
HUES = 5
MOST_ALIKE = 3
MOST_WEIGHED = 100
#: A hub counts a row for each of its sectors: so many on average are read.
ROWS_OF_A_HUB = 4
#: What is weighed and printed of another hub.
WEIGHED = ("slug", "name", "acronym", "kind", "country", "model")


class HubPage(DetailView):
    """A page of one hub; the addresses of a hub that became part of another lead there."""

    context_object_name = "hub"
    page = "hubs:hub"

    def get_queryset(self) -> QuerySet[Hub]:
        return Hub.objects.visible_to(self.request.user).select_related("confirmed_by")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            former = Hub.objects.filter(slug=kwargs["slug"]).exclude(merged_into=None)
            hub = former.select_related("merged_into").first()
            if hub is None or not request.user.has_perm("hubs.view_hub", hub.merged_into):
                raise
            kept = hub.merged_into
            assert kept is not None  # noqa: S101 (excluded above)
            return HttpResponsePermanentRedirect(reverse(self.page, args=[kept.slug]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(english=in_english(), **kwargs)


class HubView(HubPage):
    """The profile. Three queries: the hub, its statements, hubs near it; one more each for its
    lessons and its people, if there are any. Its solutions, events, self-assessment and articles
    come by template tags."""

    template_name = "hubs/hub_detail.html"

    def get_queryset(self) -> QuerySet[Hub]:
        shown = Membership.objects.filter(hub=OuterRef("pk"), is_shown=True, user__is_active=True)
        return with_around(super().get_queryset()).annotate(
            has_people=Exists(shown),
            has_lessons=Exists(LessonHub.objects.filter(hub=OuterRef("pk"))),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hub: Hub = self.object
        profile = profile_of(hub, claims_of(hub))
        lessons, in_common = lessons_of(hub) if may_have(hub, "lessons") else ([], {})
        others, sectors = near(hub, in_common)
        own_sectors = sectors.get(hub.pk, [])
        mixes = mixes_of(profile)
        return super().get_context_data(
            profile=profile,
            sectors=own_sectors,
            facts=facts_of(hub, profile, own_sectors),
            mixes=mixes,
            mix_table=table_of(mixes),
            services=services_of(profile),
            contacts=contacts_of(hub),
            people=people_of(hub) if may_have(hub, "people") else [],
            lessons=lessons,
            alike=alike(hub, others, sectors, in_common),
            **kwargs,
        )


class StatementsView(HubPage):
    """Every statement about a hub with its source in full. Its own people also read who added
    each, and when."""

    template_name = "hubs/statements.html"
    page = "hubs:statements"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hub: Hub = self.object
        signed = self.request.user.has_perm("hubs.view_team_space", hub)
        claims = claims_of(hub, signed=signed)
        return super().get_context_data(
            everything=profile_of(hub, claims, whole=True),
            total=len(claims),
            signed=signed,
            **kwargs,
        )


# --- The table beside the name -----------------------------------------------------------


def facts_of(hub: Hub, profile: Profile, sectors: list[Sector]) -> list[tuple[str, Any]]:
    """Label and values; a value has a source beside it where a statement says the same."""
    basics = profile.basics

    def said(topic: str) -> list[SafeString]:
        return [_cited(_written(answer.shown.text), answer) for answer in basics[topic]]

    rows: list[tuple[str, Any]] = [
        (_("Short name"), _same(hub.acronym, basics["acronym"])),
        (_("Also called"), [*_others(hub, basics["name"]), *said("other_name")]),
        (_("Kind"), _kind(hub, basics["kind"])),
        (_("Country"), _place(hub, basics["country"])),
        (_("Hosted at"), said("host")),
        (_("Founded"), _founded(profile)),
        (_("Form"), hub.get_model_display() if hub.model else ""),
        (_("What it does"), _labels(c.Function, hub.functions)),
        (_("Ways to exchange"), _labels(c.Modality, hub.modalities)),
        (_("Languages"), [reference.language_name(code) for code in hub.languages]),
        (_("Sectors"), _sectors(sectors, basics["sector"])),
    ]
    always = (_("Country"), _("Hosted at"), _("Founded"))
    return [(label, value) for label, value in rows if value or label in always]


def _cited(value: Any, *answers: Answer) -> SafeString:
    mark = source_mark(answers[0].mark) if answers else ""
    return format_html("{}{}", value, mark)


def _written(text: str) -> SafeString:
    """Words of a statement, marked as English on a page of another language."""
    return format_html("<bdi{}>{}</bdi>", in_english(), text)


def _sectors(sectors: list[Sector], answers: list[Answer]) -> list[SafeString]:
    """The sectors, and the words of a source that is not content with their names."""
    names = {fold(sector.names.get("en", "")) for sector in sectors}
    exact = [answer for answer in answers if fold(answer.shown.text) in names]
    links = [
        _cited(
            format_html(
                '<a href="{}?sector={}">{}</a>', reverse("hubs:hubs"), sector.pk, sector.name
            ),
            *[a for a in exact if fold(a.shown.text) == fold(sector.names.get("en", ""))],
        )
        for sector in sectors
    ]
    return links + [
        _cited(_written(f"“{answer.shown.text}”"), answer)
        for answer in answers
        if answer not in exact
    ]


def _same(value: str, answers: Iterable[Answer]) -> SafeString | str:
    """A column, with the source of the statement that says just this."""
    for answer in answers:
        if answer.shown.text == value:
            return _cited(value, answer)
    return value


def _others(hub: Hub, answers: Iterable[Answer]) -> list[SafeString]:
    """The names sources use that are not the one at the head of the page."""
    found = []
    for answer in answers:
        pairs = [(answer.shown, answer.mark), *answer.others]
        found += [
            format_html("{}{}", _written(claim.text), source_mark(mark))
            for claim, mark in pairs
            if claim.text != hub.name
        ]
    return found


#: Words by which a statement says the kind that the hub is filed under.
KINDS = {
    Hub.Kind.NATIONAL: "national",
    Hub.Kind.SECTOR: "sector",
    Hub.Kind.CROSS_COUNTRY: "cross-country",
    Hub.Kind.CITY: "city",
    Hub.Kind.PROGRAMME: "programme",
}


def _kind(hub: Hub, answers: Iterable[Answer]) -> SafeString:
    word = KINDS[Hub.Kind(hub.kind)]
    saying = [answer for answer in answers if word in answer.shown.text.lower()]
    return _cited(hub.get_kind_display(), *saying)


def _founded(profile: Profile) -> SafeString | str:
    """The date of the statement that counts, or the same date as another knows it more
    precisely, with its source."""
    said = {
        claim.pk: (claim, mark)
        for answer in profile.answers("founded")
        for claim, mark in [(answer.shown, answer.mark), *answer.others]
        if claim.starts
    }
    founding = founding_of(claim for claim, _mark in said.values())
    if founding is None:
        return ""
    same = [claim for claim, _mark in said.values() if claim.starts.startswith(founding.starts)]
    best = founding if founding.is_preferred else max(same, key=lambda claim: len(claim.starts))
    claim, mark = said[best.pk]
    link = format_html('<a href="#start">{}</a>', when(claim.starts))
    return format_html("{}{}", link, source_mark(mark))


def _place(hub: Hub, answers: list[Answer]) -> SafeString | str:
    if hub.country_id:
        link = format_html(
            '<a href="{}?country={}">{}</a>',
            reverse("hubs:hubs"),
            hub.country_id,
            reference.country_name(hub.country_id),
        )
        called = reference.countries_called
        saying = [one for one in answers if hub.country_id in called(one.shown.text)]
        return _cited(link, *saying)
    return reference.region_name(hub.region_id) if hub.region_id else _("Not of one country")


def _labels(choices: Any, codes: Iterable[str]) -> list[StrOrPromise]:
    names = dict(choices.choices)
    return [names[code] for code in codes if code in names]


# --- Where the money comes from ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slice:
    """One share of a budget in the plot: from where to where, in percent, and its hue."""

    answer: Answer
    start: str
    width: str
    hue: int


@dataclass(frozen=True, slots=True)
class Mix:
    """The financing mix of one year: what is stated, the largest part, and what is not."""

    year: str
    slices: list[Slice]
    largest: Answer
    known_width: str
    rest: str


def mixes_of(profile: Profile) -> list[Mix]:
    """The plots, the latest year first. The rest is what no source breaks down."""
    return [_mix(year, answers) for year, answers in sorted(profile.mix.items(), reverse=True)]


def _mix(year: str, answers: list[Answer]) -> Mix:
    start, slices = Decimal(0), []
    for place, answer in enumerate(answers, start=1):
        share = min(least(answer.shown), WHOLE - start)
        slices.append(Slice(answer, f"{start:.2f}", f"{share:.2f}", min(place, HUES)))
        start += share
    largest = max(answers, key=lambda answer: least(answer.shown))
    rest = WHOLE - start
    return Mix(year, slices, largest, f"{start:.2f}", number(rest) if rest else "")


@dataclass(frozen=True, slots=True)
class MixTable:
    """The mixes of several years: a row for each part, with its answer in each year or None."""

    years: list[str]
    rows: list[tuple[Topic, list[Answer | None]]]


def table_of(mixes: list[Mix]) -> MixTable | None:
    """None where one plot says it all."""
    if len(mixes) < 2:
        return None
    by_year = [{part.answer.topic.code: part.answer for part in mix.slices} for mix in mixes]
    rows = [
        (topic, [answers.get(topic.code) for answers in by_year])
        for topic in SHARES
        if any(topic.code in answers for answers in by_year)
    ]
    return MixTable([mix.year for mix in mixes], rows)


# --- What it gives and what it looks for -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Services:
    """Both directions of exchange, side by side."""

    offered: list[Answer]
    sought: list[Answer]


def services_of(profile: Profile) -> Services | None:
    """None where the sources speak of neither."""
    services = Services(profile.answers("offered"), profile.answers("sought"))
    return services if services.offered or services.sought else None


# --- People, and hubs alike --------------------------------------------------------------


def contacts_of(hub: Hub) -> list[tuple[StrOrPromise, dict[str, str]]]:
    """Whom to write to about what, each with the name of the matter."""
    roles = dict(c.ContactRole.choices)
    return [(roles.get(row.get("role", ""), ""), row) for row in hub.contacts]


def people_of(hub: Hub) -> list[Membership]:
    """Its people who are shown, those who have been there longest first. One query."""
    rows = hub.memberships.filter(is_shown=True, user__is_active=True)
    return list(rows.select_related("user").order_by("pk"))


def lessons_of(hub: Hub) -> tuple[list[LessonHub], dict[int, list[Lesson]]]:
    """The lessons this hub shows, and by hub those that others show as well. One query."""
    own = LessonHub.objects.filter(hub=hub).values("lesson")
    rows = LessonHub.objects.filter(lesson__in=own).select_related("lesson")
    shown: list[LessonHub] = []
    in_common: dict[int, list[Lesson]] = {}
    for row in rows.order_by("lesson__kind", "lesson__number", "pk"):
        if row.hub_id == hub.pk:
            shown.append(row)
        else:
            in_common.setdefault(row.hub_id, []).append(row.lesson)
    return shown, in_common


@dataclass(frozen=True, slots=True)
class Alike:
    """A hub of the same make, and what the two share."""

    hub: Hub
    place: str
    words: list[StrOrPromise]
    lessons: list[Lesson]


def near(hub: Hub, in_common: Iterable[int]) -> tuple[list[Hub], dict[int, list[Sector]]]:
    """Listed hubs that share a sector, a lesson, the model or the country; and the sectors of
    these and of the hub itself, in their order. One query."""
    of_sector = Hub.objects.filter(sectors__in=hub.sectors.all()).values("pk")
    shared = Q(pk__in=list(in_common)) | Q(pk__in=of_sector)
    if hub.country_id:
        shared |= Q(country=hub.country_id)
    if hub.model:
        shared |= Q(model=hub.model)
    # A row for each sector of each hub; the hub itself comes first.
    is_other = Case(When(pk=hub.pk, then=Value(0)), default=Value(1))
    rows = Hub.objects.filter(Q(pk=hub.pk) | (shared & Q(is_listed=True, merged_into=None)))
    rows = rows.annotate(code=F("sectors"), is_other=is_other).only(*WEIGHED)
    known = reference.sectors()
    hubs: dict[int, Hub] = {}
    sectors: dict[int, list[Sector]] = defaultdict(list)
    for row in rows.order_by("is_other", "name", "pk")[: MOST_WEIGHED * ROWS_OF_A_HUB]:
        hubs.setdefault(row.pk, row)
        if row.code is not None:
            sectors[row.pk].append(known[row.code])
    for of_one in sectors.values():
        of_one.sort(key=lambda sector: (sector.position, sector.pk))
    hubs.pop(hub.pk, None)
    return list(hubs.values())[:MOST_WEIGHED], sectors


def alike(
    hub: Hub,
    others: Iterable[Hub],
    sectors: Mapping[int, list[Sector]],
    in_common: Mapping[int, list[Lesson]],
) -> list[Alike]:
    """The few of the others that share most with the hub, and what that is. No query."""
    own = {sector.pk for sector in sectors.get(hub.pk, [])}
    scored = []
    for other in others:
        words = [sector.name for sector in sectors.get(other.pk, []) if sector.pk in own]
        lessons = in_common.get(other.pk, [])
        points = 3 * len(words) + 2 * len(lessons) + (other.kind == hub.kind)
        if other.model and other.model == hub.model:
            words.append(other.get_model_display())
            points += 1
        place = reference.country_name(other.country_id) if other.country_id else ""
        if place and other.country_id == hub.country_id:
            words.append(place)
            points += 1
        scored.append((points, Alike(other, place, words, lessons)))
    scored.sort(key=lambda pair: -pair[0])
    return [one for _points, one in scored[:MOST_ALIKE]]
