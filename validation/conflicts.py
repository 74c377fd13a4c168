"""Who may not judge whose work.

Two kinds (specification, 4.3). *Hard blocks* the portal finds by itself: same institution
now, named in the record, funder, desk of the owner's hub, already another part in the case.
*Declared* ones only the person knows; they are asked before any file opens. Hard blocks are
looked for when a panel is built, when an invitation is accepted, when a review is sent, when
a decision is made, and whenever the people named in a record change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from catalogue.choices import ContributorRole
from catalogue.models import Solution
from core.text import fold
from hubs.models import Membership
from validation.choices import CaseKind, Part
from validation.models import Case, CasePart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Block:
    """One reason why a person cannot take part, worded for the desk."""

    code: str
    message: str


def concerned(user: User) -> Q:
    """Cases about this person's own records, and those they review beside others, as a condition:
    nobody learns there when somebody else did something."""
    own = Solution.objects.of_team(user)
    return Q(solution__in=own) | Q(parts__user=user, parts__part=Part.REVIEWER)


def _plain(name: str) -> str:
    """A name for comparison: folded, without punctuation and small words."""
    words = re.findall(r"\w+", fold(name))
    return " ".join(word for word in words if word not in {"the", "of", "and", "for"})


@dataclass(frozen=True, slots=True)
class Named:
    """Everybody and every institution that has a stake in a solution, read once.

    People and institutions of the frozen version count as well as those of today.
    """

    users: frozenset[int]
    names: frozenset[str]
    institutions: frozenset[str]
    funders: frozenset[str]
    hub_id: int | None
    desk_of_hub: frozenset[int]

    @classmethod
    def of(cls, case: Case) -> Named:
        solution = Solution.objects.select_related("hub").get(pk=case.solution_id)
        contributors = list(solution.contributors.values("user_id", "name", "role", "organisation"))
        content, private = case.version.content, case.version.private_content
        frozen: list[dict[str, Any]] = content.get("contributors", [])
        users = {solution.owner_id, case.sent_in.submitted_by_id, *private.get("team", [])}
        users |= {row["user_id"] for row in contributors if row["user_id"]}
        rows = [*contributors, *frozen]
        institutions = {solution.owner_institution, content.get("owner_institution", "")}
        institutions |= {row["organisation"] for row in rows}
        if solution.hub:
            institutions |= solution.hub.institutions()
        funders = {
            name
            for row in rows
            if row["role"] == ContributorRole.FUNDER
            for name in (row["name"], row["organisation"])
        }
        desk = Membership.objects.filter(hub=solution.hub_id, role__in=Membership.DESK)
        return cls(
            users=frozenset(users),
            names=_all_plain(row["name"] for row in rows),
            institutions=_all_plain(institutions),
            funders=_all_plain(funders),
            hub_id=solution.hub_id,
            desk_of_hub=frozenset(desk.values_list("user_id", flat=True))
            if solution.hub_id
            else frozenset(),
        )


def _all_plain(names: Iterable[str]) -> frozenset[str]:
    return frozenset(plain for name in names if (plain := _plain(name or "")))


def hard_blocks(user: User, named: Named, *, organisation: str | None = None) -> list[Block]:
    """What bars this person from judging, from what the portal knows. Empty: nothing known."""
    if organisation is None:
        organisation = user.profile.organisation
    institution = _plain(organisation)
    found = []
    if user.pk in named.users:
        found.append(Block("team", _("Is in the team of this record.")))
    elif _plain(user.name) in named.names:
        found.append(Block("named", _("Somebody of this name is named in the record.")))
    if institution and institution in named.funders:
        found.append(Block("funder", _("Works for a funder of this solution.")))
    elif institution and institution in named.institutions:
        found.append(Block("institution", _("Works for an institution named in the record.")))
    if user.pk in named.desk_of_hub:
        found.append(Block("hub", _("Is focal point or editor of the owner’s hub.")))
    return found


def parts_in(case: Case) -> dict[int, str]:
    """Who already is something in this case, or was in an earlier look at the same version."""
    rows = CasePart.objects.filter(case=case)
    if case.kind == CaseKind.APPEAL:  # an appeal never sees the same people again
        rows = CasePart.objects.filter(case__submission=case.submission_id)
    return dict(rows.values_list("user_id", "part"))
