"""The reviewer’s pages."""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("reviews/<str:uid>/", lambda request, uid: HttpResponse(), name="review")]
