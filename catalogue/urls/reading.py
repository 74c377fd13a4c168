"""The catalogue as a list, as a table, as a feed; and the criteria."""

from django.urls import path

from catalogue.views import criteria, reading

urlpatterns = [
    path("solutions/", reading.solutions, name="solutions"),
    path("solutions/csv/", reading.solutions_csv, name="solutions-csv"),
    path("solutions/feed/", reading.NewestSolutions(), name="solutions-feed"),
    path("criteria/", criteria.in_force, name="criteria"),
    path("criteria/<slug:owner>/", criteria.of_owner, name="criteria-of"),
    path(
        "criteria/<slug:owner>/<str:version>.json", criteria.edition_json, name="criteria-set-json"
    ),
    path("criteria/<slug:owner>/<str:version>/", criteria.edition, name="criteria-set"),
]
