"""Hubs side by side."""

from django.urls import path

from hubs.views import compare

urlpatterns = [
    path("compare/", compare.page, name="compare"),
    path("compare.csv", compare.table_csv, name="compare-csv"),
]
