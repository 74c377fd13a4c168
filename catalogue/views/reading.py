"""The catalogue as a list, as a table and as a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue import export, finding
from catalogue.cards import in_order, in_readers_language
from catalogue.listing import SolutionList
from catalogue.models import Solution
from core import search

if TYPE_CHECKING:
    from datetime import datetime

#: No export holds more records than this.
MOST_ROWS = 100_000
FEED_LENGTH = 20


@require_safe
def solutions(request: HttpRequest) -> HttpResponse:
    """The list; asked with ``HX-Request``, only the parts that a change of filter changes."""
    answer = SolutionList(request.GET)
    fragment = request.headers.get("HX-Request") == "true"
    template = "catalogue/_solution_answer.html" if fragment else "catalogue/solution_list.html"
    response = render(request, template, {"list": answer})
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def solutions_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All records of the same question as a table, in the order of the list."""
    answer = SolutionList(request.GET)
    found = search.find(
        finding.KIND,
        answer.query,
        answer.filters.selected,
        sort=answer.filters.sort,
        per_page=MOST_ROWS,
    )
    site = f"{request.scheme}://{request.get_host()}"
    language = get_language() or "en"

    def lines() -> Any:
        with override(language):  # the page's language is over when the lines are read
            yield from export.lines(found.ids, site)

    name = f"solutions-{timezone.localdate().isoformat()}.csv"
    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class NewestSolutions(Feed):
    """What was published last, for feed readers."""

    feed_type = Atom1Feed

    def title(self) -> str:
        return _("Newest solutions")

    def subtitle(self) -> str:
        return _("Development solutions as they are published, each documented with its sources.")

    def link(self) -> str:
        return reverse("catalogue:solutions")

    def feed_url(self) -> str:
        return reverse("catalogue:solutions-feed")

    def items(self) -> list[Solution]:
        newest = search.find(
            finding.KIND, search.SearchQuery(), sort="newest", per_page=FEED_LENGTH
        )
        return in_order(newest.ids)

    def _content(self, item: Solution) -> dict[str, Any]:
        version = item.public_version
        assert version is not None  # noqa: S101 (the database holds it for public records)
        return in_readers_language(version.content)[0]

    def item_title(self, item: Solution) -> str:
        return f"{item.reference} {self._content(item)['title']}"

    def item_description(self, item: Solution) -> str:
        return str(self._content(item)["summary"])

    def item_link(self, item: Solution) -> str:
        return item.get_absolute_url()

    def item_pubdate(self, item: Solution) -> datetime | None:
        return item.published_at

    def item_updateddate(self, item: Solution) -> datetime | None:
        version = item.public_version
        return version.published_at if version else None
