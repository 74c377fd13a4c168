"""What pages show of self-assessments: the latest result of a hub, plots, marks of language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import template
from django.db.models import Exists, OuterRef
from django.utils.html import format_html
from django.utils.safestring import SafeString

from assessment.models import Assessment, Dimension
from assessment.reading import Result, RoadMap, result_of, road_map_of
from hubs.around import may_have, tells
from hubs.models import roles_of

if TYPE_CHECKING:
    from hubs.models import Hub

register = template.Library()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a hub's page says about its self-assessment."""

    hub: Hub
    result: Result | None
    road: RoadMap | None
    own: bool


tells(
    "assessments", lambda: Exists(Assessment.objects.agreed().filter(hub=OuterRef("pk")).order_by())
)


@register.simple_tag(takes_context=True)
def assessment_of(context: template.Context, hub: Hub) -> Shown | None:
    """The latest result this page's reader may see, and the road map if it is shared with them.

    ``{% assessment_of hub as assessment %}``; None when there is nothing to show. Three queries
    at most; one or none when there is nothing.
    """
    if not may_have(hub, "assessments"):
        return None
    user = context["request"].user
    own = hub.pk in roles_of(user)
    found = list(Assessment.objects.visible_to(user).agreed().filter(hub=hub)[:2])
    if not found:
        return None
    for each in found:
        each.hub = hub
    dimensions = Dimension.objects.filter(framework=found[0].framework_id)
    result = result_of(
        found[0], found[1] if len(found) > 1 else None, list(dimensions.order_by("position", "pk"))
    )
    shared = own or any(each.shares_road_map for each in found)
    return Shown(hub, result, road_map_of(hub) if shared else None, own)


@register.filter
def english(obj: Any, name: str = "text") -> SafeString:
    """`` lang="en" dir="ltr"`` for a text of the edition that is not translated yet."""
    return format_html(' lang="en" dir="ltr"') if obj.is_foreign(name) else SafeString("")
