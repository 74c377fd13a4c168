"""Letters to the author of a report: it is shown, or it is not and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from accounts.operations import profile_of
from community.letters import owe_letter

if TYPE_CHECKING:
    from community.models import TrialReport


def shown(report: TrialReport) -> None:
    _write("report_shown", report)


def hidden(report: TrialReport) -> None:
    _write("report_hidden", report, reason=report.reason)


def _write(letter: str, report: TrialReport, **context: Any) -> None:
    """Owe its author the letter of that name, in their language. Closed and locked accounts get
    none."""
    user = report.user
    if user is None or not user.is_active:
        return
    with translation.override(profile_of(user).interface_language or settings.LANGUAGE_CODE):
        context |= {
            "solution": " ".join(str(report.solution).split()),
            "page": f"{settings.PORTAL_URL}{report.get_absolute_url()}",
            "portal_name": settings.PORTAL_NAME,
        }
        text = render_to_string(f"emails/community/{letter}.txt", context)
    owe_letter(letter, user, text)
