"""Hubs at the desk: a focal point keeps their hub's record and its members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import DeskAdmin, StaffAdmin
from core.errors import DomainError
from hubs import operations
from hubs.models import Country, Goal, Hub, Membership, Region, Sector, Target

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class RoleForm(forms.Form):
    """Give a member a role, by the address of their account."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address of the member"),
        help_text=gettext_lazy(
            "They need an account first. Nobody is told whether an address has one."
        ),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Membership.Role)


@admin.register(Hub)
class HubAdmin(DeskAdmin):
    """The record of a hub. Focal points and editors change their own, portal moderators all."""

    list_display = ["name", "acronym", "kind", "country", "is_listed"]
    list_filter = ["kind", "is_listed", "is_pilot"]
    search_fields = ["name", "acronym"]
    list_select_related = ["country"]
    fieldsets = [
        (None, {"fields": ["name", "acronym", "kind", "country", "sectors", "is_pilot"]}),
        (
            gettext_lazy("What the profile says"),
            {
                "fields": [
                    "host",
                    "founded",
                    "organisational_model",
                    "coordinates",
                    "staffing",
                    "financing",
                    "networks",
                    "policy_basis",
                    "note",
                    "website",
                ]
            },
        ),
    ]
    filter_horizontal = ["sectors"]

    def get_fieldsets(self, request: HttpRequest, obj: Hub | None = None) -> Any:
        """Where a hub stands in the directory is for the whole portal to decide."""
        sets = list(super().get_fieldsets(request, obj))
        if request.user.is_staff:
            sets.append((gettext_lazy("Directory"), {"fields": ["slug", "is_listed"]}))
        return sets

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_authenticated and request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_module_permission(request)
        return bool(request.user.has_perm("hubs.change_hub", obj))

    def save_model(self, request: HttpRequest, obj: Hub, form: Any, change: Any) -> None:
        operations.save_hub(obj, by=request.user, changed=form.changed_data)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        operations.note_hub(form.instance)

    # --- Members ------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        return [
            path(
                "<path:object_id>/members/",
                self.admin_site.admin_view(self.members_view),
                name="hubs_hub_members",
            ),
            *super().get_urls(),
        ]

    def members_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Who holds which role; focal points give and take roles here."""
        hub = self.get_object(request, object_id)
        if hub is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        may_manage = request.user.has_perm("hubs.manage_members", hub)
        form = RoleForm()
        if request.method == "POST":
            if not may_manage:
                raise PermissionDenied
            if "remove" in request.POST:
                return self._remove(request, hub)
            form = RoleForm(request.POST)
            if form.is_valid():
                operations.give_role(hub, by=request.user, **form.cleaned_data)
                self.message_user(
                    request,
                    _("Done. If that address has an account, it now has this role."),
                    messages.SUCCESS,
                )
                return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Members of %(hub)s") % {"hub": hub},
            "opts": self.opts,
            "hub": hub,
            "memberships": hub.memberships.select_related("user"),
            "may_manage": may_manage,
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/hubs/members.html", context)

    def _remove(self, request: HttpRequest, hub: Hub) -> HttpResponse:
        key = request.POST["remove"]
        membership = hub.memberships.filter(pk=key).first() if key.isdigit() else None
        if membership is not None:
            try:
                operations.take_role(membership, by=request.user)
            except DomainError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, _("The role is taken back."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:hubs_hub_members", args=[hub.pk]))


@admin.register(Country)
class CountryAdmin(StaffAdmin):
    list_display = ["iso2", "name", "region", "subregion"]
    list_select_related = ["region", "subregion"]
    search_fields = ["iso2", "iso3", "name_sort"]


@admin.register(Sector)
class SectorAdmin(StaffAdmin):
    list_display = ["code", "name", "dac_categories"]


@admin.register(Goal)
class GoalAdmin(StaffAdmin):
    list_display = ["number", "name"]


@admin.register(Target)
class TargetAdmin(StaffAdmin):
    list_display = ["code", "goal", "name"]
    list_select_related = ["goal"]


@admin.register(Region)
class RegionAdmin(StaffAdmin):
    list_display = ["code", "name", "parent"]
    list_select_related = ["parent"]
