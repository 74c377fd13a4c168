"""Hubs: the directory, comparison and lessons, the profiles, and their teams' own pages."""

from django.urls import include, path

from hubs.urls import compare, directory, lessons, profile, team

app_name = "hubs"
urlpatterns = [
    *directory.urlpatterns,
    *compare.urlpatterns,
    *lessons.urlpatterns,
    *team.outside,
    path("<slug:slug>/team/", include((team.urlpatterns, "team"))),
    *profile.urlpatterns,
]
