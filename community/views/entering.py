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

from community.conduct import has_agreed
from community.models import member_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

View = Callable[..., "HttpResponse"]


def for_members(view: View) -> View:
    """Signed-out people sign in first, people who have not joined or not agreed to the present
    rules read them and do; both come back. Whoever may not write at present is told so."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        elsewhere = way_in(request, request.get_full_path())
        return elsewhere or view(request, *args, **kwargs)

    return answer


def way_in(request: HttpRequest, back: str) -> HttpResponse | None:
    """Where this person goes first, to come back afterwards; None for who takes part. Whoever may
    not write at present is refused."""
    if not request.user.is_authenticated:
        return redirect_to_login(back)
    if has_to_join(request):
        return to_join(back)
    if not request.user.has_perm("community.take_part"):
        raise PermissionDenied
    return None


def has_to_join(request: HttpRequest) -> bool:
    """Whether this person is no member yet, or has not agreed to the rules as they are now."""
    return not has_agreed(member_of(request.user))


def to_join(back: str) -> HttpResponse:
    """To the page where one joins or agrees to the rules, and back afterwards."""
    return redirect(f"{reverse('community:join')}?{urlencode({'next': back})}")
