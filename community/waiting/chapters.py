"""What chapters ask of a person: to answer who asked to join."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.choices import ChapterRole
from community.models import Chapter, ChapterMember
from core import waiting

#: As many chapters are listed.
MOST = 10
#: Portal moderators are asked where nobody coordinates, or after so long.
PATIENCE = dt.timedelta(days=7)


@waiting.source("community-chapters", of_records=False)
def to_answer(user: Any) -> Iterable[waiting.Item]:
    """Requests to join: one item for each chapter. One query."""
    coordinators = ChapterMember.objects.coordinators().filter(chapter=OuterRef("pk"))
    asked = Q(memberships__role=ChapterRole.ASKED)
    concerned = Q(Exists(coordinators.filter(user=user)))
    if user.is_staff:
        concerned |= ~Q(Exists(coordinators)) | Q(since__lt=timezone.now() - PATIENCE)
    rows: QuerySet[Any] = Chapter.objects.filter(is_public=True).annotate(
        asked=Count("memberships", filter=asked), since=Min("memberships__since", filter=asked)
    )
    for chapter in rows.filter(concerned, asked__gt=0).order_by("since", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Answer who asks to join: %(chapter)s") % {"chapter": chapter},
            detail=ngettext(
                "%(n)d person waits for an answer.",
                "%(n)d people wait for an answer.",
                chapter.asked,
            )
            % {"n": chapter.asked},
            verb=_("Answer"),
            url=reverse("community:chapter-people", args=[chapter.slug]),
            since=chapter.since,
        )
