"""The catalogue as a list, as a table and as a feed; and the criteria."""

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

from catalogue import criteria as criteria_data
from catalogue import export, finding
from catalogue.cards import in_order, in_readers_language
from catalogue.choices import Level
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


@require_safe
def criteria(request: HttpRequest) -> HttpResponse:
    """The criteria in force: gates, scores, criteria, and what earns a mark."""
    data = criteria_data.criteria_set()
    return render(
        request,
        "catalogue/criteria.html",
        {
            "criteria": data,
            "binding": sum(row["binding"] for row in data["criteria"]),
            "labels": [
                {"code": code, "conditions": list(_conditions(data, code))}
                for code in data["thresholds"]
            ],
            "others": [{"code": code, "meaning": meaning} for code, meaning in _other_marks()],
            "foreign": not (get_language() or "en").startswith("en"),
        },
    )


def _conditions(data: dict[str, Any], label: str) -> Any:
    """What a label asks for, in sentences made from the thresholds of the set."""
    rule = data["thresholds"][label]
    strength = {step["code"]: step["name"] for step in data["evidence_strength"]}
    if rule.get("gates"):
        yield _("Every gate is answered with yes.")
    yield _("Each binding criterion scores %(n)s or more.") % {"n": rule["binding_at_least"]}
    if rule.get("no_zero"):
        yield _("No criterion scores 0.")
    yield _("The sum is %(n)s or more of 100.") % {"n": rule["score_at_least"]}
    code = rule["evidence_at_least"]
    yield _("Evidence for results is %(code)s (%(name)s) or stronger.") % {
        "code": code,
        "name": strength[code].lower(),
    }


def _other_marks() -> list[tuple[str, str]]:
    """Marks that no score gives, and what each of them says."""
    return [
        (
            Level.ADOPTED,
            _(
                "Validated, and in use elsewhere: the receiving side confirmed it six months or"
                " more after an exchange."
            ),
        ),
        (
            Level.DOCUMENTED,
            _(
                "Screened by the gates, not reviewed. A record taken over from a published source"
                " was not screened either; it says so."
            ),
        ),
        (Level.IN_REVIEW, _("Reviewers are scoring it.")),
        (
            Level.EXPIRED,
            _("Its validity has run out and was not renewed. The record stays readable."),
        ),
        (
            Level.SUSPENDED,
            _(
                "Challenged with evidence, and set aside until the question is settled. A note"
                " says why."
            ),
        ),
        (Level.WITHDRAWN, _("Taken down. Its page gives the date and the reason.")),
    ]
