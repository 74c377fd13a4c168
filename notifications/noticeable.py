"""What people are told of: for each kind of fact, whose followers hear it, and the words.

Both are asked late. Followers are read when the notice is told, in portions; words when somebody
reads, through what that reader may see then. Lines cost a fixed number of queries per kind, however
many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.kinds import NoticeKind
from catalogue.models import Solution
from community.choices import Attention, ChapterRole, PostState, ReportState
from community.models import (
    Article,
    ChapterMember,
    Discussion,
    Insight,
    LabEntry,
    Lesson,
    LivingLab,
    Member,
    Post,
    Reading,
    TrialReport,
)
from community.models.synthesis import SynthesisVersion
from community.people import seen_as, with_people
from core.text import plain
from notifications.models.following import Follow, Kind
from notifications.models.notices import Reason, Subject

if TYPE_CHECKING:
    from accounts.letters import LetterText
    from accounts.models import User
    from notifications.models.notices import Notice, Notification

#: Of what a post says so much is kept for the beginning that a mail shows.
LONGEST_BEGINNING = 2000
#: Accounts in a stream of followers, by key, beyond a given one: no list is ever made of all.
Stream = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """What one notification says: words, where they lead, and what they are gathered under."""

    text: str
    title: str
    url: str
    group: str
    #: The beginning of what was written, for mails, where it costs no query to have it.
    excerpt: str = ""


@dataclass(slots=True)
class Shared:
    """What everybody can read, kept for a moment while mails are written to one reader after the
    other. Who may read more is asked for more, by themselves."""

    _posts: dict[int, tuple[Post, str]] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)

    def posts(self, keys: Iterable[int]) -> dict[int, tuple[Post, str]]:
        """Those among these posts that a stranger can read, each with how it begins. One query for
        those it was not asked for yet."""
        keys = set(keys)
        if new := keys - self._asked:
            self._asked |= new
            for post in with_people(_readable_posts(new, AnonymousUser())):
                self._posts[post.pk] = post, plain(post.body)[:LONGEST_BEGINNING]
        return {key: self._posts[key] for key in keys & self._posts.keys()}


@dataclass(frozen=True, slots=True)
class Noticeable:
    """One sort of fact. ``streams`` are queries of account numbers; ``lines`` reads many."""

    streams: Callable[[Notice], list[Stream]]
    lines: Callable[[Iterable[Notification], User], dict[int, Line]]
    #: As its readers sort it, and where the reason makes it something else.
    kind: NoticeKind
    kinds: Mapping[str, NoticeKind] = field(default_factory=dict)
    #: Where the words are fixed when people are told: those for one language and zone.
    letter: Callable[[Notice, str, str], LetterText] | None = None
    #: Where one sort of fact is sorted now here, now there, by what it says.
    kind_of: Callable[[Notice, str], NoticeKind] | None = None
    #: The same as ``lines`` for one reader after the other, where what everybody can read need not
    #: be asked for again.
    shared_lines: Callable[[Iterable[Notification], User, Shared], dict[int, Line]] | None = None
    #: Why those are told who are not told by name.
    reason: Callable[[Notice], str] = lambda _notice: Reason.FOLLOWING

    def kind_for(self, notice: Notice, reason: str) -> NoticeKind:
        """What it is to somebody who is told for that reason."""
        if self.kind_of is not None:
            return self.kind_of(notice, reason)
        return self.kinds.get(reason, self.kind)


def followers_of(kind: str, subject_id: int | None) -> list[Stream]:
    """Who follows one record and has not muted it."""
    if subject_id is None:
        return []
    rows = Follow.objects.filter(kind=kind, subject_id=subject_id, muted=False)
    return [rows.values_list("user_id", flat=True)]


def _member_key(user_id: int | None) -> int | None:
    """The member an account is, for those who follow members."""
    if user_id is None:
        return None
    return Member.objects.filter(user_id=user_id).values_list("pk", flat=True).first()


def _by_subject(rows: Iterable[Notification]) -> dict[int, list[Notification]]:
    found: dict[int, list[Notification]] = {}
    for row in rows:
        found.setdefault(row.notice.subject_id, []).append(row)
    return found


# --- Posts -------------------------------------------------------------------------------------

_PLACE_KINDS = {
    "theme": Kind.THEME,
    "chapter": Kind.CHAPTER,
    "lab": Kind.LAB,
    "solution": Kind.SOLUTION,
    "event": Kind.EVENT,
}


def _post_streams(notice: Notice) -> list[Stream]:
    """Followers of the discussion; of its first post also those of its place and of its author.

    Of a private chapter only its members, whoever followed it before; never who muted the
    discussion.
    """
    post = Post.objects.select_related("discussion__chapter").filter(pk=notice.subject_id).first()
    if post is None or post.state != PostState.SHOWN:
        return []
    discussion = post.discussion
    readings = Reading.objects.filter(discussion=discussion)
    found: list[Stream] = [
        readings.filter(attention=Attention.FOLLOWING).values_list("user_id", flat=True)
    ]
    if post.number == 1:
        kind = _PLACE_KINDS.get(discussion.place_name)
        if kind is not None:
            found += followers_of(kind, getattr(discussion, f"{discussion.place_name}_id"))
        found += followers_of(Kind.MEMBER, _member_key(post.author_id))
    muted = readings.filter(attention=Attention.MUTED).values("user_id")
    found = [rows.exclude(user_id__in=muted) for rows in found]
    if discussion.chapter is not None and discussion.chapter.is_private:
        inside = ChapterMember.objects.filter(chapter=discussion.chapter)
        inside = inside.exclude(role=ChapterRole.ASKED)
        found = [rows.filter(user_id__in=inside.values("user_id")) for rows in found]
    return found


_SAID = {
    Reason.MENTIONED: lambda who: _("%(who)s mentioned you") % {"who": who},
    Reason.ANSWERED: lambda who: _("%(who)s answered you") % {"who": who},
}


def _readable_posts(keys: Iterable[int], user: User | AnonymousUser) -> QuerySet[Post]:
    rows = Post.objects.shown().filter(
        pk__in=keys, discussion__in=Discussion.objects.visible_to(user)
    )
    return rows.select_related("discussion").defer("discussion__summary")


def _post_lines(
    rows: Iterable[Notification], user: User, shared: Shared | None = None
) -> dict[int, Line]:
    by_post = _by_subject(rows)
    posts = shared.posts(by_post) if shared is not None else {}
    if others := by_post.keys() - posts.keys():
        for post in with_people(_readable_posts(others, user).defer("body")):
            posts[post.pk] = post, ""
    found = {}
    for post, excerpt in posts.values():
        who = seen_as(post.author, user).name
        for row in by_post[post.pk]:
            if row.reason in _SAID:
                text = _SAID[Reason(row.reason)](who)
            elif post.number == 1:
                text = _("%(who)s began a discussion") % {"who": who}
            else:
                text = _("%(who)s wrote") % {"who": who}
            discussion = post.discussion
            url, group = post.get_absolute_url(), f"d{discussion.pk}"
            found[row.pk] = Line(text, discussion.title, url, group, excerpt)
    return found


def _insight_lines(rows: Iterable[Notification], user: User) -> dict[int, Line]:
    by_post = _by_subject(rows)
    picked = Insight.objects.filter(
        post__in=by_post,
        post__state=PostState.SHOWN,
        post__discussion__in=Discussion.objects.visible_to(user),
    ).select_related("post__discussion")
    return {
        row.pk: Line(
            _("Your post was picked as an insight"),
            insight.text,
            insight.post.get_absolute_url(),
            f"i{insight.pk}",
        )
        for insight in picked
        for row in by_post[insight.post_id]
    }


# --- Texts -------------------------------------------------------------------------------------


def _synthesis_streams(notice: Notice) -> list[Stream]:
    theme = (
        SynthesisVersion.objects.filter(pk=notice.subject_id)
        .values_list("synthesis__theme", flat=True)
        .first()
    )
    return followers_of(Kind.THEME, theme)


def _synthesis_lines(rows: Iterable[Notification], user: User) -> dict[int, Line]:
    found = _by_subject(rows)
    versions = SynthesisVersion.objects.filter(
        pk__in=found, synthesis__theme__is_public=True
    ).select_related("synthesis__theme")
    return {
        row.pk: Line(
            _("Synthesis published"),
            str(version.synthesis.theme),
            version.synthesis.get_absolute_url(),
            f"s{version.synthesis_id}",
        )
        for version in versions.defer("content")
        for row in found[version.pk]
    }


def _article_streams(notice: Notice) -> list[Stream]:
    article = Article.objects.filter(pk=notice.subject_id).first()
    if article is None:
        return []
    found = [
        *followers_of(Kind.THEME, article.theme_id),
        *followers_of(Kind.CHAPTER, article.chapter_id),
        *followers_of(Kind.LAB, article.lab_id),
    ]
    found += followers_of(Kind.MEMBER, _member_key(article.begun_by_id))
    about: tuple[tuple[Kind, Any], ...] = (
        (Kind.SOLUTION, article.solutions),
        (Kind.HUB, article.hubs),
        (Kind.EVENT, article.events),
    )
    for kind, named in about:
        keys = named.order_by().values("pk")
        rows = Follow.objects.filter(kind=kind, subject_id__in=keys, muted=False)
        found.append(rows.values_list("user_id", flat=True))
    return found


def _article_lines(rows: Iterable[Notification], user: User) -> dict[int, Line]:
    found = _by_subject(rows)
    articles = Article.objects.visible_to(user).filter(pk__in=found).defer("body")
    return {
        row.pk: Line(
            _("Blog post published"),
            article.title,
            article.get_absolute_url(),
            f"a{article.pk}",
            article.lede,
        )
        for article in articles
        for row in found[article.pk]
    }


# --- Living labs -------------------------------------------------------------------------------


def _of_lab(model: type[Any]) -> Callable[[Notice], list[Stream]]:
    def streams(notice: Notice) -> list[Stream]:
        lab = model.objects.filter(pk=notice.subject_id).values_list("lab", flat=True).first()
        return followers_of(Kind.LAB, lab)

    return streams


def _lab_lines(
    among: Callable[[], Any], text: Callable[[], str], title: str
) -> Callable[[Iterable[Notification], User], dict[int, Line]]:
    def lines(rows: Iterable[Notification], user: User) -> dict[int, Line]:
        found = _by_subject(rows)
        records = (
            among()
            .filter(pk__in=found, lab__in=LivingLab.objects.visible_to(user))
            .select_related("lab")
        )
        return {
            row.pk: Line(
                f"{text()} · {record.lab}",
                str(getattr(record, title)),
                record.lab.get_absolute_url(),
                f"l{record.lab_id}",
            )
            for record in records
            for row in found[record.pk]
        }

    return lines


def _trial_streams(notice: Notice) -> list[Stream]:
    trial = TrialReport.objects.filter(pk=notice.subject_id).first()
    if trial is None:
        return []
    return [*followers_of(Kind.SOLUTION, trial.solution_id), *followers_of(Kind.LAB, trial.lab_id)]


def _trial_lines(rows: Iterable[Notification], user: User) -> dict[int, Line]:
    found = _by_subject(rows)
    trials = TrialReport.objects.filter(
        pk__in=found, state=ReportState.SHOWN, solution__in=Solution.objects.public()
    ).select_related("solution__public_version")
    return {
        row.pk: Line(
            _("Tried by %(who)s") % {"who": trial.organisation},
            str(trial.solution),
            trial.solution.get_absolute_url(),
            f"t{trial.solution_id}",
        )
        for trial in trials
        for row in found[trial.pk]
    }


# --- Letters -----------------------------------------------------------------------------------


def letter_lines(rows: Iterable[Notification], _user: User) -> dict[int, Line]:
    """What was written down for its reader, as it was."""
    return {
        row.pk: Line(
            str(NoticeKind(row.kind).label), row.letter.title, row.letter.path, f"m{row.pk}"
        )
        for row in rows
        if row.letter is not None
    }


NOTICEABLE: dict[str, Noticeable] = {
    Subject.POST: Noticeable(
        _post_streams,
        _post_lines,
        NoticeKind.DISCUSSION,
        {Reason.MENTIONED: NoticeKind.MENTION, Reason.ANSWERED: NoticeKind.MENTION},
        shared_lines=_post_lines,
    ),
    Subject.INSIGHT: Noticeable(lambda _notice: [], _insight_lines, NoticeKind.YOURS),
    Subject.SYNTHESIS: Noticeable(
        _synthesis_streams, _synthesis_lines, NoticeKind.THEME, {Reason.YOURS: NoticeKind.YOURS}
    ),
    Subject.ARTICLE: Noticeable(_article_streams, _article_lines, NoticeKind.BLOG),
    Subject.LAB_ENTRY: Noticeable(
        _of_lab(LabEntry),
        _lab_lines(LabEntry.objects.all, lambda: _("In the journal"), "title"),
        NoticeKind.LAB,
    ),
    Subject.LESSON: Noticeable(
        _of_lab(Lesson),
        _lab_lines(Lesson.objects.shown, lambda: _("New lesson"), "text"),
        NoticeKind.LAB,
    ),
    Subject.TRIAL: Noticeable(_trial_streams, _trial_lines, NoticeKind.SOLUTION),
    Subject.LETTER: Noticeable(lambda _notice: [], letter_lines, NoticeKind.YOURS),
}


def lines_of(
    rows: Iterable[Notification], user: User, shared: Shared | None = None
) -> dict[int, Line]:
    """What each notification says to this person today; what says nothing is missing. With
    ``shared``, what everybody can read is not asked for again for each reader."""
    by_kind: dict[str, list[Notification]] = {}
    for row in rows:
        by_kind.setdefault(row.notice.subject, []).append(row)
    found: dict[int, Line] = {}
    for kind, some in by_kind.items():
        about = NOTICEABLE[kind]
        if shared is not None and about.shared_lines is not None:
            found |= about.shared_lines(some, user, shared)
        else:
            found |= about.lines(some, user)
    return found
