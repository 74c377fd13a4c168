"""Calls for case stories: opened by organisers, answered with drafts of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.operations import start_solution
from claims.models import new_uid
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from events.models import Event
from participation.models import CaseStory, StoryCall

if TYPE_CHECKING:
    import uuid

    from accounts.models import User
    from hubs.models import Hub

#: What organisers say of a call.
TOLD = ("title", "text", "closes_at", "is_public")


@transaction.atomic
def write_call(
    event: Event, *, by: User, call: StoryCall | None = None, key: str = "", **told: Any
) -> StoryCall:
    """Make a call or change it. The form of a new call has a ``key``: sent twice, it is one."""
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied
    AuditHead.hold()
    if call is not None:
        row = StoryCall.objects.get(pk=call.pk)
    else:
        row = StoryCall.objects.filter(event=event, uid=key).first() or StoryCall(
            event=event, uid=new_uid()
        )
        if key and not StoryCall.objects.filter(uid=key).exists():
            row.uid = key
    for name in TOLD:
        if name in told:
            setattr(row, name, told[name])
    row.full_clean(exclude=["event"])
    row.save()
    AuditEntry.record(by=by, verb="write_call", target=row, event=event.pk, public=row.is_public)
    return row


def begin_story(
    call: StoryCall,
    *,
    by: User,
    form_key: uuid.UUID,
    title: str = "",
    hub: Hub | None = None,
    language: str = "en",
) -> CaseStory:
    """A private draft of the catalogue that knows which call it answers.

    From there it goes the way of every solution; the same form sent twice gives the same draft.
    """
    if not StoryCall.objects.visible_to(by).filter(pk=call.pk).exists():
        raise PermissionDenied
    if not call.is_open(timezone.now()):
        raise DomainError(
            _("This call is closed. You can still document a solution."), code="closed"
        )
    with transaction.atomic():
        AuditHead.hold()
        solution = start_solution(by=by, form_key=form_key, hub=hub, title=title, language=language)
        story, _created = CaseStory.objects.get_or_create(
            solution=solution, defaults={"call": call, "begun_by": by}
        )
    return story
