"""Who may come in: pages for members lead others to where they become one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse

from community.models import member_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

View = Callable[..., "HttpResponse"]


def for_members(view: View) -> View:
    """Signed-out people sign in first, people who have not joined read the rules and join; both
    come back. Whoever may not write at present is told so."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        here = request.get_full_path()
        if not request.user.is_authenticated:
            return redirect_to_login(here)
        if member_of(request.user) is None:
            return redirect(f"{reverse('community:join')}?{urlencode({'next': here})}")
        if not request.user.has_perm("community.take_part"):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return answer
