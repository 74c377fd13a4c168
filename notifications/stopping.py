"""Links that stop one kind of mail without signing in. They can do nothing else.

The link names the account and the kind under a signature. It never expires, because mails are read
late; it is no secret worth stealing, because all it can do is end mails.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.kinds import NoticeKind
from notifications.kinds import TOLD
from notifications.models.deliveries import Delivery

SALT = "notifications.stopping"
#: What can be stopped: every kind that is not essential, and each sort of digest.
STOPPABLE = frozenset(
    {kind for kind in NoticeKind.values if not TOLD[kind].essential}
    | {Delivery.Sort.DAILY.value, Delivery.Sort.WEEKLY.value}
)


def token_for(user_id: int, what: str) -> str:
    return signing.dumps([user_id, what], salt=SALT)


def read_token(token: str) -> tuple[int, str] | None:
    """Whose mails of what; None if the link was not made here."""
    try:
        user_id, what = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    is_ours = type(user_id) is int and isinstance(what, str) and what in STOPPABLE
    return (user_id, what) if is_ours else None


def stop_address(user_id: int, what: str) -> str:
    """Where one kind is stopped, as mails and mail programs call it."""
    return f"{settings.PORTAL_URL}{reverse('notices:stop', args=[token_for(user_id, what)])}"
