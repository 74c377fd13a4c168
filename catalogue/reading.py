"""What a reader sees of a record: its content, frozen or at work, as passages, facts and lists.

A ``Record`` is built from a document of ``catalogue.content`` and never from the working copy,
so a page can show nothing that was not frozen with the version. It knows the language of each
text: a page in French that shows an English passage says so to a screen reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import BooleanField, Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import escape, format_html, format_html_join, linebreaks, urlize
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from catalogue import choices as c
from catalogue import fields as f
from catalogue import finding
from catalogue.cards import countries_in_words
from catalogue.content import Content, is_outdated
from catalogue.models import Evidence, Solution
from core.prepared import Prepared
from core.richtext import rich
from core.templatetags.components import when
from core.text import base_language
from hubs import reference
from hubs.models import Hub

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import StrOrPromise

NOTHING = mark_safe("")
#: Countries shown one to a line with their region; more are named in one paragraph.
COUNTRIES_WITH_REGION = 3
#: Values longer than this are set smaller than a figure.
SHORT_VALUE = 12
#: Records of the same hub named beside a record.
NEIGHBOURS = 4
#: How the licences call themselves.
LICENCE_URLS = {
    c.Licence.CC_BY: "https://creativecommons.org/licenses/by/4.0/",
    c.Licence.CC_BY_SA: "https://creativecommons.org/licenses/by-sa/4.0/",
    c.Licence.CC0: "https://creativecommons.org/publicdomain/zero/1.0/",
    c.Licence.CC_BY_NC: "https://creativecommons.org/licenses/by-nc/4.0/",
}


# --- Labels, languages -------------------------------------------------------------------


def label(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else str(value)


def language_attrs(code: str) -> SafeString:
    """``lang`` and ``dir`` of a text, where it is not in the language of the page."""
    if not code or base_language(code) == base_language(get_language() or "en"):
        return NOTHING
    row = reference.languages().get(code)
    return format_html(' lang="{}" dir="{}"', code, row.direction if row else "auto")


@dataclass(frozen=True, slots=True)
class Words:
    """A text that is safe to print. ``attrs`` go to the element around it and say its
    language; rich text carries them in its own blocks."""

    text: SafeString
    attrs: SafeString = NOTHING

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


# --- Rich text with its evidence in the margin -------------------------------------------

_TAGS = re.compile(r"(<[^>]*>)")
_CITED = re.compile(r"(?<![\w/.-])(E(?:1\d|20|[1-9]))(?![\w.]\w|[\w-])")


class Margin:
    """Links "E2" in a text to the evidence list, and sets the source beside the first
    paragraph of the page that names it."""

    def __init__(self, notes: Mapping[str, SafeString]) -> None:
        self._notes = notes
        self._shown: set[str] = set()

    def linked(self, text: str) -> SafeString:
        """A plain text with its references to evidence as links."""
        return mark_safe(self._link(escape(text), set()))  # noqa: S308 (escaped just before)

    def _link(self, escaped: str, cited: set[str]) -> str:
        def link(match: re.Match[str]) -> str:
            ref = match[1]
            if ref not in self._notes:
                return ref
            cited.add(ref)
            return f'<a class="cite" href="#{ref.lower()}">{ref}</a>'

        return _CITED.sub(link, escaped)

    def lay_out(self, html: SafeString, attrs: SafeString) -> SafeString:
        """Cleaned rich text, block after block, each with its language and its sources.

        The cleaner writes one shape: tags hold no ">" in their attributes, text holds no "<".
        """
        out: list[str] = []
        depth = links = 0
        cited: set[str] = set()
        for part in _TAGS.split(html):
            if not part.startswith("<"):
                out.append(part if links else self._link(part, cited))
                continue
            if part.startswith("</"):
                depth -= 1
                links -= part == "</a>"
                out.append(part)
                if depth == 0:
                    out += self._sides(cited)
                    cited = set()
                continue
            out.append(f"{part[:-1]}{attrs}>" if depth == 0 and attrs else part)
            links += part.startswith("<a ")
            depth += part != "<br>"
        return mark_safe("".join(out))  # noqa: S308 (only links and notes made here were added)

    def _sides(self, cited: set[str]) -> Iterable[str]:
        for ref in sorted(cited - self._shown, key=lambda ref: int(ref[1:])):
            self._shown.add(ref)
            yield format_html('<p class="side" role="note"><b>{}</b> {}</p>', ref, self._notes[ref])


@lru_cache(maxsize=512)
def _cleaned(html: str) -> SafeString:
    """Rich text cleaned for a page. The same text, so the same outcome: it is read far more often
    than it changes."""
    return rich(html)


# --- The parts of a record ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edition:
    """One language the record can be read in."""

    code: str
    name: str
    attrs: SafeString
    made: StrOrPromise
    is_original: bool
    is_machine: bool
    is_outdated: bool
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Block:
    title: str
    role: str
    is_core: bool
    purpose: str
    enabling: str
    lessons: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured result, as it was written."""

    name: str
    value: str
    unit: str
    is_long: bool
    on: SafeString
    before: str
    before_on: SafeString
    source: SafeString
    groups: str


@dataclass(frozen=True, slots=True)
class Source:
    """One item of evidence and how a reader gets at it."""

    ref: str
    title: str
    kind: str
    author: str
    dated: SafeString
    language: str
    criteria: tuple[str, ...]
    url: str
    host: str
    file_url: str
    size: str
    is_restricted: bool
    link_state: str
    link_checked_at: datetime | None

    @property
    def anchor(self) -> str:
        return self.ref.lower()

    @property
    def href(self) -> str:
        return self.file_url or self.url


@dataclass(frozen=True, slots=True)
class Pointer:
    """Another record, named by its number and title."""

    reference: str
    title: str
    attrs: SafeString = NOTHING

    @property
    def url(self) -> str:
        return reverse("catalogue:solution", kwargs={"reference": self.reference})


#: A link and when it was last tried, by its address.
LinkStates = Mapping[str, tuple[str, datetime | None]]


class Record:
    """One document, ready to be read in one language.

    ``private`` is given for the team, the desk and the panel only: it opens restricted
    evidence and the contact for verification. ``closed`` are links and file keys that were
    open in this version and are restricted by now. ``content_hash`` is given where the document
    is frozen: what is drawn of it may be kept.
    """

    def __init__(
        self,
        content: Content,
        *,
        language: str = "",
        private: Content | None = None,
        closed: frozenset[str] = frozenset(),
        link_states: LinkStates | None = None,
        content_hash: str = "",
    ) -> None:
        self.content = content
        self._content_hash = content_hash
        self.private = private
        self.original = str(content["language"])
        self.language = self._choose(language)
        self._closed = closed
        self._link_states = link_states or {}
        entry = content.get("translations", {}).get(self.language)
        self._texts: Content = entry["texts"] if entry else {}

    def _choose(self, language: str) -> str:
        """The language asked for if the record has it; else the page's; else the original."""
        known = {self.original, *self.content.get("translations", {})}
        for code in (language, base_language(get_language() or "en")):
            if code in known:
                return code
        return self.original

    @cached_property
    def kept_as(self) -> tuple[Any, ...] | None:
        """All that a drawing of it depends on, but for the page's language; ``None`` for drafts,
        and for those who may read what others may not."""
        if not self._content_hash or self.private is not None:
            return None
        states = tuple(self._link_states.items())
        return self._content_hash, self.language, self._closed, states, reference.reading()

    # --- Languages ------------------------------------------------------------------------

    @property
    def attrs(self) -> SafeString:
        """Language of the rows, which are not translated."""
        return language_attrs(self.original)

    @property
    def is_translation(self) -> bool:
        return self.language != self.original

    @cached_property
    def editions(self) -> list[Edition]:
        """The languages to choose from, the original first; empty when there is only one."""
        translations = self.content.get("translations", {})
        if not translations:
            return []
        return [
            self._edition(code, translations.get(code))
            for code in [self.original, *sorted(set(translations) - {self.original})]
        ]

    def _edition(self, code: str, entry: Content | None) -> Edition:
        is_original = code == self.original
        is_machine = not is_original and entry is not None and entry["quality"] == c.Quality.MACHINE
        return Edition(
            code=code,
            name=reference.language_name(code),
            attrs=language_attrs(code),
            made=_("original")
            if is_original
            else label(c.Quality, entry["quality"] if entry else "").lower(),
            is_original=is_original,
            is_machine=is_machine,
            is_outdated=not is_original and is_outdated(self.content, code),
            is_shown=code == self.language,
        )

    @property
    def edition(self) -> Edition | None:
        """The translation that is shown; None for the original."""
        shown = [edition for edition in self.editions if edition.is_shown]
        return shown[0] if shown and self.is_translation else None

    @property
    def original_name(self) -> str:
        return reference.language_name(self.original)

    # --- Texts ----------------------------------------------------------------------------

    def plain_text(self, name: str) -> str:
        """A text field as it stands, in the language shown."""
        item = f.BY_NAME[name]
        text = self._texts.get(name, "") if item.translatable else ""
        return str(text or self.content[name])

    def _language_of(self, name: str) -> str:
        translated = f.BY_NAME[name].translatable and self._texts.get(name)
        return self.language if translated else self.original

    def words(self, name: str) -> Words:
        """One line of text."""
        return Words(escape(self.plain_text(name)), language_attrs(self._language_of(name)))

    @cached_property
    def title(self) -> Words:
        return self.words("title")

    @cached_property
    def summary(self) -> Words:
        return self.words("summary")

    @cached_property
    def texts(self) -> dict[str, Words]:
        """The longer texts that are there, by the name of their field."""
        found = {}
        for item in f.FIELDS:
            if item.private or not item.translatable or not self.plain_text(item.name):
                continue
            attrs = language_attrs(self._language_of(item.name))
            if item.kind == f.RICH:
                html = self.margin.lay_out(_cleaned(self.plain_text(item.name)), attrs)
                found[item.name] = Words(html)
            else:
                linked = urlize(self.plain_text(item.name), nofollow=True, autoescape=True)
                html = mark_safe(linebreaks(linked))  # noqa: S308 (urlize escapes)
                found[item.name] = Words(html, attrs)
        return {name: words for name, words in found.items() if words}

    @cached_property
    def margin(self) -> Margin:
        return Margin({source.ref: _margin_note(source) for source in self.evidence})

    # --- Rows -----------------------------------------------------------------------------

    @cached_property
    def blocks(self) -> list[Block]:
        return [
            Block(
                title=row["title"],
                role=label(c.BlockRole, row["role"]),
                is_core=row["role"] == c.BlockRole.CORE,
                purpose=row["purpose"],
                enabling=row["enabling"],
                lessons=row["lessons"],
            )
            for row in self.content["blocks"]
        ]

    @cached_property
    def figures(self) -> list[Figure]:
        return [self._figure(row) for row in self.content["indicators"]]

    def _figure(self, row: Content) -> Figure:
        value, unit = row["latest"], row["unit"]
        return Figure(
            name=row["name"],
            value=value,
            unit="" if unit and unit in value else unit,
            is_long=len(value) > SHORT_VALUE,
            on=when(row["latest_on"]) if row["latest_on"] else NOTHING,
            before=row["baseline"],
            before_on=when(row["baseline_on"]) if row["baseline_on"] else NOTHING,
            source=self.margin.linked(row["source"]),
            groups=row["disaggregation"],
        )

    @cached_property
    def evidence(self) -> list[Source]:
        return [self._source(row) for row in self.content["evidence"]]

    def _source(self, row: Content) -> Source:
        is_restricted = row["access"] != c.Access.OPEN or is_closed(row, self._closed)
        where = row
        if is_restricted:
            restricted = (self.private or {}).get("evidence", {})
            where = restricted.get(row["ref"], {}) if row["access"] != c.Access.OPEN else {}
        url, stored = where.get("url") or "", where.get("file")
        url = url if url.startswith(("https://", "http://")) else ""
        state, checked_at = self._link_states.get(url, ("", None)) if url else ("", None)
        return Source(
            ref=row["ref"],
            title=row["title"],
            kind=label(c.EvidenceKind, row["kind"]),
            author=row["author"],
            dated=when(row["dated_on"]) if row["dated_on"] else NOTHING,
            language=reference.language_name(row["language"])
            if row["language"] not in ("", self.original)
            else "",
            criteria=tuple(row["criteria"]),
            url=url,
            host=_host(url),
            file_url=reverse("catalogue:file", kwargs={"key": stored["key"]}) if stored else "",
            size=filesizeformat(stored["size"]) if stored else "",
            is_restricted=is_restricted,
            link_state=state,
            link_checked_at=checked_at,
        )

    @cached_property
    def contributors(self) -> list[tuple[str, str]]:
        """Name and role, with the organisation where it is stated."""
        return [
            (row["name"], ", ".join(part for part in (role, row["organisation"]) if part))
            for row in self.content["contributors"]
            for role in [label(c.ContributorRole, row["role"])]
        ]

    # --- Facts ----------------------------------------------------------------------------

    @cached_property
    def facts(self) -> list[tuple[StrOrPromise, Any]]:
        """What fits on one line each. Country, time and sector say so when they are missing."""
        content = self.content
        rows: list[tuple[StrOrPromise, Any, bool]] = [
            (_("Hub"), self._hub(), False),
            (_("Institution"), self._institution(), False),
            (_("Country"), self._countries(), True),
            (_("Area"), self._in_language("area"), False),
            (_("Since"), self._period(), True),
            (_("Stage"), label(c.Stage, content["stage"]), False),
            (_("Scale"), label(c.Scale, content["scale"]), False),
            (_("Kind"), label(c.Kind, content["kind"]), False),
            (_("Sector"), self._links("sector", content["sectors"], reference.sector_name), True),
            (_("Goals"), self._goals(), False),
            (_("Targets"), self._targets(), False),
            (_("Language"), self.original_name, False),
        ]
        return [(name, value) for name, value, always in rows if value or always]

    @cached_property
    def summary_facts(self) -> list[StrOrPromise]:
        """Hub, country, sector and time in one line, for narrow pages."""
        content = self.content
        hub = content["hub"] or {}
        parts = [
            hub.get("short") or content["owner_institution"],
            countries_in_words(content["countries"]),
            ", ".join(map(reference.sector_name, content["sectors"])),
            self._period(),
        ]
        return [part for part in parts if part]

    def _in_language(self, name: str) -> SafeString:
        words = self.words(name)
        if not words or not words.attrs:
            return words.text
        return format_html("<span{}>{}</span>", words.attrs, words.text)

    def _institution(self) -> str:
        """The institution that owns it, unless the hub beside it is the same one."""
        hub = self.content["hub"] or {"name": " "}
        name = str(self.content["owner_institution"])
        return "" if name.startswith(hub["name"]) else name

    def _hub(self) -> SafeString:
        hub = self.content["hub"]
        if not hub:
            return NOTHING
        url = reverse("hubs:hub", kwargs={"slug": hub["slug"]})
        return format_html('<a href="{}">{}</a>', url, hub["name"])

    def _countries(self) -> Any:
        codes = self.content["countries"]
        if len(codes) > COUNTRIES_WITH_REGION:
            names = sorted(map(reference.country_name, codes))
            return ", ".join(names)
        return [
            format_html("{}{}", _facet_link("country", code, reference.country_name(code)), region)
            for code in codes
            for region in [_region_of(code)]
        ]

    def _period(self) -> SafeString:
        content = self.content
        start = when(content["started_on"]) if content["started_on"] else NOTHING
        end = when(content["ended_on"]) if content["ended_on"] else NOTHING
        if start and end:
            return format_html("{} – {}", start, end)
        if start and content["is_running"]:
            return format_html(_("{}, still running"), start)
        if end:
            return format_html(_("until {}"), end)
        return start or (escape(_("Still running")) if content["is_running"] else NOTHING)

    @staticmethod
    def _links(group: str, codes: Iterable[Any], name_of: Any) -> list[SafeString]:
        return [_facet_link(group, code, name_of(code)) for code in codes]

    def _goals(self) -> list[SafeString]:
        content = self.content
        numbers = {int(n) for n in content["goals"]}
        numbers |= {int(code.split(".")[0]) for code in content["targets"]}
        return self._links("sdg", sorted(numbers), lambda n: f"{n} {reference.goal_name(n)}")

    def _targets(self) -> list[str]:
        table = reference.targets()
        return [str(table.get(code, code)) for code in self.content["targets"]]

    @cached_property
    def tags(self) -> list[SafeString]:
        return [_facet_link("tag", tag.lower(), tag, cls="tag") for tag in self.content["tags"]]

    @cached_property
    def costs(self) -> list[tuple[StrOrPromise, Any]]:
        content = self.content
        year = content["cost_year"]
        total, unit = self._money("cost_total"), self._money("cost_unit")
        if unit and content["cost_unit_name"]:
            result = self._in_language("cost_unit_name")
            unit = format_html(_("{amount} for each: {result}"), amount=unit, result=result)
        rows = [
            (_("Total"), total),
            (_("Cost per result"), unit),
            (_("Year of the figures"), year if total or unit else ""),
            (_("Who pays"), self._in_language("cost_payers")),
            (_("Staff time"), self._in_language("staff_time")),
        ]
        return [row for row in rows if row[1]]

    def _money(self, name: str) -> SafeString:
        value = self.content[name]
        if not value:
            return NOTHING
        try:
            amount = Decimal(value)
        except InvalidOperation:
            return escape(value)
        whole = amount == amount.to_integral_value()
        written = number_format(amount, decimal_pos=0 if whole else 2, force_grouping=True)
        return escape(f"{written} {self.content['cost_currency']}".strip())

    @cached_property
    def offer(self) -> list[tuple[StrOrPromise, Any]]:
        """What the team offers to peers."""
        content = self.content
        languages = [reference.language_name(code) for code in content["offer_languages"]]
        rows: list[tuple[StrOrPromise, Any]] = [
            (_("Ways"), [label(c.Modality, code) for code in content["modalities"]]),
            (_("Languages"), languages),
            (_("Days a year"), content["offer_days"]),
        ]
        return [row for row in rows if row[1]]

    @property
    def licence(self) -> SafeString:
        content = self.content
        url = LICENCE_URLS.get(content["licence"])
        if url:
            return format_html(
                '<a href="{}" rel="license">{}</a>', url, label(c.Licence, content["licence"])
            )
        return escape(content["licence_note"] or label(c.Licence, content["licence"]))

    @property
    def adapted_from(self) -> Pointer | None:
        origin = self.content["adapted_from"]
        return origin and Pointer(origin["reference"], origin["title"])

    @cached_property
    def contact(self) -> list[tuple[StrOrPromise, Any]]:
        """The contact for verification; nothing for a reader who may not see it."""
        if self.private is None:
            return []
        private = self.private
        rows: list[tuple[StrOrPromise, Any]] = [
            (_("Name"), private.get("contact_name")),
            (_("Position"), private.get("contact_role")),
            (_("E-mail"), private.get("contact_email")),
            (_("Telephone"), private.get("contact_phone")),
        ]
        return [row for row in rows if row[1]]

    @cached_property
    def not_stated(self) -> list[StrOrPromise]:
        """What a full record tells and this one does not, in the order of the form."""
        empty: tuple[Any, ...] = ("", None, [], False)
        missing = {
            item.name
            for item in f.FIELDS
            if item.required and not item.private and self.content[item.name] in empty
        } - _NEVER_MISSED
        if "cost_total" in missing:
            missing -= {"cost_currency", "cost_year"}
        return [NAMES.get(item.name, item.label) for item in f.FIELDS if item.name in missing]

    @property
    def collection(self) -> str:
        """The registry or document the record was taken over from."""
        return str(self.content.get("collection", ""))

    @property
    def is_example(self) -> bool:
        return bool(self.content.get("is_example"))


#: Shown with "Not stated" among the facts, or given to every record.
_NEVER_MISSED = {
    "title",
    "summary",
    "language",
    "consent",
    "licence",
    "countries",
    "sectors",
    "started_on",
}
#: Said as what is missing, where the label of the form reads badly in a list.
NAMES: dict[str, StrOrPromise] = {
    "affected": gettext_lazy("who is affected"),
    "steps": gettext_lazy("the steps"),
    "targets": gettext_lazy("targets of the goals"),
    "blocks": gettext_lazy("building blocks"),
    "indicators": gettext_lazy("measured results"),
    "evidence": gettext_lazy("evidence"),
    "failure": gettext_lazy("what did not work"),
    "cost_total": gettext_lazy("what it costs"),
    "inclusion": gettext_lazy("who gains and who is left out"),
    "participation": gettext_lazy("who took part"),
    "owner_institution": gettext_lazy("the institution that owns it"),
    "preconditions": gettext_lazy("what must be in place beforehand"),
    "personal_data": gettext_lazy("how personal data is treated"),
}


def _host(url: str) -> str:
    return url.split("//", 1)[-1].split("/", 1)[0].removeprefix("www.") if url else ""


def _margin_note(source: Source) -> SafeString:
    """Who published the evidence and when, as it stands beside a paragraph."""
    parts = [escape(source.author), source.dated] if source.author or source.dated else []
    told = format_html_join(", ", "{}", ((part,) for part in parts if part))
    return format_html("{}. {}", told, source.title) if told else escape(source.title)


def _facet_link(group: str, value: Any, name: str, cls: str = "") -> SafeString:
    """The list of solutions that share this value."""
    url = f"{reverse('catalogue:solutions')}?{urlencode({group: value})}"
    attrs = format_html(' class="{}"', cls) if cls else NOTHING
    return format_html('<a href="{}"{}>{}</a>', url, attrs, name)


def _region_of(code: str) -> str:
    country = reference.countries().get(code)
    region = country and (country.subregion_id or country.region_id)
    return f", {reference.region_name(region)}" if region else ""


# --- Around a record ---------------------------------------------------------------------


def sources_of(row: Content) -> set[str]:
    """The link and the file key of one row of evidence."""
    stored = row.get("file")
    return {value for value in (row.get("url"), stored and stored["key"]) if value}


def is_closed(row: Content, closed: frozenset[str]) -> bool:
    """Whether an open row of an older version leads to what is restricted by now."""
    return bool(sources_of(row) & closed)


def closed_since(private: Content | None) -> frozenset[str]:
    """Links and file keys that this version keeps to the team, the desk and the panel."""
    rows = (private or {}).get("evidence", {}).values()
    return frozenset(value for row in rows for value in sources_of(row))


_links = Prepared(
    lambda solution: (
        Evidence.objects.filter(solution=solution)
        .exclude(url="")
        .values_list("url", "link_state", "link_checked_at")
    ),
    int,
)


def link_states_of(solution: Solution) -> dict[str, tuple[str, datetime | None]]:
    """What the last check of each link said. One query."""
    rows = _links(solution.pk).rows()
    return {url: (state, checked_at) for url, state, checked_at in rows}


def _said(first: str, *rest: str) -> KeyTextTransform:
    """A value in the content of the public version, by its keys, as text."""
    path = KeyTextTransform(first, "public_version__content")
    for key in rest:
        path = KeyTextTransform(key, path)
    return path


@dataclass(frozen=True, slots=True)
class Around:
    """Other public records beside one."""

    adaptations: tuple[Pointer, ...]
    neighbours: tuple[Pointer, ...]


class _Other(NamedTuple):
    """A public record that may stand beside another one, with what its public version says."""

    is_adapted: bool
    pk: int
    number: int
    published_at: datetime
    title: str
    language: str
    adapted_from: str
    hub: str

    @property
    def pointer(self) -> Pointer:
        return Pointer(f"S-{self.number:04d}", self.title, language_attrs(self.language))


def around_of(solution: Solution, content: Content) -> Around:
    """Records adapted from this one, in their order; and some others of the same hub, the newest
    first. Nothing invented stands beside what is real.

    Origin and hub are compared twice: by the column, which is indexed, and by what the public
    version says, so that a working copy moved elsewhere does not show before it is published.
    One query, or two where hubs became one.
    """
    hub = content["hub"]
    if hub:
        found = _around[bool(content.get("is_example"))](solution.pk, hub["slug"])
    else:
        found = _adapted(solution.pk)
    rows = [_Other(*row) for row in found.rows()]
    adapted = [row for row in rows if row.is_adapted and row.adapted_from == solution.reference]
    beside = [row for row in rows if not row.is_adapted]
    beside.sort(key=lambda row: (row.published_at, row.pk), reverse=True)
    return Around(
        tuple(row.pointer for row in sorted(adapted, key=lambda row: row.number)),
        tuple(row.pointer for row in _of_hub(beside, hub["slug"])) if hub else (),
    )


def _others(rows: QuerySet[Solution], *, is_adapted: bool) -> QuerySet[Any, Any]:
    return rows.values_list(
        Value(is_adapted, BooleanField()),
        "pk",
        "number",
        "published_at",
        _said("title"),
        _said("language"),
        _said("adapted_from", "reference"),
        _said("hub", "slug"),
    )


def _adapted_from(solution: int) -> QuerySet[Any, Any]:
    adapted = Solution.objects.public().order_by().filter(adapted_from=solution)
    return _others(adapted, is_adapted=True)


def _around_in_hub(solution: int, slug: str, *, is_example: bool) -> QuerySet[Any, Any]:
    public = Solution.objects.public().order_by()
    same = Hub.objects.filter(Q(slug=slug) | Q(merged__slug=slug))
    newest = (
        public.filter(hub__in=same.values("pk"), is_example=is_example)
        .exclude(pk=solution)
        .order_by("-published_at", "-pk")
        .values("pk")[: NEIGHBOURS * 3]
    )
    beside = _others(public.filter(pk__in=newest), is_adapted=False)
    return _adapted_from(solution).union(beside, all=True)


_adapted = Prepared(_adapted_from, int)
#: Real records and examples: nothing invented stands beside what is real.
_around = {
    is_example: Prepared(partial(_around_in_hub, is_example=is_example), int, str)
    for is_example in (False, True)
}


def _of_hub(rows: list[_Other], slug: str) -> list[_Other]:
    """The first of those whose hub is this one by now."""
    said = {row.hub for row in rows} | {slug}
    now = finding.standing(said) if len(said) > 1 else dict.fromkeys(said, "")
    return [row for row in rows if now[row.hub] == now[slug]][:NEIGHBOURS]
