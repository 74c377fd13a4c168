"""What the catalogue asks of a person: drafts to finish, submissions that came back, text not
yet saved, and, for those who screen, what waits at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue import fields as f
from catalogue.choices import Publication, SubmissionState
from catalogue.content import document_of, gaps, with_parts
from catalogue.models import Invitation, PageDraft, Solution, Submission
from catalogue.operations import translation_page
from core import waiting
from core.templatetags.components import when
from hubs import reference
from hubs.models import Membership, roles_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: Of one kind, as many are listed one by one; a longer list is worked through elsewhere.
MOST = 10
PAGE_TITLES = {page.code: page.title for page in f.PAGES}
#: Text typed into a translation is kept under the name of its language with this before it.
TRANSLATION = translation_page("")


def _about(hub_id: int | None) -> str:
    """The hub a record is described for, as its team's page asks for it."""
    return f"hub:{hub_id}" if hub_id else ""


def _latest(column: str) -> Subquery:
    """A column of the newest submission of each solution."""
    newest = Submission.objects.filter(solution=OuterRef("pk")).order_by("-submitted_at", "-pk")
    return Subquery(newest.values(column)[:1])


# --- For the team ------------------------------------------------------------------------


@waiting.source("catalogue-team")
def of_team(user: Any) -> Iterable[waiting.Item]:
    """What the person's own records wait for. A fixed number of queries."""
    mine = Solution.objects.of_team(user).exclude(publication=Publication.WITHDRAWN)
    mine = mine.annotate(answer=_latest("state")).order_by("-updated_at", "-pk")
    returned = list(
        mine.filter(answer=SubmissionState.RETURNED).annotate(
            answered_at=_latest("decided_at"), answer_note=_latest("note"), answer_pk=_latest("pk")
        )[:MOST]
    )
    begun = Q(answer=None) | Q(answer=SubmissionState.RECALLED)
    drafts = list(with_parts(mine.filter(begun, publication=Publication.PRIVATE))[:MOST])
    unsaved = [
        page
        for page in PageDraft.objects.filter(user=user)
        .select_related("solution")
        .order_by("-saved_at")[: MOST * 2]
        if _title_of(page.page) and user.has_perm("catalogue.edit_solution", page.solution)
    ]
    newest = {}
    for page in reversed(unsaved):
        newest[page.solution_id] = page
    yield from (_draft(solution, newest.get(solution.pk)) for solution in drafts)
    remarks = _remarks(returned)
    yield from (_returned(solution, remarks.get(solution.answer_pk, 0)) for solution in returned)
    told = {solution.pk for solution in drafts}
    yield from (_unsaved(page) for key, page in newest.items() if key not in told)


def _draft(solution: Solution, unsaved: PageDraft | None) -> waiting.Item:
    """The next page to fill; the page with unsaved text comes first."""
    missing = gaps(document_of(solution), solution.form)
    page = unsaved.page if unsaved else missing[0].page if missing else ""
    parts = [
        ngettext("%(n)d answer is missing.", "%(n)d answers are missing.", len(missing))
        % {"n": len(missing)}
        if missing
        else _("Nothing is missing: check it and send it in.")
    ]
    if unsaved:
        parts.insert(0, _("The text you typed there is not saved to the record yet."))
    return waiting.Item(
        title=_("Finish your draft: %(page)s") % {"page": _title_of(page)}
        if page
        else _("Send in your draft"),
        detail=format_html("{}. {}", str(solution), " ".join(parts)),
        verb=_("Continue") if page else _("Check and send"),
        url=_page_url(solution, page),
        since=solution.updated_at,
        about=_about(solution.hub_id),
    )


def _title_of(page: str) -> StrOrPromise:
    """The name of a page of the form or of a translation; empty for one that is no more."""
    if page.startswith(TRANSLATION):
        language = reference.language_name(page.removeprefix(TRANSLATION))
        return _("Translation into %(language)s") % {"language": language}
    return PAGE_TITLES.get(page, "")


def _page_url(solution: Solution, page: str) -> str:
    if page.startswith(TRANSLATION):
        language = page.removeprefix(TRANSLATION)
        return reverse("catalogue:work-translation", args=[solution.uid, language])
    if page:
        return reverse("catalogue:work-page", args=[solution.uid, page])
    return reverse("catalogue:work-check", args=[solution.uid])


def _remarks(returned: list[Any]) -> dict[int, int]:
    """How many remarks the desk made on each returned submission."""
    counts: dict[int, int] = {}
    rows = Submission.objects.filter(pk__in=[solution.answer_pk for solution in returned])
    for pk in rows.filter(remarks__isnull=False).values_list("pk", flat=True):
        counts[pk] = counts.get(pk, 0) + 1
    return counts


def _returned(solution: Any, remarks: int) -> waiting.Item:
    if remarks:
        asked = ngettext(
            "The desk asks for a change at %(n)d field.",
            "The desk asks for changes at %(n)d fields.",
            remarks,
        ) % {"n": remarks}
    else:
        asked = _("The desk wrote: %(note)s") % {"note": _short(solution.answer_note)}
    return waiting.Item(
        title=_("Answer the desk: %(title)s") % {"title": solution},
        detail=format_html(
            _("{asked} Returned on {day}."), asked=asked, day=when(solution.answered_at, "day")
        ),
        verb=_("See what to change"),
        url=solution.get_workspace_url(),
        since=solution.answered_at,
        about=_about(solution.hub_id),
    )


def _short(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"


def _unsaved(page: PageDraft) -> waiting.Item:
    return waiting.Item(
        title=_("Save what you typed: %(page)s") % {"page": _title_of(page.page)},
        detail=format_html(
            _("{title}. Kept since {day}, and not yet part of the record."),
            title=str(page.solution),
            day=when(page.saved_at, "day"),
        ),
        verb=_("Continue"),
        url=_page_url(page.solution, page.page),
        since=page.saved_at,
        about=_about(page.solution.hub_id),
    )


@waiting.source("catalogue-invitations")
def invitations(user: Any) -> Iterable[waiting.Item]:
    """Teams this person is asked to join and is not in yet."""
    asked = Invitation.objects.for_person(user).select_related("solution", "invited_by")
    for invitation in asked.exclude(solution__in=Solution.objects.of_team(user)):
        yield waiting.Item(
            title=_("Answer an invitation: %(title)s") % {"title": invitation.solution},
            detail=format_html(
                _("{name} asks you to join the team, on {day}."),
                name=str(invitation.invited_by or _("A former member")),
                day=when(invitation.created_at, "day"),
            ),
            verb=_("Answer"),
            url=reverse("catalogue:work-invitation", args=[invitation.pk]),
            since=invitation.created_at,
        )


# --- For the desk ------------------------------------------------------------------------


@waiting.source("catalogue-desk")
def at_desk(user: Any) -> Iterable[waiting.Item]:
    """Submissions this person may screen, oldest first; none of their own records."""
    queue = to_screen(user)
    if queue is None:
        return
    count = queue.count()
    queue = queue.select_related("solution__hub", "criteria_set").annotate(
        title=KeyTextTransform("title", "version__content")
    )
    rows = queue[:MOST]
    for submission in rows:
        hub = submission.solution.hub
        sent = when(submission.submitted_at, "day")
        yield waiting.Item(
            title=_("Screen a submission: %(title)s") % {"title": submission.title},
            detail=format_html(_("{hub}. Submitted on {day}."), hub=hub.short, day=sent)
            if hub
            else format_html(_("Submitted on {day}."), day=sent),
            verb=_("Screen"),
            url=submission.get_absolute_url(),
            since=submission.submitted_at,
            due=submission.due_at,
            about=_about(submission.solution.hub_id),
        )
    if count > MOST:
        last = rows[len(rows) - 1]
        more = count - MOST
        yield waiting.Item(
            title=ngettext("%(n)d more to screen", "%(n)d more to screen", more) % {"n": more},
            detail=_("The queue at the desk has them all, the oldest first."),
            verb=_("Open the queue"),
            url=reverse("admin:catalogue_submission_changelist"),
            since=last.submitted_at,
            due=last.due_at,
        )


def to_screen(user: Any) -> Any:
    """The submissions this person may decide, or None for somebody who screens nothing."""
    queue = Submission.objects.waiting()
    if not (user.is_staff or user.is_superuser):
        if Membership.Role.FOCAL_POINT not in roles_of(user).values():
            return None
        hubs = [pk for pk, role in roles_of(user).items() if role == Membership.Role.FOCAL_POINT]
        queue = queue.filter(solution__hub__in=hubs)
    own = Solution.objects.of_team(user).values("pk")
    return queue.exclude(submitted_by=user).exclude(solution__in=own)
