"""What a registry’s reviews show."""

from django.urls import path

from validation.views import replay

urlpatterns = [path("validation/replay/", replay.replay, name="replay")]
