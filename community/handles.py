"""Short names: which can be had, and which are suggested."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import Audience
from community.models import FormerHandle, Member
from community.models.members import HANDLE, likeness, of_likeness
from core.text import fold

if TYPE_CHECKING:
    from accounts.models import User

LONGEST = 30
#: Names that would speak for the portal, for everybody or for nobody.
_RESERVED = """
all anonymous anyone bot channel committee contact coordinator desk editor editors everybody
everyone facilitator facilitators former-member group guest help here host hub hubs info
knowledge-hub knowledge-hubs me member members mod mods nobody none noreply null official owner
postmaster root secretariat security service somebody steward support system team undefined
unknown user users webmaster you
"""
_RESERVED_PARTS = """
admin admins administrator administrators moderator moderators portal staff
"""
RESERVED = frozenset(map(likeness, _RESERVED.split()))
#: Not even as a part between hyphens.
RESERVED_PARTS = frozenset(map(likeness, _RESERVED_PARTS.split()))
_SHAPE = re.compile(HANDLE)


def normal(typed: str) -> str:
    """As it is kept: small letters, without the @ people type before it."""
    return typed.strip().removeprefix("@").lower()


def is_reserved(handle: str) -> bool:
    whole = likeness(handle)
    parts = {likeness(part.strip("0123456789")) for part in handle.split("-")}
    return whole in RESERVED or whole in RESERVED_PARTS or bool(parts & RESERVED_PARTS)


def refuse_handle(handle: str, *, by: User) -> None:
    """Raise what is wrong with a short name this person would like, if anything is."""
    if not _SHAPE.match(handle):
        raise ValidationError(
            _("Use 3 to 30 small letters a to z, digits and hyphens. Begin with a letter."),
            code="shape",
        )
    if is_reserved(handle):
        raise ValidationError(_("This short name is kept for the portal. Choose another."), "kept")
    alike = Member.objects.annotate(likeness=of_likeness()).filter(likeness=likeness(handle))
    other = alike.exclude(user=by).first()
    if other is not None:
        if other.handle == handle:
            raise ValidationError(
                _("Another member has this short name. Choose another."), code="taken"
            )
        raise ValidationError(
            _("This is too much like another member’s short name. Choose another."), code="alike"
        )
    since = timezone.now() - FormerHandle.KEPT
    former = FormerHandle.objects.filter(likeness=likeness(handle), given_up_at__gt=since)
    if former.exclude(member__user=by).exists():
        raise ValidationError(
            _("Somebody had this short name not long ago. Choose another."), code="former"
        )


def suggested(user: User) -> str:
    """A short name that can be had: from the name if everybody may see it, else one that tells
    nothing."""
    if user.profile.name_audience == Audience.PUBLIC:
        # What is not of the Latin alphabet is left out; nobody's name is guessed at.
        found = re.sub("^[^a-z]+", "", slugify(fold(user.name))).replace("_", "-")
        base = found[: LONGEST - 3].strip("-")
        tried = (base, *(f"{base}-{n}" for n in range(2, 6))) if len(base) > 2 else ()
        for handle in tried:
            if _can_be_had(handle, user):
                return handle
    for _attempt in range(10):
        handle = f"member-{secrets.randbelow(9 * 10**5) + 10**5}"
        if _can_be_had(handle, user):
            return handle
    return ""


def _can_be_had(handle: str, user: User) -> bool:
    try:
        refuse_handle(handle, by=user)
    except ValidationError:
        return False
    return True
