"""What came of an event: documents by paragraph, key messages, commitments and their progress."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import Contradiction, Reference, before, new_uid
from core.partialdate import PartialDateField
from events.choices import DocumentKind, Progress, Standing
from events.models.meetings import Event, PartQuerySet
from events.models.programme import Session
from hubs.models import Country, Hub

if TYPE_CHECKING:
    import datetime as dt


class DocumentQuerySet(PartQuerySet["Document"]):
    """As whoever reads or keeps their event."""


class Document(models.Model):
    """A text an event adopted or published."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="documents")
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("title"), max_length=300, blank=True)
    as_written = models.CharField(_("name as a source writes it"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=DocumentKind)
    date = PartialDateField(_("date"), blank=True)
    authors = models.CharField(_("authors"), max_length=200, blank=True)
    languages = models.JSONField(_("languages"), default=list, blank=True)
    url = models.URLField(_("address of the text"), max_length=500, blank=True)
    note = models.TextField(_("editor’s note"), blank=True)
    is_complete = models.BooleanField(
        _("all paragraphs are here"),
        default=False,
        help_text=_("Otherwise the page says that it shows what its sources give."),
    )
    numbers_are_ours = models.BooleanField(
        _("paragraphs numbered by the editors"),
        default=False,
        help_text=_("If the document has no numbers, or they are not known."),
    )
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    further = models.ManyToManyField(
        Reference, blank=True, related_name="+", verbose_name=_("further sources")
    )

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("outcome document")
        verbose_name_plural = _("outcome documents")
        ordering = ["-date", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("events:document", args=[self.slug])


#: A document shows so many paragraphs at a time; 60 of a hundred words each weigh 8 KB.
PARAGRAPHS_AT_ONCE = 60
_LEADING_NUMBER = re.compile(r"[0-9]{1,6}")


class Paragraph(models.Model):
    """A numbered paragraph; its number is its address. ``number`` is as written: "29", "4 bis".

    ``is_verbatim`` tells the document's own words from an account of them.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="paragraphs")
    number = models.CharField(_("number"), max_length=20)
    heading = models.CharField(_("heading above it"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    is_verbatim = models.BooleanField(_("verbatim"), default=True)
    note = models.CharField(_("editor’s note"), max_length=500, blank=True)
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("paragraph")
        verbose_name_plural = _("paragraphs")
        ordering = ["document", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "number", "language"], name="paragraph_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document}, {self.number}"

    def get_absolute_url(self) -> str:
        """Of one that may not be on the first page, the address names it to the portal, too."""
        written = _LEADING_NUMBER.match(self.number)
        rank = max(self.position, int(written[0]) if written else 0)
        query = f"?{urlencode({'p': self.number})}" if rank > PARAGRAPHS_AT_ONCE else ""
        return f"{self.document.get_absolute_url()}{query}#{self.anchor}"

    @property
    def anchor(self) -> str:
        """The part of an address after the hash; stable while the number is."""
        return f"p-{'-'.join(self.number.lower().split())}"


class KeyMessageQuerySet(PartQuerySet["KeyMessage"]):
    """As whoever reads or keeps their event."""


class KeyMessage(models.Model):
    """What was said in a session or at an event, and the paragraphs that took it up."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="key_messages")
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, blank=True, related_name="key_messages"
    )
    dimension = models.CharField(_("dimension"), max_length=80, blank=True)
    text = models.TextField(_("message"))
    paragraphs = models.ManyToManyField(
        Paragraph, blank=True, related_name="key_messages", verbose_name=_("reflected in")
    )
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = KeyMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("key message")
        verbose_name_plural = _("key messages")
        ordering = ["event", "session", "position", "pk"]

    def __str__(self) -> str:
        return self.text[:80]


class CommitmentQuerySet(PartQuerySet["Commitment"]):
    """As whoever reads or keeps their event."""


class Commitment(models.Model):
    """Something promised, and how far it has come.

    ``due`` is the deadline as a date where one can be given; without it a commitment is never
    overdue. ``progress`` is that of the latest update.
    """

    class Kind(models.TextChoices):
        COMMITMENT = "commitment", _("Commitment")
        INVITATION = "invitation", _("Invitation to others")
        NEXT_STEP = "next_step", _("Next step")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="commitments")
    paragraphs = models.ManyToManyField(
        Paragraph, blank=True, related_name="commitments", verbose_name=_("paragraphs")
    )
    code = models.SlugField(_("number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.COMMITMENT)
    text = models.TextField(_("what was promised"))
    quoted = models.TextField(
        _("in the words of the source"), blank=True, help_text=_("Verbatim, and short.")
    )
    due_as_written = models.CharField(_("due, as written"), max_length=200, blank=True)
    due = PartialDateField(_("due"), blank=True)
    due_is_derived = models.BooleanField(_("date worked out by the editors"), default=False)
    progress = models.CharField(
        _("progress"), max_length=20, choices=Progress, default=Progress.NO_EVIDENCE
    )
    fulfilled_on = PartialDateField(_("fulfilled on"), blank=True)
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    note = models.CharField(_("editor’s note"), max_length=500, blank=True)
    contradictions = models.ManyToManyField(
        Contradiction,
        blank=True,
        related_name="commitments",
        verbose_name=_("where the sources disagree"),
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = ["event", "position", "pk"]
        indexes = [models.Index(fields=["event", "position", "id"], name="commitments_of_event")]

    def __str__(self) -> str:
        return self.text[:100]

    def get_absolute_url(self) -> str:
        return reverse("events:commitment", args=[self.code])

    @property
    def number(self) -> str:
        """Its number as readers see it."""
        return self.code.upper()

    @property
    def standing(self) -> Standing:
        """Progress as a reader is told it."""
        return standing_of(self.progress, self.due, self.fulfilled_on)

    @property
    def is_overdue(self) -> bool:
        return overdue(self.progress, self.due, timezone.localdate())


def standing_of(progress: str, due: str, fulfilled_on: str) -> Standing:
    """Progress, and whether it came in time.

    Dates are compared at the precision both have, so "2012" is kept by "2012-12".
    """
    if progress == Progress.COMPLETE and before(due, fulfilled_on):
        return Standing.COMPLETE_LATE
    return Standing(progress)


def overdue(progress: str, due: str, today: dt.date) -> bool:
    """Whether a promise is not kept and its date is over; without a date it never is."""
    return progress != Progress.COMPLETE and before(due, today.isoformat())


class CommitmentOwner(models.Model):
    """An institution or country that made a promise."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="owners")
    name = models.CharField(_("name"), max_length=200)
    hub = models.ForeignKey(
        Hub, on_delete=models.SET_NULL, null=True, blank=True, related_name="commitments"
    )
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("owner of a commitment")
        verbose_name_plural = _("owners of commitments")
        ordering = ["commitment", "position", "pk"]

    def __str__(self) -> str:
        return self.name


class CommitmentUpdate(models.Model):
    """What happened, with the evidence: one reference, a link, or another record."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="updates")
    progress = models.CharField(_("progress"), max_length=20, choices=Progress)
    text = models.TextField(_("what happened"))
    happened_on = PartialDateField(_("when"), blank=True)
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    fulfilled_by_event = models.ForeignKey(
        Event, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_derived = models.BooleanField(_("worked out by the editors"), default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("update of a commitment")
        verbose_name_plural = _("updates of commitments")
        ordering = ["commitment", "-at", "-pk"]

    def __str__(self) -> str:
        return self.text[:80]
