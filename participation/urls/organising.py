from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import admission, organising

patterns: list[URLPattern] = [
    path("<slug:slug>/organise/", organising.registrations, name="organise"),
    path("<slug:slug>/organise/decide/", organising.decide, name="decide"),
    path(
        "<slug:slug>/organise/registrations/<slug:uid>/",
        organising.one_registration,
        name="registration-of",
    ),
    path("<slug:slug>/organise/admission/", admission.admission, name="admission"),
    path("<slug:slug>/organise/categories/", admission.categories, name="categories"),
]
