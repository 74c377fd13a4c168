"""Letters about the record: each a row that is owed until it is sent, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import make_msgid
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import AccountMail, User
from accounts.operations import USELESS_AFTER

if TYPE_CHECKING:
    from events.models import Commitment, CommitmentUpdate, PersonClaim

#: So many letters are written at once.
AT_ONCE = 500


def updated(commitment: Commitment, update: CommitmentUpdate, *, by: User) -> int:
    """Tell the followers of a commitment what happened, except who filed it. How many are told.

    Of an event that is not public, only those are told who see it.
    """
    followers = User.objects.filter(commitment_follows__commitment=commitment, is_active=True)
    followers = followers.exclude(pk=by.pk or 0).select_related("profile")
    readers: Iterable[User] = followers.order_by("pk")
    if not commitment.event.is_public:
        readers = [user for user in readers if user.has_perm("events.view_event", commitment)]
    return _write("update", readers, commitment=commitment, update=update)


def agreed(claim: PersonClaim) -> int:
    """Tell a member that a person of the record is theirs."""
    return _write("claim_agreed", _asker(claim), claim=claim, name=_on_one_line(claim.person))


def refused(claim: PersonClaim) -> int:
    """Tell a member why not."""
    return _write("claim_refused", _asker(claim), claim=claim, name=_on_one_line(claim.person))


def _asker(claim: PersonClaim) -> Iterable[User]:
    return User.objects.filter(pk=claim.user_id, is_active=True).select_related("profile")


def _write(letter: str, readers: Iterable[User], **context: Any) -> int:
    """Owe each of them the letter of that name (``emails/events/<letter>.txt``, subject first).
    One text serves all who read one language."""
    now, domain = timezone.now(), urlsplit(settings.PORTAL_URL).hostname or "localhost"
    texts: dict[str, tuple[str, str]] = {}
    owed: list[AccountMail] = []
    for reader in readers:
        language = reader.profile.interface_language or settings.LANGUAGE_CODE
        if language not in texts:
            texts[language] = _text(letter, language, context)
        subject, body = texts[language]
        owed.append(
            AccountMail(
                to=reader.email,
                purpose=f"events_{letter}",
                subject=subject[:250],
                body=body,
                message_id=make_msgid(domain=domain),
                created_at=now,
                available_at=now,
                expires_at=now + USELESS_AFTER[False],
            )
        )
    AccountMail.objects.bulk_create(owed, batch_size=AT_ONCE)
    return len(owed)


def _text(letter: str, language: str, context: dict[str, Any]) -> tuple[str, str]:
    with translation.override(language):
        about = context.get("commitment") or context["claim"].person
        more = {
            "portal_name": settings.PORTAL_NAME,
            "url": f"{settings.PORTAL_URL}{about.get_absolute_url()}",
        }
        text = render_to_string(f"emails/events/{letter}.txt", {**context, **more})
    subject, _line, body = text.strip().partition("\n")
    return subject.strip(), re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"


def _on_one_line(named: Any) -> str:
    """A name as it can stand in a subject."""
    return " ".join(str(named).split())
