"""How members are found: their entries in the directory, one for each kind of reader.

``note`` is called in the transaction of whatever changes what a member shows, and makes the
entries agree with it. The words and values of an entry come from the fields its readers may see,
so nothing else can match, narrow or be counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.models import Audience, User
from community.choices import SanctionKind
from community.models import (
    ChapterMember,
    DirectoryCount,
    DirectoryEntry,
    DirectoryFacet,
    DirectoryWord,
    Member,
    Sanction,
)
from community.models.directory import GROUPS, READERS
from core.text import fold, form, tokens

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: Fields whose words find a member.
SEARCHED = ("name", "organisation", "position", "expertise")
#: So many different words of a member are looked up, each of at most so many letters.
MOST_WORDS, LONGEST_WORD = 120, 40
LONGEST_NAME = 120
#: The group of the one count that says how many there are.
ALL = ("", "")

#: Stand for every reader of one kind. Nobody has the key of the second.
STRANGER = AnonymousUser()
SOMEBODY = User(pk=0, is_active=True)

Value = tuple[str, str]


def audience_of(viewer: Any) -> str:
    """Whose entries this reader looks through."""
    return Audience.MEMBERS if viewer.is_authenticated else Audience.PUBLIC


@dataclass(slots=True)
class Wanted:
    """An entry as it should be."""

    name_sort: str
    words: set[str] = field(default_factory=set)
    values: set[Value] = field(default_factory=set)


# --- Writing -------------------------------------------------------------------------------------


def note(user_id: int) -> None:
    """Make the entries of one member agree with what they show. Repeating it is harmless."""
    with transaction.atomic():
        # Held, so that of two who change something at once the second sees both changes.
        member = Member.objects.select_for_update().filter(user_id=user_id).first()
        if member is not None:
            wanted = next(wanted_of([member]))[1]
            _write(member, wanted)


def withdraw(member: Member) -> None:
    """Take a member out of the directory, before their record goes."""
    with transaction.atomic():
        _write(Member.objects.select_for_update().get(pk=member.pk), {})


def wanted_of(members: Sequence[Member]) -> Iterator[tuple[Member, dict[str, Wanted]]]:
    """What the entries of these members should be. A fixed number of queries."""
    keys = [member.user_id for member in members]
    people = (
        User.objects.filter(pk__in=keys)
        .select_related("profile")
        .prefetch_related("profile__languages")
        .in_bulk()
    )
    banned = set(
        Sanction.objects.in_force(timezone.now())
        .filter(user__in=keys, kind=SanctionKind.BAN)
        .values_list("user_id", flat=True)
    )
    chapters: dict[int, set[str]] = {}
    # Who belongs to a private chapter is for its members: nobody is found by it.
    rows = ChapterMember.objects.belonging().filter(
        user__in=keys, chapter__is_private=False, chapter__is_public=True
    )
    for user_id, chapter_id in rows.values_list("user_id", "chapter_id"):
        chapters.setdefault(user_id, set()).add(str(chapter_id))
    for member in members:
        user = people[member.user_id]
        wanted: dict[str, Wanted] = {}
        if member.is_listed and user.is_active and member.user_id not in banned:
            for audience in READERS:
                entry = _entry(member, user, audience, chapters.get(user.pk, set()))
                if entry is not None:
                    wanted[str(audience)] = entry
        yield member, wanted


def _entry(member: Member, user: User, audience: str, chapters: set[str]) -> Wanted | None:
    """What readers of one kind find; nothing where a stranger would see an empty line."""
    profile = user.profile
    reader = STRANGER if audience == Audience.PUBLIC else SOMEBODY
    shown = {name for name in profile.FIELDS if profile.may_see(name, reader)}
    values: set[Value] = set()
    if "country" in shown and profile.country:
        values.add(("country", str(profile.country)))
    if "organisation_kind" in shown and profile.organisation_kind:
        values.add(("kind", profile.organisation_kind))
    if "languages" in shown:
        values |= {("language", language.pk) for language in profile.languages.all()}
    texts = {
        name: user.name if name == "name" else getattr(profile, name)
        for name in SEARCHED
        if name in shown
    }
    if audience == Audience.PUBLIC:
        if not values and not any(texts.values()):
            return None
    else:
        values |= {("chapter", key) for key in chapters}
    name = fold(texts.get("name", "")) or member.handle
    words: dict[str, None] = dict.fromkeys([member.handle, *member.handle.split("-")])
    for text in texts.values():
        words.update(dict.fromkeys(form(word) for word in tokens(text)))
    kept = list(dict.fromkeys(word[:LONGEST_WORD] for word in words if word))[:MOST_WORDS]
    return Wanted(name[:LONGEST_NAME], set(kept), values)


def _write(member: Member, wanted: Mapping[str, Wanted]) -> None:
    there = {entry.audience: entry for entry in DirectoryEntry.objects.filter(member=member)}
    changes: Counter[tuple[str, str, str]] = Counter()
    for audience, entry in there.items():
        changes.subtract([(audience, *ALL)])
        rows = DirectoryFacet.objects.filter(entry=entry)
        changes.subtract((audience, *value) for value in rows.values_list("group", "value"))
    gone = [entry.pk for entry in there.values()]
    for model in (DirectoryFacet, DirectoryWord):
        model._default_manager.filter(entry__in=gone).delete()
    DirectoryEntry.objects.filter(
        pk__in=[entry.pk for audience, entry in there.items() if audience not in wanted]
    ).delete()
    for audience, one in wanted.items():
        changes.update([(audience, *ALL)])
        changes.update((audience, *value) for value in one.values)
        entry, _made = DirectoryEntry.objects.update_or_create(
            member=member,
            audience=audience,
            defaults={"name_sort": one.name_sort, "joined_at": member.joined_at},
        )
        lay([(entry, one)])
    _count(changes)


def lay(entries: Iterable[tuple[DirectoryEntry, Wanted]]) -> None:
    """Write the words and values of new or emptied entries."""
    facets, words = [], []
    for entry, wanted in entries:
        facets += [
            DirectoryFacet(entry=entry, audience=entry.audience, group=group, value=value)
            for group, value in sorted(wanted.values)
        ]
        words += [
            DirectoryWord(entry=entry, audience=entry.audience, word=word)
            for word in sorted(wanted.words)
        ]
    DirectoryFacet.objects.bulk_create(facets, batch_size=5_000)
    DirectoryWord.objects.bulk_create(words, batch_size=5_000)


def _count(changes: Counter[tuple[str, str, str]]) -> None:
    """Add to the counts. Their rows are held in one order, so that nobody waits in a ring."""
    changed = sorted((key, by) for key, by in changes.items() if by)
    if not changed:
        return
    DirectoryCount.objects.bulk_create(
        [DirectoryCount(audience=a, group=g, value=v) for (a, g, v), _by in changed],
        ignore_conflicts=True,
    )
    which = Q()
    for (audience, group, value), _by in changed:
        which |= Q(audience=audience, group=group, value=value)
    held = DirectoryCount.objects.select_for_update().filter(which).order_by("pk")
    rows = {(row.audience, row.group, row.value): row.pk for row in held}
    for by in sorted({by for _key, by in changed}):
        keys = [rows[key] for key, each in changed if each == by]
        DirectoryCount.objects.filter(pk__in=keys).update(members=F("members") + by)


# --- Comparing and mending -----------------------------------------------------------------------

#: Members compared at a time.
AT_ONCE = 500


def astray() -> tuple[list[int], int]:
    """Members whose entries differ from what they show, and how many counts are wrong."""
    found: list[int] = []
    last = 0
    while True:
        members = list(Member.objects.filter(pk__gt=last).order_by("pk")[:AT_ONCE])
        if not members:
            break
        last = members[-1].pk
        there = _there(members)
        found += [
            member.user_id
            for member, wanted in wanted_of(members)
            if there.get(member.pk, {})
            != {a: (w.name_sort, w.words, w.values) for a, w in wanted.items()}
        ]
    return found, len(_miscounted())


def _there(members: Sequence[Member]) -> dict[int, dict[str, tuple[str, set[str], set[Value]]]]:
    found: dict[int, dict[str, tuple[str, set[str], set[Value]]]] = {}
    rows = DirectoryEntry.objects.filter(member__in=members).prefetch_related("facets", "words")
    for entry in rows:
        found.setdefault(entry.member_id, {})[entry.audience] = (
            entry.name_sort,
            {row.word for row in entry.words.all()},
            {(row.group, row.value) for row in entry.facets.all()},
        )
    return found


def _miscounted() -> dict[tuple[str, str, str], int]:
    """The counts that are wrong, with the right number."""
    right: Counter[tuple[str, str, str]] = Counter()
    for audience, n in _counted(DirectoryEntry.objects, "audience"):
        right[(audience, *ALL)] = n
    for audience, group, value, n in _counted(DirectoryFacet.objects, "audience", "group", "value"):
        right[(audience, group, value)] = n
    kept = {(c.audience, c.group, c.value): c.members for c in DirectoryCount.objects.all()}
    return {key: right[key] for key in right.keys() | kept if right[key] != kept.get(key, 0)}


def _counted(rows: Any, *columns: str) -> Iterable[tuple[Any, ...]]:
    return rows.order_by().values_list(*columns).annotate(n=Count("pk"))


def mend() -> tuple[int, int]:
    """Make everything agree: how many members and counts were mended."""
    keys, _wrong = astray()
    for user_id in keys:
        note(user_id)
    return len(keys), mend_counts()


def mend_counts() -> int:
    """Count anew what is miscounted. Nobody changes a count meanwhile."""
    with transaction.atomic():
        list(DirectoryCount.objects.select_for_update().order_by("pk"))
        wrong = _miscounted()
        for (audience, group, value), n in wrong.items():
            DirectoryCount.objects.update_or_create(
                audience=audience, group=group, value=value, defaults={"members": n}
            )
    return len(wrong)


# --- Reading -------------------------------------------------------------------------------------


def whole(audience: str) -> dict[str, dict[str, int]]:
    """How many entries have each value, and under "" how many there are. One query."""
    found: dict[str, dict[str, int]] = {group: {} for group in ("", *GROUPS)}
    rows = DirectoryCount.objects.filter(audience=audience, members__gt=0)
    for group, value, n in rows.values_list("group", "value", "members"):
        found[group][value] = n
    return found


def page_of(rows: QuerySet[DirectoryEntry], *, newest: bool, start: int, stop: int) -> list[int]:
    """The keys of the entries on one page."""
    order = ("-joined_at", "-pk") if newest else ("name_sort", "pk")
    return list(rows.order_by(*order).values_list("pk", flat=True)[start:stop])
