"""Letters to the people of hubs: each a row that is owed until it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from accounts.operations import owe_mail

if TYPE_CHECKING:
    from hubs.models import Hub, HubInvitation


def _write(letter: str, to: str, language: str, page: tuple[str, Any], **context: Any) -> None:
    """Owe an address the letter of that name (``emails/hubs/<letter>.txt``, subject first), with
    the link of the reader's language."""
    with translation.override(language or settings.LANGUAGE_CODE):
        view, argument = page
        context |= {
            "portal_name": settings.PORTAL_NAME,
            "url": f"{settings.PORTAL_URL}{reverse(view, args=[argument])}",
        }
        text = render_to_string(f"emails/hubs/{letter}.txt", context)
    subject, _line, body = text.strip().partition("\n")
    owe_mail(
        to=to,
        purpose=f"hubs_{letter}",
        subject=subject.strip(),
        body=body.strip() + "\n",
        asked_by_anyone=False,
    )


def invited(invitation: HubInvitation, *, by: User) -> None:
    """Ask somebody to join a team. The same letter whether or not there is an account; it comes
    in the account's language, else in that of whoever asks."""
    reader = User.objects.filter(email__iexact=invitation.email).select_related("profile").first()
    if reader is not None and not reader.is_active:
        return
    _write(
        "invited",
        invitation.email,
        (reader or by).profile.interface_language,
        ("hubs:invitation", invitation.uid),
        hub=_on_one_line(invitation.hub),
        name=_on_one_line(by),
        role=invitation.role,
        until=invitation.expires_at,
    )


def joined(hub: Hub, user: User, *, to: User) -> None:
    """Tell whoever invited somebody that they joined."""
    if to.is_active:
        _write(
            "joined",
            to.email,
            to.profile.interface_language,
            ("hubs:team:members", hub.slug),
            hub=_on_one_line(hub),
            who=_on_one_line(user),
        )


def _on_one_line(named: Any) -> str:
    """A name as it can stand in a subject."""
    return " ".join(str(named).split())
