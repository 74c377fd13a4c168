"""Letters about the record, in the language of their reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.kinds import NoticeKind
from accounts.letters import on_one_line, tell

if TYPE_CHECKING:
    from events.models import PersonClaim

#: How the reader of each letter sorts it.
KINDS = {
    "claim_agreed": NoticeKind.YOURS,
    "claim_refused": NoticeKind.YOURS,
}


def agreed(claim: PersonClaim) -> None:
    """Tell a member that a person of the record is theirs."""
    _tell_asker("claim_agreed", claim)


def refused(claim: PersonClaim) -> None:
    """Tell a member why not."""
    _tell_asker("claim_refused", claim)


def _tell_asker(letter: str, claim: PersonClaim) -> None:
    tell(
        claim.user,
        f"events/{letter}",
        claim.person.get_absolute_url,
        kind=KINDS[letter],
        claim=claim,
        name=on_one_line(claim.person),
    )
