"""Criteria sets: their rules, their life, who may change them, and their pages."""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import subprocess
import sys
import threading

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from catalogue import criteria, operations
from catalogue import criteria_operations as ops
from catalogue.choices import Form
from catalogue.forms.criteria import flatten
from catalogue.models import CriteriaSet, CriteriaState, Submission
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Membership
from tests.desk import desk_client
from tests.factories import (
    complete_snapshot,
    make_hub,
    make_member,
    make_user,
    reference,
    submitted,
)

LIST = "/desk/catalogue/criteriaset/"
COMMON = criteria.shipped()
OWN = {
    "code": "H1",
    "name": "Water law",
    "question": "Does it keep the law on water?",
    "evidence_required": "A permit.",
    "anchors": {n: f"Meaning of {n}." for n in criteria.SCORES},
    "minimum": 2,
}


def administrator() -> User:
    return make_user(is_superuser=True, is_staff=True)


def focal_point(hub) -> User:
    return make_member(hub, Membership.Role.FOCAL_POINT)


def changed(**periods) -> dict:
    """The common content with other periods."""
    content = copy.deepcopy(COMMON)
    content["periods"] |= periods
    return content


def next_set(by: User, version: str = "1.1", content: dict | None = None) -> CriteriaSet:
    """A draft of the next common set."""
    return ops.draft_family(
        family="common",
        name=COMMON["name"],
        version=version,
        content=content or changed(review_days=20),
        by=by,
    )


def hub_set(hub, additions: dict, *, by: User | None = None) -> CriteriaSet:
    """What a hub adds, put in force."""
    by = by or focal_point(hub)
    draft = ops.draft_additions(hub, by=by)
    ops.save_additions(draft, by=by, additions=additions, seen=draft.content_hash)
    ops.put_in_force(draft, by=by, note="Our law asks for it.")
    return draft


def messages(problems) -> list[str]:
    return [str(problem) for problem in problems]


# --- What is a set? ----------------------------------------------------------------------


def test_the_shipped_set_is_well_formed():
    assert criteria.well_formed(COMMON) == []
    assert criteria.tightens(COMMON, COMMON) == []
    assert tuple(gate["code"] for gate in COMMON["gates"]) == criteria.GATES


@pytest.mark.parametrize(
    ("spoil", "fields"),
    [
        (lambda c: c["gates"][1].update(code="G1"), ["gates-1-code"]),
        (lambda c: c["criteria"][0].update(code="G1"), ["criteria-0-code"]),
        (lambda c: c["criteria"][0].update(code="c1"), ["criteria-0-code"]),
        (lambda c: c["criteria"][0].update(weight=11), ["criteria-0-weight"]),
        (lambda c: c["criteria"][0].update(weight=-1), ["criteria-0-weight"]),
        (lambda c: c["criteria"][0].update(weight=True), ["criteria-0-weight"]),
        (lambda c: c["criteria"][2]["anchors"].pop("3"), ["criteria-2-anchor-3"]),
        (lambda c: c["criteria"][2]["anchors"].update({"3": "  "}), ["criteria-2-anchor-3"]),
        (lambda c: c["criteria"][3].update(question=""), ["criteria-3-question"]),
        (
            lambda c: c["criteria"][3].update(evidence_required="x" * 501),
            ["criteria-3-evidence_required"],
        ),
        (lambda c: c["criteria"][3].update(minimum=5), ["criteria-3-minimum"]),
        (lambda c: c["criteria"][3].update(minimum=None), ["criteria-3-minimum"]),
        (lambda c: c["criteria"][9].update(binding=True), ["criteria-9-minimum"]),
        (lambda c: c.update(criteria=[]), ["criteria"]),
        (lambda c: c.update(gates="G1"), ["gates"]),
        (lambda c: c["anchors"].pop("0"), ["anchor-0"]),
        (lambda c: c.update(score_range=[0, 10]), ["score_range"]),
        (lambda c: c.update(quorum=1), ["quorum"]),
        (lambda c: c["evidence_strength"][4].update(code="E0"), ["strength-4-code"]),
        (
            lambda c: c.update(evidence_strength=[]),
            [
                "strength",
                "thresholds-validated-evidence_at_least",
                "thresholds-promising-evidence_at_least",
            ],
        ),
        (lambda c: c["thresholds"].pop("promising"), ["thresholds"]),
        (
            lambda c: c["thresholds"]["promising"].update(gates=False),
            ["thresholds-promising-gates"],
        ),
        (
            lambda c: c["thresholds"]["promising"].update(score_at_least=71),
            ["thresholds-validated-score_at_least"],
        ),
        (
            lambda c: c["thresholds"]["promising"].update(evidence_at_least="E3"),
            ["thresholds-validated-evidence_at_least"],
        ),
        (
            lambda c: c["thresholds"]["validated"].update(binding_at_least=0),
            ["thresholds-validated-binding_at_least"],
        ),
        (
            lambda c: c["thresholds"]["validated"].update(score_at_least=101),
            ["thresholds-validated-score_at_least"],
        ),
        (
            lambda c: c["thresholds"]["validated"].update(evidence_at_least="E9"),
            ["thresholds-validated-evidence_at_least"],
        ),
        (lambda c: c["periods"].update(review_days=0), ["periods-review_days"]),
        (lambda c: c["periods"].pop("appeal_file_days"), ["periods-appeal_file_days"]),
        (lambda c: c["periods"].update(invitation_days=[3, 5]), ["periods-invitation_days"]),
        (
            lambda c: c["periods"].update(renewal_notice_days=[7, 30, 90]),
            ["periods-renewal_notice_days"],
        ),
        (
            lambda c: c["periods"].update(promising_months=2, renewal_notice_days=[90, 7]),
            ["periods-renewal_notice_days"],
        ),
        (lambda c: c.update(rules="Be kind."), ["rules"]),
        (lambda c: c.update(name=""), ["name"]),
    ],
)
def test_what_spoils_a_set_is_named_at_its_field(spoil, fields):
    content = copy.deepcopy(COMMON)
    spoil(content)

    found = [problem.field for problem in criteria.well_formed(content)]

    assert list(dict.fromkeys(found)) == fields


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*COMMON, "code", "weight", "0", "validated", "promising"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).filter(lambda value: isinstance(value, dict)),
    st.sampled_from(sorted(COMMON)),
)
def test_no_shape_of_content_is_more_than_a_problem(odd, part):
    """Whatever stands in place of a part, the answer is a list of problems, never an error."""
    assert criteria.well_formed(odd)
    criteria.well_formed({**COMMON, part: odd})
    for value in odd.values():
        criteria.well_formed({**COMMON, part: value})


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("criteria-3-weight", "C4, weight"),
        ("criteria-3-anchor-2", "C4, score 2"),
        ("gates-1-code", "G2, code"),
        ("strength-0-name", "E0, name"),
        ("anchor-4", "score 4"),
        ("thresholds-validated-score_at_least", "Validated, sum at least"),
        ("periods-appeal_file_days", "Time to appeal, in days"),
        ("gates", "Gates"),
        ("score_range", ""),
    ],
)
def test_a_problem_away_from_its_field_says_where_it_is(field, place):
    words = criteria.in_words(COMMON, criteria.Problem(field, "Mend it."))

    assert words == (f"{place}: Mend it." if place else "Mend it.")


# --- What a hub may add ------------------------------------------------------------------

own_rows = st.builds(
    lambda code, minimum: {**OWN, "code": code, "minimum": minimum},
    st.integers(1, 99).map(lambda n: f"H{n}"),
    st.integers(1, 4),
)
additions = st.fixed_dictionaries(
    {},
    optional={
        "minimums": st.dictionaries(
            st.sampled_from([row["code"] for row in COMMON["criteria"]]), st.integers(1, 4)
        ),
        "criteria": st.lists(own_rows, max_size=5, unique_by=lambda row: row["code"]),
        "thresholds": st.fixed_dictionaries(
            {},
            optional={
                "validated": st.fixed_dictionaries(
                    {},
                    optional={
                        "score_at_least": st.integers(70, 100),
                        "evidence_at_least": st.sampled_from(["E2", "E3", "E4"]),
                        "binding_at_least": st.integers(2, 4),
                    },
                ),
                "promising": st.fixed_dictionaries(
                    {},
                    optional={
                        "score_at_least": st.integers(0, 70),
                        "evidence_at_least": st.sampled_from(["E0", "E1", "E2"]),
                        "no_zero": st.booleans(),
                    },
                ),
            },
        ),
        "periods": st.fixed_dictionaries({}, optional={"validated_months": st.integers(6, 90)}),
    },
)


@given(additions)
def test_whatever_a_hub_adds_the_result_is_at_least_as_strict(added):
    before = json.dumps(COMMON)

    content = criteria.apply_additions(COMMON, added)

    assert criteria.tightens(COMMON, content) == []
    assert criteria.apply_additions(content, added)["thresholds"] == content["thresholds"]
    assert json.dumps(COMMON) == before


@given(additions, additions)
def test_stricter_than_a_stricter_set_is_stricter_than_the_first(first, second):
    middle = criteria.apply_additions(COMMON, first)
    second = {key: value for key, value in second.items() if key != "criteria"}

    last = criteria.apply_additions(middle, second)

    assert criteria.tightens(middle, last) == []
    assert criteria.tightens(COMMON, last) == []


@given(st.integers(0, 9), st.integers(1, 4))
def test_a_minimum_that_falls_is_refused_and_one_that_rises_is_not(place, minimum):
    content = copy.deepcopy(COMMON)
    row = content["criteria"][place]
    before = row["minimum"] or 0
    row.update(minimum=minimum, binding=True)

    refused = [problem.field for problem in criteria.tightens(COMMON, content)]

    assert refused == ([f"criteria-{place}-minimum"] if minimum < before else [])


def _loosen(change):
    content = criteria.apply_additions(COMMON, {"criteria": [OWN]})
    change(content)
    return content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["gates"].pop(2), "Gate G3 is missing."),
        (lambda c: c["gates"][2].update(question="Is it good?"), "Gate G3 reads otherwise."),
        (
            lambda c: c["criteria"][0].update(question="Is it good?"),
            "Criterion C1 reads otherwise.",
        ),
        (
            lambda c: c["criteria"][0]["anchors"].update({"2": "It looks fine."}),
            "Criterion C1 reads otherwise.",
        ),
        (
            lambda c: c["criteria"][1].update(minimum=1),
            "The minimum of C2 is lower than 2.",
        ),
        (
            lambda c: c["criteria"][1].update(minimum=None, binding=False),
            "The minimum of C2 is lower than 2.",
        ),
        (
            lambda c: c["thresholds"]["validated"].update(score_at_least=69),
            "This is lower than the shared threshold for “Validated”.",
        ),
        (
            lambda c: c["thresholds"]["validated"].update(evidence_at_least="E1"),
            "This is lower than the shared threshold for “Validated”.",
        ),
        (
            lambda c: c["thresholds"]["validated"].pop("no_zero"),
            "This is lower than the shared threshold for “Validated”.",
        ),
        (
            lambda c: c["thresholds"]["promising"].update(score_at_least=49),
            "This is lower than the shared threshold for “Promising”.",
        ),
        (
            lambda c: c["periods"].update(validated_months=37),
            "This is longer than the shared period.",
        ),
        (
            lambda c: c["periods"].update(invitation_days=[3, 6, 3]),
            "This is longer than the shared period.",
        ),
        (
            lambda c: c["periods"].update(appeal_file_days=10),
            "This time is the same in every hub.",
        ),
        (
            lambda c: c["anchors"].update({"2": "Fine."}),
            "What scores and evidence mean is the same in every hub.",
        ),
        (
            lambda c: c["evidence_strength"].pop(),
            "What scores and evidence mean is the same in every hub.",
        ),
        (lambda c: c["criteria"][10]["anchors"].pop("1"), "Say what score 1 means for H1."),
        (
            lambda c: c["criteria"][10].update(minimum=None, binding=False),
            "An added criterion has a minimum.",
        ),
        (
            lambda c: c["criteria"].extend(
                {**c["criteria"][10], "code": f"H{n}"} for n in range(2, 7)
            ),
            "A hub adds up to 5 criteria.",
        ),
    ],
)
def test_each_way_to_loosen_the_shared_set_is_refused_in_words(change, message):
    assert messages(criteria.tightens(COMMON, _loosen(change))) == [message]


def test_weights_stay_as_they_are_in_every_hub():
    def shift(content):
        content["criteria"][0]["weight"] -= 5
        content["criteria"][10]["weight"] += 5

    assert messages(criteria.tightens(COMMON, _loosen(shift))) == [
        "The weight of C1 differs.",
        "An added criterion has no weight, so that sums stay comparable.",
    ]


def test_a_missing_criterion_is_missed_even_when_the_weights_add_up():
    def drop(content):
        content["criteria"][8]["weight"] += content["criteria"].pop(9)["weight"]

    assert messages(criteria.tightens(COMMON, _loosen(drop))) == [
        "The weight of C9 differs.",
        "Criterion C10 is missing.",
    ]


def test_additions_that_have_no_place_in_the_shared_set_are_named():
    added = {
        "minimums": {"C11": 3, "C1": 3},
        "thresholds": {"validated": {"evidence_at_least": "E7"}},
    }

    assert [(p.field, str(p)) for p in criteria.additions_fit(COMMON, added)] == [
        ("minimums-C11", "Common Solution Criteria 1.0 has no criterion C11."),
        (
            "thresholds-validated-evidence_at_least",
            "Common Solution Criteria 1.0 has no step of evidence E7.",
        ),
    ]


def test_differences_are_told_in_words():
    after = criteria.apply_additions(COMMON, {"minimums": {"C2": 3}, "criteria": [OWN]})
    after["gates"].pop()
    after["periods"]["renewal_notice_days"] = [60, 7]
    after["thresholds"]["promising"]["no_zero"] = True

    found = [(row.place, row.before, row.after) for row in criteria.differences(COMMON, after)]

    assert found == [
        (
            "Gate G5",
            "Complete and readable. Is the record complete, and can a reader follow it?",
            "",
        ),
        ("Criterion C2: minimum", "2", "3"),
        (
            "Criterion H1",
            "",
            "Water law. Does it keep the law on water? Minimum: 2. Weight: 0.",
        ),
        ("Promising: no criterion scores 0", "no", "yes"),
        ("Notices before a label runs out, in days", "90, 30, 7", "60, 7"),
    ]
    assert criteria.differences(COMMON, COMMON) == []


# --- Which set is in force ---------------------------------------------------------------


@pytest.mark.django_db
def test_the_migration_ships_the_common_criteria_in_force():
    row = CriteriaSet.objects.get()

    assert (row.family, row.version, row.state, row.hub, row.base) == (
        "common",
        "1.0",
        "in_force",
        None,
        None,
    )
    assert row.content == COMMON
    assert row.content_hash == criteria.fingerprint(COMMON)
    assert criteria.in_force() == row
    assert criteria.criteria_set() == COMMON


@pytest.mark.django_db
def test_a_lost_set_is_laid_again_when_it_is_asked_for():
    CriteriaSet.objects.all().delete()
    criteria.forget()

    assert criteria.in_force().version == "1.0"
    assert CriteriaSet.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_has_the_shipped_set_again():
    submitted(complete_snapshot())

    call_command("flush", interactive=False, verbosity=0)

    row = CriteriaSet.objects.get()
    assert (row.version, row.state, row.content) == ("1.0", "in_force", COMMON)


@pytest.mark.django_db
def test_which_set_is_in_force_is_one_query_and_then_none(django_assert_num_queries):
    hub = make_hub()
    with django_assert_num_queries(1):
        criteria.in_force(hub)
        criteria.in_force(hub)
    with django_assert_num_queries(1):
        criteria.in_force(hub, fresh=True)


@pytest.mark.django_db
def test_a_hub_is_judged_by_its_own_set_and_others_by_the_common_one():
    hub, other = make_hub(), make_hub()
    own = hub_set(hub, {"minimums": {"C2": 3}})

    assert criteria.in_force(hub) == own
    assert criteria.in_force(hub.pk) == own
    assert criteria.in_force(other) == criteria.in_force()
    assert own.version == "1.0-1"
    assert own.content["criteria"][1]["minimum"] == 3


@pytest.mark.django_db
def test_another_familys_set_in_force_judges_nobody_here():
    by = administrator()
    draft = ops.draft_family(
        family="registry", name="Standard", version="2.0", content=COMMON, by=by
    )
    ops.put_in_force(draft, by=by, note="Taken over.")

    assert criteria.in_force().family == "common"
    assert {row.family for row in CriteriaSet.objects.in_force()} == {"common", "registry"}


# --- Putting in force --------------------------------------------------------------------


@pytest.mark.django_db
def test_a_new_edition_replaces_the_one_before_with_reason_and_history():
    by = administrator()
    former = criteria.in_force()
    draft = next_set(by)

    ops.put_in_force(draft, by=by, note="Reviews take less time now.")

    former.refresh_from_db()
    assert (former.state, draft.state) == ("retired", "in_force")
    assert former.retired_at >= draft.in_force_from - dt.timedelta(seconds=5)
    assert criteria.in_force() == draft
    assert [(row.verb, row.note) for row in AuditEntry.of(draft)] == [
        ("put_in_force", "Reviews take less time now."),
        ("draft_criteria", ""),
    ]
    assert AuditEntry.of(former).first().verb == "retire"


@pytest.mark.django_db
def test_a_set_put_in_force_while_a_record_is_read_leaves_it_its_own():
    hub = make_hub()
    submission = submitted(complete_snapshot(hub=hub))
    content = changed()
    content["gates"].append({"code": "G6", "name": "Open", "question": "Is it open?"})
    content["gates"].pop(0)
    by = administrator()
    draft = next_set(by, content=content)
    ops.put_in_force(draft, by=by, note="One more gate.")

    later = submitted(complete_snapshot(hub=hub))
    submission.refresh_from_db()
    screener = focal_point(hub)

    assert (submission.criteria_set.version, later.criteria_set.version) == ("1.0", "1.1")
    with pytest.raises(DomainError, match="There is no gate G6"):
        operations.answer_gates(submission, by=screener, answers={"G6": (True, "Yes.")})
    with pytest.raises(DomainError, match="There is no gate G1"):
        operations.answer_gates(later, by=screener, answers={"G1": (True, "Yes.")})
    operations.answer_gates(
        submission, by=screener, answers=dict.fromkeys(criteria.GATES, (True, "Seen."))
    )
    operations.pass_screening(submission, by=screener)
    operations.answer_gates(
        later, by=screener, answers=dict.fromkeys(("G2", "G3", "G4", "G5"), (True, "Seen."))
    )
    with pytest.raises(DomainError, match="Open: G6"):
        operations.pass_screening(later, by=screener)


@pytest.mark.django_db
def test_the_end_of_screening_follows_the_set_of_the_submission():
    by = administrator()
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC), tick=False):
        first = submitted(complete_snapshot())
        ops.put_in_force(next_set(by, content=changed(screening_days=3)), by=by, note="Faster.")
        second = submitted(complete_snapshot())

    assert (first.due_at.day, second.due_at.day) == (8, 4)


@pytest.mark.django_db
def test_the_audit_of_a_submission_names_the_set():
    submission = submitted(complete_snapshot())

    entry = AuditEntry.of(submission).get(verb="submit")

    assert entry.data["criteria"] == "1.0"
    assert entry.data["criteria_hash"] == criteria.fingerprint(COMMON)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"content": {}}, False),
        ({"content_hash": "0" * 64}, False),
        ({"version": "9.9"}, False),
        ({"name": "Another name"}, False),
        ({"family": "another"}, False),
        ({"additions": {"minimums": {}}}, False),
        ({"state": "draft", "in_force_from": None}, False),
        ({"in_force_from": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, False),
        ({"created_by": None}, True),
    ],
)
def test_the_database_refuses_to_change_a_published_set(values, allowed):
    rows = CriteriaSet.objects.filter(version="1.0")
    if allowed:
        assert rows.update(**values) == 1
        return
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        rows.update(**values)


@pytest.mark.django_db
def test_a_draft_may_be_written_until_it_is_published():
    by = administrator()
    draft = next_set(by)
    ops.save_draft(
        draft,
        by=by,
        content=changed(review_days=18),
        version="1.2",
        name="Criteria",
        seen=draft.content_hash,
    )
    draft.refresh_from_db()
    assert (draft.version, draft.content["version"], draft.content["periods"]["review_days"]) == (
        "1.2",
        "1.2",
        18,
    )
    ops.put_in_force(draft, by=by, note="Go.")

    with pytest.raises(DomainError) as refused:
        ops.save_draft(
            draft, by=by, content=COMMON, version="1.2", name="N", seen=draft.content_hash
        )
    assert refused.value.code == "wrong-state"


@pytest.mark.django_db
def test_who_saves_second_overwrites_nobody():
    by = administrator()
    draft = next_set(by)
    seen = draft.content_hash
    first, second = CriteriaSet.objects.get(pk=draft.pk), CriteriaSet.objects.get(pk=draft.pk)
    save = {"by": by, "version": "1.1", "name": "Criteria", "seen": seen}
    ops.save_draft(first, content=changed(review_days=18), **save)

    with pytest.raises(DomainError) as refused:
        ops.save_draft(second, content=changed(review_days=19), **save)

    assert refused.value.code == "stale"
    draft.refresh_from_db()
    assert draft.content["periods"]["review_days"] == 18


@pytest.mark.django_db
def test_a_draft_with_problems_is_refused_and_nothing_changes():
    by = administrator()
    content = changed(review_days=0)
    content["criteria"][0]["weight"] = 99
    draft = next_set(by, content=content)

    with pytest.raises(DomainError) as refused:
        ops.put_in_force(draft, by=by, note="Now.")

    assert refused.value.code == "problems"
    assert str(refused.value) == (
        "This draft cannot be put in force yet:"
        " Review, in days: A whole number above 0 belongs here."
    )
    assert refused.value.fields == {"periods-review_days": ["A whole number above 0 belongs here."]}
    assert criteria.in_force(fresh=True).version == "1.0"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("version", "code"), [("1.0", "version"), ("one", "version"), ("", "version")]
)
def test_an_edition_has_a_number_of_its_own(version, code):
    with pytest.raises(DomainError) as refused:
        ops.draft_set(criteria.in_force(), by=administrator(), version=version)
    assert (refused.value.code, list(refused.value.fields)) == (code, ["version"])


@pytest.mark.django_db
def test_a_family_does_not_take_the_address_of_a_hub():
    make_hub(slug="wells")
    with pytest.raises(DomainError) as refused:
        ops.draft_family(
            family="wells", name="Wells", version="1.0", content=COMMON, by=administrator()
        )
    assert refused.value.code == "family"


@pytest.mark.django_db
def test_a_reason_is_asked_for_and_what_was_looked_at_is_what_is_put_in_force():
    by = administrator()
    draft = next_set(by)
    with pytest.raises(DomainError) as refused:
        ops.put_in_force(draft, by=by, note="  ")
    assert refused.value.code == "reason"
    with pytest.raises(DomainError) as refused:
        ops.put_in_force(draft, by=by, note="Yes.", seen="0" * 64)
    assert refused.value.code == "stale"
    ops.put_in_force(draft, by=by, note="Yes.", seen=draft.content_hash)
    with pytest.raises(DomainError) as refused:
        ops.put_in_force(draft, by=by, note="Again.")
    assert refused.value.code == "wrong-state"


# --- Hubs on a new shared set ------------------------------------------------------------


@pytest.mark.django_db
def test_a_new_common_set_carries_over_what_hubs_add():
    hub = make_hub()
    old = hub_set(hub, {"minimums": {"C2": 3}, "criteria": [OWN]})
    by = administrator()
    content = changed(review_days=14)
    content["criteria"][2]["minimum"] = 3
    ops.put_in_force(next_set(by, content=content), by=by, note="Stricter.")

    own = criteria.in_force(hub)
    old.refresh_from_db()

    assert (own.version, own.base.version, old.state) == ("1.1-1", "1.1", "retired")
    assert own.content["periods"]["review_days"] == 14
    assert [(row["code"], row["minimum"]) for row in own.content["criteria"]][1:3] == [
        ("C2", 3),
        ("C3", 3),
    ]
    assert own.content["criteria"][-1]["code"] == "H1"
    assert own.additions == old.additions
    assert criteria.tightens(own.base.content, own.content) == []


@pytest.mark.django_db
def test_a_common_set_that_a_hubs_additions_do_not_fit_is_refused_with_the_hubs_named():
    first, second, third = (make_hub(name=name) for name in ("Wells", "Milk", "Roads"))
    for hub in (first, second):
        hub_set(hub, {"minimums": {"C10": 2}})
    hub_set(third, {"minimums": {"C2": 3}})
    content = changed()
    content["criteria"][8]["weight"] += content["criteria"].pop()["weight"]
    by = administrator()
    draft = next_set(by, content=content)

    with pytest.raises(DomainError) as refused:
        ops.put_in_force(draft, by=by, note="One criterion less.")

    assert refused.value.code == "hubs"
    assert str(refused.value) == (
        "What these hubs add does not fit the new edition."
        " Milk: Common Solution Criteria 1.1 has no criterion C10."
        " Wells: Common Solution Criteria 1.1 has no criterion C10."
    )
    draft.refresh_from_db()
    assert (draft.state, criteria.in_force(fresh=True).version) == ("draft", "1.0")
    assert CriteriaSet.objects.in_force().filter(base__version="1.0").count() == 3


@pytest.mark.django_db
def test_a_hubs_draft_on_a_replaced_set_is_saved_again_first():
    hub = make_hub()
    person, by = focal_point(hub), administrator()
    draft = ops.draft_additions(hub, by=person)
    ops.put_in_force(next_set(by), by=by, note="New.")

    with pytest.raises(DomainError) as refused:
        ops.put_in_force(draft, by=person, note="Ours.")
    assert refused.value.code == "base"

    ops.save_additions(draft, by=person, additions={"minimums": {"C1": 3}}, seen=draft.content_hash)
    ops.put_in_force(draft, by=person, note="Ours.")
    assert (draft.base.version, draft.version, criteria.in_force(hub)) == ("1.1", "1.1-1", draft)


@pytest.mark.django_db
def test_drafting_additions_twice_gives_one_draft_and_then_the_next():
    hub = make_hub()
    person = focal_point(hub)
    draft = ops.draft_additions(hub, by=person)
    assert ops.draft_additions(hub, by=person) == draft
    ops.save_additions(draft, by=person, additions={"criteria": [OWN]}, seen=draft.content_hash)
    ops.put_in_force(draft, by=person, note="Ours.")

    following = ops.draft_additions(hub, by=person)

    assert (following.version, following.additions) == ("1.0-2", {"criteria": [OWN]})


# --- Who may -----------------------------------------------------------------------------


@pytest.fixture
def people():
    """One person of each kind; the hub is that of the hub's set."""
    reference()
    hub, other = make_hub(), make_hub()
    return {
        "hub": hub,
        "stranger": make_user(),
        "member": make_member(hub),
        "editor": make_member(hub, Membership.Role.EDITOR),
        "focal_point": focal_point(hub),
        "other_focal_point": focal_point(other),
        "moderator": make_user(is_staff=True),
        "administrator": administrator(),
        "inactive": make_user(is_staff=True, is_active=False),
    }


KINDS = (
    "stranger",
    "member",
    "editor",
    "focal_point",
    "other_focal_point",
    "moderator",
    "administrator",
    "inactive",
)


def made(kind: str, state: str, hub) -> CriteriaSet:
    """A set of that kind in that state, straight into the database."""
    base = criteria.in_force()
    content = {**COMMON, "version": "7.0"}
    return CriteriaSet.objects.create(
        family="common" if kind == "hub" else "registry",
        version="7.0",
        name="Criteria",
        hub=hub if kind == "hub" else None,
        base=base if kind == "hub" else None,
        content=content,
        content_hash=criteria.fingerprint(content),
        state=state,
        in_force_from=None if state == "draft" else base.in_force_from,
        retired_at=base.in_force_from if state == "retired" else None,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("state", CriteriaState.values)
@pytest.mark.parametrize("kind", ["shared", "hub"])
@pytest.mark.parametrize("who", KINDS)
def test_list_and_permission_agree_on_who_reads_a_set(people, who, kind, state):
    row = made(kind, state, people["hub"])
    person = people[who]

    listed = CriteriaSet.objects.visible_to(person).filter(pk=row.pk).exists()
    at_desk = CriteriaSet.objects.at_desk_of(person).filter(pk=row.pk).exists()

    assert listed == person.has_perm("catalogue.view_criteria_set", row) or who == "inactive"
    readers = {"moderator", "administrator"}
    if kind == "hub":
        readers |= {"editor", "focal_point"}
    assert listed == (state != "draft" or who in readers)
    if who in {"other_focal_point", "stranger", "member", "inactive"}:
        assert at_desk == (kind == "shared" and state != "draft" and who != "inactive")


@pytest.mark.django_db
@pytest.mark.parametrize("state", CriteriaState.values)
@pytest.mark.parametrize("kind", ["shared", "hub"])
@pytest.mark.parametrize("who", KINDS)
def test_moves_are_for_administrators_and_for_the_focal_point_of_the_hub(people, who, kind, state):
    row = made(kind, state, people["hub"])
    decides = {"administrator", "focal_point"} if kind == "hub" else {"administrator"}
    verbs = {"draft": ["put_in_force"], "in_force": ["retire"], "retired": []}

    expected = verbs[state] if who in decides else []
    if state == "in_force" and (who == "administrator" or (who, kind) == ("moderator", "hub")):
        expected = [*expected, "end_with_hub"]
    assert row.moves_for(people[who]) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("who", KINDS)
def test_operations_refuse_who_may_not(people, who):
    hub, person = people["hub"], people[who]
    calls = {
        "shared": lambda: ops.draft_set(criteria.in_force(), by=person, version="5.0"),
        "hub": lambda: ops.draft_additions(hub, by=person),
    }
    allowed = {"administrator": {"shared", "hub"}, "focal_point": {"hub"}}.get(who, set())
    for name, call in calls.items():
        if name in allowed:
            assert call().state == "draft"
        else:
            with pytest.raises(PermissionDenied):
                call()
    for draft in (made("shared", "draft", hub), next_set(people["administrator"], "6.0")):
        if who == "administrator":
            continue
        with pytest.raises(PermissionDenied):
            ops.put_in_force(draft, by=person, note="Mine.")
        with pytest.raises(PermissionDenied):
            ops.save_draft(
                draft, by=person, content=COMMON, version="6.0", name="N", seen=draft.content_hash
            )


# --- Races -------------------------------------------------------------------------------


def at_once(*calls) -> list[object]:
    """Run calls in threads that start together; results or exceptions, in order."""
    barrier = threading.Barrier(len(calls))
    found: list[object] = [None] * len(calls)

    def run(place: int, call) -> None:
        barrier.wait()
        try:
            found[place] = call()
        except Exception as error:  # noqa: BLE001 (the outcome is what is tested)
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def put(pk: int, by: User, seen: str = "") -> str:
    draft = CriteriaSet.objects.get(pk=pk)
    ops.put_in_force(draft, by=by, note="Now.", seen=seen)
    return draft.version


@pytest.mark.django_db(transaction=True)
def test_of_two_who_put_editions_in_force_at_once_one_edition_is_left_in_force():
    by = administrator()
    criteria.in_force()
    first, second = next_set(by, "1.1"), next_set(by, "1.2", changed(review_days=19))

    found = at_once(lambda: put(first.pk, by), lambda: put(second.pk, by))

    assert all(
        isinstance(result, str) or (isinstance(result, DomainError) and result.code == "stale")
        for result in found
    ), found
    states = dict(CriteriaSet.objects.values_list("version", "state"))
    assert sorted(states.values()).count("in_force") == 1, found
    won = [result for result in found if isinstance(result, str)]
    assert next(version for version, state in states.items() if state == "in_force") in won
    assert states["1.0"] == "retired"
    assert all(states[version] != "draft" for version in won)


@pytest.mark.django_db(transaction=True)
def test_one_edition_put_in_force_by_four_at_once_is_put_in_force_once():
    by = administrator()
    criteria.in_force()
    draft = next_set(by)

    found = at_once(*[lambda: put(draft.pk, by)] * 4)

    assert sum(isinstance(result, str) for result in found) == 1, found
    assert AuditEntry.objects.filter(verb="put_in_force").count() == 1
    assert CriteriaSet.objects.in_force().get() == draft


@pytest.mark.django_db(transaction=True)
def test_a_hub_and_the_portal_at_once_leave_the_hub_on_the_set_in_force():
    hub = make_hub()
    by, person = administrator(), focal_point(hub)
    criteria.in_force()
    shared = next_set(by)
    own = ops.draft_additions(hub, by=person)

    found = at_once(lambda: put(shared.pk, by), lambda: put(own.pk, person))

    in_force = criteria.in_force(fresh=True)
    assert in_force.version == "1.1", found
    for row in CriteriaSet.objects.in_force().filter(hub=hub):
        assert row.base_id == in_force.pk, found


@pytest.mark.django_db(transaction=True)
def test_what_is_submitted_while_a_set_comes_in_force_has_one_of_the_two():
    by = administrator()
    criteria.in_force()
    draft = next_set(by)
    solutions = [complete_snapshot() for _n in range(3)]

    def send(solution) -> str:
        return operations.submit_solution(
            solution, by=solution.owner, form=Form.SNAPSHOT
        ).criteria_set.version

    found = at_once(
        lambda: put(draft.pk, by), *[lambda s=solution: send(s) for solution in solutions]
    )

    assert found[0] == "1.1"
    assert set(found[1:]) <= {"1.0", "1.1"}, found
    for submission in Submission.objects.select_related("criteria_set"):
        chosen = submission.criteria_set
        if chosen.version == "1.1":
            assert submission.submitted_at >= chosen.in_force_from - dt.timedelta(seconds=1)


def test_races_run_against_a_file_or_a_server():
    assert connection.settings_dict["NAME"] != ":memory:"


# --- At the desk -------------------------------------------------------------------------


def change(row: CriteriaSet, page: str = "change") -> str:
    return f"{LIST}{row.pk}/{page}/"


def as_form(content: dict, **more: str) -> dict[str, str]:
    """A set as its form posts it."""
    data = flatten(content) | {"version": "1.1", "name": content["name"]}
    return data | {name.replace("__", "-"): value for name, value in more.items()}


@pytest.fixture
def desk(db):
    reference()
    return desk_client(administrator())


def test_the_whole_way_from_the_set_in_force_to_the_next(desk):
    first = CriteriaSet.objects.get()
    assert "Draft a new version" in desk.get(change(first)).content.decode()
    page = desk.get(change(first, "draft")).content.decode()
    assert 'value="1.1"' in page
    draft_url = desk.post(change(first, "draft"), {"version": "1.1"})["Location"]
    draft = CriteriaSet.objects.get(version="1.1")
    assert draft_url == change(draft)

    data = as_form(COMMON, seen=draft.content_hash, periods__review_days="20", do="go-on")
    answer = desk.post(change(draft), data)
    assert answer["Location"] == change(draft, "put-in-force")

    page = desk.get(change(draft, "put-in-force")).content.decode()
    assert "Review, in days" in page
    assert "Common Solution Criteria 1.0 is replaced" in page
    draft.refresh_from_db()
    refused = desk.post(change(draft, "put-in-force"), {"reason": "", "seen": draft.content_hash})
    assert "Say why, in a sentence or two." in refused.content.decode()
    answer = desk.post(
        change(draft, "put-in-force"), {"reason": "Shorter.", "seen": draft.content_hash}
    )
    assert answer["Location"] == change(draft)

    draft.refresh_from_db()
    assert (draft.state, draft.content["periods"]["review_days"]) == ("in_force", 20)
    kept = {key: value for key, value in draft.content.items() if key not in {"version", "periods"}}
    assert kept == {
        key: value for key, value in COMMON.items() if key not in {"version", "periods"}
    }
    page = desk.get(change(draft)).content.decode()
    assert '<form method="post" novalidate>' not in page
    assert desk.post(change(draft), data).status_code == 403


def test_a_form_saved_unchanged_is_the_same_set(desk):
    draft = next_set(administrator(), content=COMMON)
    desk.post(change(draft), as_form(draft.content, seen=draft.content_hash))

    before = draft.content_hash
    draft.refresh_from_db()

    assert draft.content_hash == before


def test_what_a_draft_lacks_stands_at_its_fields_and_the_draft_is_kept(desk):
    draft = next_set(administrator())
    data = as_form(
        COMMON,
        seen=draft.content_hash,
        criteria__0__weight="60",
        criteria__3__anchor__2="",
        gates__1__code="G1",
        periods__review_days="0",
    )
    answer = desk.post(change(draft), data, follow=True)

    page = answer.content.decode()
    assert "The draft is saved. What it still needs stands at its fields." in page
    assert 'href="#id_criteria-3-anchor-2">Say what score 2 means for C4.' in page
    assert 'href="#id_periods-review_days">A whole number above 0 belongs here.' in page
    draft.refresh_from_db()
    assert draft.content["criteria"][0]["weight"] == 60
    desk.post(change(draft, "put-in-force"), {"reason": "R", "seen": draft.content_hash})
    draft.refresh_from_db()
    assert draft.state == "draft"

    fixed = as_form(COMMON, seen=draft.content_hash, criteria__0__weight="60", gates__1__code="G1")
    page = desk.post(change(draft), fixed, follow=True).content.decode()
    assert "The weights add up to 150; they must add up to 100." in page
    assert "G1 is used twice." in page


def test_what_cannot_be_read_is_named_and_nothing_typed_is_lost(desk):
    draft = next_set(administrator())
    data = as_form(
        COMMON,
        seen=draft.content_hash,
        criteria__0__weight="a lot",
        periods__invitation_days="soon",
        criteria__1__question="What changed then?",
    )
    answer = desk.post(change(draft), data)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="a lot"' in page
    assert 'value="soon"' in page
    assert "What changed then?" in page
    assert 'href="#id_criteria-0-weight">Enter a whole number, like 12.' in page
    draft.refresh_from_db()
    assert draft.content["periods"]["review_days"] == 20


def test_somebody_elses_saving_is_told_and_can_be_overruled(desk):
    draft = next_set(administrator())
    data = as_form(COMMON, seen="0" * 64, periods__review_days="11")

    page = desk.post(change(draft), data).content.decode()

    assert "Somebody else saved this draft while you were writing." in page
    assert 'value="11"' in page
    assert f'name="seen" value="{draft.content_hash}"' in page
    draft.refresh_from_db()
    assert draft.content["periods"]["review_days"] == 20
    desk.post(change(draft), data | {"seen": draft.content_hash})
    draft.refresh_from_db()
    assert draft.content["periods"]["review_days"] == 11


def test_rows_are_added_and_taken_out(desk):
    draft = next_set(administrator(), content=COMMON)
    data = as_form(COMMON, seen=draft.content_hash, gates__0__remove="on")
    data |= {"gates-5-code": "G6", "gates-5-name": "Open", "gates-5-question": "Is it open?"}
    data["criteria-9-remove"] = "on"
    data["criteria-8-weight"] = "10"

    desk.post(change(draft), data)

    draft.refresh_from_db()
    assert [gate["code"] for gate in draft.content["gates"]] == ["G2", "G3", "G4", "G5", "G6"]
    assert len(draft.content["criteria"]) == 9
    assert criteria.well_formed(draft.content) == []


def test_editions_are_compared(desk):
    draft = next_set(administrator(), content=changed(review_days=9, decision_days=5))

    page = desk.get(change(draft, "compare")).content.decode()

    assert "2 differences" in page
    assert "Decision, in days" in page
    other = desk.get(change(draft, "compare"), {"with": str(CriteriaSet.objects.first().pk)})
    assert other.status_code == 200
    assert desk.get(change(draft, "compare"), {"with": "x"}).status_code == 200


@pytest.mark.django_db
def test_a_focal_point_drafts_and_puts_in_force_what_the_hub_adds():
    hub = make_hub(name="Hub of wells", acronym="HW")
    client = desk_client(focal_point(hub))
    page = client.get(LIST).content.decode()
    assert "Draft what a hub adds" in page
    page = client.get(f"{LIST}additions/").content.decode()
    assert "Hub of wells" in page

    answer = client.post(f"{LIST}additions/", {"hub": str(hub.pk)})
    draft = CriteriaSet.objects.get(hub=hub)
    assert answer["Location"] == change(draft)
    assert "As shared: 2" in client.get(change(draft)).content.decode()
    data = {
        "seen": draft.content_hash,
        "minimums-C2": "3",
        "thresholds-validated-score_at_least": "75",
        "thresholds-validated-evidence_at_least": "E3",
        "periods-validated_months": "24",
        "added-0-name": "Water law",
        "added-0-question": "Does it keep the law on water?",
        "added-0-evidence_required": "A permit.",
        "added-0-minimum": "2",
        "do": "go-on",
    } | {f"added-0-anchor-{n}": f"Meaning of {n}." for n in criteria.SCORES}
    answer = client.post(change(draft), data)
    assert answer["Location"] == change(draft, "put-in-force")
    draft.refresh_from_db()
    assert draft.additions == {
        "minimums": {"C2": 3},
        "criteria": [OWN],
        "thresholds": {"validated": {"score_at_least": 75, "evidence_at_least": "E3"}},
        "periods": {"validated_months": 24},
    }
    page = client.get(change(draft, "put-in-force")).content.decode()
    assert "Whatever is submitted to Hub of wells from that moment is judged by it." in page
    client.post(change(draft, "put-in-force"), {"reason": "Our law.", "seen": draft.content_hash})

    own = criteria.in_force(hub)
    assert (own, own.state) == (draft, "in_force")
    assert own.content["criteria"][-1] == {**OWN, "binding": True, "weight": 0}
    page = client.get(change(own)).content.decode()
    client.post(change(own, "draft"))
    assert CriteriaSet.objects.filter(hub=hub, state="draft", version="1.0-2").exists()
    assert "Draft a new version" in page


@pytest.mark.django_db
def test_lower_than_shared_is_refused_at_its_field_and_nothing_is_lost():
    hub = make_hub()
    person = focal_point(hub)
    client = desk_client(person)
    draft = ops.draft_additions(hub, by=person)
    data = {
        "seen": draft.content_hash,
        "minimums-C2": "1",
        "thresholds-validated-score_at_least": "60",
        "periods-validated_months": "48",
        "added-0-name": "Water law",
    }
    page = client.post(change(draft), data).content.decode()

    for field, text in (
        ("minimums-C2", "Choose a higher minimum than the shared one."),
        (
            "thresholds-validated-score_at_least",
            "The shared threshold is 70. Give a higher one, or leave this empty.",
        ),
        (
            "periods-validated_months",
            "The shared period is 36 months. Give a shorter one, or leave this empty.",
        ),
    ):
        assert f'href="#id_{field}">{text}' in page
    assert 'value="Water law"' in page
    draft.refresh_from_db()
    assert draft.additions == {}

    page = client.post(
        change(draft), {"seen": draft.content_hash, "added-0-name": "Water law"}, follow=True
    ).content.decode()
    assert 'href="#id_added-0-question">Fill this in.' in page
    assert 'href="#id_added-0-minimum">A binding criterion has a minimum' in page
    assert 'href="#id_added-0-anchor-4">Say what score 4 means for H1.' in page


@pytest.mark.django_db
def test_a_code_of_a_hub_is_never_given_twice():
    hub = make_hub()
    person = focal_point(hub)
    hub_set(hub, {"criteria": [OWN]}, by=person)
    hub_set(hub, {}, by=person)
    draft = ops.draft_additions(hub, by=person)
    data = {f"added-0-{key}": str(OWN[key]) for key in ("name", "question", "minimum")}
    data |= {f"added-0-anchor-{n}": text for n, text in OWN["anchors"].items()}
    data |= {"added-0-evidence_required": "A permit.", "added-0-code": "C1"}

    desk_client(person).post(change(draft), data | {"seen": draft.content_hash})

    draft.refresh_from_db()
    assert [row["code"] for row in draft.additions["criteria"]] == ["H2"]


@pytest.mark.django_db
def test_another_hubs_sets_and_shared_drafts_are_invisible_at_the_desk():
    hub, other = make_hub(name="Own hub"), make_hub(name="Another hub")
    foreign = hub_set(other, {"minimums": {"C1": 4}})
    shared_draft = next_set(administrator())
    client = desk_client(focal_point(hub))

    page = client.get(LIST).content.decode()
    assert "Another hub" not in page
    assert f"/{shared_draft.pk}/change/" not in page
    for row in (foreign, shared_draft):
        assert client.get(change(row)).status_code == 302
        assert client.post(change(row), {"seen": ""}).status_code == 302
        for name in ("draft", "compare", "put-in-force"):
            assert client.get(change(row, name)).status_code == 404
            assert client.post(change(row, name), {"reason": "R"}).status_code == 404
    assert client.post(f"{LIST}additions/", {"hub": str(other.pk)}).status_code == 200
    assert not CriteriaSet.objects.filter(hub=other, state="draft").exists()
    common = criteria.in_force()
    assert client.get(change(common)).status_code == 200
    assert client.get(change(common, "draft")).status_code == 403
    compared = client.get(change(common, "compare"), {"with": str(foreign.pk)}).content.decode()
    assert "Another hub" not in compared


@pytest.mark.django_db
def test_a_portal_moderator_reads_drafts_and_changes_none():
    hub = make_hub()
    draft, own = next_set(administrator()), ops.draft_additions(hub, by=focal_point(hub))
    client = desk_client(make_user(is_staff=True))

    for row in (draft, own):
        page = client.get(change(row))
        assert page.status_code == 200
        assert "Save the draft" not in page.content.decode()
        assert client.post(change(row), {"seen": row.content_hash}).status_code == 403
        assert client.get(change(row, "put-in-force")).status_code == 403
        assert client.post(change(row, "draft"), {"version": "3.0"}).status_code == 403
    assert client.get(f"{LIST}additions/").status_code == 403
    assert "Draft what a hub adds" not in client.get(LIST).content.decode()


def test_the_list_of_sets_asks_the_same_number_of_questions_at_one_and_at_twelve(
    desk, django_assert_num_queries
):
    by = administrator()
    desk.get(LIST)
    with django_assert_num_queries(8):
        desk.get(LIST)
    for _n in range(11):
        hub_set(make_hub(), {"minimums": {"C1": 3}}, by=by)
    with django_assert_num_queries(8):
        desk.get(LIST)


# --- For everybody -----------------------------------------------------------------------


@pytest.fixture
def hub_with_additions(db):
    hub = make_hub(slug="wells", name="Hub of wells")
    hub_set(hub, {"minimums": {"C2": 3, "C7": 2}, "criteria": [OWN]})
    return hub


def test_a_hubs_page_says_what_it_adds(client: Client, hub_with_additions):
    page = client.get("/criteria/wells/").content.decode()

    assert "Hub of wells" in page
    assert '<dt>Criterion C2: minimum</dt><dd>3 <span class="muted">(shared: 2)</span>' in page
    assert 'id="H1"' in page
    assert "8 are binding" in page
    labels = client.get("/criteria/wells/").context["labels"]
    assert [text for label in labels for text in label["conditions"] if text.startswith("C")] == [
        "C2 scores 3 or more.",
        "C2 scores 2 or more.",
    ]
    common = client.get("/criteria/").content.decode()
    assert 'href="/criteria/wells/1.0-1/"' in common
    assert 'id="H1"' not in common


@pytest.mark.django_db
def test_earlier_editions_stay_readable_and_say_that_they_were_replaced(client: Client):
    by = administrator()
    ops.put_in_force(next_set(by), by=by, note="New.")

    page = client.get("/criteria/common/1.0/").content.decode()

    assert "Replaced on" in page
    assert 'href="/criteria/common/1.1/">In force now: Common Solution Criteria 1.1' in page
    now = client.get("/criteria/").content.decode()
    assert "<h1>Common Solution Criteria 1.1</h1>" in now
    assert 'href="/criteria/common/1.0/"' in now


@pytest.mark.django_db
def test_each_edition_is_data_that_can_be_checked(client: Client, hub_with_additions):
    for address in ("/criteria/common/1.0.json", "/criteria/wells/1.0-1.json"):
        answer = client.get(address)
        told = answer.json()

        assert answer["Content-Type"] == "application/json"
        assert criteria.fingerprint(told["content"]) == told["content_hash"]
        assert told["state"] == "in_force"
        assert told["url"].endswith(address.replace(".json", "/"))


@pytest.mark.django_db
def test_drafts_and_what_does_not_exist_are_nowhere(client: Client, hub_with_additions):
    next_set(administrator())
    unlisted = make_hub(slug="hidden", is_listed=False)
    hub_set(unlisted, {"minimums": {"C1": 3}})

    for address in (
        "/criteria/common/1.1/",
        "/criteria/common/1.1.json",
        "/criteria/nobody/",
        "/criteria/hidden/",
        "/criteria/hidden/1.0-1/",
        "/criteria/wells/1.0/",
    ):
        assert client.get(address).status_code == 404, address
    assert "criteria/hidden" not in client.get("/criteria/").content.decode()
    assert client.get("/criteria/common/")["Location"] == "/criteria/"


@pytest.mark.django_db
def test_the_page_of_the_criteria_asks_few_questions(client: Client, django_assert_num_queries):
    client.get("/criteria/")
    with django_assert_num_queries(1):
        client.get("/criteria/")
    for _n in range(5):
        hub_set(make_hub(), {"minimums": {"C1": 3}})
    client.get("/criteria/")
    with django_assert_num_queries(1):
        client.get("/criteria/")


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_pages_open_in_other_languages(client: Client, hub_with_additions, language):
    for path in ("/criteria/", "/criteria/wells/", "/criteria/common/1.0/"):
        assert client.get(f"/{language}{path}").status_code == 200


# --- Where the set is asked elsewhere ----------------------------------------------------


@pytest.mark.django_db
def test_teams_write_for_the_criteria_of_their_hub(hub_with_additions):
    solution = complete_snapshot(hub=hub_with_additions)
    client = Client()
    client.force_login(solution.owner)

    page = client.get(f"/work/{solution.uid}/check/").content.decode()
    assert "<h4>H1 Water law</h4>" in page
    assert "An evidence item that supports H1" in page
    assert "H1 Water law" in client.get(f"/work/{solution.uid}/evidence/").content.decode()


@pytest.mark.django_db
def test_a_set_without_a_criterion_the_pages_know_breaks_no_page():
    content = changed()
    content["criteria"][8]["weight"] += content["criteria"].pop()["weight"]
    content["gates"] = [{"code": "G9", "name": "Open", "question": "Is it open?"}]
    by = administrator()
    ops.put_in_force(next_set(by, content=content), by=by, note="Fewer.")
    solution = complete_snapshot()
    client = Client()
    client.force_login(solution.owner)

    page = client.get(f"/work/{solution.uid}/check/").content.decode()
    assert "<h4>G9 Open</h4>" in page
    assert "<h4>C10 " not in page
    for name in ("sharing", "evidence", "problem"):
        assert client.get(f"/work/{solution.uid}/{name}/").status_code == 200


# --- The way from one set in a file to sets as rows --------------------------------------

BEFORE = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

executor = MigrationExecutor(connection)
old = [("catalogue", "0003_invitations")]
executor.migrate(old)
apps = executor.loader.project_state(old).apps
made = lambda model, **values: apps.get_model(model).objects.create(**values)
made("accounts.Language", code="en", name="English", native_name="English")
user = made("accounts.User", email="person@test.example")
for number in (1, 2):
    solution = made("catalogue.Solution", owner=user, language_id="en")
    version = made(
        "catalogue.Version", solution=solution, number=1, form="snapshot", content={"title": "T"}
    )
    made(
        "catalogue.Submission",
        solution=solution,
        version=version,
        form="snapshot",
        submitted_by=user,
    )
"""
AFTER = """
from catalogue.models import CriteriaSet, Submission
row = CriteriaSet.objects.get()
first = Submission.objects.order_by("submitted_at").first()
print(
    row.version,
    row.state,
    row.in_force_from == first.submitted_at,
    Submission.objects.filter(criteria_set=row).count(),
)
"""


@pytest.mark.slow
def test_what_was_submitted_before_sets_were_rows_is_judged_by_the_first(tmp_path):
    env = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    env |= {"HUB_VAR": str(tmp_path), "HUB_PROFILE": "test"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    run("shell", "-v", "0", "-c", BEFORE)
    run("migrate", "-v", "0", "catalogue")
    assert run("shell", "-v", "0", "-c", AFTER) == "1.0 in_force True 2"
    run("migrate", "-v", "0", "catalogue", "0003")
    run("migrate", "-v", "0", "catalogue")
    assert run("shell", "-v", "0", "-c", AFTER) == "1.0 in_force True 2"
