from __future__ import annotations

from django.urls import path

from community.views import moderation as views
from community.views import moderation_discussions as discussions
from community.views import moderation_people as people

urlpatterns = [
    path("flag/<slug:kind>/<str:uid>/", people.flag, name="flag"),
    path("moderation/", views.moderation, name="moderation"),
    path("moderation/decide/<slug:kind>/<str:uid>/", views.decide, name="decide"),
    path("moderation/appeals/", views.appeals, name="appeals"),
    path("moderation/appeals/<str:uid>/", views.appeal_settle, name="appeal-settle"),
    path("moderation/members/<str:handle>/", people.sanction, name="sanction"),
    path("moderation/measures/<str:uid>/lift/", people.lift, name="lift"),
    path("moderation/log/", people.log, name="moderation-log"),
    path("moderation/log/table.csv", people.log_file, name="moderation-log-file"),
    path("conduct/mine/", people.my_decisions, name="my-decisions"),
    path("conduct/mine/<str:uid>/appeal/", people.appeal, name="appeal"),
    path("conduct/mine/<str:uid>/seen/", people.measure_seen, name="measure-seen"),
    path("discussions/<str:uid>/lock/", discussions.lock, name="discussion-lock"),
    path("discussions/<str:uid>/hide/", discussions.hide, name="discussion-hide"),
    path("discussions/<str:uid>/move/", discussions.move, name="discussion-move"),
    path("discussions/<str:uid>/merge/", discussions.merge, name="discussion-merge"),
    path("discussions/<str:uid>/split/", discussions.split, name="discussion-split"),
]
