"""What happens below becomes notices, inside the transaction it happens in: one row, no network."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed, letter_written, personal_data
from community.models import Article, LabEntry, Lesson, Post, TrialReport
from community.signals import (
    article_moved,
    insight_picked,
    lab_news,
    post_shown,
    synthesis_published,
)
from core.background import hasten
from notifications import noticing
from notifications.delivering import nudge
from notifications.models.notices import Notice, Reason, Subject


def announce(subject: str, subject_id: int, **how: Any) -> None:
    """Write a fact down and ask for it to be told soon."""
    from notifications import tasks  # noqa: PLC0415 (Celery, which only writing needs)

    notice = noticing.announce(subject, subject_id, **how)
    if notice is not None:
        hasten(tasks.tell, notice_id=notice.pk)


@receiver(post_shown, dispatch_uid="notice-of-a-post")
def hear_post(post: Post, mentioned: list[int], **_: Any) -> None:
    """A post, once; of one that was changed only who is mentioned now and was not before."""
    key = f"post:{post.pk}"
    if Notice.objects.filter(key=key).exists():
        announce(
            Subject.POST,
            post.pk,
            key=f"{key}:{post.revision}",
            actor=post.author,
            direct={Reason.MENTIONED: mentioned},
            to_followers=False,
        )
        return
    answered = post.reply_to.author_id if post.reply_to is not None else None
    announce(
        Subject.POST,
        post.pk,
        key=key,
        actor=post.author,
        direct={
            Reason.MENTIONED: mentioned,
            Reason.ANSWERED: [answered] if answered is not None else [],
        },
    )


@receiver(insight_picked, dispatch_uid="notice-of-an-insight")
def hear_insight(insight: Any, by: Any, **_: Any) -> None:
    announce(
        Subject.INSIGHT,
        insight.post_id,
        key=f"insight:{insight.post_id}",
        actor=by,
        direct={Reason.YOURS: [insight.post.author_id] if insight.post.author_id else []},
        to_followers=False,
    )


@receiver(synthesis_published, dispatch_uid="notice-of-a-synthesis")
def hear_synthesis(version: Any, by: Any, **_: Any) -> None:
    """Followers of the theme, and those whose posts it rests on."""
    authors = version.sources.exclude(post__author=None).values_list("post__author", flat=True)
    announce(
        Subject.SYNTHESIS,
        version.pk,
        key=f"synthesis:{version.pk}",
        actor=by,
        direct={Reason.YOURS: set(authors)},
    )


@receiver(article_moved, dispatch_uid="notice-of-an-article")
def hear_article(article: Article, verb: str, by: Any, **_: Any) -> None:
    if verb == "publish_article":
        announce(
            Subject.ARTICLE,
            article.pk,
            key=f"article:{article.pk}",
            actor=article.begun_by,
        )


@receiver(lab_news, dispatch_uid="notice-of-a-lab")
def hear_lab(record: Any, by: Any, **_: Any) -> None:
    subjects = {LabEntry: Subject.LAB_ENTRY, Lesson: Subject.LESSON, TrialReport: Subject.TRIAL}
    subject = subjects[type(record)]
    actor = record.user if isinstance(record, TrialReport) else by
    announce(subject, record.pk, key=f"{subject}:{record.pk}", actor=actor)


@receiver(letter_written, dispatch_uid="notice-of-a-letter")
def hear_letter(to: Any, kind: str, letter: Any, key: str, discreet: bool, **_: Any) -> None:  # noqa: FBT001
    noticing.deliver_letter(to, kind=kind, text=letter, key=key, discreet=discreet)
    nudge()


@receiver(account_closed, dispatch_uid="notices-end-with-the-account")
def hear_goodbye(user: Any, **_: Any) -> None:
    noticing.forget(user)


@receiver(personal_data, dispatch_uid="notices-of-a-person")
def notices_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    return "notifications", noticing.kept_of(user)
