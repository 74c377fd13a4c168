"""What the catalogue keeps about a person, and what ends with their account."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.signals import account_closed, personal_data
from catalogue import merging
from catalogue.models import Contributor, EditLock, Invitation, PageDraft, Solution, StoredFile
from hubs.signals import hubs_merged, hubs_merging, merging_asked


@receiver(personal_data, dispatch_uid="records-of-a-person")
def records_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, str]]]:
    """The records they own or are named in, with their part."""
    rows = Contributor.objects.filter(user=user).select_related("solution").order_by("pk")
    return "records", [
        {
            "title": row.solution.title,
            "reference": row.solution.reference,
            "role": row.role,
            "name": row.name,
            "organisation": row.organisation,
            "owner": "yes" if row.solution.owner_id == user.pk else "no",
        }
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="unsaved-text-of-a-person")
def drafts_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    """What they typed and have not saved."""
    rows = PageDraft.objects.filter(user=user).select_related("solution").order_by("pk")
    return "unsaved_text", [
        {
            "record": row.solution.title,
            "page": row.page,
            "saved": row.saved_at.isoformat(),
            "text": row.data,
        }
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="files-of-a-person")
def files_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    """The files they deposited."""
    rows = StoredFile.objects.filter(uploaded_by=user).order_by("uploaded_at", "pk")
    return "files", [
        {"name": row.name, "size": row.size, "deposited": row.uploaded_at.isoformat()}
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="invitations-of-a-person")
def invitations_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, str]]]:
    """The teams they were invited to."""
    rows = Invitation.objects.filter(email=user.email.lower()).select_related("solution")
    return "invitations", [
        {"record": row.solution.title, "invited": row.created_at.isoformat()} for row in rows
    ]


@receiver(account_closed, dispatch_uid="writing-ends-with-the-account")
def writing_ends(user: Any, **_: Any) -> None:
    """Their part in teams, their unsaved text and invitations to them go. Records stay."""
    PageDraft.objects.filter(user=user).delete()
    EditLock.objects.filter(holder=user).delete()
    Invitation.objects.filter(email=user.email.lower()).delete()
    Invitation.objects.filter(invited_by=user, answered_at=None).update(
        answered_at=timezone.now(), accepted=False
    )
    own = Solution.objects.filter(owner=user).values("pk")
    Contributor.objects.filter(user=user).exclude(solution__in=own).update(user=None)


@receiver(hubs_merging, dispatch_uid="records-and-criteria-go-with-their-hub")
def records_go_along(gone: Any, kept: Any, by: Any, **_: Any) -> None:
    merging.bring_records(gone, kept)
    merging.bring_criteria(gone, kept, by=by)


@receiver(hubs_merged, dispatch_uid="records-are-found-by-the-hub-that-stays")
def records_are_found(kept: Any, **_: Any) -> None:
    merging.find_by_the_hub_that_stays(kept)


@receiver(merging_asked, dispatch_uid="records-and-criteria-before-a-merging")
def records_expected(gone: Any, kept: Any, **_: Any) -> Any:
    return merging.expected(gone, kept)
