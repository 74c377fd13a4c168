"""What followers of records are told: solutions, hubs, events, themes, commitments; and which dates
people answer for.

``Notice.data["what"]`` says what happened. Whatever else is read, is read late, through what its
reader may see then; a fact that is no longer public says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from accounts.kinds import NoticeKind
from assessment.models import Assessment
from catalogue.choices import Publication
from catalogue.models import Solution, Version
from community.models import Member, MonthlyTheme
from core.templatetags.components import when
from events.choices import EventStatus, Progress
from events.models import (
    Commitment,
    CommitmentFollow,
    CommitmentUpdate,
    Document,
    Event,
    overdue,
)
from hubs.models import Hub, Membership
from notifications.models.following import Kind
from notifications.models.notices import Notice, Reason, Subject
from notifications.noticeable import NOTICEABLE, Line, Noticeable, Stream, followers_of
from participation import letters
from participation.choices import PaperAudience, PaperKind
from participation.models import Paper
from validation.models import Record

if TYPE_CHECKING:
    from accounts.models import User
    from notifications.models.notices import Notification

Rows = Iterable["Notification"]
Lines = dict[int, Line]


def what_of(row: Notification) -> str:
    """What happened, in the word the fact was announced with."""
    return str(row.notice.data.get("what", ""))


def _subjects(rows: Rows) -> set[int]:
    return {row.notice.subject_id for row in rows}


def _named(rows: Rows, name: str) -> set[int]:
    """The keys of further records that notices name."""
    return {row.notice.data[name] for row in rows if name in row.notice.data}


def _by_pk(found: QuerySet[Any], pks: set[int]) -> dict[int, Any]:
    """Those with these keys, by key. One query, or none for no key."""
    return {record.pk: record for record in found.filter(pk__in=pks)} if pks else {}


def _day(value: Any) -> str:
    """A date in words, as far as it is known."""
    return strip_tags(when(value))


def _for_insiders(streams: list[Stream], hub: int | None, *roles: str) -> list[Stream]:
    """Of these followers only the people of a hub and portal moderators, who see what others do
    not."""
    people = Membership.objects.filter(hub=hub, hub__isnull=False)
    if roles:
        people = people.filter(role__in=roles)
    inside = Q(user__is_staff=True) | Q(user__in=people.values("user"))
    return [rows.filter(inside) for rows in streams]


# --- Solutions -----------------------------------------------------------------------------------


def _solution_streams(notice: Notice) -> list[Stream]:
    seen = Solution.objects.exclude(publication=Publication.PRIVATE)
    if not seen.filter(pk=notice.subject_id).exists():
        return []
    return followers_of(Kind.SOLUTION, notice.subject_id)


def _solutions(pks: set[int]) -> dict[int, Any]:
    """What is or was public, by the title everybody reads."""
    titled = Solution.objects.exclude(publication=Publication.PRIVATE).annotate(
        public_title=KeyTextTransform("title", "public_version__content")
    )
    return _by_pk(titled.only("number", "uid", "publication", "withdrawal_reason"), pks)


#: Moves of a label that leave a public note, as long as it is in that state.
NOTED = {"suspend_record": Record.State.SUSPENDED, "revoke": Record.State.REVOKED}


def _label_words() -> dict[str, str]:
    return {
        "issue": _("Label given"),
        "suspend_record": _("Label suspended"),
        "restore_record": _("Label in force again"),
        "revoke": _("Label revoked"),
        "expire": _("Label expired"),
    }


def solution_lines(rows: Rows, _user: User) -> Lines:
    """Three queries. Of a withdrawn solution only that it is withdrawn."""
    rows = list(rows)
    solutions = _solutions(_subjects(rows))
    records = _by_pk(Record.objects.public().defer("document"), _named(rows, "record"))
    versions = _by_pk(
        Version.objects.exclude(published_at=None).only("pk", "number"), _named(rows, "version")
    )
    labels = _label_words()
    found = {}
    for row in rows:
        solution = solutions.get(row.notice.subject_id)
        what, data = what_of(row), row.notice.data
        if solution is None or (solution.publication == Publication.WITHDRAWN) != (
            what == "withdraw"
        ):
            continue
        url, text, excerpt = solution.get_absolute_url(), "", ""
        if what == "withdraw":
            text, excerpt = _("Withdrawn"), solution.withdrawal_reason
        elif what == "restore":
            text = _("Published again")
        elif what == "renew" and data.get("version") in versions:
            text = _("New version published")
        elif what in labels and data.get("record") in records:
            record = records[data["record"]]
            text = f"{labels[what]}: {record.get_label_display()}"
            url = record.get_absolute_url()
            if record.state == NOTED.get(what):  # later on the note is about something else
                excerpt = record.public_note
        if text:
            title = solution.public_title or ""
            found[row.pk] = Line(text, title, url, f"so{solution.pk}", excerpt)
    return found


# --- Hubs ----------------------------------------------------------------------------------------


def _hub_streams(notice: Notice) -> list[Stream]:
    hub = Hub.objects.filter(pk=notice.subject_id, merged_into=None).first()
    if hub is None:
        return []
    found = followers_of(Kind.HUB, hub.pk)
    return found if hub.is_listed else _for_insiders(found, hub.pk)


def hub_lines(rows: Rows, user: User) -> Lines:
    """Three queries."""
    rows = list(rows)
    hubs = _by_pk(Hub.objects.visible_to(user).only("pk", "slug", "name"), _subjects(rows))
    solutions = _solutions(_named(rows, "solution"))
    shared = Assessment.objects.visible_to(user).only("pk", "uid", "hub", "shares_road_map")
    assessments = _by_pk(shared, _named(rows, "assessment"))
    found = {}
    for row in rows:
        hub = hubs.get(row.notice.subject_id)
        if hub is None:
            continue
        data, what = row.notice.data, what_of(row)
        text, title, url = "", hub.name, hub.get_absolute_url()
        if what == "profile":
            text = _("The profile changed")
        elif what == "solutions":
            text = _("New solutions")
        elif what == "solution":
            solution = solutions.get(data.get("solution", 0))
            if solution is not None and solution.publication == Publication.PUBLIC:
                text = f"{_('New solution')} · {hub.name}"
                title, url = solution.public_title or "", solution.get_absolute_url()
        elif what in {"assessment", "road_map"}:
            assessment = assessments.get(data.get("assessment", 0))
            if assessment is not None and what == "assessment":
                text = _("Self-assessment published")
                url = reverse("assessment:result", args=[hub.slug, assessment.uid])
            elif assessment is not None and assessment.shares_road_map:
                text = _("Road map published")
                url = reverse("assessment:road-map", args=[hub.slug])
        if text:
            found[row.pk] = Line(text, title, url, f"h{hub.pk}")
    return found


# --- Events --------------------------------------------------------------------------------------


def _event_streams(notice: Notice) -> list[Stream]:
    event = Event.objects.filter(pk=notice.subject_id).only("pk", "is_public", "hub").first()
    if event is None:
        return []
    found = followers_of(Kind.EVENT, event.pk)
    if (arranged := _told_to_those_who_come(notice)) is not None:
        come = letters.readers_of(arranged, event.pk)
        found = [rows.exclude(user_id__in=come.order_by().values("user_id")) for rows in found]
    return found if event.is_public else _for_insiders(found, event.hub_id, *Membership.DESK)


def _told_to_those_who_come(notice: Notice) -> str | None:
    """As what those who registered are told the same in a letter of their own, if they are: nobody
    is told twice."""
    if "arranged" in notice.data:
        return str(notice.data["arranged"])
    if notice.data["what"] != "recording":
        return None
    theirs = Notice.objects.filter(key=f"recording:{notice.subject_id}").first()
    same = theirs is not None and theirs.data.get("paper") == notice.data["paper"]
    return "recording" if same else None


def event_lines(rows: Rows, user: User) -> Lines:
    """Three queries."""
    rows = list(rows)
    seen = Event.objects.visible_to(user).select_related("country")
    events = _by_pk(seen, _subjects(rows))
    documents = _by_pk(
        Document.objects.visible_to(user).only("pk", "slug", "name", "kind"),
        _named(rows, "document"),
    )
    # A paper that is closed or withdrawn meanwhile is not mentioned.
    papers: dict[int, list[Paper]] = {}
    if any(what_of(row) in {"papers", "recording"} for row in rows):
        public = Paper.objects.filter(audience=PaperAudience.PUBLIC, withdrawn_at=None)
        for paper in public.filter(event__in=events).only("pk", "uid", "kind", "event"):
            papers.setdefault(paper.event_id, []).append(paper)
    found = {}
    for row in rows:
        event = events.get(row.notice.subject_id)
        if event is None:
            continue
        what, data = what_of(row), row.notice.data
        if what in {"papers", "recording"}:
            said = _of_papers(event, papers.get(event.pk, []), data)
        elif what == "document":
            said = _of_document(event, documents.get(data.get("document", 0)))
        else:
            said = _of_event(event, what, data)
        if said is not None:
            found[row.pk] = Line(*said, f"e{event.pk}")
    return found


#: Text, title and address of a line; nothing where there is nothing to say.
Said = tuple[str, str, str] | None


def _of_event(event: Event, what: str, data: dict[str, Any]) -> Said:
    text, url = "", event.get_absolute_url()
    if what == "moved":
        text = _moved(event, data.get("changed", []))
    elif what == "status" and data.get("status") == event.status:
        text = event.get_status_display()
    elif what == "programme":
        text, url = _("The programme changed"), reverse("events:programme", args=[event.slug])
    elif what == "conclusions":
        text = _("New conclusions")
    return (text, event.name, url) if text else None


def _of_papers(event: Event, papers: list[Paper], data: dict[str, Any]) -> Said:
    """The public papers of an event, or one recording among them."""
    if data["what"] == "recording":
        for paper in papers:
            if paper.pk == data.get("paper"):
                url = reverse("participation:paper", args=[event.slug, paper.uid])
                return _("The recording is there"), event.name, url
        return None
    if all(paper.kind == PaperKind.RECORDING for paper in papers):
        return None
    return _("New papers"), event.name, reverse("participation:papers", args=[event.slug])


def _of_document(event: Event, document: Document | None) -> Said:
    if document is None:
        return None
    text = f"{document.get_kind_display()} · {event}"
    return text, document.name, document.get_absolute_url()


def _moved(event: Event, changed: list[str]) -> str:
    """Where and when it is now, as far as that changed."""
    said = []
    if event.status != EventStatus.CANCELLED:
        if "dates" in changed and event.starts:
            days = dict.fromkeys(_day(day) for day in (event.starts, event.ends) if day)
            said.append(_("New date: %(when)s") % {"when": " – ".join(days)})
        if "hours" in changed and event.starts:
            said.append(_("Other hours: %(when)s") % {"when": _day(event.starts)})
        places = [event.venue, event.city, str(event.country or "")]
        where = ", ".join(place for place in places if place)
        if "place" in changed and where:
            said.append(_("New place: %(where)s") % {"where": where})
    return " · ".join(said)


# --- Themes --------------------------------------------------------------------------------------


def _theme_streams(notice: Notice) -> list[Stream]:
    """Everybody in the community hears that a theme opens; that it closes, those who follow it.
    Those who wrote in it are told by name."""
    if not MonthlyTheme.objects.filter(pk=notice.subject_id, is_public=True).exists():
        return []
    found = followers_of(Kind.THEME, notice.subject_id)
    if notice.data.get("what") == "opens":
        found.append(Member.objects.active().values_list("user_id", flat=True))
    return found


def _theme_reason(notice: Notice) -> str:
    return Reason.MEMBER if notice.data.get("what") == "opens" else Reason.FOLLOWING


def theme_lines(rows: Rows, user: User) -> Lines:
    """One query."""
    rows = list(rows)
    themes = _by_pk(MonthlyTheme.objects.visible_to(user), _subjects(rows))
    found = {}
    for row in rows:
        theme = themes.get(row.notice.subject_id)
        if theme is None:
            continue
        text, excerpt = _("The theme has closed"), ""
        if what_of(row) == "opens":
            text = _("Open until %(day)s") % {"day": _day(theme.last_open_day)}
            excerpt = theme.summary
        url = theme.get_absolute_url()
        found[row.pk] = Line(text, theme.title, url, f"th{theme.pk}", excerpt)
    return found


# --- Commitments ---------------------------------------------------------------------------------


def _commitment_streams(notice: Notice) -> list[Stream]:
    """Its followers; where the event is not public, those of them who see it."""
    commitment = Commitment.objects.select_related("event").filter(pk=notice.subject_id).first()
    if commitment is None:
        return []
    follows = CommitmentFollow.objects.filter(commitment=commitment)
    found: list[Stream] = [follows.values_list("user_id", flat=True)]
    event = commitment.event
    return found if event.is_public else _for_insiders(found, event.hub_id, *Membership.DESK)


def commitment_lines(rows: Rows, user: User) -> Lines:
    """One query."""
    rows = list(rows)
    updates = _by_pk(
        CommitmentUpdate.objects.filter(
            commitment__in=Commitment.objects.visible_to(user)
        ).select_related("commitment"),
        _named(rows, "update"),
    )
    found = {}
    for row in rows:
        update = updates.get(row.notice.data.get("update", 0))
        if update is None:
            continue
        said = {"number": update.commitment.number, "progress": update.get_progress_display()}
        found[row.pk] = Line(
            _("Commitment %(number)s: %(progress)s") % said,
            str(update.commitment),
            f"{update.commitment.get_absolute_url()}#u-{update.uid}",
            f"c{update.commitment_id}",
            update.text,
        )
    return found


# --- What people answer for ----------------------------------------------------------------------


def _nobody(_notice: Notice) -> list[Stream]:
    return []


def due_lines(rows: Rows, user: User) -> Lines:
    """One query. A promise that is kept says nothing any more."""
    rows = list(rows)
    open_ones = Commitment.objects.visible_to(user).exclude(progress=Progress.COMPLETE)
    commitments = _by_pk(open_ones.exclude(due=""), _subjects(rows))
    today = timezone.localdate()
    found = {}
    for row in rows:
        one = commitments.get(row.notice.subject_id)
        if one is None:
            continue
        day = {"day": _day(one.due)}
        is_over = overdue(one.progress, one.due, today)
        text = _("Was due: %(day)s") % day if is_over else _("Due: %(day)s") % day
        said = f"{one.number} · {text}"
        found[row.pk] = Line(said, str(one), one.get_absolute_url(), f"c{one.pk}")
    return found


def confirm_lines(rows: Rows, user: User) -> Lines:
    """One query. A profile that was confirmed since says nothing any more."""
    rows = list(rows)
    focal = Hub.objects.of(user, Membership.Role.FOCAL_POINT).filter(merged_into=None)
    hubs = _by_pk(
        focal.only("pk", "slug", "name", "confirmed_at"),
        _subjects(rows),
    )
    found = {}
    for row in rows:
        hub = hubs.get(row.notice.subject_id)
        if hub is None or (hub.confirmed_at and hub.confirmed_at >= row.notice.happened_at):
            continue
        url = reverse("hubs:team:confirm", args=[hub.slug])
        found[row.pk] = Line(_("Confirm the profile"), hub.name, url, f"hc{hub.pk}")
    return found


NOTICEABLE.update(
    {
        Subject.SOLUTION: Noticeable(_solution_streams, solution_lines, NoticeKind.SOLUTION),
        Subject.HUB: Noticeable(_hub_streams, hub_lines, NoticeKind.HUB),
        Subject.EVENT: Noticeable(_event_streams, event_lines, NoticeKind.EVENT),
        Subject.THEME: Noticeable(
            _theme_streams,
            theme_lines,
            NoticeKind.THEME,
            {Reason.CONCERNS: NoticeKind.ROLE},
            reason=_theme_reason,
        ),
        Subject.COMMITMENT: Noticeable(
            _commitment_streams, commitment_lines, NoticeKind.COMMITMENT
        ),
        Subject.DUE: Noticeable(_nobody, due_lines, NoticeKind.PROMISE),
        Subject.CONFIRM: Noticeable(_nobody, confirm_lines, NoticeKind.HUB_DUTY),
    }
)
