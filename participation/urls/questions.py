from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import feedback, questions

patterns: list[URLPattern] = [
    path("<slug:slug>/questions/", questions.questions, name="questions"),
    path("<slug:slug>/questions/ask/", questions.ask, name="ask"),
    path("<slug:slug>/questions/<slug:uid>/vote/", questions.vote, name="vote"),
    path("<slug:slug>/questions/<slug:uid>/<slug:verb>/", questions.move, name="question-move"),
    path("<slug:slug>/feedback/", feedback.feedback, name="feedback"),
]
