"""Forms of the accounts. Those of django-allauth keep their work and get our words."""

from __future__ import annotations

import json
import struct
import unicodedata
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account import forms as account_forms
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.webauthn import forms as key_forms
from cryptography.exceptions import InvalidSignature
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import Audience, Language, Profile, User

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

#: Long enough for any pass phrase, short enough to hash at once.
PASSWORD_MOST = 200
CODE_MOST = 20
EMAIL_MISSING = _("Enter your e-mail address, like name@example.org")
EMAIL, PASSWORD, NEW_PASSWORD = _("E-mail address"), _("Password"), _("New password")
PASSWORD_HINT = _("12 characters or more. A few words in a row are easy to remember.")


def word(
    field: forms.Field,
    *,
    label: StrOrPromise,
    missing: StrOrPromise,
    hint: StrOrPromise = "",
    autocomplete: str = "",
    most: int = 0,
    **attrs: Any,
) -> None:
    """Give a field of another package our label, hint and refusals, and a limit."""
    field.label, field.help_text = label, hint
    field.error_messages["required"] = missing
    field.widget.attrs.pop("placeholder", None)
    if autocomplete:
        field.widget.attrs["autocomplete"] = autocomplete
    field.widget.attrs.update(attrs)
    if isinstance(field, forms.EmailField):
        field.error_messages["invalid"] = EMAIL_MISSING
        most = most or User._meta.get_field("email").max_length or 254
    # No maxlength: a browser would cut what is pasted without a word.
    field.widget.attrs.pop("maxlength", None)
    if most and isinstance(field, forms.CharField):
        field.max_length = most
        field.validators.append(forms.CharField(max_length=most).validators[0])


def word_email(field: forms.Field, label: StrOrPromise = EMAIL) -> None:
    word(field, label=label, missing=EMAIL_MISSING, autocomplete="email", spellcheck="false")


def word_password(field: forms.Field, label: StrOrPromise = PASSWORD) -> None:
    word(
        field,
        label=label,
        missing=_("Enter your password"),
        autocomplete="current-password",
        most=PASSWORD_MOST,
    )


def word_new_password(field: forms.Field, label: StrOrPromise = NEW_PASSWORD) -> None:
    word(
        field,
        label=label,
        missing=_("Choose a password of 12 characters or more"),
        hint=PASSWORD_HINT,
        autocomplete="new-password",
        most=PASSWORD_MOST,
    )


def word_code(field: forms.Field, hint: StrOrPromise = "", **attrs: Any) -> None:
    word(
        field,
        label=_("Code"),
        missing=_("Enter the code"),
        hint=hint,
        autocomplete="one-time-code",
        most=CODE_MOST,
        spellcheck="false",
        **attrs,
    )


#: Characters that turn the direction of what follows them, also outside the name itself.
TURNING = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}

#: Control characters, halves of characters, and code points without a meaning.
NOT_LETTERS = {"Cc", "Cs", "Cn", "Co"}


def clean_name(text: str) -> str:
    """A name as people write it, in any script: no control or turning characters, some letter."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if any(char in TURNING or unicodedata.category(char) in NOT_LETTERS for char in name):
        raise ValidationError(
            _now("Your name contains characters that are not letters. Type it again."),
            code="not-letters",
        )
    if not any(unicodedata.category(char).startswith("L") for char in name):
        raise ValidationError(_now("Enter your name, in letters"), code="no-letter")
    if "://" in name or "www." in name.lower():
        raise ValidationError(_now("A name holds no address"), code="address")
    return name


def name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Your name"),
        max_length=150,
        help_text=_("As you sign your work. You choose later who sees it."),
        error_messages={"required": _("Enter your name")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


# --- Coming in ---------------------------------------------------------------------------------


class SignupForm(account_forms.SignupForm):
    """Name, address, password. An address that is known gets the same answer as a new one."""

    name = name_field()
    field_order: ClassVar[list[str]] = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_email(self.fields["email"])
        self.fields["email"].help_text = _("We send a code to it. Nobody else sees it.")
        word_new_password(self.fields["password1"], _("Password"))
        trap = self.fields.get(settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD)
        if trap is not None:
            trap.label = _("Leave this empty")
            trap.widget = forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"})

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Make the account, or answer as if: both take the time of hashing a password."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        try:
            with transaction.atomic():
                return super().try_save(request)
        except IntegrityError:  # the same address, a moment ago
            return None, prevent_enumeration(request, email=self.cleaned_data["email"])


class LoginForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_email(self.fields["login"])
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        word_password(self.fields["password"])


class ResetPasswordForm(account_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_email(self.fields["email"])


class ResetPasswordKeyForm(account_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_new_password(self.fields["password1"])
        del self.fields["password2"]


class ChangePasswordForm(account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_password(self.fields["oldpassword"], _("Present password"))
        word_new_password(self.fields["password1"])
        del self.fields["password2"]


class SetPasswordForm(account_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_new_password(self.fields["password1"])
        del self.fields["password2"]


class AddEmailForm(account_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_email(self.fields["email"], _("New e-mail address"))
        self.fields["email"].help_text = _(
            "We send a code to it. The old address stays in use until you have entered the code."
        )


class ReauthenticateForm(account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_password(self.fields["password"])


class ConfirmEmailForm(account_forms.ConfirmEmailVerificationCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_code(self.fields["code"], autocapitalize="characters")


# --- Second step -------------------------------------------------------------------------------

FACTOR_HINT = _("Six digits from your authenticator app, or one of your recovery codes.")


class AuthenticateForm(factor_forms.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_code(self.fields["code"], FACTOR_HINT, inputmode="numeric")


class FactorReauthenticateForm(factor_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_code(self.fields["code"], FACTOR_HINT, inputmode="numeric")


class ActivateTOTPForm(app_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_code(self.fields["code"], _("Six digits that the app shows now."), inputmode="numeric")


class CredentialField(forms.JSONField):
    """What a browser says of a passkey: a flat object of text, never large."""

    widget = forms.HiddenInput
    MOST = 20_000

    def to_python(self, value: Any) -> Any:
        refusal = ValidationError(
            _now("The browser did not finish. Try again, or use another way."), code="invalid"
        )
        if isinstance(value, str) and len(value) > self.MOST:
            raise refusal
        try:
            credential = super().to_python(value)
            json.dumps(credential, ensure_ascii=False).encode()
        except (RecursionError, UnicodeError) as broken:
            raise refusal from broken
        if credential is not None and not isinstance(credential, dict):
            raise refusal
        return credential


PASSKEY_MISSING = _("The browser gave no passkey. Try again, or use another way.")


#: What the decoding of a passkey may stumble over when somebody makes one up.
STUMBLES = (LookupError, TypeError, ValueError, AttributeError, struct.error, InvalidSignature)


@contextmanager
def stumbling_refused() -> Iterator[None]:
    try:
        yield
    except STUMBLES as broken:
        raise ValidationError(str(PASSKEY_MISSING), code="invalid") from broken


class ReadsCredential:
    """A made-up passkey is a refusal, not a failure."""

    def clean_credential(self) -> Any:
        with stumbling_refused():
            return super().clean_credential()  # type: ignore[misc]


def credential_field() -> CredentialField:
    return CredentialField(error_messages={"required": PASSKEY_MISSING, "invalid": PASSKEY_MISSING})


class AddPasskeyForm(key_forms.AddWebAuthnForm):
    name = forms.CharField(
        label=_("Name of the passkey"),
        max_length=60,
        help_text=_("So that you know it among others, like “Work laptop”."),
        required=False,
    )
    passwordless = forms.BooleanField(
        label=_("Let me sign in with this passkey alone, without my password"),
        help_text=_("Your device then asks for a fingerprint, your face or its PIN."),
        required=False,
        initial=True,
    )
    credential = credential_field()
    mark_optional = False

    def clean_name(self) -> str:
        return super().clean_name() or _now("Passkey")

    def clean(self) -> dict[str, Any]:
        with stumbling_refused():
            return super().clean()


class EditPasskeyForm(key_forms.EditWebAuthnForm):
    name = forms.CharField(
        label=_("Name of the passkey"),
        max_length=60,
        error_messages={"required": _("Give the passkey a name")},
    )


class AuthenticatePasskeyForm(ReadsCredential, key_forms.AuthenticateWebAuthnForm):
    credential = credential_field()


class LoginPasskeyForm(ReadsCredential, key_forms.LoginWebAuthnForm):
    credential = credential_field()


class ReauthenticatePasskeyForm(ReadsCredential, key_forms.ReauthenticateWebAuthnForm):
    credential = credential_field()


# --- Profile -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _zones() -> tuple[tuple[str, str], ...]:
    """Every place of the time zone database, by its one present name."""
    skipped = {"Etc", "SystemV", "US", "Brazil", "Canada", "Chile", "Mexico"}
    return tuple(
        (zone, zone)
        for zone in sorted(zoneinfo.available_timezones())
        if "/" in zone and zone.split("/")[0] not in skipped
    )


def zone_choices() -> list[tuple[str, Any]]:
    """Time zones in groups, as places: "Africa" → "Dar es Salaam"."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for zone, _same in _zones():
        area, place = zone.split("/", 1)
        groups.setdefault(area, []).append((zone, place.replace("_", " ").replace("/", ", ")))
    return [("UTC", "UTC"), *groups.items()]


def _typed(language: Language) -> str:
    """A language as one would type it into a list with commas."""
    for name in (language.native_name, language.name):
        if "," not in name:
            return name
    return language.code


class ProfileForm(forms.ModelForm):
    """What a member tells about themselves, each line with who may see it."""

    name = name_field()
    languages = forms.CharField(
        label=_("Languages you work in"),
        max_length=300,
        required=False,
        help_text=_("With commas between them, like English, français, Kiswahili."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        help_text=_("Dates and times are shown in it."),
        error_messages={"invalid_choice": _("Choose a time zone from the list")},
    )
    interface_language = forms.ChoiceField(
        label=_("Language of mails"),
        choices=settings.LANGUAGES,
        error_messages={"invalid_choice": _("Choose a language from the list")},
    )

    class Meta:
        model = Profile
        fields = [
            "organisation",
            "organisation_kind",
            "position",
            "country",
            "expertise",
            "about",
            "time_zone",
            "interface_language",
        ]
        widgets = {
            "organisation": forms.TextInput(attrs={"autocomplete": "organization"}),
            "position": forms.TextInput(attrs={"autocomplete": "organization-title"}),
            "expertise": forms.Textarea(attrs={"rows": 4}),
            "about": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profile = self.instance
        self.fields["name"].help_text = ""
        for field in ("organisation_kind", "country"):
            choice: Any = self.fields[field]
            choice.choices = [("", _("Not stated")), *list(choice.choices)[1:]]
        self.fields["country"].widget.attrs["autocomplete"] = "country"
        self.initial["name"] = profile.user.name
        self.initial["languages"] = ", ".join(map(_typed, profile.languages.all()))
        for field in Profile.FIELDS:
            self.fields[self.audience_name(field)] = forms.ChoiceField(
                label=_("Who sees this"),
                choices=Audience.choices,
                error_messages={"invalid_choice": _("Choose who may see this")},
            )
            self.initial[self.audience_name(field)] = profile.audience_of(field)

    @staticmethod
    def audience_name(field: str) -> str:
        return f"audience_{field}"

    @property
    def rows(self) -> Iterator[tuple[BoundField, BoundField]]:
        """Each field beside who may see it."""
        for field in Profile.FIELDS:
            yield self[field], self[self.audience_name(field)]

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    def clean_languages(self) -> list[Language]:
        """Languages by their English or own name or code, in the order given."""
        known = self._known_languages
        found: dict[str, Language] = {}
        unknown = []
        for text in self.cleaned_data["languages"].replace(";", ",").replace("،", ",").split(","):
            wanted = " ".join(text.split())
            if not wanted:
                continue
            language = known.get(wanted.casefold())
            if language is None:
                unknown.append(wanted)
            else:
                found[language.code] = language
        if unknown:
            raise ValidationError(
                _now("We do not know “%(language)s”. Write its name in English or in itself.")
                % {"language": unknown[0]},
                code="unknown-language",
            )
        return list(found.values())

    @cached_property
    def _known_languages(self) -> dict[str, Language]:
        known: dict[str, Language] = {}
        for language in Language.objects.all():
            names = f"{language.name},{language.native_name},{language.code}"
            for name in names.replace("(", ",").replace(")", "").replace(";", ",").split(","):
                known.setdefault(name.strip().casefold(), language)
        known.pop("", None)
        return known

    @property
    def written(self) -> dict[str, Any]:
        """The cleaned answers as ``operations.update_profile`` takes them."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "languages": data["languages"],
            "values": {field: data[field] for field in self.Meta.fields},
            "audiences": {field: data[self.audience_name(field)] for field in Profile.FIELDS},
        }


class CloseAccountForm(forms.Form):
    """One tick, so that no single press ends an account."""

    sure = forms.BooleanField(
        label=_("I want to close my account for good"),
        error_messages={"required": _("Tick the box if you want to close your account")},
    )
