from __future__ import annotations

from django.urls import path

from community.views import library as views
from community.views import library_import as importing
from community.views import library_keeping as keeping

urlpatterns = [
    path("library/", views.library, name="library"),
    path("library/add/", views.add, name="library-add"),
    path("library/export/", views.export, name="library-export"),
    path("library/import/", importing.choose, name="library-import"),
    path("library/import/<slug:uid>/", importing.preview, name="library-import-preview"),
    path("library/duplicates/", keeping.duplicates, name="library-duplicates"),
    path("library/merge/", keeping.merge, name="library-merge"),
    path("library/<str:key>/", views.item, name="library-item"),
    path("library/<str:key>/cite.<slug:ending>", views.cite, name="library-cite"),
    path("library/<str:key>/edit/", views.edit, name="library-edit"),
    path("library/<str:key>/move/<slug:verb>/", keeping.move, name="library-move"),
]
