"""Where a team follows its case, and where three people hear an appeal."""

from django.urls import path

from validation.views import team

urlpatterns = [
    path("work/<str:uid>/validation/", team.standing, name="standing"),
    path("work/<str:uid>/validation/answers/", team.clarify, name="clarify"),
    path("work/<str:uid>/validation/take-back/", team.take_back, name="take-back"),
    path("work/<str:uid>/validation/appeal/", team.appeal, name="appeal"),
    path("work/<str:uid>/validation/renew/", team.renew, name="renew"),
    path(
        "work/<str:uid>/validation/challenges/<str:challenge>/",
        team.challenge_answer,
        name="challenge-answer",
    ),
    path(
        "work/<str:uid>/validation/challenges/<str:challenge>/file/",
        team.challenge_file,
        name="challenge-file",
    ),
    path("appeals/<str:uid>/", team.appeal_panel, name="appeal-panel"),
]
