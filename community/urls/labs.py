from __future__ import annotations

from django.urls import path

from community.views import labs, labs_keeping, labs_trials

urlpatterns = [
    path("labs/", labs.labs, name="labs"),
    path("labs/<slug:slug>/", labs.lab, name="lab"),
    path("labs/<slug:slug>/log/", labs.log, name="lab-log"),
    path("labs/<slug:slug>/answer/", labs.answer, name="lab-answer"),
    path("labs/<slug:slug>/edit/", labs_keeping.edit, name="lab-edit"),
    path("labs/<slug:slug>/log/new/", labs_keeping.entry_new, name="lab-entry-new"),
    path("labs/<slug:slug>/log/<str:uid>/edit/", labs_keeping.entry_edit, name="lab-entry-edit"),
    path("labs/<slug:slug>/lessons/new/", labs_keeping.lesson_new, name="lesson-new"),
    path("labs/<slug:slug>/lessons/<str:uid>/", labs.lesson, name="lesson"),
    path("labs/<slug:slug>/lessons/<str:uid>/edit/", labs_keeping.lesson_edit, name="lesson-edit"),
    path(
        "labs/<slug:slug>/lessons/<str:uid>/withdraw/",
        labs_keeping.lesson_withdraw,
        name="lesson-withdraw",
    ),
    path("labs/<slug:slug>/lessons/<str:uid>/move/", labs_keeping.lesson_move, name="lesson-move"),
    path("labs/<slug:slug>/lessons/<str:uid>/confirm/", labs.confirm, name="lesson-confirm"),
    path("labs/<slug:slug>/lessons/<str:uid>/take-back/", labs.take_back, name="lesson-take-back"),
    path(
        "labs/<slug:slug>/lessons/<str:uid>/confirmations/<int:pk>/",
        labs_keeping.check_confirmation,
        name="lesson-check",
    ),
    path("labs/<slug:slug>/solutions/", labs_keeping.solutions, name="lab-solution"),
    path("labs/<slug:slug>/solutions/link/", labs_keeping.link, name="lab-solution-link"),
    path(
        "labs/<slug:slug>/solutions/<str:uid>/unlink/",
        labs_keeping.unlink,
        name="lab-solution-unlink",
    ),
    path("labs/<slug:slug>/trials/", labs_trials.of_lab, name="lab-trials"),
    path("trials/mine/", labs_trials.mine, name="my-trials"),
    path("trials/of/<str:reference>/", labs_trials.of_solution, name="trials"),
    path("trials/<str:reference>/new/", labs_trials.new, name="trial-new"),
    path("trials/<str:uid>/", labs_trials.trial, name="trial"),
    path("trials/<str:uid>/edit/", labs_trials.edit, name="trial-edit"),
    path("trials/<str:uid>/check/", labs_trials.check, name="trial-check"),
    path("trials/<str:uid>/withdraw/", labs_trials.withdraw, name="trial-withdraw"),
]
