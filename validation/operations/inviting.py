"""Whom to ask for a review, and asking them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditEntry
from hubs import reference
from validation import choices as c
from validation.clock import PORTAL
from validation.conflicts import Block, Named, hard_blocks, parts_in
from validation.judging import is_abroad
from validation.models import Case, Reviewer, Seat
from validation.operations.common import audit_data, chairs_declared, lock, must, require_state
from validation.operations.opening import take_part

if TYPE_CHECKING:
    from accounts.models import User

#: A panel never grows beyond this; more would dilute the median and nobody's time is free.
MOST_ON_PANEL = 3


# --- Suggestions -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody the chair may ask: why they fit, and what speaks against it."""

    reviewer: Reviewer
    points: int
    fits: tuple[str, ...]
    blocks: tuple[Block, ...]
    load: int
    is_abroad: bool

    @property
    def may_be_asked(self) -> bool:
        return not self.blocks and self.load < self.reviewer.most_open


def suggestions(case: Case) -> list[Suggestion]:
    """Everybody on the list of reviewers, the best fit first. A fixed number of queries.

    Points: a shared sector 3, the record's language 3, another country 2, no open review 1
    and one less for each open one. They order the list; the reasons are what the chair reads.
    """
    named, parts = Named.of(case), parts_in(case)
    content = case.version.content
    people = Reviewer.objects.available().select_related("user__profile")
    people = people.prefetch_related("sectors", "user__profile__languages")
    found = [_suggest(entry, content, named, parts) for entry in people]
    return sorted(
        found, key=lambda s: (not s.may_be_asked, -s.points, s.load, s.reviewer.user.name)
    )


def _suggest(
    entry: Any, content: dict[str, Any], named: Named, parts: dict[int, str]
) -> Suggestion:
    profile = entry.user.profile
    sectors = [row.code for row in entry.sectors.all() if row.code in content["sectors"]]
    languages = {row.code for row in profile.languages.all()}
    abroad = is_abroad(str(profile.country), content)
    fits, points = [], 1 - entry.load
    if sectors:
        fits.append(
            _("Sector: %(names)s") % {"names": ", ".join(map(reference.sector_name, sectors))}
        )
        points += 3
    if content["language"] in languages:
        name = reference.language_name(content["language"])
        fits.append(_("Reads %(language)s") % {"language": name})
        points += 3
    if abroad:
        fits.append(_("Another country"))
        points += 2
    blocks = hard_blocks(entry.user, named)
    if entry.user_id in parts:
        blocks.append(Block("part", _("Already has a part in this case.")))
    return Suggestion(entry, points, tuple(fits), tuple(blocks), entry.load, abroad)


# --- Invitations -------------------------------------------------------------------------


def invite(case: Case, *, by: User, person: User) -> Seat:
    """Ask somebody to review. Asking twice gives the seat already there."""
    must(chairs_declared(by, case))
    with transaction.atomic():
        return _invite(lock(case), by=by, person=person)


def invite_best(case: Case) -> Seat | None:
    """Ask the best fit by itself, when a third review turned out to be needed. The chair is
    told either way. Call with the case locked."""
    for suggestion in suggestions(case):
        if suggestion.may_be_asked and (suggestion.is_abroad or _has_abroad(case)):
            return _invite(case, by=PORTAL, person=suggestion.reviewer.user, **PORTAL.audit_name)
    return None


def _invite(case: Case, *, by: Any, person: User, **alias: Any) -> Seat:
    require_state(case, c.CaseState.ASSIGNMENT, c.CaseState.REVIEW)
    there = case.seats.filter(user=person).first()
    if there is not None and there.state in c.SEATED:
        return there
    entry = Reviewer.objects.available().filter(user=person).select_related("user__profile").first()
    if entry is None:
        raise DomainError(
            _("%(name)s is not on the list of reviewers.") % {"name": person}, code="reviewer"
        )
    if there is not None or person.pk in parts_in(case):
        raise DomainError(
            _("%(name)s already has or had a part in this case.") % {"name": person},
            code="four-eyes",
        )
    _refuse_blocked(person, case)
    load: int = entry.load  # type: ignore[attr-defined]  # annotated
    if load >= entry.most_open:
        raise DomainError(
            _("%(name)s already has %(n)d reviews open.") % {"name": person, "n": load}, code="load"
        )
    seated = list(case.seats.on_panel())
    if len(seated) >= MOST_ON_PANEL:
        raise DomainError(_("The panel is full: three at most."), code="full")
    country = str(entry.user.profile.country)
    if seated and not _has_abroad(case) and not is_abroad(country, case.version.content):
        raise DomainError(
            _("At least one reviewer comes from another country. Ask such a person next."),
            code="country",
        )
    take_part(case, person, c.Part.REVIEWER)
    seat = Seat.objects.create(case=case, user=person, alias=_free_alias(case), country=country)
    # The name of who is asked is the panel's: the audit of the case knows the alias.
    AuditEntry.record(by=by, verb="invite", target=case, seat=seat.uid, **alias, **audit_data(case))
    seat.announce("invite", by=by)
    return seat


def _has_abroad(case: Case) -> bool:
    return any(
        is_abroad(country, case.version.content)
        for country in case.seats.on_panel().values_list("country", flat=True)
    )


def _free_alias(case: Case) -> str:
    """A letter at random, so that it does not tell who was asked first."""
    taken = set(case.seats.values_list("alias", flat=True))
    letters = [letter for letter in "ABCDEFGHJKLMNPQRSTUVWXYZ" if letter not in taken]
    few = letters[: max(6, 1)]
    return random.SystemRandom().choice(few)


def _refuse_blocked(person: User, case: Case) -> None:
    blocks = hard_blocks(person, Named.of(case))
    if blocks:
        raise DomainError(
            _("%(name)s cannot judge this solution: %(why)s")
            % {"name": person, "why": " ".join(block.message for block in blocks)},
            code="blocked",
        )
