"""The directory of hubs: list, map, filters, and the same as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from core import spreadsheet
from hubs import export
from hubs.comparing import MOST
from hubs.listing import HubDirectory
from hubs.templatetags.claims_tags import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase


@require_safe
def hubs(request: HttpRequest) -> HttpResponse:
    """Tabs by kind, a map, facets and a table; asked with ``HX-Request``, only what a change
    of filter changes."""
    fragment = request.headers.get("HX-Request") == "true"
    context = {
        "list": HubDirectory(request.GET, request.user),
        "most": MOST,
        "english": in_english(),
    }
    template = "hubs/_list_answer.html" if fragment else "hubs/hub_list.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def hubs_csv(request: HttpRequest) -> HttpResponseBase:
    """All hubs that answer the same parameters, in the order of the list."""
    found = HubDirectory(request.GET, request.user)
    site = f"{request.scheme}://{request.get_host()}"
    language = get_language() or "en"

    def rows() -> Any:
        with override(language):  # the page's language is over when the rows are read
            yield from export.rows(found, site)

    return spreadsheet.download(rows(), f"hubs-{timezone.localdate().isoformat()}.csv")
