from __future__ import annotations

from django.urls import path

from community.views import places as views

urlpatterns = [
    path("", views.home, name="home"),
    path("themes/", views.themes, name="themes"),
    path("themes/<slug:slug>/", views.ThemeView.as_view(), name="theme"),
    path("themes/<slug:slug>/calendar.ics", views.theme_calendar, name="theme-calendar"),
]
