"""Addresses of participation, below those of events. Each part has its own list."""

from __future__ import annotations

from participation.urls import (
    calendars,
    organising,
    papers,
    printing,
    questions,
    registering,
    stories,
    webinars,
)

app_name = "participation"
urlpatterns = [
    *webinars.patterns,
    *calendars.patterns,
    *registering.patterns,
    *organising.patterns,
    *printing.patterns,
    *questions.patterns,
    *papers.patterns,
    *stories.patterns,
]
