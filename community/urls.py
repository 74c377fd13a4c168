from __future__ import annotations

from django.urls import path

from community import views

app_name = "community"
urlpatterns = [
    path("", views.home, name="home"),
    path("themes/<slug:slug>/", views.ThemeView.as_view(), name="theme"),
    path("themes/<slug:slug>/calendar.ics", views.theme_calendar, name="theme-calendar"),
    path("chapters/<slug:slug>/", views.ChapterView.as_view(), name="chapter"),
    path("chapters/<slug:slug>/calendar.ics", views.chapter_calendar, name="chapter-calendar"),
]
