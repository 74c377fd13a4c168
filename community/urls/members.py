from __future__ import annotations

from django.urls import path

from community.views import members as views

urlpatterns = [
    path("join/", views.join, name="join"),
    path("conduct/", views.conduct, name="conduct"),
    path("members/", views.members, name="members"),
    path("members/<str:handle>/", views.member, name="member"),
    path("membership/", views.membership, name="membership"),
    path("membership/leave/", views.leave, name="membership-leave"),
]
