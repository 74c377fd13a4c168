"""Two hubs become one: nothing either of them had is lost, and the old address leads on.

What belongs to a hub below this layer moves here; apps above bring theirs when they hear
``hubs_merging``. The hub that goes keeps its revisions, and its row names where it went.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from hubs import checking, finding, revisions
from hubs.models import Hub, HubClaim, HubInvitation, LessonHub, Membership
from hubs.operations.members import RANK
from hubs.operations.profile import finish, own_statement
from hubs.signals import hubs_merged, hubs_merging, merging_asked, role_changed
from hubs.topics import TOPICS

if TYPE_CHECKING:
    from accounts.models import User

NAMES = ("name", "acronym")
LISTS = ("functions", "modalities", "languages", "contacts")
LAST_POSITION = 9999
LONGEST_LESSON = 300


@transaction.atomic
def merge_hubs(gone: Hub, *, into: Hub, by: User, note: str) -> Hub:
    """Make one hub part of another. Portal moderators only; it cannot be undone.

    Returns the hub that stays, as it is now.
    """
    if not by.has_perm("hubs.merge_hub"):
        raise PermissionDenied
    AuditHead.hold()
    rows = Hub.objects.select_for_update().in_bulk([gone.pk, into.pk])
    leaves, stays = rows[gone.pk], rows[into.pk]
    refuse(leaves, stays)
    if not note.strip():
        raise DomainError(
            _("Say why the two hubs become one."),
            code="reason",
            fields={"reason": [_("Say why the two hubs become one.")]},
        )
    roles = _bring_people(leaves, stays, by=by)
    _bring_invitations(leaves, stays, by=by)
    _bring_statements(leaves, stays, by=by)
    lessons = _bring_lessons(leaves, stays)
    _bring_columns(leaves, stays)
    Hub.objects.filter(merged_into=leaves).update(merged_into=stays)
    hubs_merging.send(Hub, gone=leaves, kept=stays, by=by)
    leaves.merged_into, leaves.is_listed = stays, False
    leaves.save(update_fields=["merged_into", "is_listed", "updated_at"])
    revisions.keep(leaves, by=by, note=note)
    finding.note(leaves)
    AuditEntry.record(by=by, verb="merge", target=leaves, note=note, into=stays.pk)
    finish(stays, by=by, verb="merge", note=note, always=True, gone=leaves.pk, lessons=lessons)
    by.__dict__.pop("_hub_roles", None)
    for membership in roles:
        role_changed.send(Hub, hub=stays, user=membership.user, role=membership.role, by=by)
    hubs_merged.send(Hub, gone=leaves, kept=stays, by=by)
    return stays


def refuse(gone: Hub, kept: Hub) -> None:
    """Say no where one of the two cannot take part."""
    if gone.pk == kept.pk:
        raise DomainError(_("Choose another hub: these are the same."), code="self")
    for hub in (gone, kept):
        if hub.merged_into_id:
            raise DomainError(
                _("%(hub)s is part of %(other)s already.") % {"hub": hub, "other": hub.merged_into},
                code="merged",
            )


# --- What moves --------------------------------------------------------------------------


def _bring_people(gone: Hub, kept: Hub, *, by: User) -> list[Membership]:
    """Everybody keeps the higher of their roles. Returns what is new in the hub that stays."""
    there = {row.user_id: row for row in kept.memberships.all()}
    changed = []
    for row in gone.memberships.select_related("user").order_by("pk"):
        known = there.get(row.user_id)
        if known is None:
            row.hub = kept
            row.save(update_fields=["hub"])
            changed.append(row)
            continue
        rises = RANK[row.role] > RANK[known.role]
        known.role = row.role if rises else known.role
        known.is_shown = known.is_shown or row.is_shown
        known.since = min(known.since, row.since)
        row.delete()
        known.save(update_fields=["role", "is_shown", "since"])
        changed += [known] * rises
    return changed


def _bring_invitations(gone: Hub, kept: Hub, *, by: User) -> None:
    """Open ones are taken back where the person is asked or in the team already."""
    asked = {row.email.lower(): row for row in kept.invitations.filter(state="asked")}
    in_team = {email.lower() for email in kept.memberships.values_list("user__email", flat=True)}
    for row in gone.invitations.filter(state=HubInvitation.State.ASKED):
        address = row.email.lower()
        twin = asked.get(address)
        if twin is not None and RANK[row.role] > RANK[twin.role]:
            twin.role = row.role
            twin.save(update_fields=["role"])
        if twin is not None or address in in_team:
            row.withdraw(by=by)
    gone.invitations.update(hub=kept)


def _bring_statements(gone: Hub, kept: Hub, *, by: User) -> None:
    """All statements stand behind those of the hub that stays, whose answers come first: what
    the other preferred is preferred only where that hub says nothing."""
    mine = list(kept.claims.all())
    position = max((claim.position for claim in mine), default=0)
    theirs = list(gone.claims.order_by("position", "pk"))
    settled = answered(mine)
    for claim in theirs:
        if claim.topic in NAMES:
            claim.topic, claim.is_preferred = "other_name", False
        if (claim.topic, claim.label) in settled:
            claim.is_preferred = False
        position = min(position + 1, LAST_POSITION)
        claim.hub, claim.position = kept, position
    HubClaim.objects.bulk_update(theirs, ["hub", "topic", "is_preferred", "position"])
    known = {kept.name, kept.acronym, ""} | {claim.text for claim in (*mine, *theirs)}
    for name in dict.fromkeys((gone.name, gone.acronym)):
        if name not in known:
            position = min(position + 1, LAST_POSITION)
            HubClaim.objects.create(
                hub=kept,
                topic="other_name",
                text=name,
                reference=own_statement(gone),
                position=position,
                added_by=by,
            )


def answered(claims: Iterable[HubClaim]) -> set[tuple[str, str]]:
    """The questions on which a hub prefers a statement, or has any where one is shown."""
    return {
        (claim.topic, claim.label)
        for claim in claims
        if claim.is_preferred or ((topic := TOPICS.get(claim.topic)) and topic.one)
    }


def _bring_lessons(gone: Hub, kept: Hub) -> list[dict[str, Any]]:
    """Lessons that both show are shown once, in both hubs' words if there is room; returns
    the words there was none for, which the audit keeps."""
    there = {row.lesson_id: row for row in LessonHub.objects.filter(hub=kept)}
    left = []
    for row in LessonHub.objects.filter(hub=gone):
        twin = there.get(row.lesson_id)
        if twin is None:
            row.hub = kept
            row.save(update_fields=["hub"])
            continue
        both = " ".join(dict.fromkeys(text for text in (twin.text, row.text) if text))
        if len(both) <= LONGEST_LESSON:
            twin.text = both
            twin.save(update_fields=["text"])
        else:
            left.append({"lesson": row.lesson_id, "text": row.text})
        row.delete()
    return left


def _bring_columns(gone: Hub, kept: Hub) -> None:
    """Unite what both list; fill the website if there is none. Everything else stays."""
    kept.sectors.add(*gone.sectors.all())
    gone.sectors.clear()
    for name in LISTS:
        mine = getattr(kept, name)
        setattr(kept, name, [*mine, *(item for item in getattr(gone, name) if item not in mine)])
    kept.website = kept.website or gone.website
    kept.save(update_fields=[*LISTS, "website", "updated_at"])


# --- What would happen -------------------------------------------------------------------


@dataclass(slots=True)
class Expected:
    """What a merging would bring over, and what somebody should know before.

    ``counts``: rows that move, by the label of their model; ``notes``: whole sentences.
    """

    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def preview(gone: Hub, kept: Hub) -> Expected:
    """Count everything that names the hub that goes, and name what both have."""
    counts = {}
    for relation in related():
        model = relation.related_model
        rows = model._base_manager.filter(**{relation.field.name: gone})
        counts[model._meta.label_lower] = rows.count()
    counts["hubs.hubrevision"] = 0  # they stay
    expected = Expected(counts, list(_collisions(gone, kept)))
    for _receiver, found in merging_asked.send(Hub, gone=gone, kept=kept):
        answer: Any = found
        expected.counts |= answer.counts
        expected.notes += answer.notes
    return expected


def related() -> list[Any]:
    """Every relation of the database that leads to a hub, except its own lists."""
    found = Hub._meta.get_fields(include_hidden=True)
    return [
        one
        for one in found
        if one.auto_created and not one.concrete and (one.one_to_many or one.one_to_one)
    ]


def _collisions(gone: Hub, kept: Hub) -> Iterable[str]:
    mine, theirs = list(kept.claims.all()), list(gone.claims.all())
    settled = answered(mine)
    both = {(c.topic, c.label) for c in theirs if c.topic not in NAMES} & settled
    if both:
        labels = sorted({str(TOPICS[topic].label) for topic, _label in both if topic in TOPICS})
        yield _(
            "Both state something on: %(topics)s. All statements stand side by side; what"
            " %(hub)s shows or prefers stays first unless another one is later."
        ) % {"topics": ", ".join(labels), "hub": kept.short}
    people = set(kept.memberships.values_list("user", flat=True))
    n = gone.memberships.filter(user__in=people).count()
    if n:
        yield ngettext(
            "%(n)d person is in both teams and keeps the higher role.",
            "%(n)d people are in both teams and keep the higher role.",
            n,
        ) % {"n": n}
    for year in _too_much(mine, theirs):
        yield (
            _("The shares of the budget for %(year)s add up to more than the whole.")
            % {"year": year}
            if year
            else _("The shares of the budget without a year add up to more than the whole.")
        )


def _too_much(mine: Sequence[HubClaim], theirs: Sequence[HubClaim]) -> Iterable[str]:
    """Years whose financing mix would exceed the whole."""
    for year, members in checking.shares_of([*mine, *theirs]).items():
        if sum(checking.least(claim) for claim in members) > checking.WHOLE:
            yield year
