"""Composition root: settings, URLs, pages that join several apps. No rules live here."""

from hubportal.celery import app as celery_app

__all__ = ["celery_app"]
