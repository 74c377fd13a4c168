"""Letters of moderators: few, and only to those a decision concerns.

What was released or left as it is speaks for itself; who decided and who flagged stands in none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from community.choices import Ground
from community.conduct import RULES
from community.letters import owe_letter
from community.models import Appeal, Decision, Flag

if TYPE_CHECKING:
    import datetime as dt

#: After these whoever it concerns gets a letter.
TOLD = Decision.APPEALABLE | {Decision.What.LIFT}


def decision(row: Decision) -> None:
    """What was decided about a person or what they wrote, on which rule, why, and how to object."""
    if row.what not in TOLD or row.about_id is None:
        return
    until = row.sanction.until if row.sanction else None
    _write("decision", row.about_id, decision=row, until=until)


def appeal(row: Appeal) -> None:
    """How an appeal ended."""
    if row.made_by_id is not None:
        _write("appeal", row.made_by_id, appeal=row, decision=row.decision)


def flag(row: Flag) -> None:
    """What became of a flag. Nothing about the person it was about."""
    if row.raised_by_id is not None:
        _write("flag", row.raised_by_id, flag=row)


def _write(letter: str, user: int, until: dt.datetime | None = None, **context: Any) -> None:
    """Owe one person the letter of that name, whose first line is its subject."""
    to = User.objects.select_related("profile").filter(pk=user, is_active=True).first()
    if to is None:
        return
    zone, language = to.profile.time_zone or "UTC", to.profile.interface_language
    with translation.override(language or settings.LANGUAGE_CODE), timezone.override(zone):
        ground = context["decision"].ground if "decision" in context else ""
        context |= {
            "until": until,
            "rule": RULES[Ground(ground)][0] if ground else "",
            "portal_name": settings.PORTAL_NAME,
            "mine": f"{settings.PORTAL_URL}{reverse('community:my-decisions')}",
            "conduct": f"{settings.PORTAL_URL}{reverse('community:conduct')}",
        }
        text = render_to_string(f"emails/community/moderation_{letter}.txt", context)
    owe_letter(letter, to, text)
