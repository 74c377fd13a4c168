"""The clock of the community. What is due is in the database; running twice changes nothing."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from community.clock import PORTAL
from community.operations import blogging


@shared_task(ignore_result=True)
def publish_articles() -> None:
    """Publish the blog posts whose day has come."""
    blogging.publish_due(by=PORTAL, now=timezone.now())
