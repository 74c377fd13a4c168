"""Statistics and the map: each picture as a page, as a file and for the pages of others."""

from django.urls import path

from hubportal.statistics import views

app_name = "statistics"
urlpatterns = [
    path("statistics/", views.overview, name="overview"),
    path("statistics/<slug:slug>/", views.plot, name="plot"),
    path("statistics/<slug:slug>/csv/", views.plot_csv, name="plot-csv"),
    path("statistics/<slug:slug>/embed/", views.plot_embedded, name="plot-embedded"),
    path("map/", views.world, name="map"),
    path("map/csv/", views.world_csv, name="map-csv"),
    path("map/embed/", views.world_embedded, name="map-embedded"),
]
