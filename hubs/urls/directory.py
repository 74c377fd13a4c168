"""The directory of hubs."""

from django.urls import path

from hubs.views import directory

urlpatterns = [
    path("", directory.hubs, name="hubs"),
    path("hubs.csv", directory.hubs_csv, name="hubs-csv"),
]
