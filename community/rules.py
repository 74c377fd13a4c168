"""Facts about people and the community, as predicates."""

from __future__ import annotations

from typing import Any

import rules
from django.utils import timezone

from catalogue.choices import Publication
from community.choices import ArticleState, ChapterRole, ItemState, ReportState, Trust
from community.conduct import has_agreed
from community.models import (
    Appeal,
    Article,
    ArticleRevision,
    Chapter,
    ChapterMember,
    Decision,
    Discussion,
    Flag,
    Insight,
    LabEntry,
    Lesson,
    LessonConfirmation,
    LibraryItem,
    LivingLab,
    MonthlyTheme,
    Poll,
    Post,
    Synthesis,
    TrialReport,
    member_of,
    silenced_by,
)
from community.models.labs import is_of_team
from core.clock import Portal
from hubs.models import Membership, roles_of
from hubs.rules import is_portal_moderator


@rules.predicate
def is_member(user: Any) -> bool:
    """Has joined the community and agreed to its code of conduct as it is now."""
    return has_agreed(member_of(user))


@rules.predicate
def may_speak(user: Any) -> bool:
    """Is neither suspended nor banned."""
    return silenced_by(user) is None


@rules.predicate
def is_trusted(user: Any) -> bool:
    member = member_of(user)
    return member is not None and member.trust == Trust.TRUSTED


def place_of(obj: Any) -> tuple[str, int | None]:
    """Which place a thing of the community belongs to: one of ``PLACES``, and its primary key.

    ("", None) for what stands in none. Needs no query but for the objects in between.
    """
    if isinstance(obj, Decision):
        obj = obj.post or obj.discussion or obj.report or obj.article
    if isinstance(obj, Flag):
        obj = obj.subject
    if isinstance(obj, Insight):
        obj = obj.post
    if isinstance(obj, Post | Poll):
        obj = obj.discussion
    if isinstance(obj, Discussion):
        return obj.place_name, getattr(obj, f"{obj.place_name}_id")
    if isinstance(obj, LessonConfirmation):
        obj = obj.lesson
    if isinstance(obj, Synthesis):
        return "theme", obj.theme_id
    if isinstance(obj, LabEntry | Lesson | TrialReport):
        return "lab", obj.lab_id
    for kind, model in (("theme", MonthlyTheme), ("chapter", Chapter), ("lab", LivingLab)):
        if isinstance(obj, model):
            return kind, obj.pk
    return "", None


def _kept(user: Any, kind: str) -> set[int]:
    """What of this kind the person keeps; asked once per request and kind."""
    name = f"_keeps_{kind}"
    if not hasattr(user, name):
        if kind == "chapter":
            rows = ChapterMember.objects.filter(user=user, role=ChapterRole.COORDINATOR)
            keys = set(rows.values_list("chapter_id", flat=True))
        else:
            keys = set(getattr(user, f"{kind}s_kept").values_list("pk", flat=True))
        edited = [hub for hub, role in roles_of(user).items() if role in Membership.DESK]
        if kind == "lab" and edited:
            keys |= set(LivingLab.objects.filter(hub__in=edited).values_list("pk", flat=True))
        setattr(user, name, keys)
    found: set[int] = getattr(user, name)
    return found


@rules.predicate
def keeps_place(user: Any, obj: Any) -> bool:
    """Facilitates the theme, coordinates the chapter, or keeps the lab a thing belongs to.

    Whoever edits the hub of a lab keeps the lab, too.
    """
    if not user.is_authenticated or not user.is_active:
        return False
    kind, key = place_of(obj)
    if key is None or kind not in {"theme", "chapter", "lab"}:
        return False
    return key in _kept(user, kind)


@rules.predicate
def belongs_to_chapter(user: Any, obj: Any) -> bool:
    """Is a member or coordinator of the chapter a thing belongs to."""
    kind, key = place_of(obj)
    if kind != "chapter" or not user.is_authenticated:
        return False
    if not hasattr(user, "_chapters"):
        rows = ChapterMember.objects.filter(user=user).exclude(role=ChapterRole.ASKED)
        user._chapters = set(rows.values_list("chapter_id", flat=True))
    return key in user._chapters


@rules.predicate
def discussion_is_readable(user: Any, obj: Any) -> bool:
    """Twin of ``Discussion.objects.visible_to``."""
    found = obj.discussion if isinstance(obj, Post | Poll) else obj
    if not isinstance(found, Discussion):
        return False
    seen = Discussion.objects.visible_to(user, within=found.place_name)
    return seen.filter(pk=found.pk).exists()


@rules.predicate
def place_takes_posts(user: Any, obj: Any) -> bool:
    found = obj.discussion if isinstance(obj, Post | Poll) else obj
    return isinstance(found, Discussion) and found.takes_posts()


@rules.predicate
def is_author(user: Any, obj: Any) -> bool:
    """Wrote the post, the article or the report."""
    if not user.is_authenticated:
        return False
    who = {
        Post: "author_id",
        Article: "begun_by_id",
        TrialReport: "user_id",
        LessonConfirmation: "user_id",
    }
    name = who.get(type(obj))
    return name is not None and getattr(obj, name) == user.pk


@rules.predicate
def is_of_the_solutions_team(user: Any, obj: Any) -> bool:
    """Owns the solution a report is about, or is named in it with an account."""
    return isinstance(obj, TrialReport) and is_of_team(user, obj.solution)


@rules.predicate
def report_is_shown(user: Any, obj: Any) -> bool:
    """Checked, and about a record everybody reads."""
    return (
        isinstance(obj, TrialReport)
        and obj.state == ReportState.SHOWN
        and obj.solution.publication == Publication.PUBLIC
    )


@rules.predicate
def report_is_withdrawn(user: Any, obj: Any) -> bool:
    return isinstance(obj, TrialReport) and obj.state == ReportState.WITHDRAWN


@rules.predicate
def article_is_published(user: Any, obj: Any) -> bool:
    return isinstance(obj, Article) and obj.state == ArticleState.PUBLISHED


@rules.predicate
def author_may_speak(user: Any, obj: Any) -> bool:
    """The author of an article is not silenced: nothing of a banned member appears by itself."""
    return isinstance(obj, Article) and obj.author_may_be_heard()


@rules.predicate
def is_own_article(user: Any, obj: Any) -> bool:
    """Began the article or is one of its guests."""
    return isinstance(obj, Article) and obj.is_by(user)


@rules.predicate
def is_the_portal(user: Any, obj: Any) -> bool:
    """The portal itself, by the calendar."""
    return isinstance(user, Portal)


@rules.predicate
def article_is_due(user: Any, obj: Any) -> bool:
    """Accepted by an editor, not stopped since, and its day has come."""
    return (
        isinstance(obj, Article)
        and obj.state == ArticleState.ACCEPTED
        and obj.held_at is None
        and (obj.publish_on is None or obj.publish_on <= timezone.localdate())
    )


@rules.predicate
def is_uninvolved(user: Any, obj: Any) -> bool:
    """Neither decided what is appealed against nor is concerned by it: four eyes."""
    return isinstance(obj, Appeal) and user.pk not in {
        obj.decision.decided_by_id,
        obj.decision.about_id,
        obj.made_by_id,
    }


@rules.predicate
def wrote_it(user: Any, obj: Any) -> bool:
    """Wrote what a moderator would decide about: nobody moderates themselves."""
    if isinstance(obj, ArticleRevision):
        obj = obj.article
    return bool(is_author.test(user, obj.subject if isinstance(obj, Flag) else obj))


@rules.predicate
def item_is_listed(user: Any, obj: Any) -> bool:
    return isinstance(obj, LibraryItem) and obj.state == ItemState.LISTED


@rules.predicate
def item_is_merged(user: Any, obj: Any) -> bool:
    return isinstance(obj, LibraryItem) and obj.state == ItemState.MERGED


@rules.predicate
def added_item(user: Any, obj: Any) -> bool:
    """Proposed the entry of the library, which was not left to what cites it."""
    return (
        isinstance(obj, LibraryItem)
        and user.is_authenticated
        and user.is_active
        and obj.added_by_id == user.pk
        and obj.state != ItemState.UNLISTED
    )


takes_part = is_member & may_speak

rules.add_perm("community.join", rules.is_active)
rules.add_perm("community.take_part", takes_part)
rules.add_perm("community.view_discussion", discussion_is_readable)
rules.add_perm("community.write", takes_part & place_takes_posts & discussion_is_readable)
rules.add_perm("community.own_post", is_author)
#: Sum up, pick insights, pin, ask a poll, write the synthesis, keep the journal.
rules.add_perm("community.keep", is_portal_moderator | (keeps_place & may_speak))
rules.add_perm("community.moderate", ~wrote_it & (is_portal_moderator | (keeps_place & may_speak)))
rules.add_perm("community.moderate_members", is_portal_moderator)
#: The portal alone holds what several trusted members flagged.
rules.add_perm("community.hold_post", rules.always_false)
rules.add_perm("community.flag", takes_part & ~is_author)
rules.add_perm("community.decide_appeal", is_portal_moderator & is_uninvolved)

rules.add_perm(
    "community.view_article",
    article_is_published | is_portal_moderator | (is_author & rules.is_active),
)
rules.add_perm("community.own_article", is_author)
#: Write an article, and send it in.
rules.add_perm("community.write_article", is_author & takes_part)
#: Correct what is published: its author, or an editor; each change is kept and shown.
rules.add_perm("community.correct_article", (is_author & takes_part) | is_portal_moderator)
#: Editors of the blog; nobody edits their own article into print.
rules.add_perm("community.edit_the_blog", is_portal_moderator & ~is_own_article)
#: An editor, or the portal on the agreed day (``community.clock``); never what a silenced member
#: wrote.
rules.add_perm(
    "community.publish_article",
    author_may_speak & ((is_portal_moderator & ~is_own_article) | (is_the_portal & article_is_due)),
)

rules.add_perm("community.own_report", is_author)
rules.add_perm("community.send_report_again", is_author & takes_part)
#: Nobody checks their own report, nor one about a record they are named in.
rules.add_perm(
    "community.check_report",
    ~is_author & ~is_of_the_solutions_team & (is_portal_moderator | (keeps_place & may_speak)),
)
rules.add_perm(
    "community.view_report",
    is_author | report_is_shown | is_portal_moderator | (keeps_place & ~report_is_withdrawn),
)
rules.add_perm(
    "community.check_confirmation", ~is_author & (is_portal_moderator | (keeps_place & may_speak))
)

rules.add_perm(
    "community.view_item", item_is_listed | (~item_is_merged & (is_portal_moderator | added_item))
)
rules.add_perm("community.own_item", added_item)
#: Nobody lists what they proposed themselves; duplicates and details are the moderators' to mend.
rules.add_perm("community.check_item", is_portal_moderator & ~added_item)
rules.add_perm("community.keep_library", is_portal_moderator)

# --- Chapters and polls ------------------------------------------------------------------------


@rules.predicate
def chapter_is_announced(user: Any, obj: Any) -> bool:
    return isinstance(obj, Chapter) and obj.is_public


@rules.predicate
def chapter_is_open(user: Any, obj: Any) -> bool:
    return isinstance(obj, Chapter) and not obj.is_private


@rules.predicate
def started_it(user: Any, obj: Any) -> bool:
    """Started the discussion a poll would be put to."""
    return (
        isinstance(obj, Discussion)
        and obj.started_by_id is not None
        and (obj.started_by_id == user.pk)
    )


@rules.predicate
def asked_it(user: Any, obj: Any) -> bool:
    """Asked the poll."""
    return isinstance(obj, Poll) and obj.asked_by_id is not None and obj.asked_by_id == user.pk


#: Read who belongs to a chapter, when it meets, what it talks about. Twin of ``open_to``.
rules.add_perm(
    "community.enter_chapter",
    is_portal_moderator | (chapter_is_announced & (chapter_is_open | belongs_to_chapter)),
)
rules.add_perm("community.join_chapter", takes_part & chapter_is_announced)
#: The list of people is for those who are on it.
rules.add_perm(
    "community.view_chapter_people",
    is_portal_moderator | (chapter_is_announced & belongs_to_chapter),
)
rules.add_perm(
    "community.run_chapter",
    is_portal_moderator | (chapter_is_announced & keeps_place & may_speak),
)
rules.add_perm(
    "community.ask_poll",
    discussion_is_readable
    & place_takes_posts
    & (is_portal_moderator | (may_speak & keeps_place) | (takes_part & started_it)),
)
rules.add_perm(
    "community.close_poll",
    is_portal_moderator | (may_speak & keeps_place) | (takes_part & asked_it),
)
