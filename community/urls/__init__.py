"""The addresses of the community, part by part."""

from __future__ import annotations

from community.urls import (
    blog,
    chapters,
    discussions,
    labs,
    library,
    members,
    moderation,
    places,
    polls,
    recognition,
    synthesis,
)

app_name = "community"
urlpatterns = [
    *places.urlpatterns,
    *members.urlpatterns,
    *chapters.urlpatterns,
    *discussions.urlpatterns,
    *polls.urlpatterns,
    *synthesis.urlpatterns,
    *blog.urlpatterns,
    *labs.urlpatterns,
    *library.urlpatterns,
    *recognition.urlpatterns,
    *moderation.urlpatterns,
]
