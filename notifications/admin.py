"""Mails and addresses at the desk of portal moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.held_admin import OfPortalModerators, OwedAdmin, as_sent, in_one_piece
from core.outbox import masked
from notifications import addresses
from notifications.models import Address, Delivery, Notification, PushDelivery
from validation.conflicts import concerned
from validation.models import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from core.outbox import Owed


@admin.register(Delivery)
class DeliveryAdmin(OwedAdmin):
    """Mails of notifications and digests.

    Where a letter keeps to itself when somebody did something, as those of panels do, its mail does
    not say whom it goes to; and nobody sees it who has a part in a case themselves.
    """

    list_display = ["age", "state", "kind", "sort", "masked_address", "attempts", "masked_problem"]
    list_filter = [*OwedAdmin.list_filter, "sort", "kind"]
    list_select_related = ["user", "notification__notice"]
    fields = [
        "sort", "kind", "masked_address", "state", "created_at", "available_at", "expires_at",
        "attempts", "in_doubt", "sent_at", "masked_problem", "header",
    ]  # fmt: skip

    @admin.display(description=gettext_lazy("Perhaps sent"))
    def in_doubt(self, row: Owed) -> int:
        """How many of its sendings are of unknown fate."""
        return row.unsure

    @admin.display(description="Message-ID")
    def header(self, row: Owed) -> SafeString:
        """What a mail server's log knows it by, in one piece."""
        return as_sent(row.message_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if not Case.objects.filter(concerned(request.user)).exists():
            return rows
        discreet = Notification.objects.filter(notice__data__discreet=True)
        return rows.exclude(notification__in=discreet)

    def address_of(self, row: Delivery) -> str:
        return "" if self._is_discreet(row) else row.user.email

    @admin.display(description=gettext_lazy("problem"))
    def masked_problem(self, row: Owed) -> SafeString:
        hidden = bool(row.problem) and self._is_discreet(row)
        return as_sent("…") if hidden else super().masked_problem(row)

    def _is_discreet(self, row: Any) -> bool:
        return row.notification is not None and row.notification.notice.precision == "day"


@admin.register(PushDelivery)
class PushDeliveryAdmin(DeliveryAdmin):
    """Messages to devices, to read: they say nothing but a kind, and what they are about stands in
    the portal. So nobody has to decide about one."""

    list_display = ["age", "state", "kind", "masked_address", "attempts", "masked_problem"]
    list_filter = [*OwedAdmin.list_filter, "kind"]
    list_select_related = ["device__user", "notification__notice"]
    fields = [
        "kind", "masked_address", "state", "created_at", "available_at", "expires_at", "attempts",
        "in_doubt", "sent_at", "masked_problem",
    ]  # fmt: skip
    actions: Sequence[Any] = ()

    def address_of(self, row: Any) -> str:
        return "" if self._is_discreet(row) else row.device.user.email


@admin.register(Address)
class AddressAdmin(OfPortalModerators):
    """Addresses that mails come back from."""

    list_display = ["masked_address", "score", "stopped_until", "complained_at", "last_problem"]
    ordering = ["-changed_at", "-pk"]
    fields = [
        "masked_address", "score", "stopped_until", "complained_at", "last_problem", "changed_at",
    ]  # fmt: skip
    actions = ["resume_selected"]

    @admin.display(description=gettext_lazy("address"))
    def masked_address(self, row: Address) -> SafeString:
        return in_one_piece(masked(row.address))

    @admin.action(description=gettext_lazy("Send again"), permissions=["view"])
    def resume_selected(
        self, request: HttpRequest, queryset: QuerySet[Address]
    ) -> HttpResponse | None:
        return self.decide(
            request,
            queryset,
            "resume_selected",
            _("Send again"),
            lambda row, reason: addresses.resume_for(row, by=request.user, reason=reason),
            lambda n: (
                ngettext("%(n)d address is tried again.", "%(n)d addresses are tried again.", n)
                % {"n": n}
            ),
        )
