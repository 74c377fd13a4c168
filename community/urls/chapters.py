from __future__ import annotations

from django.urls import path

from community.views import chapters as views

urlpatterns = [
    path("chapters/", views.chapters, name="chapters"),
    path("chapters/<slug:slug>/", views.chapter, name="chapter"),
    path("chapters/<slug:slug>/calendar.ics", views.calendar, name="chapter-calendar"),
    path("chapters/<slug:slug>/join/", views.join, name="chapter-join"),
    path("chapters/<slug:slug>/leave/", views.leave, name="chapter-leave"),
    path("chapters/<slug:slug>/people/", views.people, name="chapter-people"),
    path("chapters/<slug:slug>/people/<int:pk>/answer/", views.admit, name="chapter-admit"),
    path("chapters/<slug:slug>/people/<int:pk>/role/", views.role, name="chapter-role"),
    path("chapters/<slug:slug>/edit/", views.edit, name="chapter-edit"),
    path("chapters/<slug:slug>/privacy/", views.privacy, name="chapter-privacy"),
    path("chapters/<slug:slug>/events/", views.events, name="chapter-events"),
]
