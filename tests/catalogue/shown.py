"""Public records for tests of reading, without the way through the desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from accounts.models import User
from catalogue import finding, operations
from catalogue.choices import Publication, Validation
from catalogue.models import Solution, Translation
from tests import factories

if TYPE_CHECKING:
    from hubs.models import Hub

TITLE = "Community milk banks"


def desk() -> User:
    """The portal moderator who takes records over."""
    return User.objects.filter(is_staff=True).first() or factories.make_user(is_staff=True)


def draft(
    title: str = TITLE,
    *,
    countries: Iterable[str] = ("BR",),
    sectors: Iterable[str] = ("health",),
    goals: Iterable[int] = (),
    tags: Iterable[str] = (),
    hub: Hub | None = None,
    **more: Any,
) -> Solution:
    values: dict[str, Any] = {
        "summary": "Mothers give milk, nurses test it.",
        "kind": "service",
        "stage": "pilot",
        "problem": "<p>Preterm children lack human milk.</p>",
    }
    solution = factories.make_solution(desk(), title=title, hub=hub, **(values | more))
    solution.countries.set(countries)
    solution.sectors.set(sectors)
    solution.goals.set(goals)
    solution.tags.add(*tags)
    return solution


def public(title: str = TITLE, *, mark: str = "", french: str = "", **more: Any) -> Solution:
    """A record that readers see; ``mark`` is a state of its validation."""
    solution = draft(title, **more)
    if french:
        Translation.objects.create(
            solution=solution, language_id="fr", texts={"title": french}, source_hash="-"
        )
    operations.import_solution(solution, by=desk(), source="Test")
    solution = Solution.objects.get(pk=solution.pk)
    if mark:
        Solution.objects.filter(pk=solution.pk).update(validation=Validation(mark))
        solution.refresh_from_db()
        finding.note(solution)
    return solution


def withdrawn(title: str = TITLE, **more: Any) -> Solution:
    solution = public(title, **more)
    operations.withdraw_solution(solution, by=desk(), reason="It was wrong.")
    return solution


def restored(title: str = TITLE, **more: Any) -> Solution:
    solution = withdrawn(title, **more)
    operations.restore_solution(solution, by=desk(), reason="It was right.")
    return solution


def waiting(title: str = TITLE, **more: Any) -> Solution:
    """Complete and with the desk."""
    solution = factories.complete_snapshot(title=title, **more)
    factories.submitted(solution)
    return solution


def returned(title: str = TITLE, **more: Any) -> Solution:
    solution = factories.complete_snapshot(title=title, **more)
    submission = factories.submitted(solution)
    operations.return_submission(submission, by=desk(), note="Say more.")
    return solution


#: Every state of publication a record can be in, and whether the public may find it.
STATES = {
    "draft": (draft, False),
    "waiting": (waiting, False),
    "returned": (returned, False),
    "public": (public, True),
    "withdrawn": (withdrawn, False),
    "restored": (restored, True),
}
assert {Publication.PRIVATE, Publication.PUBLIC, Publication.WITHDRAWN} == set(Publication)
