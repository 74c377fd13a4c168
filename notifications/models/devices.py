"""What a person lets notifications be fetched with: a feed reader, and browsers that ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.keys import AddressKey
from accounts.kinds import NoticeKind
from core.outbox import Owed
from notifications.models.notices import Notification

if TYPE_CHECKING:
    from core.outbox import Fate, Line


class FeedKey(AddressKey):
    """The address at which a feed reader finds what a person is told. Only a fingerprint of it is
    kept."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        verbose_name = _("feed address of a person")
        verbose_name_plural = _("feed addresses of people")


class Device(models.Model):
    """A browser that a person lets show notifications, as its push service knows it (RFC 8030)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices"
    )
    #: Where the push service of the browser's maker takes messages for it. Known to nobody else.
    endpoint = models.CharField(max_length=1000, unique=True)
    #: What messages are encrypted with (RFC 8291), in base64url: its public key, and a secret.
    p256dh = models.CharField(max_length=88)
    auth = models.CharField(max_length=24)
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    last_ok_at = models.DateTimeField(_("last reached"), null=True, editable=False)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class PushDelivery(Owed):
    """One message owed to one device: that there is something of a kind, and nothing more."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="deliveries")
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="push_deliveries"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=NoticeKind)
    rank = models.PositiveSmallIntegerField()

    turn: ClassVar[tuple[str, ...]] = ("rank", "available_at", "pk")

    class Meta:
        verbose_name = _("message to a device")
        verbose_name_plural = _("messages to devices")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "device"], name="pushed_once_to_each_device"
            )
        ]
        indexes = [
            models.Index(
                fields=["rank", "available_at", "id"],
                condition=Q(state="owed"),
                name="pushes_owed",
            ),
            models.Index(fields=["created_at"], name="pushes_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"

    # What a message says, and how it travels, is above what is owed.

    @classmethod
    def line(cls) -> Line:
        from notifications import pushing  # noqa: PLC0415

        return pushing.PushLine()

    def compose(self) -> Any:
        from notifications import pushing  # noqa: PLC0415

        return pushing.compose(self)

    def ended(self, fate: Fate, why: str) -> None:
        from notifications import pushing  # noqa: PLC0415

        pushing.ended(self, fate, why)
