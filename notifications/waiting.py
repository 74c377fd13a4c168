"""What waits because of mails: for a person, that theirs come back; for moderators, mails in doubt.

One query for everybody, two more for portal moderators.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AccountMail
from core import waiting
from core.held import IN_DOUBT
from notifications.addresses import key_of
from notifications.models.addresses import Address
from notifications.models.deliveries import Delivery


@waiting.source("mails-come-back", of_records=False)
def mails_come_back(user: Any) -> Iterable[waiting.Item]:
    """One item, if the person's own mails are stopped."""
    row = Address.objects.filter(address=key_of(user.email)).first()
    if row is None or not row.is_stopped():
        return
    yield waiting.Item(
        title=_("You get no mails from us."),
        detail=_("A mail to %(address)s was reported as not wanted.") % {"address": user.email}
        if row.complained_at
        else _("Mails to %(address)s came back several times.") % {"address": user.email},
        verb=_("Look at it"),
        url=f"{reverse('notices:preferences')}#address",
        since=row.complained_at or row.changed_at,
    )


@waiting.source("mails-in-doubt", of_records=False)
def mails_in_doubt(user: Any) -> Iterable[waiting.Item]:
    """One item for mails that perhaps were sent or were given up, of each sort of mail."""
    if not user.is_staff:
        return
    for model, title, page in (
        (Delivery, _("Look at notifications that were not mailed"), "notifications_delivery"),
        (AccountMail, _("Look at account mails that were not sent"), "accounts_accountmail"),
    ):
        found = model._default_manager.filter(state__in=IN_DOUBT).aggregate(
            n=Count("pk"), since=Min("created_at")
        )
        if not found["n"]:
            continue
        yield waiting.Item(
            title=title,
            detail=ngettext(
                "%(n)d mail was given up or perhaps not sent.",
                "%(n)d mails were given up or perhaps not sent.",
                found["n"],
            )
            % {"n": found["n"]},
            verb=_("Look"),
            url=f"{reverse(f'admin:{page}_changelist')}?in_doubt=yes",
            since=found["since"],
        )
