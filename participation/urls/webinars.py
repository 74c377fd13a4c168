"""Addresses of webinars."""

from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import repeating, webinars

patterns: list[URLPattern] = [
    path("webinars/", webinars.WebinarList.as_view(), name="webinars"),
    path("webinars/new/", webinars.new, name="webinar-new"),
    path("<slug:slug>/edit/webinar/", webinars.edit, name="webinar-edit"),
    path("<slug:slug>/edit/webinar/cancel/", webinars.cancel, name="webinar-cancel"),
    path("<slug:slug>/edit/webinar/held/", webinars.held, name="webinar-held"),
    path("<slug:slug>/edit/repeat/", repeating.repeat, name="webinar-repeat"),
]
