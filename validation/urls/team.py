"""Where a team follows its case."""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("work/<str:uid>/validation/", lambda request, uid: HttpResponse(), name="standing")
]
