"""What the validation asks of a person, as reviewer, chair, team, moderator or third party.

Few queries, whatever their number: one for all seats of a reviewer, one for all cases of a
chair, two for all records of a team, one for appeals to hear, three for portal moderators.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from catalogue.choices import Publication, SubmissionState
from catalogue.models import Solution, Submission
from core import waiting
from core.templatetags.components import when
from validation import choices as c
from validation.models import (
    Appeal,
    AppealMember,
    Case,
    CasePart,
    Challenge,
    Clarification,
    Decision,
    Record,
    Seat,
)
from validation.operations.advancing import LEAST
from validation.rules import may_chair, reviewer_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: Of one kind, as many are listed one by one; a longer list is worked through elsewhere.
MOST = 10


def _end_of(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def _about(solution: Solution) -> str:
    """The hub a record is described for, as its team's page asks for it."""
    return f"hub:{solution.hub_id}" if solution.hub_id else ""


# --- For reviewers -----------------------------------------------------------------------


@waiting.source("validation-reviewer")
def of_reviewer(user: Any) -> Iterable[waiting.Item]:
    """Invitations, reviews to write, decisions to confirm: one query, none for others."""
    if reviewer_of(user) is None:
        return
    proposed = Decision.objects.filter(case=OuterRef("case"), state=c.DecisionState.PROPOSED)
    seats = Seat.objects.of(user).annotate(
        title=KeyTextTransform("title", "case__version__content"),
        steps=KeyTransform(
            "invitation_days", KeyTransform("periods", "case__criteria_set__content")
        ),
        case_state=F("case__state"),
        case_due=F("case__due_at"),
        proposed_at=Subquery(proposed.values("proposed_at")[:1]),
    )
    writing = Q(state=c.SeatState.REVIEWING, case__state__in=WRITTEN_IN)
    confirming = Q(
        state=c.SeatState.SENT, case__state=c.CaseState.DECISION, proposed_at__isnull=False
    )
    found = seats.filter(Q(state=c.SeatState.INVITED) | writing | confirming)
    for seat in found.order_by("pk")[: 3 * MOST]:
        yield _of_seat(seat)


#: States of a case in which a review can be written and sent.
WRITTEN_IN = (c.CaseState.ASSIGNMENT, c.CaseState.REVIEW)


def _of_seat(seat: Any) -> waiting.Item:
    url = reverse("validation:review", args=[seat.uid])
    if seat.state == c.SeatState.INVITED:
        return waiting.Item(
            title=_("Answer an invitation to review: %(title)s") % {"title": seat.title},
            detail=format_html(_("Asked on {day}."), day=when(seat.invited_at, "day")),
            verb=_("Answer"),
            url=url,
            since=seat.invited_at,
            due=seat.invited_at + timedelta(days=sum(seat.steps[: seat.reminders + 1])),
        )
    if seat.state == c.SeatState.REVIEWING:
        return waiting.Item(
            title=_("Write your review: %(title)s") % {"title": seat.title},
            detail=_("The reviews of others stay closed to you until all are in."),
            verb=_("Review"),
            url=url,
            since=seat.answered_at,
            due=seat.due_at,
        )
    return waiting.Item(
        title=_("Confirm a decision, or send it back: %(title)s") % {"title": seat.title},
        detail=_("The chair has proposed it; one reviewer of the panel answers."),
        verb=_("Look"),
        url=url,
        since=seat.proposed_at,
        due=seat.case_due,
    )


# --- For chairs --------------------------------------------------------------------------


@waiting.source("validation-chair")
def of_chair(user: Any) -> Iterable[waiting.Item]:
    """Own cases in which the chair has to act, one item each: one query, none for others."""
    if not (user.is_staff or may_chair(user)):
        return
    last = Decision.objects.filter(case=OuterRef("pk")).order_by("-pk")
    undeclared = CasePart.objects.filter(case=OuterRef("pk"), user=user, declared={})
    answered = Clarification.objects.filter(
        case=OuterRef("pk"),
        state=c.ClarificationState.ANSWERED,
        answered_at=OuterRef("state_since"),
    )
    late = Q(seats__state=c.SeatState.REVIEWING, seats__due_at__lt=timezone.now())
    cases = Case.objects.open().filter(chair=user)
    cases = cases.annotate(
        title=KeyTextTransform("title", "version__content"),
        undeclared=Exists(undeclared),
        answered=Exists(answered),
        last_decision=Subquery(last.values("state")[:1]),
        seated=Count("seats", filter=Q(seats__state__in=c.SEATED)),
        sent=Count("seats", filter=Q(seats__state=c.SeatState.SENT)),
        busy=Count("seats", filter=Q(seats__state__in=c.BUSY)),
        late=Count("seats", filter=late),
        dates=Count("seats", filter=Q(seats__state__in=c.BUSY, seats__asked_due_on__isnull=False)),
    )
    for case in cases.order_by("due_at", "pk"):
        asked = asked_of_chair(case)
        if asked is None:
            continue
        todo, detail = asked
        yield waiting.Item(
            title=_("%(todo)s: %(title)s") % {"todo": todo, "title": case.title},
            detail=detail,
            verb=_("Open the case"),
            url=reverse("admin:validation_case_change", args=[case.pk]),
            since=case.state_since,
            due=case.due_at,
        )


def asked_of_chair(case: Any) -> tuple[StrOrPromise, StrOrPromise] | None:
    """The one thing that a case waits for its chair with, and why; None while others work."""
    if case.undeclared:
        return _("Declare conflicts of interest"), _("You cannot act in this case before.")
    if case.state == c.CaseState.DECISION:
        if case.last_decision == c.DecisionState.PROPOSED:
            return None
        if case.last_decision == c.DecisionState.REFUSED:
            return _("Propose a decision anew"), _("A reviewer sent your proposal back.")
        return _("Propose a decision"), _("All reviews are in.")
    if case.state == c.CaseState.CLARIFICATION:
        return None
    if case.dates:
        return _("Answer a reviewer about a date"), _("Another date was asked for.")
    if case.late:
        return _("Look after a late review"), _("It did not come by its date.")
    if case.third_needed and not case.busy:
        return _("Find a third reviewer"), _("The two reviews differ too far.")
    if case.seated < LEAST:
        return _("Build the panel"), _("Two reviewers are needed, one of them from abroad.")
    if case.answered and not case.sent:
        return (
            _("Read the answers of the team"),
            _("The reviewers have their reviews open again."),
        )
    return None


# --- For teams ---------------------------------------------------------------------------


@waiting.source("validation-team")
def of_team(user: Any) -> Iterable[waiting.Item]:
    """Questions of the panel, challenges to answer, labels to confirm again: two queries."""
    mine = Solution.objects.of_team(user).exclude(publication=Publication.WITHDRAWN).values("pk")
    asked = Case.objects.filter(state=c.CaseState.CLARIFICATION, solution__in=mine)
    asked = asked.select_related("solution")
    for case in asked.only(
        "state",
        "state_since",
        "due_at",
        "solution__uid",
        "solution__title",
        "solution__hub_id",
    ).order_by("due_at", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Answer the panel: %(title)s") % {"title": case.solution},
            detail=_("Without an answer by then the case ends as “not validated, incomplete”."),
            verb=_("Answer"),
            url=reverse("validation:clarify", args=[case.solution.uid]),
            since=case.state_since,
            due=case.due_at,
            about=_about(case.solution),
        )
    yield from _of_labels(mine)


def _of_labels(mine: Any) -> Iterable[waiting.Item]:
    today = timezone.localdate()
    challenge = Challenge.objects.filter(
        record=OuterRef("pk"), state=c.ChallengeState.ASKED, owner_answer=""
    ).order_by("due_at", "pk")
    records = Record.objects.standing().filter(solution__in=mine)
    records = records.annotate(
        challenge_uid=Subquery(challenge.values("uid")[:1]),
        challenge_due=Subquery(challenge.values("due_at")[:1]),
        challenge_since=Subquery(challenge.values("raised_at")[:1]),
        notice=KeyTransform(
            "renewal_notice_days", KeyTransform("periods", "case__criteria_set__content")
        ),
        with_panel=Exists(Case.objects.open().filter(solution=OuterRef("solution"))),
        with_desk=Exists(
            Submission.objects.filter(
                solution=OuterRef("solution"), state=SubmissionState.SCREENING
            )
        ),
    )
    soon = Q(expires_on__lte=today + timedelta(days=366), with_panel=False, with_desk=False)
    records = records.filter(Q(challenge_uid__isnull=False) | soon).select_related("solution")
    for record in records.only(
        "number",
        "state",
        "state_since",
        "expires_on",
        "solution__uid",
        "solution__title",
        "solution__hub_id",
    ).order_by("expires_on", "pk")[:MOST]:
        if record.challenge_uid:
            yield waiting.Item(
                title=_("Answer a doubt about the label: %(title)s") % {"title": record.solution},
                detail=_("You are asked before anything is decided."),
                verb=_("Answer"),
                url=reverse(
                    "validation:challenge-answer", args=[record.solution.uid, record.challenge_uid]
                ),
                since=record.challenge_since,
                due=record.challenge_due,
                about=_about(record.solution),
            )
        opens = record.expires_on - timedelta(days=max(record.notice))
        waits = not record.with_panel and not record.with_desk and opens <= today
        if waits and record.state in {c.RecordState.IN_FORCE, c.RecordState.EXPIRED}:
            yield _of_renewal(record, opens)


def _of_renewal(record: Any, opens: Any) -> waiting.Item:
    expired = record.state == c.RecordState.EXPIRED
    return waiting.Item(
        title=_("Confirm the label again: %(title)s") % {"title": record.solution},
        detail=format_html(_("Expired on {day}."), day=when(record.expires_on))
        if expired
        else _("Silence never renews it."),
        verb=_("Confirm"),
        url=reverse("validation:renew", args=[record.solution.uid]),
        since=record.state_since if expired else _end_of(opens),
        due=None if expired else _end_of(record.expires_on),
        about=_about(record.solution),
    )


# --- For people who hear an appeal -------------------------------------------------------


@waiting.source("validation-appeal")
def of_appeal_member(user: Any) -> Iterable[waiting.Item]:
    """Appeals on which this person has not given an opinion yet: one query."""
    seats = AppealMember.objects.filter(
        user=user, upholds=None, appeal__state=c.AppealState.HEARD
    ).select_related("appeal")
    for member in seats.annotate(title=KeyTextTransform("title", "appeal__case__version__content"))[
        :MOST
    ]:
        yield waiting.Item(
            title=_("Give your opinion on an appeal: %(title)s") % {"title": member.title},
            detail=_("You are one of three people who had no part in the case."),
            verb=_("Read and answer"),
            url=reverse("validation:appeal-panel", args=[member.appeal.uid]),
            since=member.appeal.filed_at,
            due=member.appeal.due_at,
        )


# --- For portal moderators ---------------------------------------------------------------


@waiting.source("validation-desk")
def of_moderator(user: Any) -> Iterable[waiting.Item]:
    """Cases without a chair, appeals to pass on, challenges to answer: three queries, none
    for others. Nothing in which the person has a part."""
    if not (user.is_active and user.is_staff):
        return
    parts = CasePart.objects.filter(user=user).values("case")
    team = Solution.objects.of_team(user).values("pk")
    cases = Case.objects.open().filter(chair=None)
    cases = cases.exclude(pk__in=parts).exclude(solution__in=team)
    yield from _listed(
        cases.annotate(title=KeyTextTransform("title", "version__content")).order_by(
            "due_at", "pk"
        ),
        "admin:validation_case_changelist",
        _("More cases need a chair"),
        lambda case: waiting.Item(
            title=_("Appoint a chair: %(title)s") % {"title": case.title},
            detail=_("Nobody chairs this case."),
            verb=_("Open the case"),
            url=reverse("admin:validation_case_change", args=[case.pk]),
            since=case.opened_at,
            due=case.due_at,
        ),
    )
    appeals = Appeal.objects.filter(state=c.AppealState.FILED).exclude(case__in=parts)
    appeals = appeals.exclude(case__solution__in=team)
    yield from _listed(
        appeals.annotate(title=KeyTextTransform("title", "case__version__content")).order_by(
            "due_at", "pk"
        ),
        "admin:validation_appeal_changelist",
        _("More appeals to pass on"),
        lambda appeal: waiting.Item(
            title=_("Appoint three people for an appeal: %(title)s") % {"title": appeal.title},
            detail=format_html(_("Filed on {day}."), day=when(appeal.filed_at, "day")),
            verb=_("Open the appeal"),
            url=reverse("admin:validation_appeal_change", args=[appeal.pk]),
            since=appeal.filed_at,
            due=appeal.due_at,
        ),
    )
    yield from _listed(
        _to_decide(user, parts, team),
        "admin:validation_challenge_changelist",
        _("More challenges to answer"),
        lambda challenge: waiting.Item(
            title=_("Answer a challenge: %(title)s") % {"title": challenge.title},
            detail=challenge.get_state_display(),
            verb=_("Open the challenge"),
            url=reverse("admin:validation_challenge_change", args=[challenge.pk]),
            since=challenge.raised_at,
            due=challenge.due_at,
        ),
    )


def _to_decide(user: Any, parts: Any, team: Any) -> Any:
    """Challenges a moderator has to do something about: not those that wait for the owner."""
    overdue = Q(due_at__lte=timezone.now())
    answered = Q(state=c.ChallengeState.ASKED) & (~Q(owner_answer="") | overdue)
    found = Challenge.objects.filter(
        Q(state__in=[c.ChallengeState.OPEN, c.ChallengeState.SUSPENDED]) | answered
    )
    found = found.exclude(record__case__in=parts).exclude(record__solution__in=team)
    found = found.exclude(raised_by=user).order_by("due_at", "pk")
    return found.annotate(title=KeyTextTransform("title", "record__version__content"))


def _listed(rows: Any, more_url: str, more: StrOrPromise, item_of: Any) -> Iterable[waiting.Item]:
    """The first of them one by one; the rest in one line that leads to the list."""
    found: Sequence[Any] = rows[: MOST + 1]
    items = [item_of(row) for row in found]
    yield from islice(items, MOST)
    if len(items) > MOST:
        yield waiting.Item(
            title=more,
            detail=_("The list at the desk has them all."),
            verb=_("Open the list"),
            url=reverse(more_url),
            since=items[MOST].since,
            due=items[MOST].due,
        )
