"""A person as one reader sees them beside what they wrote: never more than they opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from community.models import Departure, Member
from core.plaintext import calm
from hubs import reference

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Seen:
    """``name`` is the person's name if it is open to the reader, else their short name;
    ``initials`` stand in the square beside a post; ``url`` leads to their page, if they have one.
    """

    name: str
    handle: str
    initials: str
    url: str
    organisation: str
    country: str


def with_people(rows: QuerySet, who: str = "author") -> QuerySet:
    """Rows with everything ``seen_as`` needs of their author."""
    return rows.select_related(f"{who}__profile", f"{who}__member", f"{who}__departure")


def seen_as(user: User | None, viewer: User | AnonymousUser) -> Seen:
    """The person as this reader may see them. No query if ``user`` came ``with_people``."""
    if user is None or user.closed_at is not None:
        return _former()
    member: Member | None = getattr(user, "member", None)
    if member is None and has_left(user):
        return _former()
    profile = user.profile
    handle = member.handle if member else ""
    is_open = user.is_active and profile.may_see("name", viewer) and bool(user.name)
    name = calm(str(user)) if is_open else f"@{handle}" if handle else _("Member")

    def shown(field: str, value: str) -> str:
        return value if user.is_active and profile.may_see(field, viewer) else ""

    country = shown("country", str(profile.country))
    return Seen(
        name=name,
        handle=handle,
        initials=initials_of(name),
        url=member.get_absolute_url() if member else "",
        organisation=calm(shown("organisation", profile.organisation)),
        country=reference.country_name(country) if country else "",
    )


def _former() -> Seen:
    return Seen(_("Former member"), "", "–", "", "", "")


def has_left(user: User) -> bool:
    """Whether they were a member and are none now, with the account kept."""
    departure: Departure | None = getattr(user, "departure", None)
    return departure is not None


def initials_of(name: str) -> str:
    """The first letters of the first and the last word."""
    words = [word for word in name.lstrip("@").replace("-", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper() or "–"
