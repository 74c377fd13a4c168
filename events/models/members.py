"""What members have to do with the record: they follow commitments, and may be people in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid
from core.errors import DomainError
from core.lifecycle import Lifecycle, Move
from events.models.outcomes import Commitment
from events.models.programme import Person
from events.signals import person_claim_moved

if TYPE_CHECKING:
    from accounts.models import User


class CommitmentFollow(models.Model):
    """A member who is told of every update on a commitment."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="follows")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="commitment_follows"
    )
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("follower of a commitment")
        verbose_name_plural = _("followers of commitments")
        ordering = ["commitment", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["commitment", "user"], name="commitment_followed_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.commitment}"


class PersonClaimQuerySet(models.QuerySet["PersonClaim"]):
    def open(self) -> Self:
        return self.filter(state=PersonClaim.State.ASKED)


class PersonClaim(Lifecycle):
    """ "I am this person": a member asks, a portal moderator looks and agrees or not."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for a moderator")
        AGREED = "agreed", _("Agreed")
        REFUSED = "refused", _("Not agreed")
        WITHDRAWN = "withdrawn", _("Taken back")

    moves = {
        "agree_person_claim": Move(
            _("Agree"), (State.ASKED,), State.AGREED, "events.decide_person_claim"
        ),
        "refuse_person_claim": Move(
            _("Do not agree"), (State.ASKED,), State.REFUSED, "events.decide_person_claim"
        ),
        "withdraw_person_claim": Move(
            _("Take back"), (State.ASKED,), State.WITHDRAWN, "events.withdraw_person_claim"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="person_claims")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person_claims"
    )
    state = models.CharField(
        _("state"), max_length=20, choices=State, default=State.ASKED, editable=False
    )
    reason = models.TextField(_("how a moderator can tell"), max_length=1000)
    answer = models.TextField(_("answer"), max_length=1000, blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )

    objects = PersonClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim to be a person")
        verbose_name_plural = _("claims to be a person")
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "user"],
                condition=models.Q(state="asked"),
                name="one_open_claim_to_a_person",
            )
        ]

    def __str__(self) -> str:
        return str(self.person)

    def get_absolute_url(self) -> str:
        return reverse("events:person", args=[self.person.slug])

    def agree_person_claim(self, *, by: User, note: str = "") -> None:
        """The page of the person leads to the member from now on, and back.

        Called by ``operations.agree_to_claim``, which links the two in the same transaction.
        """
        self._not_own(by)
        self._decide("agree_person_claim", by=by, note=note)

    def refuse_person_claim(self, *, by: User, note: str) -> None:
        """The member is told why."""
        self._not_own(by)
        if not note.strip():
            raise ValidationError({"answer": _("Say why; the member reads it.")})
        self._decide("refuse_person_claim", by=by, note=note)

    def withdraw_person_claim(self, *, by: User) -> None:
        self._make("withdraw_person_claim", by=by, decided_at=timezone.now())

    def _not_own(self, by: User) -> None:
        if by.pk == self.user_id:
            raise DomainError(
                gettext("Another moderator decides about your own request."), code="four-eyes"
            )

    def _decide(self, verb: str, *, by: User, note: str) -> None:
        self._make(verb, by=by, note=note, answer=note, decided_at=timezone.now(), decided_by=by)

    def announce(self, verb: str, *, by: Any) -> None:
        person_claim_moved.send(PersonClaim, claim=self, verb=verb, by=by)
