"""Addresses of the accounts that are not django-allauth's."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.account, name="account"),
    path("profile/", views.profile_edit, name="profile-edit"),
    path("people/<int:pk>/", views.profile, name="profile"),
    path("sessions/<int:pk>/end/", views.session_end, name="session-end"),
    path("data/", views.data, name="data"),
    path("close/", views.close, name="close"),
]
