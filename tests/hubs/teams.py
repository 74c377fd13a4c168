"""Hubs with statements and a team, for tests of the team's pages."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from claims.models import Reference
from core.text import plain
from hubs import operations
from hubs.models import Hub, HubClaim, Membership
from tests import factories

if TYPE_CHECKING:
    from accounts.models import User

FOCAL, EDITOR, MEMBER = Membership.Role.FOCAL_POINT, Membership.Role.EDITOR, Membership.Role.MEMBER


def make_reference(title: str = "Yearbook", **more: Any) -> Reference:
    number = Reference.objects.count() + 1
    more.setdefault("key", f"source-{number}")
    more.setdefault("citation", f"{title}, 20{number:02d}")
    return Reference.objects.create(title=title, **more)


def make_hub(slug: str = "wells", **more: Any) -> Hub:
    """A hub with its first revision, as it comes from the desk."""
    factories.reference()
    staff = factories.make_user(is_staff=True)
    more.setdefault("name", f"Hub of {slug}")
    more.setdefault("acronym", slug.upper())
    more.setdefault("kind", Hub.Kind.NATIONAL)
    hub = Hub(slug=slug, **more)
    operations.create_hub(hub, by=staff)
    return Hub.objects.get(pk=hub.pk)


def stated(hub: Hub, topic: str, text: str, **more: Any) -> HubClaim:
    """A statement as somebody at the desk adds it; with a source of its own unless given one."""
    more.setdefault("reference", Reference.objects.first() or make_reference())
    staff = factories.make_user(is_staff=True)
    return operations.add_claim(hub, by=staff, values={"topic": topic, "text": text, **more})


def member(hub: Hub, role: str = EDITOR, **more: Any) -> User:
    return factories.make_member(hub, role, **more)


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def words(response: Any) -> str:
    """What the page says in its main part, without marks."""
    page = response.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", html.unescape(plain(main)))


def errors(response: Any) -> dict[str, list[str]]:
    """The refusals of the page's form, by field."""
    return {
        name: [str(text) for text in texts]
        for name, texts in response.context["form"].errors.items()
    }
