"""The public records of labels: to read, to fetch, to check, to doubt."""

from django.urls import path

from validation.views import records

urlpatterns = [
    path("records/", records.records, name="records"),
    path("records/verify/", records.verify, name="record-verify"),
    path("records/status.json", records.status, name="record-status"),
    path("records/keys.json", records.keys, name="record-keys"),
    path("records/terms/", records.terms, name="record-terms"),
    path("records/<str:reference>.json", records.record_json, name="record-json"),
    path("records/<str:reference>/", records.record, name="record"),
    path("records/<str:reference>/bundle.json", records.bundle, name="record-bundle"),
    path("records/<str:reference>/qr.svg", records.qr, name="record-qr"),
    path("records/<str:reference>/challenge/", records.challenge, name="record-challenge"),
]
