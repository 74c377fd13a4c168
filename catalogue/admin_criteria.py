"""Criteria sets at the desk: read, drafted, compared, put in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import criteria, criteria_operations
from catalogue.choices import SubmissionState
from catalogue.forms.criteria import (
    AdditionsForm,
    HubForm,
    PutInForceForm,
    SetForm,
    VersionForm,
    own_field,
)
from catalogue.models import CriteriaSet, CriteriaState
from core.admin import DeskAdmin
from core.errors import DomainError
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from django import forms
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


class SetHubFilter(admin.SimpleListFilter):
    """Shared sets, or those of one hub; only hubs of the person's scope are named."""

    title = gettext_lazy("hub")
    parameter_name = "hub"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        sets = CriteriaSet.objects.at_desk_of(request.user).filter(hub__isnull=False)
        hubs = Hub.objects.filter(pk__in=sets.values("hub"))
        return [("shared", _("Shared by all hubs")), *((str(hub.pk), hub.short) for hub in hubs)]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[CriteriaSet]
    ) -> QuerySet[CriteriaSet]:
        value = self.value()
        if not value:
            return queryset
        if value == "shared":
            return queryset.filter(hub=None)
        return queryset.filter(hub=value) if value.isdigit() else queryset.none()


@admin.register(CriteriaSet)
class CriteriaSetAdmin(DeskAdmin):
    """Every edition. A draft is a form; a published one is read-only, for good."""

    list_display = ["edition", "whose", "state", "in_force_from", "judged"]
    list_display_links = ["edition"]
    list_filter = ["state", "family", SetHubFilter]
    list_select_related = ["hub", "base"]
    search_fields = ["name", "version", "hub__name", "hub__acronym"]
    change_list_template = "admin/catalogue/criteria_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CriteriaSet]:
        return (
            super()
            .get_queryset(request)
            .select_related("hub", "base", "created_by")
            .annotate(records=Count("submissions"))
        )

    @admin.display(description=gettext_lazy("edition"), ordering="version")
    def edition(self, obj: CriteriaSet) -> str:
        return f"{obj.name} {obj.version}"

    @admin.display(description=gettext_lazy("hub"), ordering="hub")
    def whose(self, obj: CriteriaSet) -> str:
        return obj.hub.short if obj.hub else _("Shared by all hubs")

    @admin.display(description=gettext_lazy("submissions judged by it"))
    def judged(self, obj: Any) -> int:
        return int(obj.records)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": _("Criteria sets"), "may_add": self._hubs(request).exists()}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        def at(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"catalogue_criteria_{name}")

        return [
            at("additions/", self.additions_view, "additions"),
            at("<int:pk>/draft/", self.draft_view, "draft"),
            at("<int:pk>/compare/", self.compare_view, "compare"),
            at("<int:pk>/put-in-force/", self.put_in_force_view, "put_in_force"),
            *super().get_urls(),
        ]

    def _page(
        self, request: HttpRequest, template: str, obj: CriteriaSet | None, **context: Any
    ) -> TemplateResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            f"admin/catalogue/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "criteria_set": obj,
                "edition": str(obj),
                "title": str(obj),
                "media": self.media,
                **context,
            },
        )

    def _found(self, request: HttpRequest, pk: int) -> CriteriaSet:
        """The set, if it is in the person's scope."""
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return found

    def _go(self, obj: CriteriaSet) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:catalogue_criteriaset_change", args=[obj.pk]))

    # --- One edition --------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        may_draft = request.user.has_perm("catalogue.draft_criteria_set", obj)
        if obj.is_draft and may_draft:
            return self._edit(request, obj)
        if request.method == "POST":
            raise PermissionDenied
        return self._page(
            request,
            "criteria_read",
            obj,
            content=obj.content,
            scores=criteria.SCORES,
            labels=[(name, obj.content["thresholds"][key]) for key, name in _LABELS],
            periods=[(name, obj.content["periods"][key]) for key, name in _PERIODS],
            may_draft=may_draft and obj.hub_id is None,
            may_add=may_draft and obj.hub_id is not None,
            history=self.audit_of(obj)[:50],
        )

    def _edit(self, request: HttpRequest, draft: CriteriaSet) -> HttpResponse:
        """The form of a draft: saved as it stands, with what it still lacks at its fields."""
        posted = request.POST if request.method == "POST" else None
        base = None
        if draft.base is not None:
            base = CriteriaSet.objects.in_force().filter(family=draft.family, hub=None).first()
            base = base or draft.base
        form = _form_of(draft, base, posted)
        stale = False
        if posted is None:
            form.show(criteria_operations.problems_of(draft))
        elif form.is_valid():
            try:
                _save(draft, form, by=request.user, seen=posted.get("seen", ""))
            except DomainError as refusal:
                stale = refusal.code == "stale"
                _refuse(form, refusal)
                draft.refresh_from_db()
            else:
                return self._saved(request, draft, posted)
        return self._page(
            request,
            "criteria_additions" if base else "criteria_edit",
            draft,
            form=form,
            base=base,
            rebased=bool(base and base.pk != draft.base_id),
            stale=stale,
            seen=posted.get("seen", "") if posted is not None else draft.content_hash,
            opened=posted is not None,
            history=self.audit_of(draft)[:50],
        )

    def _saved(self, request: HttpRequest, draft: CriteriaSet, posted: Any) -> HttpResponse:
        left = criteria_operations.problems_of(draft)
        if left:
            self.message_user(
                request,
                _("The draft is saved. What it still needs stands at its fields."),
                messages.WARNING,
            )
            return self._go(draft)
        self.message_user(request, _("The draft is saved."), messages.SUCCESS)
        if posted.get("do") == "go-on":
            return HttpResponseRedirect(
                reverse("admin:catalogue_criteria_put_in_force", args=[draft.pk])
            )
        return self._go(draft)

    # --- Drafting -----------------------------------------------------------------------

    def draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Begin the next edition as a copy of this one."""
        obj = self._found(request, pk)
        if not request.user.has_perm("catalogue.draft_criteria_set", obj):
            raise PermissionDenied
        if obj.hub is not None:
            if request.method == "POST":
                return self._go(criteria_operations.draft_additions(obj.hub, by=request.user))
            return self._go(obj)
        form = VersionForm(
            request.POST if request.method == "POST" else None,
            initial={"version": _next(obj)},
        )
        if request.method == "POST" and form.is_valid():
            try:
                draft = criteria_operations.draft_set(
                    obj, by=request.user, version=form.cleaned_data["version"]
                )
            except DomainError as refusal:
                _refuse(form, refusal)
            else:
                return self._go(draft)
        return self._page(request, "criteria_draft", obj, form=form, title=_("Draft a new edition"))

    def additions_view(self, request: HttpRequest) -> HttpResponse:
        """Choose the hub whose additions are drafted; with one hub there is no choice."""
        hubs = self._hubs(request)
        if not hubs.exists():
            raise PermissionDenied
        only = hubs.first() if hubs.count() == 1 else None
        posted = request.POST if request.method == "POST" else None
        form = HubForm(posted, hubs=hubs, initial={"hub": only})
        if posted is not None and form.is_valid():
            draft = criteria_operations.draft_additions(form.cleaned_data["hub"], by=request.user)
            return self._go(draft)
        return self._page(request, "criteria_draft", None, form=form, title=_("What your hub adds"))

    def _hubs(self, request: HttpRequest) -> QuerySet[Hub]:
        """The hubs whose additions this person decides on."""
        if request.user.is_superuser:
            return Hub.objects.filter(merged_into=None)
        return Hub.objects.of(request.user, Membership.Role.FOCAL_POINT)

    # --- Comparing ----------------------------------------------------------------------

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What this edition says differently from another one."""
        obj = self._found(request, pk)
        others = self.get_queryset(request).exclude(pk=obj.pk).filter(family=obj.family)
        chosen = request.GET.get("with", "")
        other = others.filter(pk=chosen).first() if chosen.isdigit() else _to_compare(obj, others)
        return self._page(
            request,
            "criteria_compare",
            obj,
            title=_("Compare %(edition)s") % {"edition": obj},
            others=others,
            other=other,
            differences=criteria.differences(other.content, obj.content) if other else [],
        )

    # --- Putting in force ---------------------------------------------------------------

    def put_in_force_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes, for whom; the reason; then the move."""
        obj = self._found(request, pk)
        if not request.user.has_perm("catalogue.put_in_force_criteria_set", obj):
            raise PermissionDenied
        posted = request.POST if request.method == "POST" else None
        form = PutInForceForm(posted, initial={"seen": obj.content_hash})
        if posted is not None and form.is_valid():
            try:
                criteria_operations.put_in_force(
                    obj,
                    by=request.user,
                    note=form.cleaned_data["reason"],
                    seen=form.cleaned_data["seen"],
                )
            except DomainError as refusal:
                _refuse(form, refusal)
                obj.refresh_from_db()
            else:
                self.message_user(
                    request,
                    _("%(edition)s is in force.") % {"edition": obj},
                    messages.SUCCESS,
                )
                return self._go(obj)
        if not obj.is_draft:
            return self._go(obj)
        former = obj.former()
        compared = former or obj.base
        return self._page(
            request,
            "criteria_put_in_force",
            obj,
            title=_("Put in force: %(edition)s") % {"edition": obj},
            form=form,
            former=former,
            compared=compared,
            differences=criteria.differences(compared.content, obj.content) if compared else [],
            problems=[
                (f"id_{_field_of(obj, problem.field)}", criteria.in_words(obj.content, problem))
                for problem in criteria_operations.problems_of(obj)
            ],
            open_submissions=former.submissions.filter(state=SubmissionState.SCREENING).count()
            if former
            else 0,
            hubs=Hub.objects.filter(
                criteria_sets__state=CriteriaState.IN_FORCE, criteria_sets__family=obj.family
            )
            if obj.hub_id is None
            else [],
        )


_LABELS = tuple(criteria.LABEL_NAMES.items())
_PERIODS = tuple(criteria.PERIOD_NAMES.items())


def _form_of(draft: CriteriaSet, base: CriteriaSet | None, data: Any) -> SetForm | AdditionsForm:
    if base is None:
        return SetForm(data, draft=draft)
    return AdditionsForm(data, draft=draft, base=base)


def _save(draft: CriteriaSet, form: SetForm | AdditionsForm, *, by: Any, seen: str) -> None:
    if isinstance(form, AdditionsForm):
        criteria_operations.save_additions(draft, by=by, additions=form.additions, seen=seen)
        return
    criteria_operations.save_draft(
        draft,
        by=by,
        content=form.content,
        version=form.cleaned_data["version"],
        name=form.cleaned_data["name"],
        seen=seen,
    )


def _field_of(draft: CriteriaSet, field: str) -> str:
    """The field of the draft's form: a hub's form counts its own criteria from the first."""
    return own_field(field, draft.base.content) if draft.base else field


def _refuse(form: forms.Form, refusal: DomainError) -> None:
    """Name a refusal at its fields, or above them."""
    placed = False
    for field, texts in refusal.fields.items():
        if field in form.fields:
            placed = True
            for text in texts:
                form.add_error(field, text)
    if not placed:
        form.add_error(None, str(refusal))


def _next(obj: CriteriaSet) -> str:
    """The number after the highest of the family: 1.0 is followed by 1.1."""
    versions = CriteriaSet.objects.filter(family=obj.family, hub=None)
    numbers = [
        [int(part) for part in version.split(".") if part.isdigit()]
        for version in versions.values_list("version", flat=True)
    ]
    highest = max(numbers, default=[0])
    return ".".join(str(part) for part in [*highest[:-1], highest[-1] + 1])


def _to_compare(obj: CriteriaSet, others: QuerySet[CriteriaSet]) -> CriteriaSet | None:
    """With what an edition is compared unasked: the one it replaces, else what it rests on."""
    own = others.filter(hub=obj.hub_id)
    before = own.filter(Q(in_force_from__lt=obj.in_force_from)) if obj.in_force_from else own
    former = before.exclude(state=CriteriaState.DRAFT).order_by("-in_force_from", "-pk").first()
    return former or obj.base or others.exclude(state=CriteriaState.DRAFT).first()
