"""References, and claims that rest on them: what a source says about a record.

Sources disagree, count vaguely and speak of different dates. So a figure or date is never
a column of the record it is about: it is a claim, with the words of its source, the date it
holds for and the place where it can be read. Apps above make a claim about their own kind of
record by a subclass of ``Claim`` (``hubs.HubClaim``).
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.partialdate import PartialDateField

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from claims.topics import Topic

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
#: As many digits before the point as any budget needs.
LARGEST = Decimal(10) ** 15


def new_uid() -> str:
    """Ten letters and digits that no page mistakes for another."""
    return "".join(secrets.choice(LETTERS) for _letter in range(10))


class Reference(models.Model):
    """A document, page or statement that claims rest on: one row however often it is cited."""

    class Kind(models.TextChoices):
        DOCUMENT = "document", _("Document")
        PUBLICATION = "reference", _("Publication")
        PAGE = "page", _("Web page")
        OWN = "own", _("The hub’s own statement")

    key = models.CharField(_("key"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.DOCUMENT)
    title = models.CharField(_("title"), max_length=400)
    authors = models.CharField(_("authors"), max_length=300, blank=True)
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    date = PartialDateField(_("date"), blank=True)
    site = models.CharField(_("site"), max_length=200, blank=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    note = models.CharField(_("editor’s note"), max_length=500, blank=True)
    citation = models.CharField(
        _("citation"),
        max_length=600,
        help_text=_("How readers see it: author, title, publisher, date."),
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    #: The reference this one turned out to be. Its key goes on naming it in earlier revisions.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="aliases",
        editable=False,
        verbose_name=_("merged into"),
    )

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        ordering = ["citation", "pk"]

    def __str__(self) -> str:
        return self.citation

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.citation:
            self.citation = self.composed()[:600]
        super().save(*args, **kwargs)

    def composed(self) -> str:
        """Author, title, publisher or site, and date, as far as they are known."""
        parts = (self.authors, self.title, self.publisher, self.site, self.date)
        return ", ".join(part for part in parts if part)


def by_key(keys: Iterable[str]) -> dict[str, int]:
    """The primary keys of what these keys name today: of a merged one, what it went into."""
    rows = Reference.objects.filter(key__in=keys)
    return dict(rows.values_list("key", Coalesce("merged_into_id", "pk")))


class Contradiction(models.Model):
    """A place where published sources disagree, kept as it is: nothing is smoothed over."""

    key = models.SlugField(max_length=20, unique=True)
    what = models.CharField(_("what disagrees"), max_length=500)
    kind = models.CharField(_("kind of disagreement"), max_length=100)
    sources = models.CharField(_("sources"), max_length=300)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("contradiction")
        verbose_name_plural = _("contradictions")
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.what


class Claim(models.Model):
    """What one source says about one record. Abstract: a subclass names the record.

    The text says it in our own words; the values are what machines compare. A number is
    exact when ``low`` equals ``high``, "at least" when only ``low`` is known, "up to" when only
    ``high``, else a range; ``qualifier`` keeps the source's own word ("around"). ``starts`` and
    ``ends`` are what a date or period claims; ``as_of`` is when the statement held.
    """

    class Actor(models.TextChoices):
        """The kinds of actor a hub works with (Chapter 4, section 2)."""

        GOVERNMENT = "government", _("Government")
        MULTILATERAL = "multilateral", _("International organisation")
        BILATERAL = "bilateral", _("Bilateral partner")
        CIVIL_SOCIETY = "civil_society", _("Civil society")
        BUSINESS = "business", _("Business")
        ACADEMIA = "academia", _("Universities and research")
        FOUNDATION = "foundation", _("Foundation")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        IN_PLACE = "in_place", _("In place")
        ENDED = "ended", _("Ended")

    #: The topics of this kind of record, by code; a subclass sets them.
    topics: ClassVar[Mapping[str, Topic]] = {}

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    topic = models.CharField(_("topic"), max_length=40)
    label = models.CharField(_("name"), max_length=200, blank=True)
    text = models.TextField(_("statement"), max_length=2000)
    low = models.DecimalField(_("at least"), max_digits=20, decimal_places=4, null=True, blank=True)
    high = models.DecimalField(_("at most"), max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=60, blank=True)
    qualifier = models.CharField(_("qualifier, as written"), max_length=60, blank=True)
    starts = PartialDateField(_("date, or beginning of the period"), blank=True)
    ends = PartialDateField(_("end of the period"), blank=True)
    as_of = PartialDateField(_("as of"), blank=True)
    role = models.CharField(_("part in it"), max_length=200, blank=True)
    actor = models.CharField(_("kind of actor"), max_length=20, choices=Actor, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    status = models.CharField(_("status"), max_length=20, choices=Status, blank=True)
    reference = models.ForeignKey(
        Reference,
        on_delete=models.PROTECT,
        related_name="%(class)ss",
        verbose_name=_("source"),
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    is_preferred = models.BooleanField(_("preferred"), default=False)
    note = models.CharField(_("editor’s note"), max_length=500, blank=True)
    conflict = models.CharField(_("where the sources disagree"), max_length=500, blank=True)
    derived = models.CharField(_("what the editors worked out"), max_length=300, blank=True)
    contradiction = models.ForeignKey(
        Contradiction,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("contradiction"),
    )
    position = models.PositiveSmallIntegerField(
        default=0, validators=[MinValueValidator(0), MaxValueValidator(9999)]
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_low_not_over_high",
                condition=models.Q(low__isnull=True)
                | models.Q(high__isnull=True)
                | models.Q(low__lte=models.F("high")),
            ),
            models.CheckConstraint(name="%(class)s_says_something", condition=~models.Q(text="")),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def about(self) -> Topic | None:
        """The topic; None for one this release does not know."""
        return self.topics.get(self.topic)

    @property
    def is_exact(self) -> bool:
        return self.low is not None and self.low == self.high

    @property
    def has_number(self) -> bool:
        return self.low is not None or self.high is not None

    def clean(self) -> None:
        """Refuse at the field what cannot be: bounds or dates the wrong way round, shares
        beyond the whole, a topic this kind of record does not have."""
        errors: dict[str, Any] = {}
        if self.topic not in self.topics:
            errors["topic"] = _("Choose what the statement is about.")
        if self.low is not None and self.high is not None and self.low > self.high:
            errors["high"] = _("The most cannot be less than the least. Swap the two.")
        for name in ("low", "high"):
            value = getattr(self, name)
            if value is not None and abs(value) >= LARGEST:
                errors[name] = _("This number is too large. Use a larger unit.")
        if self.starts and self.ends and before(self.ends, self.starts):
            errors["ends"] = _("The period ends before it begins. Swap the two.")
        if (topic := self.about) and topic.shape == "share":
            for name in ("low", "high"):
                value = getattr(self, name)
                if value is not None and not 0 <= value <= 100:
                    errors[name] = _("Enter a share between 0 and 100 percent.")
        if errors:
            raise ValidationError(errors)


def before(one: str, other: str) -> bool:
    """Whether a partial date lies before another, at the precision both have.

    ``2012`` is not before ``2012-07``: nobody knows.
    """
    shared = min(len(one), len(other))
    return bool(one and other) and one[:shared] < other[:shared]


def kinds() -> list[type[Claim]]:
    """Every kind of claim there is: one for each kind of record."""
    from django.apps import apps  # noqa: PLC0415 (only once all apps are there)

    return [model for model in apps.get_models() if issubclass(model, Claim)]
