from __future__ import annotations

from django.urls import path

from community.views import recognition as views

urlpatterns = [
    path("members/<slug:handle>/recognition/", views.recognition, name="recognition"),
    path("certificates/", views.issue, name="certificate-issue"),
    path("certificates/<slug:uid>/", views.certificate, name="certificate"),
    path("certificates/<slug:uid>/certificate.pdf", views.paper, name="certificate-paper"),
    path("certificates/<slug:uid>/take-back/", views.take_back, name="certificate-take-back"),
]
