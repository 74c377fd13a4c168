"""The catalogue as a list, as a table, as a feed; and the criteria."""

from django.urls import path

from catalogue.views import reading

urlpatterns = [
    path("solutions/", reading.solutions, name="solutions"),
    path("solutions/csv/", reading.solutions_csv, name="solutions-csv"),
    path("solutions/feed/", reading.NewestSolutions(), name="solutions-feed"),
    path("criteria/", reading.criteria, name="criteria"),
]
