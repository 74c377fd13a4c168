"""The criteria by which records are judged: each edition as a page and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue import criteria as rubric
from catalogue.choices import Level
from catalogue.models import CriteriaSet
from catalogue.models.criteria import COMMON
from hubs.models import Hub

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: Beyond these the table of criteria has to be scrolled sideways on a narrow screen.
USUAL_COLUMNS = 2
#: The mark is drawn for this many binding criteria (design guide).
SPOKES = range(5, 9)


@require_safe
def in_force(request: HttpRequest) -> HttpResponse:
    """The common criteria in force."""
    return _page(request, rubric.in_force())


@require_safe
def of_owner(request: HttpRequest, owner: str) -> HttpResponse:
    """What is in force in a family or in a hub."""
    if owner == COMMON:
        return redirect("catalogue:criteria")
    found = _editions(request, owner).in_force().first()
    if found is not None:
        return _page(request, found)
    # A hub that became part of another has criteria of its own no more.
    gone = Hub.objects.select_related("merged_into").filter(slug=owner, merged_into__isnull=False)
    hub = gone.first()
    if hub is None or hub.merged_into is None:
        raise Http404
    kept = hub.merged_into
    if _editions(request, kept.slug).in_force().exists():
        return redirect("catalogue:criteria-of", kept.slug)
    return redirect("catalogue:criteria")


@require_safe
def edition(request: HttpRequest, owner: str, version: str) -> HttpResponse:
    """One edition, in force or not any more."""
    return _page(request, _edition(request, owner, version))


@require_safe
def edition_json(request: HttpRequest, owner: str, version: str) -> JsonResponse:
    """One edition as data: the set as it is judged by, and its fingerprint to check it with.

    ``content_hash`` is the SHA-256 of ``content`` in canonical form: keys sorted, no spaces,
    UTF-8.
    """
    found = _edition(request, owner, version)
    return JsonResponse(
        {
            "content": found.content,
            "content_hash": found.content_hash,
            "state": found.state,
            "in_force_from": found.in_force_from,
            "retired_at": found.retired_at,
            "url": request.build_absolute_uri(found.get_absolute_url()),
        },
        json_dumps_params={"ensure_ascii": False},
    )


def _editions(request: HttpRequest, owner: str) -> QuerySet[CriteriaSet]:
    """The published editions of a family or, if there is none of that name, of a hub."""
    published = CriteriaSet.objects.visible_to(request.user).published()
    published = published.select_related("hub", "base")
    shared = published.filter(family=owner, hub=None)
    if shared.exists():
        return shared
    visible = Hub.objects.visible_to(request.user)
    # Records name the editions of a hub that became part of another: they stay at its address.
    hubs = Hub.objects.filter(Q(pk__in=visible) | Q(merged_into__in=visible), slug=owner)
    return published.filter(family=COMMON, hub__in=hubs)


def _edition(request: HttpRequest, owner: str, version: str) -> CriteriaSet:
    found = _editions(request, owner).filter(version=version).first()
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, shown: CriteriaSet) -> HttpResponse:
    """Gates, scores, criteria, and what earns a mark, in the words of this edition."""
    data = rubric.content_of(shown)
    binding = sum(row["binding"] for row in data["criteria"])
    columns = _columns(data)
    siblings = list(_siblings(request, shown))
    return render(
        request,
        "catalogue/criteria.html",
        {
            "set": shown,
            "criteria": data,
            "binding": binding,
            "draws_mark": binding in SPOKES,
            "rows": [
                (row, [(score, row["anchors"][score]) for score in columns], _aside(row, data))
                for row in data["criteria"]
            ],
            "columns": columns,
            "is_wide": len(columns) > USUAL_COLUMNS,
            "same_scores": ", ".join(score for score in rubric.SCORES if score not in columns),
            "labels": [
                {"code": code, "conditions": list(_conditions(data, code))}
                for code in rubric.LABELS
            ],
            "others": [{"code": code, "meaning": meaning} for code, meaning in _other_marks()],
            "validity": _validity(data),
            "additions": rubric.differences(shown.base.content, data) if shown.base else [],
            "current": next((row for row in siblings if row.is_in_force), None),
            "editions": [row for row in siblings if row.hub_id == shown.hub_id],
            "hubs": [row for row in siblings if row.hub_id and row.is_in_force]
            if shown.hub_id is None
            else [],
            "foreign": not (get_language() or "en").startswith("en"),
        },
    )


def _siblings(request: HttpRequest, shown: CriteriaSet) -> Iterable[CriteriaSet]:
    """The editions a reader may go on to, newest first: of the same owner; and, from a shared
    set, those of the hubs that add to it."""
    found = CriteriaSet.objects.visible_to(request.user).published().filter(family=shown.family)
    if shown.hub_id is not None:
        found = found.filter(hub=shown.hub_id)
    else:
        listed = Hub.objects.visible_to(request.user).values("pk")
        found = found.filter(hub=None) | found.filter(hub__in=listed)
    columns = ("family", "version", "name", "state", "in_force_from", "retired_at")
    names = ("hub__slug", "hub__name", "hub__acronym")
    return found.select_related("hub").only(*columns, *names).order_by("-in_force_from", "-pk")


def _columns(data: dict[str, Any]) -> list[str]:
    """The scores that mean something of their own for most criteria; the rest is said once."""
    most = len(data["criteria"]) / 2
    return [
        score
        for score in rubric.SCORES
        if sum(score in _own(row, data) for row in data["criteria"]) > most
    ]


def _own(row: dict[str, Any], data: dict[str, Any]) -> dict[str, str]:
    """The scores that mean something of their own for one criterion."""
    return {
        score: meaning
        for score, meaning in row["anchors"].items()
        if meaning != data["anchors"][score]
    }


def _aside(row: dict[str, Any], data: dict[str, Any]) -> list[tuple[str, str]]:
    """What one criterion says of a score for which most say nothing of their own."""
    columns = _columns(data)
    return [pair for pair in sorted(_own(row, data).items()) if pair[0] not in columns]


def _validity(data: dict[str, Any]) -> str:
    """How long a label holds, in a sentence."""
    return _(
        "“Validated” holds for %(validated)s months, “promising” for %(promising)s; then it is"
        " renewed or runs out."
    ) % {
        "validated": data["periods"]["validated_months"],
        "promising": data["periods"]["promising_months"],
    }


def _conditions(data: dict[str, Any], label: str) -> Iterator[str]:
    """What a label asks for, in sentences made from the thresholds of the set."""
    rule = data["thresholds"][label]
    strength = {step["code"]: step["name"] for step in data["evidence_strength"]}
    if rule.get("gates"):
        yield _("Every gate is answered with yes.")
    yield _("Each binding criterion scores %(n)s or more.") % {"n": rule["binding_at_least"]}
    yield from _raised(data, label)
    if rule.get("no_zero"):
        yield _("No criterion scores 0.")
    yield _("The sum is %(n)s or more of 100.") % {"n": rule["score_at_least"]}
    code = rule["evidence_at_least"]
    yield _("Evidence for results is %(code)s (%(name)s) or stronger.") % {
        "code": code,
        "name": strength[code].lower(),
    }


def _raised(data: dict[str, Any], label: str) -> Iterator[str]:
    """Criteria with a minimum above the threshold: "validated" takes it, "promising" one less."""
    least = data["thresholds"][label]["binding_at_least"]
    for row in data["criteria"]:
        minimum = row["minimum"] or 0
        needed = minimum if label == "validated" else minimum - 1
        if needed > least:
            yield _("%(code)s scores %(n)s or more.") % {"code": row["code"], "n": needed}


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
