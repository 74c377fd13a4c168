"""One hub's public pages."""

from django.urls import path

from hubs.views import profile

urlpatterns = [
    path("<slug:slug>/", profile.HubView.as_view(), name="hub"),
    path("<slug:slug>/statements/", profile.StatementsView.as_view(), name="statements"),
]
