"""What can be followed: of each kind, which records a person sees, and what is new there.

One entry per kind in ``KINDS``. The coming notifications ask the same registry: who listens
(``Follow.objects.listening``), what a record is called, where it is.

``news`` reads in a fixed number of queries, whatever is followed: ``ids`` is a sub-select, never a
list. It leaves out what the person may not read now, even if they could when they began to follow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _

from catalogue.models import Solution
from community.choices import Attention, DiscussionState
from community.models import (
    Chapter,
    Discussion,
    LivingLab,
    Member,
    MonthlyTheme,
    Reading,
)
from community.operations import discussing
from community.people import seen_as, with_people
from events import operations as promising
from events.models import Commitment, CommitmentFollow, Event
from hubs.models import Hub
from notifications import news
from notifications.models import Follow, Kind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User
    from notifications.news import News

NONE, FOLLOWING, MUTED = Attention.NORMAL, Attention.FOLLOWING, Attention.MUTED

Rows = QuerySet[Any]
NewsOf = Callable[["User", dt.datetime, Rows], list["News"]]


@dataclass(frozen=True)
class Followable:
    """One kind. Its followers are rows of ``Follow``."""

    key: str
    label: StrOrPromise
    model: type[Any]
    #: The records this person may follow and read about.
    seen_by: Callable[[User], Rows]
    #: What is new: of the records with these keys, since then, for this person.
    news: NewsOf
    name: Callable[[Any, User], str] = lambda record, _user: str(record)
    can_mute: bool = True

    def listed(self, user: User) -> Rows:
        """What the person follows of it, latest first, each with ``followed_since`` and
        ``is_muted``. One query."""
        mine = Follow.objects.filter(user=user, kind=self.key, subject_id=OuterRef("pk"))
        return (
            self.seen_by(user)
            .filter(pk__in=self.followed(user))
            .annotate(
                followed_since=Subquery(mine.values("since")[:1]),
                is_muted=Subquery(mine.values("muted")[:1]),
            )
            .order_by("-followed_since", "-pk")
        )

    def followed(self, user: User, *, listening: bool = False) -> Rows:
        """The keys of what the person follows, all or only what is not muted."""
        rows = Follow.objects.filter(user=user, kind=self.key)
        return (rows.filter(muted=False) if listening else rows).values("subject_id")

    def attention_of(self, user: User, pk: int) -> str:
        """Whether one record is followed or muted. One query."""
        muted = Follow.objects.filter(user=user, kind=self.key, subject_id=pk)
        found = muted.values_list("muted", flat=True).first()
        return NONE if found is None else MUTED if found else FOLLOWING

    def pay(self, record: Any, *, by: User, attention: str) -> None:
        """Follow, mute or neither. Twice is once."""
        key = {"user": by, "kind": self.key, "subject_id": record.pk}
        if attention == NONE:
            Follow.objects.filter(**key).delete()
        else:
            Follow.objects.update_or_create(**key, defaults={"muted": attention == MUTED})


class Discussions(Followable):
    """Discussions, whose followers and how far each has read are rows of ``Reading``."""

    def listed(self, user: User) -> Rows:
        mine = Reading.objects.filter(user=user, discussion=OuterRef("pk"))
        return (
            self.seen_by(user)
            .filter(pk__in=self.followed(user))
            .annotate(
                followed_since=Subquery(mine.values("changed_at")[:1]),
                is_muted=Exists(mine.filter(attention=MUTED)),
            )
            .order_by("-last_post_at", "-pk")
        )

    def followed(self, user: User, *, listening: bool = False) -> Rows:
        kept = (FOLLOWING,) if listening else (FOLLOWING, MUTED)
        return Reading.objects.filter(user=user, attention__in=kept).values("discussion")

    def attention_of(self, user: User, pk: int) -> str:
        rows = Reading.objects.filter(user=user, discussion=pk)
        return rows.values_list("attention", flat=True).first() or NONE

    def pay(self, record: Any, *, by: User, attention: str) -> None:
        discussing.pay_attention(record, by=by, attention=attention)


class Commitments(Followable):
    """Commitments, whose followers are rows of their own (``CommitmentFollow``)."""

    def listed(self, user: User) -> Rows:
        return (
            self.seen_by(user)
            .filter(follows__user=user)
            .annotate(followed_since=F("follows__since"))
            .order_by("-followed_since", "-pk")
        )

    def followed(self, user: User, *, listening: bool = False) -> Rows:
        return CommitmentFollow.objects.filter(user=user).values("commitment")

    def attention_of(self, user: User, pk: int) -> str:
        there = CommitmentFollow.objects.filter(user=user, commitment=pk).exists()
        return FOLLOWING if there else NONE

    def pay(self, record: Any, *, by: User, attention: str) -> None:
        if attention == NONE:
            promising.unfollow(record, by=by)
        else:
            promising.follow(record, by=by)


def _solutions(_user: User) -> Rows:
    """Public ones, with their title as everybody reads it, never that of the working copy."""
    titled = Solution.objects.public().annotate(
        public_title=KeyTextTransform("title", "public_version__content")
    )
    return titled.only("pk", "number", "uid", "publication")


def _members(user: User) -> Rows:
    """Everybody in the community but oneself."""
    return with_people(Member.objects.active().exclude(user=user), "user").select_related("user")


def _discussions(user: User) -> Rows:
    """Discussions the person reads. What was merged into another lives on there."""
    return Discussion.objects.visible_to(user).exclude(
        state__in=(DiscussionState.MERGED, DiscussionState.HIDDEN)
    )


KINDS: dict[str, Followable] = {
    kind.key: kind
    for kind in (
        Followable(Kind.THEME, _("Themes of the months"), MonthlyTheme,
                   MonthlyTheme.objects.visible_to, news.of_themes),
        Discussions("discussion", _("Discussions"), Discussion, _discussions, news.of_discussions),
        Followable(Kind.CHAPTER, _("Chapters"), Chapter,
                   Chapter.objects.visible_to, news.of_chapters),
        Followable(Kind.LAB, _("Living labs"), LivingLab,
                   LivingLab.objects.visible_to, news.of_labs),
        Followable(Kind.MEMBER, _("Members"), Member, _members, news.of_members,
                   name=lambda record, user: seen_as(record.user, user).name),
        Followable(Kind.SOLUTION, _("Solutions"), Solution, _solutions, news.of_solutions,
                   name=lambda record, _user: getattr(record, "public_title", "") or str(record)),
        Followable(Kind.HUB, _("Hubs"), Hub, Hub.objects.visible_to, news.of_hubs),
        Followable(Kind.EVENT, _("Events"), Event, Event.objects.visible_to, news.of_events),
        Commitments("commitment", _("Commitments"), Commitment,
                    lambda user: Commitment.objects.visible_to(user).select_related("event"),
                    news.of_commitments, can_mute=False),
    )
}  # fmt: skip


def kind_of(record: Any) -> Followable | None:
    """The kind a record is of; None if nobody can follow it."""
    return next((kind for kind in KINDS.values() if kind.model is type(record)), None)
