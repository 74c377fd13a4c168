from __future__ import annotations

from django.urls import URLPattern, path

from community.views import discussion_lists as lists
from community.views import discussions as views

urlpatterns: list[URLPattern] = [
    path("discussions/", lists.discussions, name="discussions"),
    path("my/discussions/", lists.my_discussions, name="my-discussions"),
    path("my/drafts/", lists.draft, name="draft"),
    path("discuss/<slug:place>/<str:key>/", views.begin, name="discussion-new"),
    path("discussions/<slug:uid>/", views.discussion, name="discussion"),
    path("discussions/<slug:uid>/reply/", views.reply, name="post-reply"),
    path("discussions/<slug:uid>/attention/", views.attention, name="attention"),
    path("discussions/<slug:uid>/read/", views.read, name="read"),
    path("posts/<slug:uid>/", views.post, name="post"),
    path("posts/<slug:uid>/edit/", views.post_edit, name="post-edit"),
    path("posts/<slug:uid>/history/", views.post_history, name="post-history"),
    path("posts/<slug:uid>/useful/", views.post_useful, name="post-useful"),
    path("posts/<slug:uid>/withdraw/", views.post_withdraw, name="post-withdraw"),
]
