"""Hubs at the desk: their record, their people, two of them becoming one; reference data.

Statements and contacts are changed in the hub's team space; here they are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from claims.models import Reference
from core.admin import DeskAdmin, StaffAdmin
from core.errors import DomainError
from hubs import operations, reference
from hubs.choices import Function, Modality
from hubs.forms.desk import FindForm, MergeForm, NewHubForm, ProfileForm, RoleForm
from hubs.models import (
    Country,
    Goal,
    Hub,
    HubClaim,
    Lesson,
    LessonHub,
    Region,
    Sector,
    Target,
)
from hubs.operations import merging
from hubs.profile import claims_of
from hubs.topics import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from django.http import HttpRequest, HttpResponse

    from claims.topics import Topic

#: Hubs named as possible partners of a merging.
MOST_FOUND = 20


@admin.register(Hub)
class HubAdmin(DeskAdmin):
    """The record of a hub. Focal points and editors change their own, portal moderators all."""

    form = ProfileForm
    list_display = ["name", "acronym", "kind", "country", "is_listed", "confirmed"]
    list_filter = ["kind", "is_listed", "is_pilot"]
    search_fields = ["name", "acronym", "slug"]
    list_select_related = ["country"]
    change_list_template = "admin/hubs/hub/change_list.html"
    view_on_site = False
    BASICS = ("name", "acronym", "summary", "kind", "country", "region", "sectors")
    PROFILE = ("model", "functions", "modalities", "languages", "website")

    @admin.display(description=gettext_lazy("confirmed"), ordering="confirmed_at")
    def confirmed(self, obj: Hub) -> str:
        return str(obj.light.label)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """By its names, and by every name that a source gives it."""
        for word in search_term.split()[:8]:
            said = HubClaim.objects.filter(topic="other_name", text__icontains=word)
            queryset = queryset.filter(
                Q(name__icontains=word)
                | Q(acronym__icontains=word)
                | Q(slug__icontains=word)
                | Q(pk__in=said.values("hub"))
            )
        return queryset, False

    # --- The record ---------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Hub | None = None) -> Any:
        """Where a hub stands in the directory is for the whole portal to decide."""
        sets: list[Any] = [
            (None, {"fields": [*self.BASICS, "is_pilot"]}),
            (gettext_lazy("What the profile says"), {"fields": [*self.PROFILE]}),
        ]
        if request.user.is_staff:
            sets.append((gettext_lazy("Directory"), {"fields": ["slug", "is_listed"]}))
        if obj is None:
            sets.append((gettext_lazy("Source"), {"fields": [*NewHubForm.OWN]}))
        else:
            sets.append((gettext_lazy("Why"), {"fields": ["note", "base"]}))
        return sets

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        obj = args[0] if args else kwargs.get("obj")
        kwargs["form"] = ProfileForm if obj else NewHubForm
        form = super().get_form(request, *args, **kwargs)
        form.request = request
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_authenticated and request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_module_permission(request)
        return bool(request.user.has_perm("hubs.change_hub", obj))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What an operation refuses is shown in the form, with everything that was typed."""
        context = {**(extra_context or {}), **self._read(request, object_id)}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except ValidationError as refusal:
            fields = refusal.message_dict if hasattr(refusal, "error_dict") else {}
            request.refusal = DomainError(" ".join(refusal.messages), code="invalid", fields=fields)
        except DomainError as refusal:
            request.refusal = refusal
        return super().changeform_view(request, object_id, form_url, context)

    def _read(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """The statements of a hub, for reading, and where they are changed."""
        hub = self.get_object(request, object_id) if object_id else None
        if hub is None:
            return {}
        return {
            "statements": by_topic(claims_of(hub)),
            "former": list(hub.merged.order_by("name")),
            "may_merge": request.user.has_perm("hubs.merge_hub", hub),
        }

    def save_model(self, request: HttpRequest, obj: Hub, form: Any, change: bool) -> None:  # noqa: FBT001
        data = form.cleaned_data
        if change:
            operations.change_profile(
                Hub(pk=obj.pk),
                by=request.user,
                values=form.values(),
                sectors=data["sectors"] if "sectors" in form.changed_data else None,
                base=data["base"],
                note=data["note"],
            )
            return
        source = data["source"] or operations.add_reference(
            by=request.user,
            values={
                "title": data["source_title"],
                "url": data["source_url"],
                "kind": Reference.Kind.PAGE if data["source_url"] else Reference.Kind.DOCUMENT,
            },
        )
        names = [("name", obj.name), ("acronym", obj.acronym)]
        claims = [
            HubClaim(topic=topic, text=text, reference=source, place=data["place"])
            for topic, text in names
            if text
        ]
        operations.create_hub(obj, by=request.user, sectors=data["sectors"], claims=claims)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """The operation wrote the sectors."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/members/", wrap(self.members_view), name="hubs_hub_members"),
            path("<int:pk>/merge/", wrap(self.merge_view), name="hubs_hub_merge"),
            path("<int:pk>/former/", wrap(self.former_view), name="hubs_hub_former"),
            *super().get_urls(),
        ]

    # --- Members ------------------------------------------------------------------------

    def members_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who holds which role; focal points give and take roles here."""
        hub = self.get_object(request, str(pk))
        if hub is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        may_manage = request.user.has_perm("hubs.manage_members", hub)
        form = RoleForm()
        if request.method == "POST":
            if not may_manage:
                raise PermissionDenied
            if "remove" in request.POST:
                return self._remove(request, hub)
            form = RoleForm(request.POST)
            if form.is_valid() and self._give(request, hub, form):
                return HttpResponseRedirect(request.path)
        return self._page(
            request,
            "members",
            hub,
            title=_("Members of %(hub)s") % {"hub": hub},
            memberships=hub.memberships.select_related("user"),
            may_manage=may_manage,
            form=form,
        )

    def _give(self, request: HttpRequest, hub: Hub, form: RoleForm) -> bool:
        try:
            operations.give_role(hub, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return False
        text = _("Done. If that address has an account, it now has this role.")
        self.message_user(request, text, messages.SUCCESS)
        return True

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

    # --- Two hubs become one --------------------------------------------------------------

    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose the hub that stays, look at what would happen, type the name, say why."""
        gone = self.get_object(request, str(pk))
        if gone is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not request.user.has_perm("hubs.merge_hub", gone):
            raise PermissionDenied
        others = self.get_queryset(request).exclude(pk=gone.pk)
        chosen = request.GET.get("into", "")
        kept = others.filter(pk=chosen).first() if chosen.isascii() and chosen.isdigit() else None
        if kept is None:
            return self._choose(request, gone, others)
        form = MergeForm(request.POST if request.method == "POST" else None, gone=gone)
        if form.is_valid() and (done := self._merge(request, gone, kept, form)):
            return done
        expected = merging.preview(gone, kept)
        return self._page(
            request,
            "merge",
            gone,
            title=_("%(gone)s becomes part of %(kept)s") % {"gone": gone, "kept": kept},
            kept=kept,
            form=form,
            counts=in_words(expected),
            notes=expected.notes,
        )

    def _choose(self, request: HttpRequest, gone: Hub, others: Any) -> HttpResponse:
        form = FindForm(request.GET or None)
        asked = form.is_bound and form.is_valid() and form.cleaned_data["q"].strip()
        found = self.get_search_results(request, others, asked)[0] if asked else others.none()
        return self._page(
            request,
            "merge_choose",
            gone,
            title=_("Merge %(hub)s with another hub") % {"hub": gone},
            form=form,
            asked=asked,
            found=found.select_related("country")[:MOST_FOUND],
        )

    def _merge(
        self, request: HttpRequest, gone: Hub, kept: Hub, form: MergeForm
    ) -> HttpResponse | None:
        try:
            operations.merge_hubs(
                gone, into=kept, by=request.user, note=form.cleaned_data["reason"]
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return None
        self.message_user(
            request,
            _("%(gone)s is part of %(kept)s now.") % {"gone": gone, "kept": kept},
            messages.SUCCESS,
        )
        return HttpResponseRedirect(reverse("admin:hubs_hub_change", args=[kept.pk]))

    def former_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The revisions of a hub that became part of another, for portal moderators."""
        if not request.user.is_staff:
            raise PermissionDenied
        hub = Hub.objects.select_related("merged_into").filter(pk=pk, merged_into__isnull=False)
        gone = hub.first()
        if gone is None:
            raise Http404
        revisions = list(gone.revisions.select_related("by"))
        number = request.GET.get("revision", "")
        # The last one says only that everything went over: the one before says what.
        default = revisions[1] if len(revisions) > 1 else revisions[0]
        shown = next((row for row in revisions if str(row.number) == number), default)
        claims = shown.document["claims"].values()
        citations = dict(
            Reference.objects.filter(key__in={row["reference"] for row in claims}).values_list(
                "key", "citation"
            )
        )
        return self._page(
            request,
            "former",
            gone,
            title=_("%(hub)s, as it was") % {"hub": gone},
            revisions=revisions,
            shown=shown,
            columns=list(_columns_in_words(shown.document["columns"])),
            statements=[
                (_topic_name(row["topic"]), {**row, "citation": citations.get(row["reference"])})
                for row in claims
            ],
        )

    def _page(self, request: HttpRequest, name: str, hub: Hub, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "hub": hub,
            "media": self.media,
            **context,
        }
        return TemplateResponse(request, f"admin/hubs/{name}.html", whole)


def by_topic(claims: Iterable[HubClaim]) -> list[tuple[Topic, list[HubClaim]]]:
    """Statements under their topics, in the order of a hub's page."""
    found: dict[str, list[HubClaim]] = {}
    for claim in claims:
        found.setdefault(claim.topic, []).append(claim)
    topics = [topic for section in SECTIONS for topic in section.topics]
    return [(topic, found[topic.code]) for topic in topics if topic.code in found]


def _columns_in_words(columns: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a revision says in its columns, as far as it says anything."""
    for name, value in columns.items():
        if value in (None, "", []):
            continue
        column = Hub._meta.get_field(name.removesuffix("_id"))
        words = WORDS.get(name, str)
        if isinstance(value, list):
            said = (", " if name != "contacts" else "; ").join(map(words, value))
        elif column.flatchoices:
            said = str(dict(column.flatchoices).get(value, value))
        else:
            said = words(value)
        yield capfirst(str(column.verbose_name)), said


#: How a value of a column reads, where it is a code.
WORDS: dict[str, Callable[[Any], str]] = {
    "country_id": reference.country_name,
    "region_id": reference.region_name,
    "languages": reference.language_name,
    "functions": lambda code: str(dict(Function.choices).get(code, code)),
    "modalities": lambda code: str(dict(Modality.choices).get(code, code)),
    "contacts": lambda row: ", ".join(filter(None, row.values())),
    "is_pilot": lambda value: _("yes") if value else _("no"),
    "is_listed": lambda value: _("yes") if value else _("no"),
}


def _topic_name(code: str) -> str:
    topic = HubClaim.topics.get(code)
    return str(topic.label) if topic else code


def in_words(expected: merging.Expected) -> list[tuple[str, int]]:
    """What moves and how much of it, by the names of the models."""
    named = {one.related_model._meta.label_lower: one.related_model for one in merging.related()}
    rows = []
    for label, count in expected.counts.items():
        model = named[label]
        if model is LessonHub:
            name = _("Lessons it shows")
        elif of := model._meta.auto_created:
            name = (
                _("sectors")
                if of is Hub
                else _("%(what)s that name it") % {"what": of._meta.verbose_name_plural}
            )
        else:
            name = model._meta.verbose_name_plural
        rows.append((capfirst(str(name)), count))
    return [(name, count) for name, count in rows if count]


class ShownBy(admin.TabularInline):
    """The hubs that show a lesson, beside it."""

    model = LessonHub
    extra = 0
    raw_id_fields = ["hub"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


@admin.register(Lesson)
class LessonAdmin(StaffAdmin):
    list_display = ["title", "kind", "number", "reference"]
    list_filter = ["kind"]
    list_select_related = ["reference"]
    search_fields = ["title", "text"]
    raw_id_fields = ["reference"]
    inlines = [ShownBy]


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
