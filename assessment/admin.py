"""Editions of the self-assessment at the desk: read, drafted, changed, put in force.

What hubs answered has no page here: it is theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment import operations
from assessment.models import Assessment, Dimension, Framework, Statement
from core.admin import StaffAdmin
from core.errors import DomainError
from core.fields import LimitedField, LongField
from core.models import AuditEntry

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse, QueryDict


class VersionForm(forms.Form):
    """The number of the next edition."""

    version = forms.CharField(
        label=gettext_lazy("Version"),
        help_text=gettext_lazy("Numbers with dots between them, like 1.1."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )


class InForceForm(forms.Form):
    """Why an edition comes in force."""

    reason = LongField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stays in the history of this edition and of the one before."),
        max_length=4000,
        error_messages={"required": gettext_lazy("Say why, in a sentence or two.")},
    )


#: Editions are written in English and translated beside it.
ENGLISH = {"lang": "en", "dir": "ltr"}


class DimensionForm(forms.Form):
    """A dimension of a draft with its twelve statements."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    title = LimitedField(
        label=gettext_lazy("Title"), max_length=100, widget=forms.TextInput(attrs=ENGLISH)
    )
    short = LimitedField(
        label=gettext_lazy("Short title, for the plot"),
        max_length=40,
        widget=forms.TextInput(attrs=ENGLISH),
    )
    text = LongField(
        label=gettext_lazy("What it is about"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3, **ENGLISH}),
    )

    def __init__(self, *args: Any, dimension: Dimension, **kwargs: Any) -> None:
        self.statements = list(dimension.statements.all())
        initial = {
            "seen": operations.fingerprint(dimension),
            "title": dimension.title,
            "short": dimension.short,
            "text": dimension.text,
        }
        for row in self.statements:
            initial |= {f"{row.code}-{name}": getattr(row, name) for name in PARTS}
        super().__init__(*args, initial=initial, **kwargs)
        for row in self.statements:
            for name in PARTS:
                self.fields[f"{row.code}-{name}"] = _field(name)

    @property
    def groups(self) -> list[tuple[Statement, list[Any]]]:
        """Each statement with its fields."""
        return [(row, [self[f"{row.code}-{name}"] for name in PARTS]) for row in self.statements]

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("title", "short", "text")}

    @property
    def by_code(self) -> dict[str, dict[str, Any]]:
        return {
            row.code: {name: self.cleaned_data[f"{row.code}-{name}"] for name in PARTS}
            for row in self.statements
        }


#: What can be written of a statement.
PARTS = ("text", "proof", "step", "effort")


def _field(name: str) -> forms.Field:
    if name == "effort":
        return forms.IntegerField(label=_("Effort in days"), min_value=1, max_value=999)
    label, hint, most = {
        "text": (_("Statement"), _("A sentence one can answer by yes or no."), 400),
        "proof": (_("What would prove it"), "", 300),
        "step": (_("Step that makes it true"), "", 400),
    }[name]
    widget = forms.Textarea(attrs={"rows": 2, **ENGLISH})
    required = name != "proof"
    return LongField(label=label, help_text=hint, max_length=most, required=required, widget=widget)


@admin.register(Framework)
class FrameworkAdmin(StaffAdmin):
    """Every edition. A draft has a form for each dimension; the others are read-only, for good."""

    list_display = ["edition", "state", "in_force_since", "answered_on"]
    list_display_links = ["edition"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Framework]:
        answered = Assessment.objects.filter(framework=OuterRef("pk")).order_by()
        counted = answered.values("framework").annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(answered=Coalesce(Subquery(counted), 0))

    @admin.display(description=gettext_lazy("edition"), ordering="version")
    def edition(self, obj: Framework) -> str:
        return _("Self-assessment %(version)s") % {"version": obj.version}

    @admin.display(description=gettext_lazy("self-assessments on it"))
    def answered_on(self, obj: Any) -> int:
        return int(obj.answered)

    def get_urls(self) -> list[Any]:
        def at(route: str, view: Any, name: str) -> Any:
            return path(
                route, self.admin_site.admin_view(view), name=f"assessment_framework_{name}"
            )

        return [
            at("<int:pk>/draft/", self.draft_view, "draft"),
            at("<int:pk>/put-in-force/", self.put_in_force_view, "put_in_force"),
            at("<int:pk>/dimensions/<slug:code>/", self.dimension_view, "dimension"),
            *super().get_urls(),
        ]

    def _page(
        self, request: HttpRequest, template: str, obj: Framework, **context: Any
    ) -> TemplateResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            f"admin/assessment/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "framework": obj,
                "edition": self.edition(obj),
                "title": self.edition(obj),
                "media": self.media,
                **context,
            },
        )

    def _found(self, request: HttpRequest, pk: int) -> Framework:
        """The edition, for those who may change editions."""
        if not request.user.has_perm("assessment.change_framework"):
            raise PermissionDenied
        found = self._whole(request).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def _whole(self, request: HttpRequest) -> QuerySet[Framework]:
        """Editions with their dimensions and statements, in order."""
        return self.get_queryset(request).prefetch_related(_dimensions())

    def _go(self, obj: Framework) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:assessment_framework_change", args=[obj.pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One edition, read from beginning to end."""
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        obj = self._whole(request).filter(pk=object_id).first() if object_id.isdigit() else None
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return self._page(
            request,
            "edition",
            obj,
            may_change=request.user.has_perm("assessment.change_framework"),
            history=AuditEntry.of(obj)[:50],
        )

    def draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Begin the next edition as a copy of this one."""
        obj = self._found(request, pk)
        posted = request.POST if request.method == "POST" else None
        form = VersionForm(posted, initial={"version": _next()})
        if posted is not None and form.is_valid():
            try:
                draft = operations.draft_framework(obj, by=request.user, **form.cleaned_data)
            except DomainError as refusal:
                _refuse(form, refusal)
            else:
                return self._go(draft)
        return self._page(request, "draft", obj, form=form, title=_("Draft a new edition"))

    def dimension_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """The form of one dimension of a draft."""
        obj = self._found(request, pk)
        dimension = next((row for row in obj.dimensions.all() if row.code == code), None)
        if dimension is None:
            raise Http404
        if not obj.is_draft:
            raise PermissionDenied
        posted = request.POST if request.method == "POST" else None
        form = DimensionForm(posted, dimension=dimension)
        if posted is not None and form.is_valid():
            try:
                operations.change_dimension(
                    dimension,
                    by=request.user,
                    texts=form.texts,
                    statements=form.by_code,
                    seen=form.cleaned_data["seen"],
                )
            except (DomainError, ValidationError) as refusal:
                form = _once_more(dimension, posted)
                _refuse(form, refusal)
            else:
                self.message_user(request, _("The draft is saved."), messages.SUCCESS)
                return self._go(obj)
        return self._page(
            request, "dimension", obj, form=form, dimension=dimension, title=dimension.title
        )

    def put_in_force_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes, what it means for hubs; the reason; then the move."""
        obj = self._found(request, pk)
        if not obj.is_draft:
            return self._go(obj)
        posted = request.POST if request.method == "POST" else None
        form = InForceForm(posted)
        if posted is not None and form.is_valid():
            try:
                operations.put_in_force(obj, by=request.user, note=form.cleaned_data["reason"])
            except DomainError as refusal:
                _refuse(form, refusal)
            else:
                self.message_user(
                    request,
                    _("%(edition)s is in force.") % {"edition": self.edition(obj)},
                    messages.SUCCESS,
                )
                return self._go(obj)
        former = operations.in_force()
        return self._page(
            request,
            "put_in_force",
            obj,
            form=form,
            former=former and self.edition(former),
            changed=operations.changes(obj, former),
            title=_("Put in force: %(edition)s") % {"edition": self.edition(obj)},
        )


def _dimensions() -> Prefetch[Any]:
    statements = Prefetch("statements", Statement.objects.order_by("level", "position", "pk"))
    dimensions = Dimension.objects.order_by("position", "pk").prefetch_related(statements)
    return Prefetch("dimensions", dimensions)


def _refuse(form: forms.Form, refusal: DomainError | ValidationError) -> None:
    """Name a refusal at its field, or above them."""
    fields = refusal.fields if isinstance(refusal, DomainError) else {}
    placed = {name: texts for name, texts in fields.items() if name in form.fields}
    for name, texts in placed.items():
        form.add_error(name, texts)
    if not placed:
        form.add_error(None, str(refusal) if isinstance(refusal, DomainError) else refusal)


def _once_more(dimension: Dimension, posted: QueryDict) -> DimensionForm:
    """The same input on what is there now: who was told and saves again knows what they do."""
    data = posted.copy()
    fresh = Dimension.objects.prefetch_related("statements").get(pk=dimension.pk)
    data["seen"] = operations.fingerprint(fresh)
    form = DimensionForm(data, dimension=fresh)
    form.is_valid()
    return form


def _next() -> str:
    """The number after the highest: 1.0 is followed by 1.1."""
    versions = Framework.objects.values_list("version", flat=True)
    numbers = [[int(part) for part in version.split(".")] for version in versions]
    highest = max(numbers, default=[0])
    return ".".join(str(part) for part in [*highest[:-1], highest[-1] + 1])
