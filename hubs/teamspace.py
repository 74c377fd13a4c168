"""What a hub's team sees of its own profile: what is missing, what disagrees, what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from claims.models import Claim, Reference
from claims.weighing import Group, groups_of
from hubs import choices as c
from hubs import reference, revisions
from hubs.checking import oddities
from hubs.models import Hub, HubClaim, HubRevision
from hubs.topics import SECTIONS, SHARE_CODES, TOPICS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from claims.topics import Section, Topic


# --- Statements by topic -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One statement in the list: whether it answers with others, and what looks odd in it."""

    claim: HubClaim
    is_shown: bool
    has_rivals: bool
    oddities: tuple[str, ...]

    @property
    def can_be_preferred(self) -> bool:
        return self.has_rivals and not self.claim.is_preferred


@dataclass(frozen=True, slots=True)
class Answer:
    """The statements that answer one question."""

    group: Group[HubClaim]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One topic with everything stated on it."""

    topic: Topic
    answers: tuple[Answer, ...]
    is_share: bool

    @property
    def disagrees(self) -> bool:
        return any(answer.group.disagrees for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section of the profile with its topics, also those nobody stated anything about."""

    section: Section
    entries: tuple[Entry, ...]


def belongs(topic: Topic, hub: Hub) -> bool:
    """Whether hubs of this kind are asked about the topic."""
    return not topic.kinds or hub.kind in topic.kinds


def chapters_of(hub: Hub, claims: Sequence[HubClaim]) -> list[Chapter]:
    """All topics of the hub's kind in order, and every statement there is. No query."""
    by_topic: dict[str, list[HubClaim]] = {}
    for claim in claims:
        by_topic.setdefault(claim.topic, []).append(claim)
    found = []
    for section in SECTIONS:
        entries = tuple(
            Entry(
                topic,
                tuple(
                    _answer(group, claims)
                    for group in groups_of(by_topic.get(topic.code, []), TOPICS)
                ),
                topic.code in SHARE_CODES,
            )
            for topic in section.topics
            if belongs(topic, hub) or topic.code in by_topic
        )
        found.append(Chapter(section, entries))
    return found


def _answer(group: Group[HubClaim], claims: Sequence[HubClaim]) -> Answer:
    lines = tuple(
        Line(claim, claim is group.shown, bool(group.others), tuple(oddities(claim, claims)))
        for claim in group.all
    )
    return Answer(group, lines)


# --- What is missing ---------------------------------------------------------------------

#: Columns a profile should have, and what they are called.
WANTED = {
    "summary": gettext_lazy("Summary"),
    "model": gettext_lazy("Organisational model"),
    "functions": gettext_lazy("What it does"),
    "modalities": gettext_lazy("Ways to exchange"),
    "languages": gettext_lazy("Languages"),
    "website": gettext_lazy("Website"),
}


@dataclass(frozen=True, slots=True)
class Gaps:
    """What nobody has stated: columns by name, and topics by section."""

    columns: list[StrOrPromise]
    contacts: bool
    topics: list[tuple[Section, list[Topic]]]
    stated: int
    of: int


def gaps_of(hub: Hub, claims: Iterable[HubClaim], *, has_sectors: bool) -> Gaps:
    """No query. The shares of the budget count as one topic."""
    columns: list[StrOrPromise] = [
        label for name, label in WANTED.items() if not getattr(hub, name)
    ]
    if not (hub.country_id or hub.region_id):
        columns.insert(0, _("Country or region"))
    if not has_sectors:
        columns.append(_("Sectors"))
    stated = {claim.topic for claim in claims}
    missing, count, of = [], 0, 0
    for section in SECTIONS:
        asked = [
            topic
            for topic in section.topics
            if belongs(topic, hub) and topic.code not in (*SHARE_CODES, *BESIDES)
        ]
        absent = [topic for topic in asked if topic.code not in stated]
        of += len(asked)
        count += len(asked) - len(absent)
        if absent:
            missing.append((section, absent))
    shares = bool(stated & set(SHARE_CODES))
    return Gaps(columns, not hub.contacts, missing, count + shares, of + 1)


#: Topics that no profile has to have: what sources happen to say.
BESIDES = ("other_name", "spelling", "study", "event")


# --- Changes in words --------------------------------------------------------------------

LABELS: Mapping[str, StrOrPromise] = {
    "name": gettext_lazy("Name"),
    "acronym": gettext_lazy("Short name"),
    "summary": gettext_lazy("Summary"),
    "kind": gettext_lazy("Kind"),
    "country_id": gettext_lazy("Country"),
    "region_id": gettext_lazy("Region"),
    "model": gettext_lazy("Organisational model"),
    "functions": gettext_lazy("What it does"),
    "modalities": gettext_lazy("Ways to exchange"),
    "languages": gettext_lazy("Languages"),
    "contacts": gettext_lazy("Contacts"),
    "website": gettext_lazy("Website"),
    "is_pilot": gettext_lazy("Pilot"),
    "is_listed": gettext_lazy("Listed"),
    "sectors": gettext_lazy("Sectors"),
}
#: So many parts of a change are named; the rest is counted.
NAMED = 4


def topics_of(hub: Hub) -> dict[str, str]:
    """The topic of every statement there is, by uid. One query."""
    return dict(hub.claims.order_by().values_list("uid", "topic"))


def changed_in_words(keys: Iterable[str], topics: Mapping[str, str]) -> str:
    """What a revision changed, for a list: "Summary, Founded and 3 more"."""
    names = list(dict.fromkeys(str(_name_of(key, topics)) for key in keys))
    listed = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    if more <= 0:
        return listed
    return ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", more) % {
        "names": listed,
        "n": more,
    }


def _name_of(key: str, topics: Mapping[str, str]) -> StrOrPromise:
    if not key.startswith("claims."):
        return LABELS.get(key, key)
    topic = TOPICS.get(topics.get(key.removeprefix("claims."), ""))
    return topic.label if topic else _("A statement that was removed")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after, in words; no label where the part is that value."""

    label: StrOrPromise
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One part of a profile that differs between two revisions."""

    title: StrOrPromise
    kind: str
    """added, removed or changed"""
    rows: tuple[Difference, ...]


CLAIM_LABELS: Mapping[str, StrOrPromise] = {
    **{
        name: getattr(HubClaim._meta.get_field(name), "verbose_name", name)
        for name in revisions.CLAIM_COLUMNS
    },
    "reference": gettext_lazy("source"),
    "contradiction": gettext_lazy("contradiction"),
}
#: Kept with a statement, and nothing a reader would look for.
UNTOLD = ("topic", "position")


def differences(before: revisions.Document, after: revisions.Document) -> list[Changed]:
    """What differs between two documents of a profile, part by part. One query for sources."""
    found, citations = [], _citations(before, after)
    for key in revisions.changes(before, after):
        old, new = revisions.part(before, key), revisions.part(after, key)
        if key.startswith("claims."):
            found.append(_statement(old, new, citations))
        else:
            label = LABELS.get(key, key)
            row = Difference("", column_in_words(key, old), column_in_words(key, new))
            if row.before != row.after:
                found.append(Changed(label, "changed", (row,)))
    return found


def _citations(*documents: revisions.Document) -> dict[str, str]:
    keys = {
        content["reference"]
        for document in documents
        for content in document.get("claims", {}).values()
    }
    return dict(Reference.objects.filter(key__in=keys).values_list("key", "citation"))


def _statement(old: Any, new: Any, citations: Mapping[str, str]) -> Changed:
    kind = "added" if old is None else "removed" if new is None else "changed"
    before, after = old or {}, new or {}
    topic = TOPICS.get((new or old)["topic"])
    rows = tuple(
        Difference(
            label,
            value_in_words(name, before.get(name), citations),
            value_in_words(name, after.get(name), citations),
        )
        for name, label in CLAIM_LABELS.items()
        if name not in UNTOLD and (before.get(name) or None) != (after.get(name) or None)
    )
    return Changed(topic.label if topic else (new or old)["topic"], kind, rows)


def value_in_words(name: str, value: Any, citations: Mapping[str, str]) -> str:
    """One column of a statement, as its document keeps it."""
    if not value:
        return ""
    if name == "reference":
        return citations.get(value, str(value))
    if name == "country":
        return reference.country_name(value)
    if name == "is_preferred":
        return _("Yes")
    choices: Mapping[str, Any] = {"actor": Claim.Actor, "status": Claim.Status}
    return _called(choices[name], value) if name in choices else str(value)


def _called(choices: Any, code: str) -> str:
    return str(dict(choices.choices).get(code, code))


def column_in_words(key: str, value: Any) -> str:
    """One column of a profile, as its document keeps it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if not value:
        return ""
    if key == "contacts":
        return "; ".join(contact_in_words(row) for row in value)
    if key == "languages":
        return ", ".join(map(reference.language_name, value))
    if key == "sectors":
        return ", ".join(map(reference.sector_name, value))
    if key in {"functions", "modalities"}:
        choices = c.Function if key == "functions" else c.Modality
        return ", ".join(_called(choices, code) for code in value)
    named: Mapping[str, Any] = {"kind": Hub.Kind, "model": c.OrganisationalModel}
    if key in named:
        return _called(named[key], value)
    if key == "country_id":
        return reference.country_name(value)
    return reference.region_name(value) if key == "region_id" else str(value)


def contact_in_words(row: Mapping[str, str]) -> str:
    parts = [row.get(name, "") for name in ("name", "email", "phone", "url")]
    role = _called(c.ContactRole, row.get("role", ""))
    return f"{role}: {', '.join(part for part in parts if part)}"


# --- Revisions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history."""

    revision: HubRevision
    words: str


def events_of(revisions_: Iterable[HubRevision], topics: Mapping[str, str]) -> list[Event]:
    return [Event(row, changed_in_words(row.changed, topics)) for row in revisions_]
