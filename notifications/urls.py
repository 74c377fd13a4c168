"""What a person follows."""

from __future__ import annotations

from django.urls import path

from notifications import search_views, views

app_name = "notifications"
urlpatterns = [
    path("", views.following, name="following"),
    path("seen/", views.seen, name="seen"),
    path("searches/", search_views.searches, name="searches"),
    path("searches/<int:pk>/", search_views.search, name="search"),
    path("searches/new/<slug:kind>/", search_views.save, name="search-save"),
    path("<slug:kind>/", views.of_kind, name="following-kind"),
    path("<slug:kind>/<int:pk>/", views.attention, name="attention"),
]
