"""The moderators' desk: who may enter, and how it calls itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import waiting

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.template.response import TemplateResponse


class DeskSite(AdminSite):
    """Open to portal staff and to focal points and editors of hubs, each in their own scope."""

    site_header = _("Moderators’ desk")
    site_title = _("Moderators’ desk")
    index_title = _("What waits at the desk")
    site_url = "/"
    #: The lists are few and the first page names them; the room goes to the work.
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_authenticated and user.is_active and user.may_use_desk())

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """What waits for this person comes first."""
        items = waiting.items_for(request.user)
        return super().index(request, {"waiting": items, **(extra_context or {})})

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One way in for everybody: the portal's own log-in with its second factor."""
        return redirect_to_login(
            request.GET.get("next") or reverse("admin:index"), reverse("account_login")
        )
