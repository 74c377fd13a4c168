"""The places a discussion can be in, as pages name them and addresses spell them; rows of lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.choices import Publication
from catalogue.models import Solution
from community.choices import ArticleState, ChapterRole, DiscussionState
from community.models import (
    Article,
    Chapter,
    ChapterMember,
    Discussion,
    LivingLab,
    MonthlyTheme,
)
from community.people import seen_as, with_people
from events.models import Commitment, Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import Model, QuerySet
    from django_stubs_ext import StrOrPromise

    from accounts.models import User
    from community.people import Seen


@dataclass(frozen=True, slots=True)
class Kind:
    """``key`` is the field of a record its own address is made of."""

    model: type[Model]
    label: StrOrPromise
    section: str
    section_label: StrOrPromise
    key: str = "slug"


KINDS: dict[str, Kind] = {
    "theme": Kind(MonthlyTheme, _("Theme"), "community:home", _("Community")),
    "chapter": Kind(Chapter, _("Chapter"), "community:chapters", _("Chapters")),
    "lab": Kind(LivingLab, _("Living lab"), "community:labs", _("Living labs")),
    "solution": Kind(Solution, _("Solution"), "catalogue:solutions", _("Solutions"), "reference"),
    "commitment": Kind(Commitment, _("Commitment"), "events:commitments", _("Commitments"), "code"),
    "event": Kind(Event, _("Event"), "events:events", _("Events")),
    "article": Kind(Article, _("Blog post"), "community:blog", _("Blog")),
}
#: With what the names of all places are read along with discussions.
FETCHED = ("theme", "chapter", "lab", "commitment", "event", "article", "solution__public_version")


def fetched_with(kind: str) -> str:
    """With what the name of a place of this kind is read along with its discussion."""
    return next(path for path in FETCHED if path.split("__")[0] == kind)


def kind_of(place: Any) -> str:
    """Which of ``PLACES`` a record is."""
    return next(name for name, kind in KINDS.items() if isinstance(place, kind.model))


def key_of(place: Any) -> str:
    """What stands for it in addresses, as in its own."""
    return str(getattr(place, KINDS[kind_of(place)].key))


def name_of(place: Any) -> str:
    """What readers call it. Of a solution what is published, never what its team writes now."""
    if isinstance(place, Solution):
        version = place.public_version
        return str(version.content.get("title", "")) if version else place.reference
    return place.number if isinstance(place, Commitment) else str(place)


def crumbs_of(discussion: Discussion) -> list[str]:
    """Label and address by turns, from the section to the place."""
    kind, place = KINDS[discussion.place_name], discussion.place
    return [
        str(kind.section_label), reverse(kind.section), name_of(place), place.get_absolute_url()
    ]  # fmt: skip


def find_place(kind: str, key: str, user: User | AnonymousUser) -> Any:
    """The record something can be discussed about, if this person sees it; else 404.

    Of a solution and a blog post only what is published; in a private chapter only its people.
    """
    if kind not in KINDS:
        raise Http404
    told = KINDS[kind]
    rows: QuerySet[Any] = told.model.objects.visible_to(user)  # type: ignore[attr-defined]
    if kind == "solution":
        number = key.removeprefix("S-")
        if not (number.isascii() and number.isdigit() and len(number) < 9):
            raise Http404
        rows = rows.filter(number=int(number), publication=Publication.PUBLIC)
        rows = rows.select_related("public_version")
    else:
        rows = rows.filter(**{told.key: key})
    if kind == "article":
        rows = rows.filter(state=ArticleState.PUBLISHED)
    place = rows.first()
    if place is None or (kind == "solution" and place.reference != key):
        raise Http404
    return place


def is_outside(user: Any, place: Any) -> bool:
    """Whether a place's discussions are for others: a private chapter's for its members."""
    if not isinstance(place, Chapter) or not place.is_private or user.is_staff:
        return False
    return not (
        ChapterMember.objects.filter(chapter=place, user=user)
        .exclude(role=ChapterRole.ASKED)
        .exists()
    )


def takes_discussions(place: Any) -> bool:
    """Whether something can be begun there now, as far as the place decides."""
    if isinstance(place, Article):
        return place.state == ArticleState.PUBLISHED
    return Discussion(**{kind_of(place): place}).takes_posts()


def begin_url(place: Any, user: User | AnonymousUser) -> str:
    """Where something is begun about this, or nothing where this person cannot."""
    if not user.is_authenticated or not takes_discussions(place) or is_outside(user, place):
        return ""
    return reverse("community:discussion-new", args=[kind_of(place), key_of(place)])


@dataclass(frozen=True, slots=True)
class Row:
    """One discussion in a list."""

    discussion: Discussion
    kind: str
    place: str
    last_by: Seen | None
    unread: int = 0


def listed(rows: QuerySet[Discussion]) -> QuerySet[Discussion]:
    """With everything a row shows, in one query; no merged ones."""
    rows = rows.exclude(state=DiscussionState.MERGED).select_related(*FETCHED)
    return with_people(rows, "last_post_by")


def rows_of(
    found: Iterable[Discussion], user: User | AnonymousUser, unread: dict[int, int] | None = None
) -> list[Row]:
    return [
        Row(
            discussion=one,
            kind=str(KINDS[one.place_name].label),
            place=name_of(one.place),
            last_by=seen_as(one.last_post_by, user) if one.last_post_by_id else None,
            unread=(unread or {}).get(one.pk, 0),
        )
        for one in found
    ]
