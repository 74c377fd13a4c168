"""People at the desk: found by name, let in or kept out; roles are given in the hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import operations
from accounts.models import AccountMail, User
from core.errors import DomainError
from core.held_admin import OwedAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest

# Secrets of second factors and keys of sessions are nobody's reading, and roles are held per
# hub, not in groups.
for hidden in (Authenticator, EmailAddress, UserSession, Group):
    if admin.site.is_registered(hidden):
        admin.site.unregister(hidden)


class PersonForm(forms.ModelForm):
    """What the desk may change of a person: whether they come in and what they may do."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed for any change here. It goes into the record."),
    )

    class Meta:
        model = User
        fields = ["is_active", "is_staff", "is_superuser"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        changed = set(self.changed_data) - {"reason"}
        if changed and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Write why, so that others can follow it later."))
        me = getattr(self, "by", None)
        if changed and me is not None and me.pk == self.instance.pk:
            self.add_error(None, _("Ask someone else to change your own rights."))
        return cleaned


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    form = PersonForm
    list_display = ["name", "email", "is_active", "is_staff", "date_joined"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["name", "email"]
    ordering = ["name", "pk"]
    actions = None
    readonly_fields = ["name", "email", "date_joined", "last_login", "closed_at"]
    fieldsets = [
        (None, {"fields": ["name", "email", "date_joined", "last_login", "closed_at"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "reason"]}),
    ]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[forms.ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        form.by = request.user
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fields = list(self.readonly_fields)
        if not request.user.is_superuser:
            fields += ["is_staff", "is_superuser"]
        return fields

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.closed_at:
            return False
        return bool(request.user.is_staff) and request.user.has_perm("accounts.suspend_user", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        reason, changed = form.cleaned_data["reason"], set(form.changed_data)
        try:
            with transaction.atomic():
                if "is_active" in changed:
                    operations.set_active(
                        by=request.user, user=obj, active=obj.is_active, note=reason
                    )
                rights = changed & {"is_staff", "is_superuser"}
                if rights:
                    operations.set_rights(
                        by=request.user,
                        user=obj,
                        note=reason,
                        **{right: form.cleaned_data[right] for right in rights},
                    )
        except (DomainError, PermissionDenied) as refusal:
            self.message_user(request, f"{obj}: {refusal}", messages.WARNING)


@admin.register(AccountMail)
class AccountMailAdmin(OwedAdmin):
    """Mails about accounts. Never their text, and nobody's address in full but for administrators.

    They cannot be sent once more: what they say is not kept.
    """

    list_display = ["age", "masked_address", "purpose", "state", "attempts", "masked_problem"]
    fields = [
        "address", "purpose", "subject", "state", "created_at", "attempts", "sent_at",
        "masked_problem",
    ]  # fmt: skip
    actions = ["count_as_sent_selected", "drop_selected"]

    def get_fields(self, request: HttpRequest, obj: AccountMail | None = None) -> Any:
        """Subjects may hold a code, and are for administrators alone."""
        if request.user.is_superuser:
            return [str(name) for name in self.fields]
        return [
            "masked_address" if name == "address" else str(name)
            for name in self.fields
            if name != "subject"
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: AccountMail | None = None
    ) -> list[str]:
        return self.get_fields(request, obj)

    def address_of(self, row: AccountMail) -> str:
        return row.to

    @admin.display(description=_("to"))
    def address(self, row: AccountMail) -> str:
        return row.to
