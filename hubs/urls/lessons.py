"""What is known about hubs in general."""

from django.urls import path

from hubs.views import lessons

urlpatterns = [
    path("lessons/", lessons.LessonsView.as_view(), name="lessons"),
    path("contradictions/", lessons.ContradictionsView.as_view(), name="contradictions"),
]
