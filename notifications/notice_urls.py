"""What a person was told."""

from __future__ import annotations

from django.urls import path

from notifications import notice_views as views

app_name = "notices"
urlpatterns = [
    path("", views.notices, name="notices"),
    path("read/", views.read, name="read"),
]
