"""Living labs: who keeps them, what they write, and when a lesson stands."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.operations import close_account
from accounts.signals import personal_data
from catalogue.models import Solution
from community.choices import ReportState, SanctionKind
from community.loading_labs import load_labs
from community.models import Discussion, LabEntry, Lesson, LessonConfirmation, LivingLab, Sanction
from community.models.members import forget_member
from community.operations import labs
from community.signals import lab_news
from core.errors import DomainError
from core.models import AuditEntry
from core.richtext import length
from core.waiting import items_for
from hubs.models import Hub
from hubs.signals import hubs_merging
from tests.community.factories import make_lab, make_member
from tests.community.labs import (
    ELSEWHERE,
    HOME,
    brazilian_lab,
    confirm,
    editor_of,
    new_member,
    public_solution,
    steward_of,
    write_entry,
    write_lesson,
)
from tests.factories import complete_snapshot, make_hub, make_solution, make_user
from tests.factories import make_member as make_hub_member

pytestmark = pytest.mark.django_db

KINDS = (
    "stranger", "member", "hub member", "other editor", "suspended steward", "steward", "editor",
    "moderator", "administrator",
)  # fmt: skip
KEEPERS = {"steward", "editor", "moderator", "administrator"}


def person(kind: str, lab: LivingLab) -> Any:
    match kind:
        case "stranger":
            return make_user()
        case "member":
            return make_member()
        case "hub member":
            return make_hub_member(lab.hub)
        case "other editor":
            return make_hub_member(make_hub(), "editor")
        case "steward":
            return steward_of(lab)
        case "suspended steward":
            return silenced(steward_of(lab))
        case "editor":
            return editor_of(lab)
        case "moderator":
            return make_user(is_staff=True)
        case _:
            return make_user(is_staff=True, is_superuser=True)


def silenced(user: Any) -> Any:
    Sanction.objects.create(user=user, kind=SanctionKind.BAN, ground="spam", reason="Adverts.")
    forget_member(user)
    return user


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def code_of(call: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        call()
    return str(refusal.value.code)


# --- Who may keep a lab --------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_only_keepers_write_in_a_lab(kind: str) -> None:
    lab = brazilian_lab(question="Who pays?")
    entry, lesson, solution = write_entry(lab), write_lesson(lab), public_solution()
    by, key = person(kind, lab), uuid.uuid4()
    opened = labs.mark_of(lab, labs.TOLD)
    moves: list[Any] = [
        lambda: labs.keep_lab(lab, by=by, opened=opened, stewards=[], practice="Pumps"),
        lambda: write_entry(lab, by=by),
        lambda: labs.change_entry(
            entry, by=by, opened=labs.mark_of(entry, labs.ENTRY), happened="2024", title="Else"
        ),
        lambda: write_lesson(lab, by=by),
        lambda: labs.change_lesson(
            lesson, by=by, opened=labs.mark_of(lesson, labs.LESSON), text="Else."
        ),
        lambda: labs.move_lesson(lesson, by=by, up=False),
        lambda: labs.start_lab_solution(lab, by=by, form_key=key, title="Pumps"),
        lambda: labs.link_solution(lab, solution, by=by),
        lambda: labs.unlink_solution(lab, solution, by=by),
    ]
    # The first of them takes the steward's place away: they do the rest first.
    outcomes = []
    for move in [*moves[1:], moves[0]]:
        try:
            move()
        except PermissionDenied:
            outcomes.append("denied")
        else:
            outcomes.append("done")

    assert set(outcomes) == ({"done"} if kind in KEEPERS else {"denied"})


@pytest.mark.parametrize("kind", ["visitor", *KINDS])
def test_a_lab_in_preparation_is_seen_by_its_keepers_alone(kind: str) -> None:
    from django.contrib.auth.models import AnonymousUser

    lab = brazilian_lab(is_public=False)
    user = AnonymousUser() if kind == "visitor" else person(kind, lab)

    seen = LivingLab.objects.visible_to(user).filter(pk=lab.pk).exists()

    assert seen == (kind in KEEPERS | {"suspended steward"})


# --- What a lab says of itself ---------------------------------------------------------------


def test_keepers_change_the_lab_and_name_stewards_by_short_names() -> None:
    lab, member = brazilian_lab(), make_member(handle="ana-b")
    by = editor_of(lab)

    labs.keep_lab(
        lab, by=by, opened=labs.mark_of(lab, labs.TOLD), stewards=labs.stewards_called(["@Ana-B"]),
        practice="Pumps by hand", status="running", starts="2024-05",
    )  # fmt: skip

    lab = fresh(lab)
    assert (lab.practice, lab.status, lab.starts) == ("Pumps by hand", "running", "2024-05")
    assert list(lab.stewards.all()) == [member]
    entry = AuditEntry.of(lab).get(verb="keep_lab")
    assert entry.data["fields"] == ["practice", "starts"]
    assert entry.data["stewards"] == {"added": [member.pk], "removed": []}


def test_a_steward_who_is_no_member_is_named_in_the_refusal() -> None:
    with pytest.raises(ValidationError, match="nobody-here"):
        labs.stewards_called(["@nobody-here"])


def test_of_two_who_change_the_lab_the_second_is_told_and_loses_nothing() -> None:
    lab = brazilian_lab()
    opened = labs.mark_of(lab, labs.TOLD)
    labs.keep_lab(lab, by=editor_of(lab), opened=opened, stewards=[], practice="One")

    second = code_of(
        lambda: labs.keep_lab(lab, by=editor_of(lab), opened=opened, stewards=[], practice="Two")
    )

    assert second == "stale"
    assert fresh(lab).practice == "One"


# --- The journal ------------------------------------------------------------------------------


def test_an_entry_is_cleaned_kept_once_and_told() -> None:
    lab, told, key = brazilian_lab(), [], uuid.uuid4()
    by = steward_of(lab)

    def hear(what: str, record: Any, **_: Any) -> None:
        told.append((what, record))

    lab_news.connect(hear)
    try:
        body = '<p onclick="x()">Dug <script>alert(1)</script><strong>deep</strong>.</p>'
        one = write_entry(lab, by=by, form_key=key, body=body)
        two = write_entry(lab, by=by, form_key=key, body=body)
    finally:
        lab_news.disconnect(hear)

    assert one == two
    assert one.body == "<p>Dug <strong>deep</strong>.</p>"
    assert told == [("entry", one)]
    assert AuditEntry.of(lab).get(verb="write_entry").data["entry"] == one.uid


def test_nothing_is_told_of_a_lab_in_preparation() -> None:
    told: list[Any] = []

    def hear(**what: Any) -> None:
        told.append(what)

    lab_news.connect(hear)
    try:
        write_entry(brazilian_lab(is_public=False))
    finally:
        lab_news.disconnect(hear)
    assert told == []


def test_a_changed_entry_says_in_the_audit_what_it_said_before() -> None:
    lab = brazilian_lab()
    entry, by = write_entry(lab), editor_of(lab)

    labs.change_entry(
        entry, by=by, opened=labs.mark_of(entry, labs.ENTRY), happened="2024-06",
        title=entry.title, body=entry.body,
    )  # fmt: skip

    assert fresh(entry).happened == "2024-06"
    assert AuditEntry.of(lab).get(verb="change_entry").data["before"] == {"happened": "2024-05"}
    stale = labs.mark_of(entry, labs.ENTRY)
    again = lambda: labs.change_entry(entry, by=by, opened=stale, happened="2023", title="x")  # noqa: E731
    assert code_of(again) == "stale"


def test_an_entry_has_a_date_of_a_known_precision() -> None:
    lab = brazilian_lab()
    for wrong in ("", "soon", "2024-13", "0099"):
        with pytest.raises(ValidationError):
            write_entry(lab, happened=wrong)
    assert not LabEntry.objects.exists()


# --- Lessons ------------------------------------------------------------------------------------


def test_lessons_keep_an_order_that_keepers_change() -> None:
    lab = brazilian_lab()
    by = steward_of(lab)
    one, two, three = (write_lesson(lab, by=by, text=f"Lesson {n}.") for n in "abc")

    labs.move_lesson(three, by=by, up=True)
    labs.move_lesson(one, by=by, up=True)

    assert list(lab.lessons.order_by("position")) == [one, three, two]


def test_a_lab_has_so_many_lessons_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs, "MOST_LESSONS", 1)
    lab = brazilian_lab()
    write_lesson(lab)
    assert code_of(lambda: write_lesson(lab)) == "many"


def test_a_lesson_stands_with_three_other_countries() -> None:
    lesson = write_lesson(brazilian_lab())
    counts = []
    for country in (HOME, "ID", "ID", "CD", "CG"):
        confirm(lesson, country)
        counts.append((fresh(lesson).countries, fresh(lesson).stands))

    assert counts == [(0, False), (1, False), (1, False), (2, False), (3, True)]


def test_a_confirmation_taken_back_or_changed_counts_no_more() -> None:
    lesson = write_lesson(brazilian_lab())
    people = [make_member() for _n in ELSEWHERE]
    for country, user in zip(ELSEWHERE, people, strict=True):
        confirm(lesson, country, by=user)

    labs.take_confirmation_back(lesson, by=people[0])
    labs.take_confirmation_back(lesson, by=people[0])
    assert fresh(lesson).countries == 2
    confirm(lesson, "CG", by=people[1])
    assert fresh(lesson).countries == 1
    assert LessonConfirmation.objects.count() == 2


def test_the_sentence_stays_once_somebody_confirmed_it() -> None:
    lesson, by = write_lesson(brazilian_lab()), make_user(is_staff=True)
    confirm(lesson)
    opened = labs.mark_of(lesson, labs.LESSON)

    with pytest.raises(ValidationError) as refusal:
        labs.change_lesson(lesson, by=by, opened=opened, text="Something else.")
    labs.change_lesson(lesson, by=by, opened=opened, text=lesson.text, detail="In four valleys.")

    assert set(refusal.value.message_dict) == {"text"}
    assert (fresh(lesson).text, fresh(lesson).detail) == (lesson.text, "In four valleys.")


@pytest.mark.parametrize("kind", ["author", "steward", "editor", "hub member"])
def test_a_lab_does_not_confirm_itself(kind: str) -> None:
    lab = brazilian_lab()
    author = make_member(make_user(is_staff=True))
    lesson = write_lesson(lab, by=author)
    by = {
        "author": lambda: author,
        "steward": lambda: steward_of(lab),
        "editor": lambda: editor_of(lab),
        "hub member": lambda: make_member(make_hub_member(lab.hub)),
    }[kind]()

    assert code_of(lambda: confirm(lesson, by=by)) == "own"


@pytest.mark.parametrize("kind", ["stranger", "suspended"])
def test_only_members_who_may_write_confirm(kind: str) -> None:
    by = make_user() if kind == "stranger" else silenced(make_member())
    with pytest.raises(PermissionDenied):
        confirm(write_lesson(brazilian_lab()), by=by)


def test_what_a_new_member_saw_waits_and_counts_once_it_is_read() -> None:
    lab = brazilian_lab()
    lesson, keeper, new = write_lesson(lab), steward_of(lab), new_member()

    row = confirm(lesson, by=new)

    assert (row.state, fresh(lesson).countries) == (ReportState.SUBMITTED, 0)
    mine = lambda: [item.url for item in items_for(fresh(keeper)) if "lesson" in item.url]  # noqa: E731
    assert mine() == [f"{lesson.get_absolute_url()}#who"]
    visible = LessonConfirmation.objects.visible_to
    assert (visible(make_user()).count(), visible(new).count()) == (0, 1)
    labs.check_confirmation(row, by=keeper, shows=True)
    assert fresh(lesson).countries == 1
    assert mine() == []


def test_who_was_hidden_cannot_come_back_by_taking_it_back() -> None:
    lab = brazilian_lab()
    lesson, new = write_lesson(lab), new_member()
    row = confirm(lesson, by=new)
    labs.check_confirmation(row, by=steward_of(lab), shows=False, reason="Advertising.")

    labs.take_confirmation_back(lesson, by=new)

    assert code_of(lambda: confirm(lesson, by=new)) == "hidden"
    assert fresh(row).state == ReportState.HIDDEN


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["submitted", "shown", "hidden"])
def test_keepers_alone_show_and_hide_confirmations(kind: str, state: str) -> None:
    lab = brazilian_lab()
    row = confirm(write_lesson(lab))
    LessonConfirmation.objects.filter(pk=row.pk).update(state=state)
    by = person(kind, lab)

    expected = {
        "submitted": ["show_confirmation", "hide_confirmation"],
        "shown": ["hide_confirmation"],
        "hidden": ["show_confirmation"],
    }[state]
    assert fresh(row).moves_for(by) == (expected if kind in KEEPERS else [])


def test_nobody_reads_their_own_confirmation_not_even_administrators() -> None:
    by = make_member(make_user(is_superuser=True, is_staff=True), trust="new")
    row = confirm(write_lesson(brazilian_lab()), by=by)
    assert code_of(lambda: labs.check_confirmation(row, by=by, shows=True)) == "four-eyes"


# --- Emerging solutions ------------------------------------------------------------------------


def test_a_lesson_becomes_a_draft_that_carries_its_words() -> None:
    lab, key = brazilian_lab(), uuid.uuid4()
    by = editor_of(lab)
    lesson = write_lesson(lab, text="Pay <b>by</b> the bucket.", detail="Seen twice.")

    one, two = (
        labs.start_lab_solution(lab, by=by, form_key=key, title="Buckets", source=lesson)
        for _twice in range(2)
    )

    assert one == two
    one = Solution.objects.get(pk=one.pk)
    assert (one.hub, one.owner, one.title, one.publication) == (lab.hub, by, "Buckets", "private")
    assert one.approach == "<p>Pay &lt;b&gt;by&lt;/b&gt; the bucket.</p><p>Seen twice.</p>"
    assert list(lab.solutions.all()) == [one]
    assert AuditEntry.of(lab).filter(verb="start_lab_solution").count() == 1


def test_an_entry_becomes_a_draft_too_and_one_of_another_lab_does_not() -> None:
    lab = brazilian_lab()
    by = editor_of(lab)
    entry, foreign = write_entry(lab), write_entry(brazilian_lab())

    draft = labs.start_lab_solution(lab, by=by, form_key=uuid.uuid4(), title="A", source=entry)

    assert "four" in Solution.objects.get(pk=draft.pk).approach
    assert length(Solution.objects.get(pk=draft.pk).approach) > len(entry.title)
    with pytest.raises(PermissionDenied):
        labs.start_lab_solution(lab, by=by, form_key=uuid.uuid4(), title="B", source=foreign)


def test_a_draft_of_somebody_else_can_be_neither_linked_nor_taken_out() -> None:
    lab = brazilian_lab()
    by, draft = steward_of(lab), make_solution()
    assert code_of(lambda: labs.link_solution(lab, draft, by=by)) == "not-public"
    lab.solutions.add(draft)

    labs.unlink_solution(lab, draft, by=by)

    assert list(lab.solutions.all()) == [draft]


def test_a_public_solution_is_linked_once_and_taken_out() -> None:
    lab, solution = brazilian_lab(), public_solution()
    by = steward_of(lab)
    for _twice in range(2):
        labs.link_solution(lab, solution, by=by)
    assert list(lab.solutions.all()) == [solution]
    labs.unlink_solution(lab, solution, by=by)
    assert not lab.solutions.exists()
    verbs = list(AuditEntry.of(lab).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["link_lab_solution", "unlink_lab_solution"]


# --- The open question ---------------------------------------------------------------------------


def test_the_first_answer_begins_the_discussion_and_the_second_goes_there() -> None:
    lab = brazilian_lab(question="Who pays for the pump?")
    answer = lambda: labs.answer_question(  # noqa: E731
        fresh(lab), by=make_member(), body="<p>The users.</p>", form_key=uuid.uuid4()
    )

    one, two = answer(), answer()

    assert one == two == fresh(lab).answers
    assert (one.title, one.lab, fresh(one).shown_posts) == ("Who pays for the pump?", lab, 2)


def test_another_question_begins_without_answers_and_the_old_ones_stay() -> None:
    lab = brazilian_lab(question="Who pays for the pump?")
    labs.answer_question(lab, by=make_member(), body="<p>We do.</p>", form_key=uuid.uuid4())
    lab = fresh(lab)

    labs.keep_lab(
        lab, by=editor_of(lab), opened=labs.mark_of(lab, labs.TOLD), stewards=[],
        question="How deep?",
    )  # fmt: skip

    assert fresh(lab).answers is None
    assert Discussion.objects.get().lab == lab


def test_without_a_question_there_is_nothing_to_answer() -> None:
    by = make_member()
    ask = lambda: labs.answer_question(  # noqa: E731
        brazilian_lab(), by=by, body="<p>Yes.</p>", form_key=uuid.uuid4()
    )
    assert code_of(ask) == "no-question"


# --- Around --------------------------------------------------------------------------------------


def test_the_four_labs_of_the_source_are_loaded_once_and_say_no_more_than_it_says() -> None:
    desk = make_user(is_staff=True)
    for slug in ("abes", "dane", "bnpb", "lamata"):
        make_hub(slug=slug)

    assert (load_labs(by=desk), load_labs(by=desk)) == (4, 0)
    rows = LivingLab.objects.order_by("slug")
    assert [row.hub.slug for row in rows] == ["abes", "bnpb", "dane", "lamata"]
    said = {(row.status, row.supporter, row.reference.key, row.place) for row in rows}
    assert said == {("planned", "World Bank Institute", "ch4", "section 3")}
    assert {(row.practice, row.starts, row.question) for row in rows} == {("", "", "")}


def test_a_lab_whose_hub_is_not_there_waits_for_it() -> None:
    make_hub(slug="dane")
    assert load_labs(by=make_user(is_staff=True)) == 1


def test_when_two_hubs_become_one_the_lab_goes_with_it_and_its_lessons_are_counted_again() -> None:
    lab = brazilian_lab()
    lesson = write_lesson(lab)
    confirm(lesson, "ID")
    confirm(lesson, "CD")
    kept = make_hub(country_id="ID")

    hubs_merging.send(Hub, gone=lab.hub, kept=kept, by=None)

    assert fresh(lab).hub == kept
    assert fresh(lesson).countries == 1


def test_who_closes_their_account_keeps_no_lab_and_their_data_are_told() -> None:
    lab = brazilian_lab()
    by = steward_of(lab)
    user = make_member()
    confirm(write_lesson(lab), by=user)

    told = dict(answer for _receiver, answer in personal_data.send(type(user), user=user))
    close_account(by=by, user=by)

    assert [row["country"] for row in told["lesson_confirmations"]] == ["ID"]
    assert not fresh(lab).stewards.exists()


def test_drafts_of_a_lab_are_seen_by_their_team_alone() -> None:
    lab = brazilian_lab()
    by = editor_of(lab)
    draft = labs.start_lab_solution(lab, by=by, form_key=uuid.uuid4(), title="Secret pump")
    public = public_solution()
    labs.link_solution(lab, public, by=by)
    seen = lambda user: set(Solution.objects.visible_to(user).filter(labs=lab))  # noqa: E731

    assert seen(by) == {draft, public}
    assert seen(steward_of(lab)) == seen(make_user(is_staff=True)) == {public}


def test_a_lab_made_up_for_a_test_has_no_country_and_every_country_counts() -> None:
    lesson = write_lesson(make_lab(hub=make_hub()))
    complete_snapshot()  # lays the reference data
    for country in ("BR", "ID", "CD"):
        confirm(lesson, country)
    assert Lesson.objects.get().stands
    assert timezone.now() >= lesson.written_at
