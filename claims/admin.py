"""References and disagreements at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from claims import operations
from claims.disagreements import disagreements
from claims.models import Contradiction, Reference
from claims.relations import citing_columns
from core.admin import DeskAdmin, StaffAdmin
from core.errors import DomainError

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 50


@admin.register(Reference)
class ReferenceAdmin(StaffAdmin):
    """Sources: portal moderators correct how they are cited. What is cited is not deleted."""

    list_display = ["citation", "kind", "date", "cited"]
    list_filter = ["kind"]
    search_fields = ["citation", "title", "authors", "url", "key"]
    actions = None
    fields = operations.COLUMNS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reference]:
        """With how often each is cited, by any model that rests on references."""
        rows = super().get_queryset(request)
        total: Any = 0
        for model, name in citing_columns():
            counted = (
                model._base_manager.filter(**{name: OuterRef("pk")})
                .order_by()
                .values(name)
                .annotate(n=Count("pk"))
                .values("n")
            )
            total = total + Coalesce(Subquery(counted, output_field=IntegerField()), 0)
        return rows.annotate(times_cited=total)

    @admin.display(description=gettext_lazy("cited"), ordering="times_cited")
    def cited(self, obj: Any) -> int:
        return int(obj.times_cited)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They are added where they are cited."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    has_delete_permission = has_change_permission

    def save_model(self, request: HttpRequest, obj: Reference, form: Any, change: bool) -> None:  # noqa: FBT001
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        operations.change_reference(obj, by=request.user, values=values)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks first; what is cited stays, and the page says so."""
        reference = self.get_object(request, object_id)
        if reference is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_delete_permission(request, reference):
            raise PermissionDenied
        if request.method == "POST":
            try:
                operations.delete_reference(reference, by=request.user)
            except DomainError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
                return HttpResponseRedirect(
                    reverse("admin:claims_reference_change", args=[reference.pk])
                )
            self.message_user(request, _("The source is deleted."), messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:claims_reference_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete this source?"),
            "opts": self.opts,
            "list_url": reverse("admin:claims_reference_changelist"),
            "reference": reference,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/claims/delete.html", context)


@admin.register(Contradiction)
class ContradictionAdmin(DeskAdmin):
    """What the sources themselves say otherwise, and every statement that contradicts another."""

    list_display = ["what", "kind", "sources"]
    search_fields = ["what", "sources"]
    change_list_template = "admin/claims/contradictions.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contradiction]:
        return Contradiction.objects.all()

    def get_urls(self) -> list[Any]:
        return [
            path(
                "disagreements/",
                self.admin_site.admin_view(self.disagreements_view),
                name="claims_contradiction_disagreements",
            ),
            *super().get_urls(),
        ]

    def disagreements_view(self, request: HttpRequest) -> HttpResponse:
        """Where sources disagree, in the person's own scope."""
        if not self.has_module_permission(request):
            raise PermissionDenied
        found = disagreements(request.user)
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Where sources disagree"),
            "opts": self.opts,
            "list_url": reverse("admin:claims_contradiction_changelist"),
            "found": page,
            "media": self.media,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/claims/disagreements.html", context)
