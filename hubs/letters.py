"""Letters to the people of hubs, each in the language of its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from accounts.kinds import NoticeKind
from accounts.letters import on_one_line, render_letter, tell
from accounts.models import User
from accounts.operations import owe_mail, profile_of
from hubs.models import Membership

if TYPE_CHECKING:
    from hubs.models import Hub, HubInvitation

#: How the reader of each letter sorts it.
KINDS = {
    "invited": NoticeKind.ROLE,
    "joined": NoticeKind.ROLE,
    "role": NoticeKind.ROLE,
}


def invited(invitation: HubInvitation, *, by: User) -> None:
    """Ask somebody to join a team. The same letter whether or not there is an account; it comes
    in the account's language, else in that of whoever asks."""
    page = ("hubs:invitation", invitation.uid)
    context: dict[str, Any] = {
        "hub": on_one_line(invitation.hub),
        "name": on_one_line(by),
        "role": invitation.role,
        "until": invitation.expires_at,
    }
    reader = User.objects.filter(email__iexact=invitation.email).select_related("profile").first()
    if reader is not None:
        tell(
            reader,
            "hubs/invited",
            page,
            kind=KINDS["invited"],
            key=f"hub-invited:{invitation.uid}",
            **context,
        )
        return
    with translation.override(profile_of(by).interface_language or settings.LANGUAGE_CODE):
        letter = render_letter("hubs/invited", reverse(page[0], args=page[1:]), **context)
    owe_mail(
        to=invitation.email,
        purpose="hubs_invited",
        subject=letter.title,
        body=letter.body,
        asked_by_anyone=False,
    )


def joined(hub: Hub, user: User, *, to: User) -> None:
    """Tell whoever invited somebody that they joined."""
    tell(
        to,
        "hubs/joined",
        ("hubs:team:members", hub.slug),
        kind=KINDS["joined"],
        hub=on_one_line(hub),
        who=on_one_line(user),
    )


def role(hub: Hub, user: User, role: str) -> None:
    """Tell somebody that others gave them a role, another one, or took it (``role`` is "")."""
    tell(
        user,
        "hubs/role",
        ("hubs:team:overview" if role else "hubs:hub", hub.slug),
        kind=KINDS["role"],
        hub=on_one_line(hub),
        role=role,
        called=lambda: str(Membership.Role(role).label) if role else "",
    )
