"""The desk of owed mails: those in doubt first. Nobody reads their text or changes them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import held
from core.admin import DeskAdmin
from core.held import IN_DOUBT
from core.outbox import Owed, masked, without_addresses

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


def as_sent(words: str) -> SafeString:
    """What a server said, from left to right on every page."""
    return format_html('<bdi dir="ltr">{}</bdi>', words) if words else SafeString()


def in_one_piece(address: str) -> SafeString:
    """An address on one line."""
    return format_html('<bdi dir="ltr" class="nowrap">{}</bdi>', address)


class WhyForm(forms.Form):
    """Why somebody decides about a mail."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class InDoubt(admin.SimpleListFilter):
    """What a person should look at. A list opened without a filter shows it, too."""

    title = gettext_lazy("in doubt")
    parameter_name = "in_doubt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state__in=IN_DOUBT) if self.value() == "yes" else queryset


class OfPortalModerators(DeskAdmin):
    """For portal moderators alone, to read."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Headed by what stands there: a reader has nothing to select."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows if request.user.is_staff else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_authenticated and request.user.is_staff)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(name) for name in self.fields or ()]

    def decide(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        action: str,
        title: str,
        move: Callable[[Any, str], None],
        done: Callable[[int], str],
    ) -> HttpResponse | None:
        """Ask why first; then decide about each, and name every refusal."""
        form = WhyForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self.ask_reason(request, form, title=title, objects=rows, action=action)
        reason = form.cleaned_data["reason"]
        self.each(request, rows, lambda row: move(row, reason), done)
        return None


class OwedAdmin(OfPortalModerators):
    """Mails of one sort."""

    ordering = ["created_at", "pk"]
    list_filter = [InDoubt, "state"]
    actions = ["send_again_selected", "count_as_sent_selected", "drop_selected"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        if is_list and request.method == "GET" and not request.GET:
            return rows.filter(state__in=IN_DOUBT)
        return rows

    def address_of(self, row: Any) -> str:
        """Where the mail goes."""
        raise NotImplementedError

    @admin.display(description=gettext_lazy("to"))
    def masked_address(self, row: Any) -> SafeString:
        return in_one_piece(masked(self.address_of(row)))

    @admin.display(description=gettext_lazy("problem"))
    def masked_problem(self, row: Owed) -> SafeString:
        return as_sent(without_addresses(row.problem))

    @admin.display(description=gettext_lazy("age"), ordering="created_at")
    def age(self, row: Owed) -> str:
        return timesince(row.created_at, timezone.now(), depth=1)

    @admin.action(description=gettext_lazy("Send once more"), permissions=["view"])
    def send_again_selected(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        return self.decide(
            request,
            queryset,
            "send_again_selected",
            _("Send once more"),
            lambda row, reason: held.send_again(row, by=request.user, reason=reason),
            lambda n: (
                ngettext("%(n)d mail is sent once more.", "%(n)d mails are sent once more.", n)
                % {"n": n}
            ),
        )

    @admin.action(description=gettext_lazy("Count as delivered"), permissions=["view"])
    def count_as_sent_selected(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        return self.decide(
            request,
            queryset,
            "count_as_sent_selected",
            _("Count as delivered"),
            lambda row, reason: held.count_as_sent(row, by=request.user, reason=reason),
            lambda n: (
                ngettext("%(n)d mail counts as delivered.", "%(n)d mails count as delivered.", n)
                % {"n": n}
            ),
        )

    @admin.action(description=gettext_lazy("Not needed any more"), permissions=["view"])
    def drop_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.decide(
            request,
            queryset,
            "drop_selected",
            _("Not needed any more"),
            lambda row, reason: held.drop(row, by=request.user, reason=reason),
            lambda n: (
                ngettext("%(n)d mail is not needed.", "%(n)d mails are not needed.", n) % {"n": n}
            ),
        )
