from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import calendars

patterns: list[URLPattern] = [
    path("mine/calendar/", calendars.personal, name="personal-calendar"),
    path("mine/<str:token>.ics", calendars.personal_feed, name="personal-feed"),
]
