"""Moderation at the desk of portal moderators: what waits, what was decided, and why.

Lists are oldest first; moves are made on what is ticked, each by itself, and every refusal is
named. No text is changed here and nothing is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community.choices import PostState
from community.forms.moderation import AppealAnswerForm, DeskWordsForm, ReasonForm
from community.models import Appeal, Decision, Flag, Post, Sanction
from community.operations import moderating
from community.operations.moderating import mark_of
from core.admin import DeskAdmin
from core.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

What = Decision.What


def done(n: int) -> str:
    return ngettext("%(n)d decision is made.", "%(n)d decisions are made.", n) % {"n": n}


class OfModerators(DeskAdmin):
    """For portal moderators alone; whoever keeps a place has the pages of the community."""

    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Nothing is changed by typing."""
        return [str(name) for name in self.fields or ()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows if request.user.is_staff else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_authenticated and request.user.is_staff)

    def ask_words(
        self,
        request: HttpRequest,
        form: Form,
        *,
        title: StrOrPromise,
        objects: QuerySet[Any],
        action: str,
    ) -> TemplateResponse:
        """Name what is concerned, and ask on which rule and why."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "action": action,
            "objects": list(objects),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/community/words.html", context)

    def with_words(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        form_class: type[Form],
        action: str,
        title: StrOrPromise,
        decide: Callable[[Any, dict[str, Any]], Any],
    ) -> HttpResponse | None:
        """Ask first, then decide about each. What was changed since the question is refused."""
        asked = "asked" in request.POST
        form = form_class(request.POST if asked else None)
        if not form.is_valid():
            return self.ask_words(request, form, title=title, objects=rows, action=action)
        told = form.cleaned_data
        self.each(request, rows, lambda row: decide(row, told), done)
        return None


@admin.register(Post)
class PostAdmin(OfModerators):
    """Held posts first of all; every other post can be looked up."""

    list_display = ["__str__", "excerpt", "state", "why_held", "written_at"]
    list_filter = ["state"]
    search_fields = ["uid", "discussion__title"]
    list_select_related = ["discussion"]
    ordering = ["written_at", "pk"]
    fields = [
        "leads_to", "discussion", "number", "text", "quote", "state", "why_held",
        "written_at", "shown_at", "edited_at", "useful",
    ]  # fmt: skip
    actions = ["release_selected", "refuse_selected", "hide_selected", "restore_selected"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        # The list opens with what waits; a filter or a search shows the rest.
        if is_list and request.method == "GET" and not request.GET:
            return rows.filter(state=PostState.HELD)
        return rows

    @admin.display(description=gettext_lazy("Beginning"))
    def excerpt(self, post: Post) -> str:
        return plain(post.body)[:120]

    @admin.display(description=gettext_lazy("Text"))
    def text(self, post: Post) -> str:
        return plain(post.body)

    @admin.display(description=gettext_lazy("Held because"))
    def why_held(self, post: Post) -> str:
        return _(post.held_because) if post.held_because else ""

    @admin.display(description=gettext_lazy("Where it is decided"))
    def leads_to(self, post: Post) -> SafeString:
        address = reverse("community:decide", args=["post", post.uid])
        return format_html('<a href="{}">{}</a>', address, _("Flags, history and decision"))

    def _decide(self, request: HttpRequest, what: str) -> Callable[[Post, dict[str, Any]], Any]:
        def decide(post: Post, told: dict[str, Any]) -> Any:
            last = post.decisions.order_by("-pk").values_list("pk", flat=True).first()
            return moderating.decide(
                post,
                what,
                by=request.user,  # type: ignore[arg-type]
                ground=told.get("ground", ""),
                reason=told.get("reason", ""),
                seen=mark_of(post, last),
            )

        return decide

    @admin.action(description=gettext_lazy("Show"), permissions=["view"])
    def release_selected(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        decide = self._decide(request, What.RELEASE)
        self.each(request, queryset, lambda post: decide(post, {}), done)

    @admin.action(description=gettext_lazy("Do not show"), permissions=["view"])
    def refuse_selected(
        self, request: HttpRequest, queryset: QuerySet[Post]
    ) -> HttpResponse | None:
        decide = self._decide(request, What.REFUSE)
        return self.with_words(
            request, queryset, DeskWordsForm, "refuse_selected", _("Do not show"), decide
        )

    @admin.action(description=gettext_lazy("Hide"), permissions=["view"])
    def hide_selected(self, request: HttpRequest, queryset: QuerySet[Post]) -> HttpResponse | None:
        decide = self._decide(request, What.HIDE)
        return self.with_words(request, queryset, DeskWordsForm, "hide_selected", _("Hide"), decide)

    @admin.action(description=gettext_lazy("Show again"), permissions=["view"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        decide = self._decide(request, What.RESTORE)
        self.each(request, queryset, lambda post: decide(post, {}), done)


@admin.register(Flag)
class FlagAdmin(OfModerators):
    """What readers flagged; who did so stands here and nowhere else."""

    list_display = ["ground", "note", "what", "state", "raised_by", "raised_at"]
    list_filter = ["state", "ground"]
    list_select_related = [
        "raised_by", "post__discussion", "article", "report__solution",
    ]  # fmt: skip
    ordering = ["raised_at", "pk"]
    fields = [
        "leads_to",
        "ground",
        "note",
        "state",
        "raised_by",
        "raised_at",
        "settled_at",
    ]
    actions = ["keep_selected"]

    @admin.display(description=gettext_lazy("About"))
    def what(self, flag: Flag) -> str:
        return str(flag.subject)

    @admin.display(description=gettext_lazy("Where it is decided"))
    def leads_to(self, flag: Flag) -> SafeString:
        kind = moderating.NAMES[type(flag.subject)]
        address = reverse("community:decide", args=[kind, flag.subject.uid])
        return format_html('<a href="{}">{}</a>', address, _("Text, history and decision"))

    @admin.action(description=gettext_lazy("Leave as it is"), permissions=["view"])
    def keep_selected(self, request: HttpRequest, queryset: QuerySet[Flag]) -> None:
        self.each(
            request,
            queryset,
            lambda flag: moderating.decide(flag.subject, What.KEEP, by=request.user),  # type: ignore[arg-type]
            done,
        )


@admin.register(Decision)
class DecisionAdmin(OfModerators):
    """What was decided, by whom and why. It stands; an appeal or a new decision undoes it."""

    list_display = ["what", "thing", "ground", "decided_by", "decided_at", "undone_at"]
    list_filter = ["what", "thing", "ground"]
    list_select_related = ["decided_by"]
    ordering = ["-decided_at", "-pk"]
    fields = [
        "what",
        "thing",
        "about",
        "ground",
        "reason",
        "decided_by",
        "decided_at",
        "undone_at",
    ]
    actions = None


@admin.register(Sanction)
class SanctionAdmin(OfModerators):
    """Measures about members. New ones are decided on the member's page of conduct."""

    list_display = ["user", "kind", "ground", "decided_by", "decided_at", "until", "lifted_at"]
    list_filter = ["kind", "ground"]
    list_select_related = ["user", "decided_by"]
    search_fields = ["user__member__handle"]
    ordering = ["decided_at", "pk"]
    fields = [
        "user", "kind", "ground", "reason", "decided_by", "decided_at", "until", "lifted_at",
        "seen_at",
    ]  # fmt: skip
    actions = ["lift_selected"]

    @admin.action(description=gettext_lazy("Lift"), permissions=["view"])
    def lift_selected(
        self, request: HttpRequest, queryset: QuerySet[Sanction]
    ) -> HttpResponse | None:
        return self.with_words(
            request,
            queryset,
            ReasonForm,
            "lift_selected",
            _("Lift"),
            lambda row, told: moderating.lift(row, by=request.user, reason=told["reason"]),  # type: ignore[arg-type]
        )


@admin.register(Appeal)
class AppealAdmin(OfModerators):
    """Appeals; nobody answers one against their own decision."""

    list_display = ["__str__", "beginning", "state", "made_at", "answered_at"]
    list_filter = ["state"]
    list_select_related = ["decision"]
    ordering = ["made_at", "pk"]
    fields = [
        "decision",
        "reason",
        "text",
        "made_at",
        "state",
        "answer",
        "answered_at",
    ]
    actions = ["grant_selected", "reject_selected"]

    @admin.display(description=gettext_lazy("Beginning"))
    def beginning(self, appeal: Appeal) -> str:
        return appeal.text[:120]

    @admin.display(description=gettext_lazy("Reason of the decision"))
    def reason(self, appeal: Appeal) -> str:
        return appeal.decision.reason

    @admin.action(description=gettext_lazy("Grant"), permissions=["view"])
    def grant_selected(
        self, request: HttpRequest, queryset: QuerySet[Appeal]
    ) -> HttpResponse | None:
        return self._answer(request, queryset, "grant_selected", _("Grant"), grant=True)

    @admin.action(description=gettext_lazy("Do not grant"), permissions=["view"])
    def reject_selected(
        self, request: HttpRequest, queryset: QuerySet[Appeal]
    ) -> HttpResponse | None:
        return self._answer(request, queryset, "reject_selected", _("Do not grant"), grant=False)

    def _answer(
        self, request: HttpRequest, rows: QuerySet[Appeal], action: str, title: str, *, grant: bool
    ) -> HttpResponse | None:
        return self.with_words(
            request,
            rows,
            AppealAnswerForm,
            action,
            title,
            lambda row, told: moderating.settle_appeal(
                row,
                by=request.user,  # type: ignore[arg-type]
                grant=grant,
                answer=told["reason"],
            ),
        )
