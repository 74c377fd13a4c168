from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import registering as views

patterns: list[URLPattern] = [
    path("mine/", views.mine, name="mine"),
    path("<slug:slug>/registration/", views.registration, name="registration"),
    path("<slug:slug>/registration/withdraw/", views.withdraw, name="withdraw"),
    path("<slug:slug>/participants/", views.participants, name="participants"),
    path("<slug:slug>/join/", views.join, name="join"),
]
