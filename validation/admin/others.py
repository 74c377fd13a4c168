"""The list of reviewers, records, appeals and challenges at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from hubs import reference
from validation import choices as c
from validation import statistics
from validation.admin.base import PanelDesk, has_no_part, is_moderator, is_uninvolved, person
from validation.admin.board import BoardFilter
from validation.admin.case_page import about
from validation.admin.words import due_in_words, names_of
from validation.forms.desk import NewReviewerForm, PeopleForm, ReasonForm, ReviewerForm
from validation.models import Appeal, Case, CasePart, Challenge, Record, Reviewer
from validation.operations import appealing, challenging, listing, records
from validation.rules import may_chair

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from core.lifecycle import Lifecycle


def due_cell(moment: Any, *, waits: bool) -> SafeString | str:
    """How far away a date is, as long as somebody waits."""
    if not waits:
        return ""
    words, late = due_in_words(moment)
    return format_html('<b class="late">{}</b>', words) if late else words


# --- Reviewers ---------------------------------------------------------------------------


@admin.register(Reviewer)
class ReviewerAdmin(PanelDesk):
    """Who may be asked to review and to chair. Portal moderators keep the list."""

    list_display = ["user", "country", "in_sectors", "may_chair", "is_active", "load", "sent"]
    list_display_links = ["user"]
    list_filter = ["may_chair", "is_active", "sectors"]
    search_fields = ["user__name", "user__email", "user__profile__organisation"]
    ordering = ["user__name", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reviewer]:
        if not is_moderator(request.user):
            return Reviewer.objects.none()
        mine = Q(user__seats__case__in=Case.objects.at_desk_of(person(request)))
        return (
            Reviewer.objects.select_related("user__profile")
            .prefetch_related("sectors")
            .annotate(busy=statistics.open_now(mine), done=statistics.done(mine))
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Reviewers"), **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Put somebody on the list, by the address of their account."""
        form = NewReviewerForm(request.POST if request.method == "POST" else None)
        return self._edit(request, form, title=_("Put somebody on the list"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What a person on the list may be asked for, and what was changed when."""
        entry = self.found(request, object_id)
        form = ReviewerForm(request.POST if request.method == "POST" else None, instance=entry)
        return self._edit(
            request, form, title=str(entry), entry=entry, history=self.audit_of(entry)[:50]
        )

    def _edit(self, request: HttpRequest, form: Any, **context: Any) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            entry = listing.keep_reviewer(
                form.instance, by=person(request), sectors=list(form.cleaned_data["sectors"])
            )
            told = _("The entry of %(name)s is saved.") % {"name": entry}
            self.message_user(request, told, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:validation_reviewer_changelist"))
        return self.page(request, "reviewer", form=form, **context)

    @admin.display(description=gettext_lazy("country"))
    def country(self, obj: Reviewer) -> str:
        code = str(obj.user.profile.country)
        return reference.country_name(code) if code else "–"

    @admin.display(description=gettext_lazy("sectors"))
    def in_sectors(self, obj: Reviewer) -> str:
        return ", ".join(reference.sector_name(row.code) for row in obj.sectors.all()) or "–"

    @admin.display(description=gettext_lazy("open now"), ordering="busy")
    def load(self, obj: Any) -> str:
        return _("%(n)d of %(most)d") % {"n": obj.busy, "most": obj.most_open}

    @admin.display(description=gettext_lazy("reviews done"), ordering="done")
    def sent(self, obj: Any) -> int:
        return int(obj.done)


# --- One object and its moves, each with a reason ----------------------------------------


class MovingDesk(PanelDesk):
    """A model whose page offers its moves, each with one reason. The page and its form are
    the same for all of them; what a move does is one call of an operation."""

    template = ""
    #: Verb to the operation that makes the move, and the hint at its reason.
    operations: dict[str, tuple[Callable[..., None], StrOrPromise]] = {}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.found(request, object_id)
        verb = request.POST.get("do", "") if request.method == "POST" else ""
        bound = None
        if request.method == "POST" and verb not in self.operations:
            return self.other_post(request, obj, verb)
        if verb:
            if not request.user.has_perm(obj.moves[verb].permission, obj):
                raise PermissionDenied
            bound = self._form(obj, verb, request.POST)
            bound.is_valid()
            operation, _hint = self.operations[verb]
            note = bound.cleaned_data.get("note", "")
            answer = None
            if not bound.errors:
                answer = self.try_move(
                    request,
                    bound,
                    lambda: operation(obj, by=person(request), note=note),
                    _("Done: %(move)s.") % {"move": obj.moves[verb].label},
                )
            if answer is not None:
                return answer
            obj = self.found(request, object_id)
        return self._show(request, obj, verb=verb, bound=bound)

    def other_post(self, request: HttpRequest, obj: Any, verb: str) -> HttpResponse:
        raise PermissionDenied

    def _show(
        self, request: HttpRequest, obj: Any, *, verb: str = "", bound: Any = None, **more: Any
    ) -> HttpResponse:
        moves = [name for name in obj.moves_for(request.user) if name in self.operations]
        if verb in self.operations and verb not in moves:
            moves.append(verb)  # somebody was faster: what was typed stays
        forms = [
            (name, obj.moves[name].label, bound if name == verb else self._form(obj, name))
            for name in moves
        ]
        return self.page(
            request,
            self.template,
            title=str(obj),
            obj=obj,
            forms=forms,
            bound=bound,
            sent=verb,
            history=self.audit_of(obj)[:50],
            **{**self.details(request, obj), **more},
        )

    def _form(self, obj: Lifecycle, verb: str, data: Any = None) -> ReasonForm:
        return ReasonForm(data, prefix=verb, hint=self.operations[verb][1])

    def details(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the page of this model shows besides."""
        return {}


# --- Records -----------------------------------------------------------------------------


@admin.register(Record)
class RecordAdmin(MovingDesk):
    """Every label that was given, and what became of it."""

    list_display = ["reference", "solution", "label", "state", "issued_at", "expires_on"]
    list_display_links = ["reference"]
    list_filter = ["state", "label", "solution__is_example"]
    search_fields = ["=number", "solution__title"]
    ordering = ["-number"]
    template = "record"
    operations = {
        "suspend_record": (records.suspend, gettext_lazy("Everybody reads it.")),
        "restore_record": (records.restore, gettext_lazy("It goes into the record.")),
        "revoke": (records.revoke, gettext_lazy("Everybody reads it. A label does not come back.")),
    }

    def may_enter(self, user: Any) -> bool:
        return is_moderator(user) or may_chair(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        return Record.objects.filter(is_uninvolved(request.user)).select_related(
            "solution__hub", "solution__public_version", "criteria_set", "version", "case"
        )

    @admin.display(description=gettext_lazy("number"), ordering="number")
    def reference(self, obj: Record) -> str:
        return obj.reference

    def details(self, request: HttpRequest, obj: Record) -> dict[str, Any]:
        challenges = []
        if is_moderator(request.user) or may_chair(request.user):
            challenges = list(obj.challenges.order_by("-raised_at", "-pk"))
        return {"challenges": challenges}


# --- Appeals -----------------------------------------------------------------------------


class WaitingFilter(BoardFilter):
    """What waits for an answer; the answered ones are one click away."""

    title = gettext_lazy("state")
    parameter_name = "state"
    first = gettext_lazy("Waiting")
    choices_of: Any = ()
    waiting: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*self.choices_of, ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value == "all":
            return queryset
        return queryset.filter(state__in=[value] if value else self.waiting)


class AppealFilter(WaitingFilter):
    choices_of = c.AppealState.choices
    waiting = (c.AppealState.FILED, c.AppealState.HEARD)


@admin.register(Appeal)
class AppealAdmin(PanelDesk):
    """Objections to a decision, for moderators with no part in the case."""

    list_display = ["record", "ground", "state", "due", "opinions"]
    list_display_links = ["record"]
    list_filter = [AppealFilter, "ground"]
    search_fields = ["case__solution__title"]
    ordering = ["due_at", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        if not is_moderator(request.user):
            return Appeal.objects.none()
        return (
            Appeal.objects.filter(has_no_part(request.user))
            .select_related("case__version", "case__solution__hub", "case__criteria_set")
            .select_related("case__submission", "filed_by")
            .prefetch_related("members__user")
        )

    @admin.display(description=gettext_lazy("record"))
    def record(self, obj: Appeal) -> str:
        return str(obj.case.version.content["title"])

    @admin.display(description=gettext_lazy("answer due"))
    def due(self, obj: Appeal) -> SafeString | str:
        return due_cell(obj.due_at, waits=obj.state in AppealFilter.waiting)

    @admin.display(description=gettext_lazy("opinions"))
    def opinions(self, obj: Appeal) -> str:
        members = obj.members.all()
        given = sum(member.upholds is not None for member in members)
        return _("%(n)d of %(all)d") % {"n": given, "all": len(members)} if members else "–"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Read an appeal and give it to three people."""
        appeal = self.found(request, object_id)
        may_appoint = request.user.has_perm("validation.run_appeal", appeal)
        if request.method == "POST" and not may_appoint:
            raise PermissionDenied
        form = None
        blocked: list[tuple[User, str]] = []
        if may_appoint and (appeal.state == c.AppealState.FILED or request.method == "POST"):
            free, blocked = self._people(appeal)
            form = PeopleForm(request.POST if request.method == "POST" else None, people=free)
            if request.method == "POST" and form.is_valid():
                chosen = form.chosen
                answer = self.try_move(
                    request,
                    form,
                    lambda: appealing.appoint(appeal, by=person(request), people=chosen),
                    _("The appeal is with three people."),
                )
                if answer is not None:
                    return answer
        return self.page(
            request,
            "appeal",
            title=str(appeal),
            appeal=appeal,
            case=appeal.case,
            form=form,
            blocked=blocked,
            members=[
                (member, reference.country_name(member.country) if member.country else "")
                for member in appeal.members.all()
            ],
            history=self.audit_of(appeal)[:50],
        )

    @staticmethod
    def _people(appeal: Appeal) -> tuple[list[tuple[User, str]], list[tuple[User, str]]]:
        """Reviewers and moderators who may hear it, and those who may not, with the reason.
        Who reviewed is in neither list: the desk knows them by alias."""
        on_list = Reviewer.objects.filter(is_active=True).values("user")
        people = list(
            User.objects.filter(Q(pk__in=on_list) | Q(is_staff=True), is_active=True)
            .select_related("profile")
            .order_by("name", "pk")
        )
        refused = appealing.refused_for_appeal(appeal.case, people)
        judged = set(
            CasePart.objects.filter(
                case__submission=appeal.case.submission_id, part=c.Part.REVIEWER
            ).values_list("user_id", flat=True)
        )
        return (
            [(person, about(person)) for person in people if person.pk not in refused],
            [
                (person, refused[person.pk])
                for person in people
                if person.pk in refused and person.pk not in judged
            ],
        )


# --- Challenges --------------------------------------------------------------------------


class ChallengeFilter(WaitingFilter):
    choices_of = c.ChallengeState.choices
    waiting = (c.ChallengeState.OPEN, c.ChallengeState.ASKED, c.ChallengeState.SUSPENDED)


@admin.register(Challenge)
class ChallengeAdmin(MovingDesk):
    """Doubts about a label, for moderators and possible chairs with no part in the case."""

    list_display = ["record_and_title", "criterion", "state", "raised_at", "due"]
    list_display_links = ["record_and_title"]
    list_filter = [ChallengeFilter]
    search_fields = ["record__solution__title", "=record__number"]
    ordering = ["due_at", "pk"]
    template = "challenge"
    operations = {
        "ask_owner": (challenging.ask_owner, gettext_lazy("The owner reads it.")),
        "keep": (challenging.keep, gettext_lazy("The member who raised it reads it.")),
        "suspend_label": (challenging.suspend_label, gettext_lazy("Everybody reads it.")),
        "restore_label": (challenging.restore_label, gettext_lazy("The member reads it.")),
        "revoke_label": (
            challenging.revoke_label,
            gettext_lazy("Everybody reads it. A label does not come back."),
        ),
    }

    def may_enter(self, user: Any) -> bool:
        return is_moderator(user) or may_chair(user)

    def get_urls(self) -> list[Any]:
        url = path(
            "<int:pk>/file/",
            self.admin_site.admin_view(self.file_view),
            name="validation_challenge_file",
        )
        url.callback = self._hidden(url.callback)
        return [url, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Challenge]:
        return (
            Challenge.objects.filter(has_no_part(request.user, "record__case"))
            .exclude(raised_by=person(request))
            .select_related("record__solution__hub", "record__solution__public_version")
            .select_related("record__case__solution", "record__criteria_set", "raised_by", "file")
        )

    @admin.display(description=gettext_lazy("record"))
    def record_and_title(self, obj: Challenge) -> str:
        return f"{obj.record.reference} {obj.record.solution.title}"

    @admin.display(description=gettext_lazy("due"))
    def due(self, obj: Challenge) -> SafeString | str:
        return due_cell(obj.due_at, waits=obj.state in ChallengeFilter.waiting)

    def details(self, request: HttpRequest, obj: Challenge) -> dict[str, Any]:
        names = names_of(obj.record.criteria_set.content)
        return {"criterion": names.get(obj.criterion, ""), "record": obj.record}

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The file that came with a challenge: never run by a browser, never kept by one."""
        challenge = self.found(request, str(pk))
        if challenge.file is None:
            raise Http404
        return FileResponse(  # type: ignore[return-value]
            challenge.file.file.open("rb"),
            as_attachment=True,
            filename=challenge.file.name,
            content_type=challenge.file.content_type,
            headers={
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "Cache-Control": "private, no-store",
            },
        )
