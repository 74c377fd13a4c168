"""Blog posts at the desk of portal moderators: to read, and their moves as actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.models import Article, ArticleRevision
from community.operations import blogging
from core.admin import DeskAdmin
from core.fields import LongField

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


class WordsForm(forms.Form):
    """What an editor tells the authors."""

    reason = LongField(label=gettext_lazy("Remarks for the author"), max_length=4000)


class RevisionRows(admin.TabularInline):
    """What a published post said before it was corrected."""

    model = ArticleRevision
    extra = 0
    fields = (
        "number",
        "title",
        "reason",
        "replaced_at",
        "replaced_by",
        "seen_by",
        "state",
    )
    readonly_fields = fields
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission


@admin.register(Article)
class ArticleAdmin(DeskAdmin):
    """A blog post with its way into print. Texts are written and corrected on its own pages."""

    list_display = ["__str__", "state", "begun_by", "byline", "publish_on", "published_on"]
    list_select_related = ["begun_by"]
    list_filter = ["state", "language"]
    search_fields = ["title", "slug", "byline"]
    ordering = ["submitted_at", "pk"]
    fields = [
        "title", "lede", "language", "state", "begun_by", "byline", "guests", "publish_on",
        "published_on", "submitted_at", "held_at", "corrected_at", "remarks", "theme", "chapter",
        "lab", "reference", "place", "url",
    ]  # fmt: skip
    readonly_fields = ["state", "begun_by", "submitted_at", "held_at", "corrected_at"]
    inlines = [RevisionRows]
    actions = ["accept_selected", "publish_selected", "return_selected", "withdraw_selected"]

    def _decide(self, request: HttpRequest, rows: QuerySet[Article], verb: str, words: str) -> None:
        """Each by itself, on the text as it is listed now."""
        self.each(
            request,
            rows,
            lambda row: blogging.decide(
                row, verb, by=cast("User", request.user), base=row.revision, words=words
            ),
            lambda n: _("Done for %(n)d.") % {"n": n},
        )

    @admin.action(description=gettext_lazy("Accept for their date"), permissions=["view"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        self._decide(request, queryset, "accept_article", "")

    @admin.action(description=gettext_lazy("Publish"), permissions=["view"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        self._decide(request, queryset, "publish_article", "")

    @admin.action(description=gettext_lazy("Return with remarks"), permissions=["view"])
    def return_selected(
        self, request: HttpRequest, queryset: QuerySet[Article]
    ) -> HttpResponse | None:
        return self._with_words(
            request, queryset, "return_article", "return_selected", _("Return with remarks")
        )

    @admin.action(description=gettext_lazy("Withdraw"), permissions=["view"])
    def withdraw_selected(
        self, request: HttpRequest, queryset: QuerySet[Article]
    ) -> HttpResponse | None:
        return self._with_words(
            request, queryset, "withdraw_article", "withdraw_selected", _("Withdraw")
        )

    def _with_words(
        self, request: HttpRequest, rows: QuerySet[Article], verb: str, action: str, title: str
    ) -> HttpResponse | None:
        form = WordsForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self.ask_reason(request, form, title=title, objects=rows, action=action)
        self._decide(request, rows, verb, form.cleaned_data["reason"])
        return None
