"""The public records of labels."""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("records/<str:reference>/", lambda request, reference: HttpResponse(), name="record")
]
