"""What a person follows."""

from __future__ import annotations

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.following, name="following"),
    path("seen/", views.seen, name="seen"),
    path("<slug:kind>/", views.of_kind, name="following-kind"),
    path("<slug:kind>/<int:pk>/", views.attention, name="attention"),
]
