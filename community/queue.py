"""What waits for moderators: held posts, and posts, blog posts and reports with open flags.

Portal moderators have everything before them, whoever keeps a theme, a chapter or a lab only what
stands there. Nobody finds their own things in it: somebody else decides about them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Count, F, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from community.choices import ChapterRole, PostState, Trust
from community.models import (
    Appeal,
    Article,
    ChapterMember,
    Decision,
    Discussion,
    Flag,
    LivingLab,
    MonthlyTheme,
    Post,
    Sanction,
    TrialReport,
    silenced_by,
)
from community.operations.moderating import SHOWN, Thing, acts_for, author_of, mark_of
from community.people import Seen, seen_as, with_people

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from accounts.models import User

KINDS: dict[str, type[Post] | type[Article] | type[TrialReport]] = {
    "post": Post,
    "article": Article,
    "report": TrialReport,
}
AUTHORS = {"post": "author", "article": "begun_by", "report": "user"}
#: What a line says about where a thing stands needs these.
AROUND = {
    "post": [f"discussion__{name}" for name in (
        "theme", "chapter", "lab", "solution", "commitment", "event", "article",
    )],
    "article": ["theme", "chapter", "lab"],
    "report": ["solution", "lab"],
}  # fmt: skip
#: So many decisions about one thing are told in a line, the latest.
MOST_HISTORY = 10


def kept_discussions(user: User) -> Q:
    """Those of the places somebody keeps, as a condition on a discussion. Twin of the rule
    ``keeps_place``."""
    coordinates = ChapterMember.objects.filter(user=user, role=ChapterRole.COORDINATOR)
    return (
        Q(theme__in=MonthlyTheme.objects.filter(stewards=user).order_by().values("pk"))
        | Q(chapter__in=coordinates.order_by().values("chapter"))
        | Q(lab__in=LivingLab.objects.kept_by(user).order_by().values("pk"))
    )


def scope(user: User, kind: str) -> Any:
    """Everything of one kind this person may decide about, whatever its state."""
    rows: Any = KINDS[kind]._base_manager.all()
    if not user.is_authenticated or not user.is_active:
        return rows.none()
    rows = rows.exclude(**{AUTHORS[kind]: user})
    if user.is_staff:
        return rows
    if silenced_by(user) is not None or kind == "article":
        return rows.none()
    if kind == "report":
        return rows.filter(lab__in=LivingLab.objects.kept_by(user).order_by().values("pk"))
    kept = Discussion.objects.filter(kept_discussions(user)).order_by().values("pk")
    return rows.filter(discussion__in=kept)


def keeps_something(user: User) -> bool:
    """Whether the pages of moderators are for this person. At most three queries."""
    if not user.is_authenticated or not user.is_active:
        return False
    if user.is_staff:
        return True
    return silenced_by(user) is None and (
        ChapterMember.objects.filter(user=user, role=ChapterRole.COORDINATOR).exists()
        or MonthlyTheme.objects.filter(stewards=user).exists()
        or LivingLab.objects.kept_by(user).exists()
    )


def _waiting(user: User, kind: str, state: str) -> Any:
    """Rows of kind, key and since when, of what waits; ``state`` is held, flagged or empty."""
    open_flags = Flag.objects.filter(**{kind: OuterRef("pk")}, state=Flag.State.OPEN)
    flagged_at = open_flags.order_by("raised_at").values("raised_at")[:1]
    rows = scope(user, kind).annotate(flagged_at=Subquery(flagged_at))
    flagged = Q(flagged_at__isnull=False, state=SHOWN[KINDS[kind]])
    if kind == "post":
        held = Q(state=PostState.HELD)
        wanted = {"held": held, "flagged": flagged}.get(state, held | flagged)
        since: Any = Case(
            When(held, then=Coalesce("edited_at", "written_at")), default=F("flagged_at")
        )
    else:
        wanted, since = (Q(pk__in=[]) if state == "held" else flagged), F("flagged_at")
    return (
        rows.filter(wanted)
        .annotate(kind=Value(kind, output_field=CharField()), since=since)
        .order_by()
        .values_list("kind", "pk", "since")
    )


def waiting_for(user: User, state: str = "") -> Any:
    """Kind and key of all that waits for this person, oldest first."""
    posts = _waiting(user, "post", state)
    others = [_waiting(user, kind, state) for kind in ("article", "report")]
    return posts.union(*others, all=True).order_by("since", "pk")


def summary_for(user: User) -> tuple[int, dt.datetime | None]:
    """How much waits and since when. One query for each kind."""
    kinds: tuple[str, ...] = ("post", "article", "report") if user.is_staff else ("post", "report")
    count, since = 0, None
    for kind in kinds:
        found = _waiting(user, kind, "").aggregate(n=Count("pk"), first=Min("since"))
        count += found["n"]
        if found["first"] is not None and (since is None or found["first"] < since):
            since = found["first"]
    return count, since


def appeals_for(user: User) -> Any:
    """Open appeals this person may answer. Twin of the rule ``community.decide_appeal``."""
    rows = Appeal.objects.filter(state=Appeal.State.OPEN)
    if not user.is_authenticated or not user.is_active or not user.is_staff:
        return rows.none()
    mine = Q(decision__decided_by=user) | Q(decision__about=user) | Q(made_by=user)
    return rows.exclude(mine)


# --- Lines -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """One thing as moderators read it, with everything they need to decide."""

    kind: str
    thing: Any
    since: dt.datetime
    author: Seen
    author_handle: str
    trust: str
    mark: str = ""
    shown: int = 0
    hidden: int = 0
    measures: int = 0
    flags: list[tuple[Flag, Seen]] = field(default_factory=list)
    history: list[Decision] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)

    @property
    def place(self) -> Any:
        """The record it belongs to."""
        if self.kind == "post":
            return self.thing.discussion.place
        return self.thing.solution if self.kind == "report" else None

    @property
    def title(self) -> str:
        return str(self.thing.discussion if self.kind == "post" else self.thing)

    @property
    def html(self) -> str:
        """The text as it is shown; of a report its parts."""
        if self.kind == "report":
            return ""
        return str(self.thing.body)

    @property
    def value(self) -> str:
        """What a ticked line sends."""
        return f"{self.kind}:{self.thing.uid}:{self.mark}"

    @property
    def trust_label(self) -> str:
        return str(Trust(self.trust).label) if self.trust else ""

    @property
    def is_held(self) -> bool:
        return self.kind == "post" and self.thing.state == PostState.HELD


def lines_of(rows: Iterable[tuple[str, int, dt.datetime | None]], viewer: User) -> list[Line]:
    """The things behind keys. A fixed number of queries for each kind there is."""
    keys: dict[str, list[int]] = defaultdict(list)
    order = list(rows)
    for kind, key, _since in order:
        keys[kind].append(key)
    things: dict[tuple[str, int], Thing] = {}
    for kind, found in keys.items():
        people = with_people(KINDS[kind]._base_manager.filter(pk__in=found), AUTHORS[kind])
        # A second select_related adds to the first.
        for thing in people.select_related(*AROUND[kind]):
            things[kind, thing.pk] = thing
    lines = [
        _line(kind, things[kind, key], since, viewer)
        for kind, key, since in order
        if (kind, key) in things
    ]
    _fill(lines, viewer)
    return lines


def _line(kind: str, thing: Any, since: dt.datetime | None, viewer: User) -> Line:
    author = author_of(thing)
    member = getattr(author, "member", None) if author else None
    when = since or getattr(thing, "written_at", None) or getattr(thing, "submitted_at", None)
    return Line(
        kind=kind,
        thing=thing,
        since=when or thing.changed_at,
        author=seen_as(author, viewer),
        author_handle=member.handle if member else "",
        trust=member.trust if member else "",
    )


def _fill(lines: list[Line], viewer: User) -> None:
    """Flags, history and standing, one query each."""
    if not lines:
        return
    of = Q()
    for kind in {line.kind for line in lines}:
        of |= Q(**{f"{kind}__in": [line.thing.pk for line in lines if line.kind == kind]})
    by_thing: dict[tuple[str, int], Line] = {(line.kind, line.thing.pk): line for line in lines}

    def line_of(row: Any) -> Line:
        kind = next(name for name in KINDS if getattr(row, f"{name}_id") is not None)
        return by_thing[kind, getattr(row, f"{kind}_id")]

    flags = with_people(Flag.objects.filter(of, state=Flag.State.OPEN), "raised_by")
    for flag in flags.order_by("raised_at", "pk"):
        line_of(flag).flags.append((flag, seen_as(flag.raised_by, viewer)))
    for decision in Decision.objects.filter(of).select_related("appeal").order_by("-pk"):
        line_of(decision).history.append(decision)
    authors = {author.pk for line in lines if (author := author_of(line.thing)) is not None}
    counts = {
        row["author"]: row
        for row in Post.objects.filter(author__in=authors)
        .order_by()
        .values("author")
        .annotate(
            shown=Count("pk", filter=Q(state=PostState.SHOWN)),
            hidden=Count("pk", filter=Q(state=PostState.HIDDEN)),
        )
    }
    measures = dict(
        Sanction.objects.filter(user__in=authors, lifted_at=None)
        .order_by()
        .values_list("user")
        .annotate(Count("pk"))
    )
    for line in lines:
        author = author_of(line.thing)
        if author is not None:
            row = counts.get(author.pk, {"shown": 0, "hidden": 0})
            line.shown, line.hidden = row["shown"], row["hidden"]
            line.measures = measures.get(author.pk, 0)
        last = line.history[0].pk if line.history else None
        line.mark = mark_of(line.thing, last)
        line.acts = acts_for(line.thing, flagged=bool(line.flags))
        del line.history[MOST_HISTORY:]
