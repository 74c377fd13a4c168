"""How django-allauth behaves here: our words, our addresses, mails that are owed, not sent."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts import operations
from accounts.models import Profile, User
from core.background import hasten
from core.errors import DomainError

if TYPE_CHECKING:
    from django.forms import BaseForm
    from django.http import HttpRequest

#: Mails that need no log-in to be caused, and so can be aimed at somebody else's address.
ASKED_BY_ANYONE = {
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/password_reset_key",
    "account/email/unknown_account",
}


def absolute(path: str) -> str:
    """An address in a mail always names the configured portal, never the host of a request."""
    return f"{settings.PORTAL_URL.rstrip('/')}{path}"


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is not active."),
        "email_password_mismatch": _(
            "The e-mail address and the password do not belong together. Check both."
        ),
        "email_taken": _("Another account has this e-mail address."),
        "duplicate_email": _("This is your e-mail address already."),
        "same_as_current": _("This is your e-mail address already."),
        "enter_current_password": _("This is not your present password."),
        "incorrect_code": _("This code is not right. Take the one from the latest mail."),
        "incorrect_password": _("This is not your password."),
        "invalid_or_expired_key": _("This link has been used or is too old. Ask for a new one."),
        "invalid_password_reset": _("This link has been used or is too old. Ask for a new one."),
        "too_many_login_attempts": _("Too many attempts. Try again in a quarter of an hour."),
        "rate_limited": _("Too many requests. Wait a moment, then try again."),
        "unverified_primary_email": _("Confirm your e-mail address first."),
    }

    def save_user(
        self,
        request: HttpRequest,
        user: User,
        form: BaseForm,
        commit: bool = True,  # noqa: FBT001, FBT002
    ) -> User:
        """A new member with their profile, in one transaction."""
        data = form.cleaned_data
        return User.objects.create_user(data["email"], data["password1"], name=data["name"])

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse(settings.LOGIN_REDIRECT_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:account")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        if self.request.user.is_authenticated:
            return reverse("accounts:account")
        return reverse("account_login")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail down as owed; a worker sends it. No page waits for a mail server."""
        from accounts import tasks  # noqa: PLC0415 (Celery, which only writing needs)

        request = allauth_context.request
        user = context.get("user")
        profile = Profile.objects.filter(user=user).first() if user else None
        language = profile.interface_language if profile else translation.get_language()
        with translation.override(language):
            # Addresses made from the request are left out: ours name the configured portal.
            told = {key: value for key, value in context.items() if not key.endswith("_url")}
            context = told | {
                "email": email,
                "portal_name": settings.PORTAL_NAME,
                "portal_url": settings.PORTAL_URL,
                "signup_url": absolute(reverse("account_signup")),
                "login_url": absolute(reverse("account_login")),
                "password_reset_url": self._reset_url(context),
            }
            mail = self.render_mail(template_prefix, email, context)
        asked_by_anyone = template_prefix in ASKED_BY_ANYONE
        try:
            owed = operations.owe_mail(
                to=email,
                purpose=template_prefix.removeprefix("account/email/"),
                subject=mail.subject,
                body=str(mail.body),
                asked_by_anyone=asked_by_anyone,
            )
        except DomainError as refusal:
            messages.warning(request, str(refusal))
            return
        hasten(tasks.deliver, mail_id=owed.pk)

    @staticmethod
    def _reset_url(context: dict[str, Any]) -> str:
        """Where to choose a new password: with the key of this person, or to ask for one."""
        if "uid" not in context:
            return absolute(reverse("account_reset_password"))
        keys = {"uidb36": context["uid"], "key": context["key"]}
        return absolute(reverse("account_reset_password_from_key", kwargs=keys))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell a person of a change to their account, when and from where it was made."""
        facts = {"user": user, "timestamp": timezone.now()} | (context or {})
        super().send_notification_mail(template_prefix, user, facts, email)


def _vault() -> MultiFernet:
    """Keys made from the secret key, newest first, so that secrets outlive a change of key."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"second-factor:" + secret.encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors: secrets are encrypted at rest, the picture to scan needs no data address."""

    error_messages: ClassVar[dict[str, Any]] = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code is not right, or was used a moment ago. Wait for the next one."
        ),
        "unverified_email": _("Confirm your e-mail address first, then set up a second step."),
        "cannot_generate_recovery_codes": _(
            "Recovery codes come with an authenticator app or a passkey. Set up one of them first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return _vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _vault().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """The code to scan, as a drawing inside the page: always dark on light."""
        from qrcode.main import QRCode  # noqa: PLC0415 (for setting up a second factor)

        code = QRCode(border=3)
        code.add_data(url)
        code.make(fit=True)
        rows = code.get_matrix()
        path = "".join(
            f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
        )
        return format_html(
            '<svg class="qr" width="232" height="232" viewBox="0 0 {0} {0}" role="img"'
            ' aria-label="{1}"><path fill="#fff" d="M0 0h{0}v{0}H0z"/>'
            '<path fill="#000" d="{2}"/></svg>',
            len(rows),
            _("Code to scan with an authenticator app"),
            path,
        )

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the configured portal; in development to the host in use."""
        host = (
            urlsplit(settings.PORTAL_URL).hostname
            if settings.HUB_PROFILE == "production"
            else allauth_context.request.get_host().partition(":")[0]
        )
        return {"id": str(host), "name": settings.PORTAL_NAME}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002
        return ""
