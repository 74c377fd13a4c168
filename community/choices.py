"""The closed lists of the community."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Component(TextChoices):
    """The parts of the framework a month's theme can belong to.

    The first four are institutional, the other four operational: Choesni and Schulz, Chapter 4,
    section 3.
    """

    MANDATE = "mandate", _("Mandate")
    MODEL = "model", _("Model")
    PARTNERSHIPS = "partnerships", _("Partnerships")
    SUPPORT = "support", _("External support")
    VALIDATE = "validate", _("Validate and package")
    IMPLEMENT = "implement", _("Plan and implement")
    FINANCE = "finance", _("Finance")
    EVALUATE = "evaluate", _("Monitor and evaluate")


INSTITUTIONAL = frozenset(
    {Component.MANDATE, Component.MODEL, Component.PARTNERSHIPS, Component.SUPPORT}
)


class ChapterStatus(TextChoices):
    PLANNED = "planned", _("Being built up")
    ACTIVE = "active", _("Active")
    RESTING = "resting", _("Resting")


class Season(TextChoices):
    """Where a month's theme stands today; follows from its month."""

    AHEAD = "ahead", _("To come")
    OPEN = "open", pgettext_lazy("takes answers", "Open")
    CLOSED = "closed", _("Closed")
