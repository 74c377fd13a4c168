"""Letters to the author of a report: it is shown, or it is not and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.letters import on_one_line
from community.letters import write

if TYPE_CHECKING:
    from community.models import TrialReport


def shown(report: TrialReport) -> None:
    _write("report_shown", report)


def hidden(report: TrialReport) -> None:
    _write("report_hidden", report, reason=report.reason)


def _write(letter: str, report: TrialReport, **context: Any) -> None:
    if report.user is not None:
        solution = on_one_line(report.solution)
        write(letter, report.user, report.get_absolute_url, solution=solution, **context)
