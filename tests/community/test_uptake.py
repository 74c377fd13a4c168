"""Where solutions are used, as checked reports tell: the order "most adopted" follows them."""

from __future__ import annotations

import pytest
from django.db import transaction

from catalogue import finding
from catalogue.models import Solution
from core import findable, search
from core.models import SearchDocument
from tests.community import labs
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def uptake(solution: Solution) -> int:
    return SearchDocument.objects.get(kind=finding.KIND, object_id=str(solution.pk)).uptake


def most_adopted() -> list[int]:
    found = search.find(finding.KIND, search.SearchQuery(), sort="adopted")
    return [int(key) for key in found.ids]


def test_each_other_place_counts_once_and_only_where_it_worked() -> None:
    solution = labs.public_solution()
    labs.shown(solution=solution, organisation="One", outcome="worked")
    labs.shown(solution=solution, organisation="  ONE ", outcome="partly")  # the same place
    labs.shown(solution=solution, organisation="One", country="CD", outcome="worked")
    labs.shown(solution=solution, organisation="Two", outcome="failed")
    labs.shown(solution=solution, organisation="Three", outcome="running")
    labs.shown(solution=solution, organisation=solution.owner_institution, outcome="worked")
    assert uptake(solution) == 2

    labs.shown(solution=solution, organisation="One", country="CD", outcome="failed")
    assert uptake(solution) == 1


def test_the_order_follows_each_move_of_a_report_in_its_transaction() -> None:
    first, second = labs.public_solution(), labs.public_solution()
    waiting = labs.report(first, outcome="worked")
    assert most_adopted() == [second.pk, first.pk]  # not checked: newest first

    shown = labs.shown(waiting)
    assert most_adopted() == [first.pk, second.pk]
    with transaction.atomic():
        labs.check(shown, make_user(is_staff=True), shows=False, reason="Not about this one.")
        assert most_adopted() == [second.pk, first.pk]
        transaction.set_rollback(True)
    assert most_adopted() == [first.pk, second.pk]

    shown.refresh_from_db()
    shown.withdraw_report(by=shown.user)
    assert (most_adopted(), uptake(first)) == ([second.pk, first.pk], 0)


def test_writing_the_entry_anew_keeps_the_count() -> None:
    solution = labs.public_solution()
    labs.shown(solution=solution, outcome="worked")
    finding.note(Solution.objects.select_related("public_version").get(pk=solution.pk))
    assert uptake(solution) == 1


def test_a_count_that_is_amiss_is_found_and_mended() -> None:
    solution, other = labs.public_solution(), labs.public_solution()
    labs.shown(solution=solution, outcome="worked")
    SearchDocument.objects.filter(object_id=str(solution.pk)).update(uptake=0)
    SearchDocument.objects.filter(object_id=str(other.pk)).update(uptake=5)
    keys = [str(solution.pk), str(other.pk)]
    assert sorted(findable.check()[finding.KIND].outdated) == sorted(keys)

    assert finding.mend() == 2
    assert (uptake(solution), uptake(other)) == (1, 0)
    assert finding.KIND not in findable.check()
    assert finding.mend() == 0
