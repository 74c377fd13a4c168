"""What keepers and moderators take away: lessons of labs, earlier texts of blog posts."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.template import Context
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from catalogue.around import with_around
from catalogue.models import Solution
from community import publiclog
from community.choices import LessonState
from community.models import Appeal, Article, ArticleRevision, Decision, Lesson, Outgrowth
from community.operations import blogging, labs, moderating
from community.personal import labs as own_of_labs
from community.searched import lessons as found_lessons
from community.templatetags.community_blog import articles_of
from community.templatetags.community_synthesis import grown_from
from community.waiting.labs import to_read
from core.errors import DomainError
from core.models import AuditEntry, SearchDocument
from notifications.models import Notice
from notifications.news import of_labs
from notifications.noticeable import NOTICEABLE
from tests.community.factories import (
    make_article,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.community.labs import (
    brazilian_lab,
    confirm,
    editor_of,
    new_member,
    public_solution,
    steward_of,
    write_lesson,
)
from tests.factories import make_hub, make_user
from tests.factories import make_member as make_hub_member

pytestmark = pytest.mark.django_db
WHY = "The pumps were another kind."
SECRET = "Name one keeper for each pump."


def code_of(call: Any) -> str:
    try:
        call()
    except PermissionDenied:
        return "forbidden"
    except DomainError as refusal:
        return refusal.code
    except ValidationError:
        return "words"
    return "done"


def withdraw(lesson: Lesson, by: User | None = None, reason: str = WHY) -> None:
    labs.withdraw_lesson(lesson, by=by or make_user(is_staff=True), reason=reason)


def fresh(row: Any) -> Any:
    return type(row)._base_manager.get(pk=row.pk)


def text_at(path: str, user: User | None = None, status: int = 200) -> str:
    client = Client()
    if user is not None:
        client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


# --- Lessons -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("stranger", "forbidden"),
        ("member", "forbidden"),
        ("hub member", "forbidden"),
        ("other editor", "forbidden"),
        ("steward", "done"),
        ("editor", "done"),
        ("moderator", "done"),
    ],
)
def test_keepers_of_a_lab_withdraw_its_lessons_and_nobody_else(kind: str, code: str) -> None:
    lab = brazilian_lab()
    lesson = write_lesson(lab)
    by: dict[str, Any] = {
        "stranger": make_user,
        "member": make_member,
        "hub member": lambda: make_hub_member(lab.hub),
        "other editor": lambda: make_hub_member(make_hub(), "editor"),
        "steward": lambda: steward_of(lab),
        "editor": lambda: editor_of(lab),
        "moderator": lambda: make_user(is_staff=True),
    }

    assert code_of(lambda: withdraw(lesson, by[kind]())) == code

    assert fresh(lesson).state == ("withdrawn" if code == "done" else "shown")


def test_a_withdrawal_says_why_stands_in_the_audit_and_happens_once() -> None:
    lesson = write_lesson(brazilian_lab())
    by = make_user(is_staff=True)

    assert code_of(lambda: withdraw(lesson, by, "  ")) == "words"
    withdraw(lesson, by)

    row = fresh(lesson)
    assert (row.is_withdrawn, row.withdrawn_because) == (True, WHY)
    line = AuditEntry.objects.get(verb="withdraw_lesson")
    assert (line.target_type, line.target_id, line.note) == ("community.lesson", str(row.pk), WHY)
    assert code_of(lambda: withdraw(lesson, by)) == "withdrawn"


def test_of_a_withdrawn_lesson_nothing_is_done_any_more() -> None:
    lab = brazilian_lab()
    lesson = write_lesson(lab)
    keeper, mark = make_user(is_staff=True), labs.mark_of(lesson, labs.LESSON)
    held = confirm(lesson, by=new_member())
    withdraw(lesson)
    lesson = fresh(lesson)

    tried = [
        lambda: labs.change_lesson(lesson, by=keeper, opened=mark, text="Other.", detail=""),
        lambda: labs.move_lesson(lesson, by=keeper, up=True),
        lambda: confirm(lesson),
        lambda: labs.check_confirmation(held, by=keeper, shows=True),
        lambda: labs.start_lab_solution(
            lab, by=keeper, form_key=uuid.uuid4(), title="Pumps", source=lesson
        ),
    ]

    assert [code_of(one) for one in tried] == ["withdrawn"] * 5
    assert list(to_read(keeper)) == []


def test_a_withdrawn_lesson_is_read_found_and_counted_nowhere() -> None:
    lab = brazilian_lab()
    lesson = write_lesson(lab, text=SECRET, detail="Only in the first valley.")
    write_lesson(lab, text="Ask the neighbours.")
    someone = make_member()
    confirm(lesson, by=someone)
    documents = SearchDocument.objects.filter(kind="lesson", object_id=str(lesson.pk))
    assert documents.exists()

    withdraw(lesson)

    assert not documents.exists()
    assert SECRET not in [row.text for row in found_lessons()]
    keeper = make_user(is_staff=True)
    for reader in (None, someone, keeper):
        page = text_at(lab.get_absolute_url(), reader)
        assert (SECRET in page, WHY in page) == (False, True)
        page = text_at(lesson.get_absolute_url(), reader, 410)
        assert (SECRET in page, "Only in the first valley" in page) == (False, False)
        assert (WHY in page, "This lesson was withdrawn." in page) == (True, True)
    assert "1 lesson" in text_at(reverse("community:labs"))
    start = reverse("community:lab-solution", args=[lab.slug])
    assert SECRET not in text_at(start, keeper)
    news = of_labs(someone, timezone.now() - timezone.timedelta(days=1), [lab.pk])
    assert SECRET not in [row.title for row in news]
    assert own_of_labs(someone)[0]["confirmed"] == ""


def test_a_notice_of_a_lesson_says_nothing_once_it_is_withdrawn() -> None:
    lab = brazilian_lab()
    lesson = write_lesson(lab)
    assert Notice.objects.filter(subject="lesson", subject_id=lesson.pk).exists()

    class Row:
        pk, subject_id = 1, lesson.pk

        class notice:  # noqa: N801 (stands for the column)
            subject_id = lesson.pk

    before = NOTICEABLE["lesson"].lines([Row], make_member())  # type: ignore[list-item]
    withdraw(lesson)
    after = NOTICEABLE["lesson"].lines([Row], make_member())  # type: ignore[list-item]

    assert (len(before), len(after)) == (1, 0)


def test_the_form_of_a_keeper_withdraws_and_leads_back(client: Client) -> None:
    lab = brazilian_lab()
    lesson = write_lesson(lab)
    keeper = steward_of(lab)
    path = reverse("community:lesson-withdraw", args=[lab.slug, lesson.uid])
    client.force_login(make_member())
    assert client.get(path).status_code == 403
    client.force_login(keeper)

    assert client.get(path).status_code == 200
    assert client.post(path, {"reason": ""}).status_code == 422
    answer = client.post(path, {"reason": WHY})

    assert answer["Location"] == f"{lab.get_absolute_url()}#lessons"
    assert fresh(lesson).is_withdrawn
    assert client.get(path).status_code == 404


def test_the_database_keeps_no_withdrawn_lesson_without_a_reason() -> None:
    lesson = write_lesson(brazilian_lab())

    with pytest.raises(IntegrityError), transaction.atomic():
        Lesson.objects.filter(pk=lesson.pk).update(
            state=LessonState.WITHDRAWN, withdrawn_at=timezone.now()
        )


# --- Earlier texts of blog posts -----------------------------------------------------------------

FIRST, SECOND, NOW = "It began with a bucket.", "See example.invalid for more.", "Dry wells."
RULE = {"ground": "spam", "reason": "It sells pumps."}


@pytest.fixture
def article() -> Article:
    """Corrected twice: the second text is the one nobody should read."""
    row = make_article(title="What the well taught us", body=f"<p>{FIRST}</p>")
    desk = make_user(is_staff=True)
    for number, (body, reason) in enumerate(((SECOND, "First reason"), (NOW, "Second reason"))):
        row = blogging.correct_article(
            fresh(row),
            by=desk,
            base=number,
            reason=reason,
            told={"title": row.title, "lede": row.lede, "body": f"<p>{body}</p>"},
        )
    return fresh(row)


def hidden(article: Article, by: User | None = None) -> Decision:
    version = article.revisions.get(number=1)
    by = by or make_member(make_user(is_staff=True))
    return moderating.decide_version(version, Decision.What.HIDE, by=by, **RULE)


def history(article: Article) -> str:
    return reverse("community:article-history", args=[article.slug])


def test_only_moderators_who_did_not_write_it_hide_an_earlier_text(article: Article) -> None:
    version = article.revisions.get(number=1)
    moderating_author = make_user(is_staff=True, is_superuser=True)
    own = make_article(begun_by=moderating_author)
    own_version = ArticleRevision.objects.create(article=own, number=0, title="Old")
    people = [make_user(), make_member(), article.begun_by, make_user(is_staff=True)]

    def hide(row: ArticleRevision, by: Any) -> str:
        return code_of(
            lambda: moderating.decide_version(fresh(row), Decision.What.HIDE, by=by, **RULE)
        )

    assert [hide(version, by) for by in people] == ["forbidden"] * 3 + ["done"]
    assert hide(own_version, moderating_author) == "forbidden"
    assert hide(version, make_user(is_staff=True)) == "wrong-state"


def test_it_rests_on_a_rule_and_a_reason(article: Article) -> None:
    version = article.revisions.get(number=1)
    by = make_user(is_staff=True)

    assert code_of(lambda: moderating.decide_version(version, Decision.What.HIDE, by=by)) == "words"
    assert not fresh(version).is_hidden


def test_a_hidden_text_is_in_no_comparison_and_its_reason_nowhere(article: Article) -> None:
    # The correction that replaced the second text carries the reason of that change.
    for reader in (None, make_member(), article.begun_by):
        assert SECOND.split()[1] in text_at(history(article), reader)
    hidden(article)

    for reader in (None, make_member(), article.begun_by):
        page = text_at(history(article), reader)
        assert "example.invalid" not in page
        assert "Second reason" not in page
        assert ("First reason" in page, "Hidden by a moderator" in page) == (True, True)
        # What stood before it is compared with what stands now.
        assert ("bucket" in page, "Dry" in page) == (True, True)
    assert "Second reason" not in text_at(article.get_absolute_url())
    assert "example.invalid" in text_at(history(article), make_user(is_staff=True))


def test_the_author_reads_why_and_appeals_and_another_moderator_undoes_it(
    article: Article,
) -> None:
    moderator, other = (make_member(make_user(is_staff=True)) for _ in range(2))
    decision = hidden(article, moderator)
    author = fresh(article.begun_by)
    mine = text_at(reverse("community:my-decisions"), author)
    assert (RULE["reason"] in mine, str(article.title) in mine) == (True, True)
    appeal = moderating.make_appeal(decision, by=author, text="It is our own page.")
    assert SECOND in text_at(reverse("community:appeal-settle", args=[appeal.uid]), other)

    moderating.settle_appeal(appeal, by=other, grant=True, answer="You are right.")

    assert fresh(appeal).state == Appeal.State.GRANTED
    assert not article.revisions.get(number=1).is_hidden
    assert fresh(decision).undone_at is not None


def test_the_public_log_tells_the_thing_and_the_rule_alone(article: Article) -> None:
    hidden(article)

    page = text_at(reverse("community:moderation-log"))

    assert "Earlier text of a blog post" in page
    for word in (article.title, RULE["reason"], "example.invalid"):
        assert word not in page


def test_the_form_hides_a_text_and_shows_it_again(article: Article, client: Client) -> None:
    path = reverse("community:article-version", args=[article.slug, 1])
    client.force_login(make_member())
    assert client.get(path).status_code == 403
    client.force_login(make_member(make_user(is_staff=True)))
    assert SECOND in client.get(path).content.decode()
    assert client.post(path, {"ground": "", "reason": ""}).status_code == 422

    client.post(path, RULE)
    assert article.revisions.get(number=1).is_hidden
    client.post(path, {"reason": "A second look."})

    assert not article.revisions.get(number=1).is_hidden
    rows = Decision.objects.order_by("pk").values_list("what", "undone_at")
    assert [(what, at is None) for what, at in rows] == [("hide", False), ("restore", True)]


# --- The log -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "month"), [("en", "November 2026"), ("fr", "novembre 2026")])
def test_the_log_names_a_month_in_the_language_of_its_reader(language: str, month: str) -> None:
    theme = open_theme()
    type(theme).objects.filter(pk=theme.pk).update(month="2026-11")
    post = make_post(make_discussion(theme), by=make_member())
    by = make_user(is_staff=True)
    row = moderating.decide(post, Decision.What.HIDE, by=by, **RULE)

    with translation.override(language):
        found = publiclog.part_of(publiclog.decisions().get(pk=row.pk))[1]

    assert found.lower() == month.lower()


# --- What a solution grew from -------------------------------------------------------------------


@pytest.mark.parametrize("many", [1, 5])
def test_a_solution_shows_the_discussion_it_grew_from_and_the_posts_about_it(
    many: int, django_assert_num_queries: Any
) -> None:
    solution = public_solution()
    Outgrowth.objects.create(
        discussion=make_discussion(title="Who keeps the pump?"), solution=solution
    )
    for _ in range(many):
        make_article(title="What the well taught us").solutions.add(solution)
    page = text_at(solution.get_absolute_url())
    assert "Who keeps the pump?" in page
    assert page.count("What the well taught us") == many

    context = Context({"request": SimpleNamespace(user=AnonymousUser())})
    record = with_around(Solution.objects.filter(pk=solution.pk)).get()
    with django_assert_num_queries(1):
        grown_from(context, record)
    with django_assert_num_queries(3):
        articles_of(context, record)


def test_a_solution_without_either_asks_nothing(django_assert_num_queries: Any) -> None:
    solution = public_solution()
    record = with_around(Solution.objects.filter(pk=solution.pk)).get()
    context = Context({"request": SimpleNamespace(user=AnonymousUser())})

    with django_assert_num_queries(0):
        assert grown_from(context, record) == {}
        assert articles_of(context, record) == {}
