"""One record: its page, its versions, its files, and its working copy as readers would see it."""

from django.urls import path

from catalogue.views import record

urlpatterns = [
    path("solutions/<str:reference>/", record.solution, name="solution"),
    path("solutions/<str:reference>/history/", record.history, name="solution-history"),
    path(
        "solutions/<str:reference>/versions/<int:number>/", record.version, name="solution-version"
    ),
    path("solutions/<str:reference>/cite.<slug:ending>", record.cite, name="solution-cite"),
    path(
        "solutions/<str:reference>/withdraw/",
        record.move,
        {"verb": "withdraw"},
        name="solution-withdraw",
    ),
    path(
        "solutions/<str:reference>/restore/",
        record.move,
        {"verb": "restore"},
        name="solution-restore",
    ),
    path("files/<uuid:key>/", record.file, name="file"),
    path("work/<str:uid>/preview/", record.preview, name="preview"),
    path(
        "work/<str:uid>/versions/<int:number>/", record.submitted_version, name="submitted-version"
    ),
]
