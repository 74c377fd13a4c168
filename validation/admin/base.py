"""What the desk of the validation shares: what one may not see is not there."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, NoReturn, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from catalogue.models import Solution
from core.admin import DeskAdmin
from core.errors import DomainError
from core.models import AuditEntry
from validation import choices as c
from validation.models import CasePart

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from validation.forms.desk import DeskForm


def person(request: HttpRequest) -> User:
    """Who asks. The site lets nobody in who is not signed in."""
    return cast("User", request.user)


def is_moderator(user: Any) -> bool:
    return bool(user.is_staff or user.is_superuser)


def has_no_part(user: Any, case: str = "case") -> Q:
    """Rows of cases in which this person is nothing at all; ``case`` is the way there, empty
    from the case itself."""
    return _outside(user, case, CasePart.objects.filter(user=user.pk))


def is_uninvolved(user: Any, case: str = "case") -> Q:
    """Rows of cases in which this person is at most the chair."""
    return _outside(user, case, CasePart.objects.filter(user=user.pk).exclude(part=c.Part.CHAIR))


def _outside(user: Any, case: str, parts: QuerySet[CasePart]) -> Q:
    team = Solution.objects.of_team(user).values("pk")
    way = f"{case}__" if case else ""
    inside = {f"{case or 'pk'}__in": parts.values("case")}
    return ~Q(**inside) & ~Q(**{f"{way}solution__in": team})


class PanelDesk(DeskAdmin):
    """A model of the validation: for those it names, and for all others an address that does
    not exist."""

    actions = None

    def may_enter(self, user: Any) -> bool:
        return is_moderator(user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and self.may_enter(request.user)

    def get_urls(self) -> list[Any]:
        urls = super().get_urls()
        for url in urls:
            url.callback = self._hidden(url.callback)
        return urls

    def _hidden(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """The view, unless somebody signed in at the desk has no business here."""

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if self.admin_site.has_permission(request) and not self.has_module_permission(request):
                raise Http404
            return view(request, *args, **kwargs)

        return update_wrapper(guarded, view)

    def _get_obj_does_not_exist_redirect(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Http404

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The object, if it is in the person's scope; else 404."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        return obj

    def page(
        self, request: HttpRequest, template: str, *, title: str, **context: Any
    ) -> TemplateResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            f"admin/validation/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "media": self.media,
                **context,
            },
        )

    def try_move(
        self, request: HttpRequest, form: DeskForm, move: Callable[[], Any], done: str
    ) -> HttpResponse | None:
        """Make one change. Where to go if it was made; None if the form says why not."""
        try:
            move()
        except DomainError as refusal:
            form.refuse(refusal)
            return None
        self.message_user(request, done, messages.SUCCESS)
        return HttpResponseRedirect(request.path)


def history_of(*groups: tuple[type[Model], list[Any]]) -> QuerySet[AuditEntry]:
    """What was recorded about several objects together, newest first; pairs of model and keys."""
    wanted = Q()
    for model, keys in groups:
        wanted |= Q(target_type=model._meta.label_lower, target_id__in=[str(key) for key in keys])
    return AuditEntry.objects.filter(wanted).order_by("-created_at", "-pk")


def refuse_person() -> NoReturn:
    """They see it, and it is not theirs to do."""
    raise PermissionDenied(_("This is not yours to do."))
