from __future__ import annotations

from django.urls import URLPattern, path

from participation.views import stories

patterns: list[URLPattern] = [
    path("<slug:slug>/stories/<str:uid>/", stories.story_call, name="story-call"),
    path("<slug:slug>/stories/<str:uid>/begin/", stories.story_begin, name="story-begin"),
    path("<slug:slug>/organise/stories/", stories.story_calls, name="story-calls"),
    path("<slug:slug>/organise/stories/new/", stories.story_call_new, name="story-call-new"),
    path(
        "<slug:slug>/organise/stories/<str:uid>/", stories.story_call_edit, name="story-call-edit"
    ),
]
