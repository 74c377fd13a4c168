from __future__ import annotations

from django.urls import URLPattern, path

from community.views import blog, blog_desk, blog_writing, moderation

urlpatterns: list[URLPattern] = [
    path("blog/", blog.articles, name="blog"),
    path("blog/feed.atom", blog.feed, name="blog-feed"),
    path("blog/new/", blog_writing.new, name="article-new"),
    path("blog/mine/", blog_writing.mine, name="my-articles"),
    path("blog/desk/", blog_desk.editors, name="editors"),
    path("blog/desk/<str:uid>/", blog_desk.check, name="article-check"),
    path("blog/drafts/keep/", blog_writing.keep, name="article-keep-new"),
    path("blog/drafts/drop/", blog_writing.drop, name="article-drop"),
    path("blog/write/<str:uid>/", blog_writing.edit, name="article-edit"),
    path("blog/write/<str:uid>/keep/", blog_writing.keep, name="article-keep"),
    path("blog/write/<str:uid>/preview/", blog_writing.preview, name="article-preview"),
    path("blog/write/<str:uid>/<slug:verb>/", blog_desk.move, name="article-move"),
    path("blog/<slug:slug>/", blog.article, name="article"),
    path("blog/<slug:slug>/comments/", blog.comment, name="article-comment"),
    path("blog/<slug:slug>/history/", blog.history, name="article-history"),
    path(
        "blog/<slug:slug>/history/<int:number>/hide/",
        moderation.hide_version,
        name="article-version",
    ),
]
