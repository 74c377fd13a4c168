from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import conclusions, paper_desk, papers

patterns: list[URLPattern] = [
    path("<slug:slug>/papers/", papers.papers, name="papers"),
    path("<slug:slug>/papers/<slug:uid>/", papers.paper, name="paper"),
    path("<slug:slug>/papers/<slug:uid>/<int:number>/", papers.file, name="paper-file"),
    path("<slug:slug>/organise/papers/", paper_desk.papers, name="organise-papers"),
    path("<slug:slug>/organise/papers/new/", paper_desk.new, name="paper-new"),
    path("<slug:slug>/organise/papers/<slug:uid>/", paper_desk.edit, name="paper-edit"),
    path(
        "<slug:slug>/organise/papers/<slug:uid>/version/", paper_desk.version, name="paper-version"
    ),
    path("<slug:slug>/organise/papers/<slug:uid>/move/", paper_desk.move, name="paper-move"),
    path(
        "<slug:slug>/organise/papers/<slug:uid>/withdraw/",
        paper_desk.withdraw,
        name="paper-withdraw",
    ),
    path("<slug:slug>/organise/conclusions/", conclusions.conclusions, name="conclusions"),
    path("<slug:slug>/organise/conclusions/<int:pk>/", conclusions.conclusion, name="conclusion"),
    path(
        "<slug:slug>/organise/conclusions/<int:pk>/move/",
        conclusions.move,
        name="conclusion-move",
    ),
    path(
        "<slug:slug>/organise/conclusions/<int:pk>/remove/",
        conclusions.take_out,
        name="conclusion-remove",
    ),
]
