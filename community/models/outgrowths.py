"""What grew out of a discussion: a lesson, a reference in the library, a catalogue draft."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Solution
from claims.models import Reference, new_uid
from community.models.discussions import Discussion, Post
from community.models.labs import Lesson


class Outgrowth(models.Model):
    """One record that began in a discussion, and the posts (so the people) it owes itself to."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="outgrowths")
    posts = models.ManyToManyField(Post, related_name="outgrowths", verbose_name=_("from posts"))
    lesson = models.OneToOneField(Lesson, models.CASCADE, null=True, related_name="outgrowth")
    reference = models.ForeignKey(Reference, models.CASCADE, null=True, related_name="outgrowths")
    solution = models.OneToOneField(Solution, models.CASCADE, null=True, related_name="outgrowth")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("record that grew out of a discussion")
        verbose_name_plural = _("records that grew out of discussions")
        ordering = ["discussion", "pk"]
        constraints = [
            models.CheckConstraint(
                name="outgrowth_is_one_record",
                condition=Q(lesson__isnull=False, reference__isnull=True, solution__isnull=True)
                | Q(lesson__isnull=True, reference__isnull=False, solution__isnull=True)
                | Q(lesson__isnull=True, reference__isnull=True, solution__isnull=False),
            ),
            models.UniqueConstraint(fields=["made_by", "form_key"], name="outgrowth_once_per_form"),
        ]

    def __str__(self) -> str:
        return str(self.discussion)
