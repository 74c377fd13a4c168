"""Hubs: the directory and the profiles."""

from django.urls import path

from hubs import views

app_name = "hubs"
urlpatterns = [
    path("", views.HubList.as_view(), name="hubs"),
    path("<slug:slug>/", views.HubView.as_view(), name="hub"),
]
