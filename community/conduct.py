"""The code of conduct: its version and its rules, which are also the grounds of decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from community.choices import Ground

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from community.models import Member

#: Members agree to a version; a new one is put to them at their next contribution.
VERSION = 1


def has_agreed(member: Member | None) -> bool:
    """Whether this is a member who agreed to the rules as they are now."""
    return member is not None and member.conduct_version >= VERSION


#: Each rule: what it asks, and what that means in practice.
RULES: dict[Ground, tuple[StrOrPromise, StrOrPromise]] = {
    Ground.PRACTICE: (
        _("Speak from practice"),
        _(
            "Say what you did, where, with whom, and what came of it, also when it failed. Stay"
            " with the subject of the discussion, and begin another one for another subject."
        ),
    ),
    Ground.RESPECT: (
        _("Disagree with ideas, respect people"),
        _(
            "Ask before you judge: others work under other laws, budgets and languages. Nobody is"
            " mocked, threatened or shut out for who they are. When something went wrong, name"
            " decisions and institutions, not people."
        ),
    ),
    Ground.PRIVACY: (
        _("Keep confidences"),
        _(
            "No personal data of others, and nothing told to you in confidence. What is said in a"
            " private chapter stays there. Ask before you tell somebody else’s story."
        ),
    ),
    Ground.SOURCES: (
        _("Say where it comes from"),
        _(
            "Quote, name and link what others made, and say what is yours. Tell a figure with its"
            " year and its source. If a program wrote the text, say so; you answer for it."
        ),
    ),
    Ground.SPAM: (
        _("Nothing to sell"),
        _(
            "No advertising, no message sent to many places, no link that serves only its sender."
            " When you speak of a product or service you gain from, say that you do."
        ),
    ),
    Ground.LAW: (
        _("Within the law"),
        _("Nothing that breaks the law where you are, and no call on others to break it."),
    ),
}
