"""What moderators and keepers decide, and what readers and those concerned do about it.

Each decision is one transaction: the move of the thing itself, the ``Decision`` with its ground and
reason, the audit, and whatever follows (flags settled, trust renewed). Locks are taken in the order
of ``discussing``: the end of the audit, then the discussion, then the post.

A form shows a thing as it was. It sends back the ``mark_of`` what it showed, and whoever comes
second, or decides about a text that was changed meanwhile, is told and changes nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from community.choices import (
    ArticleState,
    DiscussionState,
    Ground,
    PostState,
    ReportState,
    SanctionKind,
    Trust,
)
from community.models import (
    Appeal,
    Article,
    ArticleRevision,
    Decision,
    Discussion,
    Flag,
    Member,
    Post,
    Sanction,
    TrialReport,
    member_of,
)
from community.models.members import forget_member
from community.operations import discussing
from community.screening import renew_trust
from community.signals import appeal_decided, decided, flag_raised, sanctioned
from core.clock import Portal
from core.errors import DomainError
from core.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User

Thing = Post | Article | TrialReport

What = Decision.What
#: The portal holds what several trusted members flagged.
PORTAL = Portal(may=["community.hold_post"])
#: So many flags of trusted members hold a post until a moderator has looked.
FLAGS_THAT_HOLD = 3
FLAGS_AN_HOUR = 20
LONGEST_SUSPENSION = dt.timedelta(days=366)

NAMES: dict[type, str] = {Post: "post", Article: "article", TrialReport: "report"}
#: Which move of the thing makes a decision; and in which state that decision can be taken.
MOVES: dict[tuple[type, str], tuple[str, str]] = {
    (Post, What.RELEASE): ("release_post", PostState.HELD),
    (Post, What.REFUSE): ("refuse_post", PostState.HELD),
    (Post, What.HIDE): ("hide_post", PostState.SHOWN),
    (Post, What.RESTORE): ("restore_post", PostState.HIDDEN),
    (Article, What.HIDE): ("withdraw_article", ArticleState.PUBLISHED),
    (Article, What.RESTORE): ("republish_article", ArticleState.WITHDRAWN),
    (TrialReport, What.HIDE): ("hide_report", ReportState.SHOWN),
    (TrialReport, What.RESTORE): ("show_report", ReportState.HIDDEN),
}
SHOWN: dict[type, str] = {
    Post: PostState.SHOWN,
    Article: ArticleState.PUBLISHED,
    TrialReport: ReportState.SHOWN,
}
#: What takes something from somebody says why, and which rule it rests on.
NEEDS_REASON = frozenset({What.REFUSE, What.HIDE})


def author_of(thing: Thing) -> User | None:
    """Whom a decision about it concerns."""
    name = {Post: "author", Article: "begun_by", TrialReport: "user"}[type(thing)]
    found: User | None = getattr(thing, name)
    return found


def _is_own(thing: Thing, user: User) -> bool:
    """Four eyes hold for those, too, who may everything (their permissions are not asked)."""
    author = author_of(thing)
    return author is not None and author.pk == user.pk


def flags_of(thing: Thing) -> Any:
    return Flag.objects.filter(**{NAMES[type(thing)]: thing})


def decisions_of(thing: Thing) -> Any:
    return Decision.objects.filter(**{NAMES[type(thing)]: thing})


def mark_of(thing: Thing, last_decision: int | None) -> str:
    """What somebody who reads a thing has before them: its state, its text, what was decided."""
    return f"{thing.state}.{getattr(thing, 'revision', 0)}.{last_decision or 0}"


def acts_for(thing: Thing, *, flagged: bool) -> list[str]:
    """What can be decided about a thing in its present state."""
    found = [
        str(what)
        for (kind, what), (_verb, state) in MOVES.items()
        if kind is type(thing) and state == thing.state
    ]
    if flagged and thing.state == SHOWN[type(thing)]:
        found.insert(0, str(What.KEEP))
    return found


# --- Flags -------------------------------------------------------------------------------------


@transaction.atomic
def raise_flag(thing: Thing, *, by: User, ground: str, note: str = "") -> Flag:
    """Say that something breaks a rule, once per person and thing as it stands.

    Flags hide nothing. When as many trusted members as ``FLAGS_THAT_HOLD`` flagged a post that no
    moderator has looked at yet, the portal holds it for a moderator.
    """
    if not by.has_perm("community.flag", thing) or _is_own(thing, by):
        raise PermissionDenied
    if ground not in Ground.values:
        raise DomainError(
            _("Choose the rule it breaks."), code="ground", fields={"ground": [_("Choose a rule.")]}
        )
    member = member_of(by)
    is_trusted = member is not None and member.trust == Trust.TRUSTED
    if is_trusted and isinstance(thing, Post):
        AuditHead.hold()
        discussing.hold_discussion_of(thing)
    row = _hold(thing)
    if row.state != SHOWN[type(row)]:
        raise DomainError(_("This is not shown any more."), code="gone")
    before = flags_of(row).filter(raised_by=by).order_by("-raised_at").first()
    changed_at = getattr(row, "edited_at", None)
    if before is not None and (
        before.state == Flag.State.OPEN or changed_at is None or changed_at < before.raised_at
    ):
        raise DomainError(_("You flagged this already."), code="flagged")
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    if Flag.objects.filter(raised_by=by, raised_at__gt=hour_ago).count() >= FLAGS_AN_HOUR:
        raise DomainError(
            _("You flagged as much as is taken within an hour. Go on in an hour."), code="rate"
        )
    flag = Flag.objects.create(
        **{NAMES[type(row)]: row}, raised_by=by, ground=ground, note=note.strip()[:500]
    )
    flag_raised.send(Flag, flag=flag, by=by)
    if is_trusted and isinstance(row, Post):
        _hold_if_many(row)
    return flag


def _hold_if_many(post: Post) -> None:
    looked = (What.KEEP, What.RELEASE, What.RESTORE)
    if decisions_of(post).filter(what__in=looked, undone_at=None).exists():
        return
    trusted = flags_of(post).filter(
        state=Flag.State.OPEN, raised_by__member__trust=Trust.TRUSTED, raised_by__is_active=True
    )
    if trusted.count() >= FLAGS_THAT_HOLD:
        because = gettext_noop("flagged by several trusted members")
        discussing.move_post(post, "hold_post", by=PORTAL, because=because)  # type: ignore[arg-type]


def _hold(thing: Thing) -> Any:
    """The row for this transaction alone. Of a post, its discussion is held before."""
    rows: Any = type(thing)._base_manager.select_for_update(no_key=True)
    return rows.get(pk=thing.pk)


# --- Posts, blog posts, reports ----------------------------------------------------------------


@transaction.atomic
def decide(
    thing: Thing, what: str, *, by: User, ground: str = "", reason: str = "", seen: str = ""
) -> Decision:
    """Release, refuse, hide, show again, or leave as it is after a flag."""
    if not by.has_perm("community.moderate", thing) or _is_own(thing, by):
        raise PermissionDenied
    _check_words(what, ground, reason)
    AuditHead.hold()
    if isinstance(thing, Post):
        discussing.hold_discussion_of(thing)
    row = _hold(thing)
    last = decisions_of(row).order_by("-pk").values_list("pk", flat=True).first()
    flags = list(flags_of(row).filter(state=Flag.State.OPEN))
    if seen and seen != mark_of(row, last):
        raise DomainError(
            _("Somebody decided about this, or its author changed it, while you read. Look again."),
            code="stale",
        )
    if what not in acts_for(row, flagged=bool(flags)):
        raise DomainError(
            _("This cannot be decided in its present state. Look again."), code="wrong-state"
        )
    if what == What.RESTORE and isinstance(row, Article) and not row.author_may_be_heard():
        raise DomainError(
            _("Its author may not write at the moment. Nothing of theirs appears now."),
            code="silenced",
        )
    if what != What.KEEP:
        verb = MOVES[type(row), What(what)][0]
        told = {"reason": reason[:300]} if what in NEEDS_REASON else {}
        if isinstance(row, Post):
            discussing.move_post(row, verb, by=by, **told)
        else:
            getattr(row, verb)(by=by, **told)
    for flag in flags:
        (flag.uphold_flag if what in NEEDS_REASON else flag.dismiss_flag)(by=by)
    if what == What.RESTORE:
        decisions_of(row).filter(what__in=NEEDS_REASON, undone_at=None).update(
            undone_at=timezone.now()
        )
    author = author_of(row)
    decision = _note(
        what,
        by=by,
        about=None if what == What.KEEP else author,
        ground=ground if what in NEEDS_REASON else "",
        reason=reason,
        thing=Decision.Thing(NAMES[type(row)]),
        **{NAMES[type(row)]: row},
    )
    if author is not None:
        renew_trust(author, may_fall=what in NEEDS_REASON)
    thing.state = row.state
    return decision


def _check_words(what: str, ground: str, reason: str) -> None:
    """What takes something from somebody needs both."""
    wrong: dict[str, list[str]] = {}
    if ground and ground not in Ground.values:
        wrong["ground"] = [_("Choose a rule.")]
    if what in NEEDS_REASON:
        if not ground:
            wrong["ground"] = [_("Choose the rule it rests on.")]
        if not reason.strip():
            wrong["reason"] = [_("Say why; the author reads it.")]
    if wrong:
        raise DomainError(_("Say on which rule and why."), code="words", fields=wrong)


def _note(
    what: str, *, by: User, about: User | None, ground: str, reason: str, thing: str, **of: Any
) -> Decision:
    decision = Decision.objects.create(
        what=what,
        thing=thing,
        about=None if about is not None and about.pk == by.pk else about,
        ground=ground,
        reason=reason.strip()[:2000],
        decided_by=by,
        **of,
    )
    decided.send(Decision, decision=decision, by=by)
    return decision


# --- Discussions -------------------------------------------------------------------------------

OF_DISCUSSIONS = {
    What.LOCK: "lock",
    What.UNLOCK: "unlock",
    What.HIDE: "hide_discussion",
    What.RESTORE: "restore_discussion",
}


@transaction.atomic
def decide_discussion(
    discussion: Discussion, what: str, *, by: User, ground: str = "", reason: str = ""
) -> Decision:
    """Lock a discussion, open it again, hide it, show it again."""
    if not by.has_perm("community.moderate", discussion):
        raise PermissionDenied
    if what == What.HIDE and discussion.started_by_id == by.pk:
        # What one began oneself somebody else hides: as with one's own posts.
        raise PermissionDenied
    _check_words(what, ground, reason)
    AuditHead.hold()
    row = discussing.hold_discussion(discussion)
    if row.pk != discussion.pk:
        raise DomainError(_("This discussion was merged into another."), code="stale")
    told = {"reason": reason} if what in {What.LOCK, What.HIDE} else {}
    getattr(row, OF_DISCUSSIONS[What(what)])(by=by, **told)
    if what == What.RESTORE:
        row.decisions.filter(what=What.HIDE, post=None, undone_at=None).update(
            undone_at=timezone.now()
        )
    discussion.state = row.state
    return _note(
        what,
        by=by,
        about=row.started_by,
        ground=ground,
        reason=reason,
        thing=Decision.Thing.DISCUSSION,
        discussion=row,
    )


@transaction.atomic
def merge(source: Discussion, target: Discussion, *, by: User, reason: str) -> Decision:
    """Append a discussion to another one that has the same readers."""
    if not (
        by.has_perm("community.moderate", source) and by.has_perm("community.moderate", target)
    ):
        raise PermissionDenied
    AuditHead.hold()
    discussing.merge_discussions(source, target, by=by, reason=reason)
    return _of_discussion(What.MERGE, target, by=by, reason=reason)


@transaction.atomic
def move(discussion: Discussion, place: Any, *, by: User, reason: str) -> Decision:
    """Give a discussion another place that has the same readers."""
    AuditHead.hold()
    discussing.move_discussion(discussion, place, by=by, reason=reason)
    return _of_discussion(What.MOVE, discussion, by=by, reason=reason)


@transaction.atomic
def split(
    discussion: Discussion, posts: Sequence[Post], *, by: User, title: str, reason: str
) -> Discussion:
    """Let some posts begin a discussion of their own, in the same place."""
    AuditHead.hold()
    new = discussing.split_discussion(discussion, posts, by=by, title=title, reason=reason)
    _of_discussion(What.SPLIT, discussion, by=by, reason=reason)
    return new


def _of_discussion(what: str, discussion: Discussion, *, by: User, reason: str) -> Decision:
    return _note(
        what,
        by=by,
        about=discussion.started_by,
        ground="",
        reason=reason,
        thing=Decision.Thing.DISCUSSION,
        discussion=discussion,
    )


# --- Earlier texts of blog posts -----------------------------------------------------------------


@transaction.atomic
def decide_version(
    version: ArticleRevision, what: str, *, by: User, ground: str = "", reason: str = ""
) -> Decision:
    """Hide one earlier text of a blog post, with its links and its reason, or show it again."""
    author = version.article.begun_by
    if not by.has_perm("community.moderate", version) or version.article.is_by(by):
        raise PermissionDenied
    _check_words(what, ground, reason)
    AuditHead.hold()
    row = ArticleRevision.objects.select_for_update(no_key=True, of=("self",)).get(pk=version.pk)
    if what == What.HIDE:
        row.hide_version(by=by, reason=reason.strip()[:300])
    else:
        row.restore_version(by=by)
        row.decisions.filter(what=What.HIDE, undone_at=None).update(undone_at=timezone.now())
    version.state = row.state
    decision = _note(
        what,
        by=by,
        about=author,
        ground=ground if what == What.HIDE else "",
        reason=reason,
        thing=Decision.Thing.VERSION,
        version=row,
    )
    if author is not None:
        renew_trust(author, may_fall=what == What.HIDE)
    return decision


# --- Members -----------------------------------------------------------------------------------


@transaction.atomic
def sanction(
    user: User,
    kind: str,
    *,
    by: User,
    ground: str,
    reason: str,
    until: dt.datetime | None = None,
) -> Sanction:
    """Warn a member, have their posts checked again, suspend or ban them. At once.

    Nobody decides about themselves; about a portal moderator only an administrator does.
    """
    if not by.has_perm("community.moderate_members") or user.pk == by.pk:
        raise PermissionDenied
    if user.is_staff and not by.is_superuser:
        raise PermissionDenied
    now = timezone.now()
    wrong: dict[str, list[str]] = {}
    if ground not in Ground.values:
        wrong["ground"] = [_("Choose the rule it rests on.")]
    if not reason.strip():
        wrong["reason"] = [_("Say why; the member reads it.")]
    if kind not in SanctionKind.values:
        wrong["kind"] = [_("Choose a measure.")]
    if kind != SanctionKind.SUSPENSION:
        until = None
    elif until is None or not now < until <= now + LONGEST_SUSPENSION:
        wrong["until"] = [_("Choose a day within the next twelve months.")]
    if wrong:
        raise DomainError(_("Say on which rule, why and until when."), code="words", fields=wrong)
    AuditHead.hold()
    member = Member.objects.select_for_update(no_key=True).filter(user=user).first()
    if member is None:
        raise DomainError(_("This person is not a member."), code="no-member")
    if Sanction.objects.in_force(now).filter(user=user, kind=kind).exists():
        raise DomainError(_("The same measure is in force already."), code="already")
    row = Sanction.objects.create(
        user=user, kind=kind, ground=ground, reason=reason.strip(), decided_by=by, until=until
    )
    AuditEntry.record(
        by=by, verb="sanction_member", target=member, note=row.reason, kind=kind, ground=ground
    )
    forget_member(user)
    renew_trust(user)
    sanctioned.send(Sanction, sanction=row, verb=kind, by=by)
    _note(
        What(kind),
        by=by,
        about=user,
        ground=ground,
        reason=reason,
        thing=Decision.Thing.MEMBER,
        sanction=row,
    )
    return row


@transaction.atomic
def lift(measure: Sanction, *, by: User, reason: str = "") -> Decision:
    """End a measure before its time."""
    if not by.has_perm("community.moderate_members") or measure.user_id == by.pk:
        raise PermissionDenied
    AuditHead.hold()
    _lift(measure, by=by, note=reason)
    return _note(
        What.LIFT,
        by=by,
        about=measure.user,
        ground=measure.ground,
        reason=reason,
        thing=Decision.Thing.MEMBER,
        sanction=measure,
    )


def _lift(measure: Sanction, *, by: User, note: str) -> None:
    now = timezone.now()
    if not Sanction.objects.filter(pk=measure.pk, lifted_at=None).update(lifted_at=now):
        raise DomainError(_("Somebody lifted this already."), code="stale")
    measure.lifted_at = now
    member = Member.objects.filter(user=measure.user_id).first()
    AuditEntry.record(by=by, verb="lift_sanction", target=member or measure, note=note)
    forget_member(measure.user)
    renew_trust(measure.user, may_fall=False)
    sanctioned.send(Sanction, sanction=measure, verb="lift", by=by)


def see_measure(measure: Sanction, *, by: User) -> None:
    """The member has read it; the note on their pages goes away. Again changes nothing."""
    if measure.user_id != by.pk:
        raise PermissionDenied
    Sanction.objects.filter(pk=measure.pk, seen_at=None).update(seen_at=timezone.now())
    forget_member(by)


# --- Appeals -----------------------------------------------------------------------------------


@transaction.atomic
def make_appeal(decision: Decision, *, by: User, text: str) -> Appeal:
    """Object to what was decided about oneself: once, within ``Appeal.DAYS``. Also when banned."""
    if decision.about_id != by.pk or not by.is_active:
        raise PermissionDenied
    row = Decision.objects.select_for_update(no_key=True).get(pk=decision.pk)
    if Appeal.objects.filter(decision=row).exists():
        raise DomainError(_("You appealed against this already."), code="appealed")
    if not text.strip():
        raise DomainError(
            _("Say why."), code="words", fields={"text": [_("Say why the decision is wrong.")]}
        )
    if row.undone_at is not None:
        raise DomainError(_("This was undone already."), code="undone")
    if not row.is_open_to_appeal(timezone.now()):
        raise DomainError(_("The time to appeal against this is over."), code="late")
    return Appeal.objects.create(decision=row, made_by=by, text=text.strip())


@transaction.atomic
def settle_appeal(appeal: Appeal, *, by: User, grant: bool, answer: str) -> None:
    """Grant an appeal, which undoes what was decided, or say why not. By somebody else."""
    involved = {appeal.decision.decided_by_id, appeal.decision.about_id, appeal.made_by_id}
    if not by.has_perm("community.decide_appeal", appeal) or by.pk in involved:
        raise PermissionDenied
    if not answer.strip():
        raise DomainError(
            _("Answer."), code="words", fields={"answer": [_("Answer; the member reads it.")]}
        )
    AuditHead.hold()
    if grant:
        appeal.grant_appeal(by=by, answer=answer.strip())
        _undo(appeal.decision, by=by, note=answer.strip())
    else:
        appeal.reject_appeal(by=by, answer=answer.strip())
    appeal_decided.send(Appeal, decision=appeal.decision, by=by)


def _undo(decision: Decision, *, by: User, note: str) -> None:
    """Put things back as far as they still stand as they were decided."""
    if decision.sanction is not None:
        if decision.sanction.lifted_at is None:
            _lift(decision.sanction, by=by, note=note)
    elif decision.thing == Decision.Thing.DISCUSSION and decision.discussion is not None:
        discussion = discussing.hold_discussion(decision.discussion)
        if discussion.state == DiscussionState.HIDDEN:
            discussion.restore_discussion(by=by)
    elif decision.version is not None:
        if decision.version.is_hidden:
            decision.version.restore_version(by=by)
    else:
        thing = decision.post or decision.article or decision.report
        if thing is not None:
            verb, state = MOVES[type(thing), What.RESTORE]
            if thing.state == state:
                if isinstance(thing, Post):
                    discussing.move_post(thing, verb, by=by)
                else:
                    getattr(thing, verb)(by=by)
    now = timezone.now()
    Decision.objects.filter(pk=decision.pk).update(undone_at=now)
    decision.undone_at = now
    if decision.about is not None:
        renew_trust(decision.about, may_fall=False)
