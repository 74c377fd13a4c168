"""All that the community keeps about one person, for the file of their own data.

Who raised a flag against them, and what others wrote, is not theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from community.models import (
    Appeal,
    Article,
    Ballot,
    ChapterMember,
    Decision,
    Departure,
    Discussion,
    Draft,
    Flag,
    Insight,
    LabEntry,
    Lesson,
    LessonConfirmation,
    Member,
    Mention,
    Poll,
    Post,
    PostRevision,
    Reading,
    Sanction,
    TrialReport,
    UsefulMark,
)

if TYPE_CHECKING:
    from accounts.models import User

Rows = list[dict[str, Any]]


def moment(value: dt.datetime | None) -> str:
    return value.isoformat() if value else ""


def membership(user: User) -> Rows:
    rows: Rows = [
        {
            "short_name": member.handle,
            "joined": moment(member.joined_at),
            "conduct_agreed": member.conduct_version,
            "listed": member.is_listed,
            "shows_contributions": member.shows_recognition,
            "trust": member.trust,
            "former_short_names": [
                {"short_name": row.handle, "given_up": moment(row.given_up_at)}
                for row in member.former_handles.all()
            ],
        }
        for member in Member.objects.filter(user=user)
    ]
    return rows + [{"left": moment(row.left_at)} for row in Departure.objects.filter(user=user)]


def chapters(user: User) -> Rows:
    rows = ChapterMember.objects.filter(user=user).select_related("chapter").order_by("pk")
    return [
        {"chapter": row.chapter.name, "role": row.role, "since": moment(row.since)} for row in rows
    ]


def discussions(user: User) -> Rows:
    rows = Discussion.objects.filter(started_by=user).order_by("started_at", "pk")
    return [{"title": row.title, "started": moment(row.started_at)} for row in rows]


def posts(user: User) -> Rows:
    rows = Post.objects.filter(author=user).select_related("discussion")
    return [
        {
            "discussion": row.discussion.title,
            "number": row.number,
            "text": row.body,
            "quoted": row.quote,
            "state": row.state,
            "written": moment(row.written_at),
            "changed": moment(row.edited_at),
        }
        for row in rows.order_by("written_at", "pk")
    ]


def earlier_texts(user: User) -> Rows:
    rows = PostRevision.objects.filter(post__author=user).select_related("post__discussion")
    return [
        {
            "discussion": row.post.discussion.title,
            "number": row.post.number,
            "text": row.body,
            "replaced": moment(row.replaced_at),
            "reason": row.reason,
        }
        for row in rows.order_by("replaced_at", "pk")
    ]


def drafts(user: User) -> Rows:
    rows = Draft.objects.filter(user=user).order_by("changed_at", "pk")
    return [
        {"title": row.title, "text": row.body, "changed": moment(row.changed_at)} for row in rows
    ]


def marks(user: User) -> Rows:
    rows = UsefulMark.objects.filter(user=user).select_related("post__discussion")
    return [
        {
            "discussion": row.post.discussion.title,
            "number": row.post.number,
            "given": moment(row.given_at),
        }
        for row in rows.order_by("given_at", "pk")
    ]


def mentions(user: User) -> Rows:
    rows = Mention.objects.filter(user=user).select_related("post__discussion").order_by("pk")
    return [{"discussion": row.post.discussion.title, "number": row.post.number} for row in rows]


def reading(user: User) -> Rows:
    rows = Reading.objects.filter(user=user).select_related("discussion").order_by("pk")
    return [
        {
            "discussion": row.discussion.title,
            "read_to": row.read_to,
            "attention": row.attention,
            "changed": moment(row.changed_at),
        }
        for row in rows
    ]


def insights_picked(user: User) -> Rows:
    rows = Insight.objects.filter(picked_by=user).order_by("picked_at", "pk")
    return [{"text": row.text, "picked": moment(row.picked_at)} for row in rows]


def polls(user: User) -> Rows:
    rows = Poll.objects.filter(asked_by=user).order_by("asked_at", "pk")
    return [{"question": row.question, "asked": moment(row.asked_at)} for row in rows]


def ballots(user: User) -> Rows:
    rows = Ballot.objects.filter(user=user).select_related("poll").prefetch_related("options")
    return [
        {
            "question": row.poll.question,
            "answers": [option.text for option in row.options.all()],
            "cast": moment(row.cast_at),
        }
        for row in rows.order_by("cast_at", "pk")
    ]


def articles(user: User) -> Rows:
    rows = Article.objects.filter(begun_by=user).order_by("pk")
    return [
        {
            "title": row.title,
            "lede": row.lede,
            "text": row.body,
            "byline": row.byline,
            "state": row.state,
            "published": row.published_on,
            "remarks_of_editors": row.remarks,
        }
        for row in rows
    ]


def trials(user: User) -> Rows:
    rows = TrialReport.objects.filter(user=user).select_related("solution").order_by("pk")
    return [
        {
            "solution": row.solution.title,
            "organisation": row.organisation,
            "country": str(row.country),
            "when": row.tried,
            "context": row.context,
            "changed": row.changed,
            "result": row.result,
            "outcome": row.outcome,
            "evidence": row.evidence_url,
            "state": row.state,
            "sent": moment(row.submitted_at),
        }
        for row in rows
    ]


def labs(user: User) -> Rows:
    entries = LabEntry.objects.filter(written_by=user).select_related("lab").order_by("pk")
    lessons = Lesson.objects.filter(written_by=user).select_related("lab").order_by("pk")
    seen = LessonConfirmation.objects.filter(user=user).select_related("lesson").order_by("pk")
    return [
        *({"lab": row.lab.name, "entry": row.title, "text": row.body} for row in entries),
        *(
            {"lab": row.lab.name, "lesson": row.text, "text": row.detail, "state": row.state}
            for row in lessons
        ),
        *(
            {
                "confirmed": "" if row.lesson.is_withdrawn else row.lesson.text,
                "country": str(row.country),
                "text": row.note,
                "given": moment(row.given_at),
            }
            for row in seen
        ),
    ]


def flags(user: User) -> Rows:
    rows = Flag.objects.filter(raised_by=user).order_by("raised_at", "pk")
    return [
        {
            "rule": row.ground,
            "note": row.note,
            "raised": moment(row.raised_at),
            "state": row.state,
        }
        for row in rows
    ]


def conduct(user: User) -> Rows:
    """What moderators decided that concerns them, and what they said against it."""
    measures = Sanction.objects.filter(user=user).order_by("decided_at", "pk")
    decisions = Decision.objects.filter(about=user).order_by("decided_at", "pk")
    appeals = Appeal.objects.filter(made_by=user).order_by("made_at", "pk")
    return [
        *(
            {
                "measure": row.kind,
                "rule": row.ground,
                "reason": row.reason,
                "decided": moment(row.decided_at),
                "until": moment(row.until),
                "lifted": moment(row.lifted_at),
            }
            for row in measures
        ),
        *(
            {
                "decision": row.what,
                "about": row.thing,
                "rule": row.ground,
                "reason": row.reason,
                "decided": moment(row.decided_at),
            }
            for row in decisions
        ),
        *(
            {
                "appeal": row.text,
                "made": moment(row.made_at),
                "state": row.state,
                "answer": row.answer,
            }
            for row in appeals
        ),
    ]


#: The sections of the file, each named for what it holds.
SECTIONS: dict[str, Callable[[User], Rows]] = {
    section.__name__: section
    for section in (
        membership,
        chapters,
        discussions,
        posts,
        earlier_texts,
        drafts,
        marks,
        mentions,
        reading,
        insights_picked,
        polls,
        ballots,
        articles,
        trials,
        labs,
        flags,
        conduct,
    )
}
