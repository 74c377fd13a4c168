from __future__ import annotations

from django.urls import path

from community.views import polls as views

urlpatterns = [
    path("discussions/<slug:uid>/polls/new/", views.new, name="poll-new"),
    path("polls/<slug:uid>/vote/", views.vote, name="poll-vote"),
    path("polls/<slug:uid>/close/", views.close, name="poll-close"),
]
