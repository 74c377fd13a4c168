from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import printing

patterns: list[URLPattern] = [
    path("<slug:slug>/registration/badge.pdf", printing.badge, name="badge"),
    path("<slug:slug>/registration/letter.pdf", printing.letter, name="letter"),
    path("<slug:slug>/organise/badges.pdf", printing.badges, name="badges"),
    path("<slug:slug>/organise/<slug:uid>/letter.pdf", printing.letter_of, name="letter-of"),
]
