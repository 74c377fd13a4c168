from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import admission, attendance, organising, reporting

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
    path("<slug:slug>/organise/attendance/", attendance.attendance, name="attendance"),
    path("<slug:slug>/organise/feedback/", reporting.feedback, name="feedback-results"),
    path("<slug:slug>/organise/participants.csv", reporting.export, name="export"),
]
