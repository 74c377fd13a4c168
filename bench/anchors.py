"""The bare templates that pages are compared with: Django, its usual middlewares, data in memory.

No database, no search, no permissions: what is left is what drawing such a page costs at
least. Started by ``driving.anchors``. Addresses:

``/prebuilt``   a page of 28 kB that is ready (L1)
``/catalogue``  twenty cards beside five groups of filters (L2_cat)
``/thread``     201 posts (L2_thread200)
``/programme``  40 sessions with 120 speakers (L2_prog40)
"""

from __future__ import annotations

import random
from typing import Any

from django.conf import settings

BASE = """{% load i18n %}<!doctype html>
<html lang="{{ LANGUAGE_CODE }}">
<head>
<meta charset="utf-8"><title>{% block title %}Hub{% endblock %}</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="stylesheet" href="/static/hub.css">
</head>
<body>
<a class="skip" href="#main">{% translate "Skip to content" %}</a>
<header><nav aria-label="{% translate "Main" %}"><ul>
<li><a href="/">{% translate "Home" %}</a></li>
<li><a href="/solutions/">{% translate "Solutions" %}</a></li>
<li><a href="/hubs/">{% translate "Hubs" %}</a></li>
<li><a href="/community/">{% translate "Community" %}</a></li>
<li><a href="/events/">{% translate "Events" %}</a></li>
{% if user.is_authenticated %}<li>{{ user }}</li>
{% else %}<li><a href="/login/">{% translate "Log in" %}</a></li>{% endif %}
</ul></nav></header>
<main id="main">{% block main %}{% endblock %}</main>
<footer><p>{% translate "About" %}</p></footer>
</body>
</html>"""
CATALOGUE = """{% extends "base.html" %}{% load i18n %}{% block main %}
<h1>{% translate "Solutions" %}</h1>
<form role="search" action=""><label for="q">{% translate "Search" %}</label>
<input id="q" name="q" value="{{ q }}"><button>{% translate "Search" %}</button></form>
<p>{% blocktranslate count n=total %}{{ n }} solution{% plural %}{{ n }} solutions\
{% endblocktranslate %}</p>
<div class="grid"><aside>{% for group in groups %}<fieldset><legend>{{ group.name }}</legend><ul>\
{% for value in group.options %}<li><a href="{{ value.url }}"\
{% if value.on %} aria-current="true"{% endif %}>{{ value.label }} <span>{{ value.n }}</span></a>\
</li>{% endfor %}</ul></fieldset>{% endfor %}</aside>
<ol class="cards">{% for card in cards %}<li>{% include "card.html" %}</li>{% endfor %}</ol></div>
<nav aria-label="{% translate "Pages" %}">\
{% for page in pages %}<a href="?page={{ page }}">{{ page }}</a>{% endfor %}</nav>{% endblock %}"""
CARD = """<article class="card"><h2><a href="{{ card.url }}">{{ card.title }}</a></h2>
<p class="meta"><span class="status">{{ card.status }}</span> <span>{{ card.country }}</span> \
<time datetime="{{ card.published }}">{{ card.published }}</time></p><p>{{ card.summary }}</p>
<ul class="tags">{% for sector in card.sectors %}<li class="sector">{{ sector }}</li>{% endfor %}\
{% for tag in card.tags %}<li><a href="/solutions/?tag={{ tag }}">{{ tag }}</a></li>{% endfor %}\
</ul></article>"""
THREAD = """{% extends "base.html" %}{% load i18n %}{% block main %}<h1>{{ title }}</h1>
<ol class="posts">{% for post in posts %}<li id="p{{ post.id }}"><article><header>\
<img src="/a/{{ post.id }}.webp" alt="" width="40" height="40" loading="lazy">\
<a href="/u/{{ post.id }}/">{{ post.author }}</a> \
<a href="#p{{ post.id }}"><time>{{ post.when }}</time></a></header>{{ post.body|safe }}\
<footer><a href="?reply={{ post.id }}">{% translate "Reply" %}</a></footer></article></li>\
{% endfor %}</ol>{% endblock %}"""
PROGRAMME = """{% extends "base.html" %}{% load i18n %}{% block main %}<h1>Programme</h1>
<ol class="prog">{% for session in sessions %}<li><article>\
<h2><a href="/s/{{ session.id }}/">{{ session.title }}</a></h2>\
<p><time>{{ session.start }}</time>–<time>{{ session.end }}</time> {{ session.room }}</p>\
<p>{{ session.abstract }}</p><ul>{% for person in session.speakers %}\
<li><a href="{{ person.url }}">{{ person.name }}</a>, {{ person.role }}</li>{% endfor %}</ul>\
</article></li>{% endfor %}</ol>{% endblock %}"""

TEMPLATES = {
    "base.html": BASE,
    "catalogue.html": CATALOGUE,
    "card.html": CARD,
    "thread.html": THREAD,
    "programme.html": PROGRAMME,
}
PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "django.template.context_processors.i18n",
]
#: The eight that a project of Django starts with.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

settings.configure(
    DEBUG=False,
    SECRET_KEY="only for measuring",  # noqa: S106 (signs nothing that anybody keeps)
    ALLOWED_HOSTS=["127.0.0.1", "testserver"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=MIDDLEWARE,
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    LANGUAGES=[("en", "English"), ("es", "Spanish"), ("fr", "French")],
    USE_I18N=True,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [("django.template.loaders.locmem.Loader", TEMPLATES)],
                    )
                ],
                "context_processors": PROCESSORS,
            },
        }
    ],
)

import django  # noqa: E402 (settings first)

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.template.loader import get_template  # noqa: E402
from django.urls import path  # noqa: E402

chance = random.Random(3)  # noqa: S311 (not a secret)
WORDS = [
    "knowledge", "hub", "country", "solution", "practice", "validated", "exchange", "partner",
    "ministry", "budget", "water", "health", "farmer", "disaster", "risk", "resilience", "south",
    "cooperation", "capacity", "institution", "policy", "sector", "learning", "catalogue",
]  # fmt: skip


def words(number: int) -> str:
    return " ".join(chance.choices(WORDS, k=number))


def _catalogue() -> dict[str, Any]:
    sizes = {"sector": 24, "country": 24, "sdg": 17, "status": 6, "tag": 24}
    return {
        "cards": [
            {
                "title": words(8),
                "summary": words(50),
                "country": words(1),
                "status": "Validated",
                "published": f"2025-03-{n % 9 + 1:02d}",
                "sectors": [words(1) for _n in range(2)],
                "tags": [words(1) for _n in range(4)],
                "url": f"/solutions/{n}/",
            }
            for n in range(20)
        ],
        "groups": [
            {
                "name": name,
                "options": [
                    {
                        "label": words(2),
                        "n": chance.randint(1, 9999),
                        "url": f"?{name}={n}",
                        "on": n == 2,
                    }
                    for n in range(size)
                ],
            }
            for name, size in sizes.items()
        ],
        "total": 12345,
        "q": "education",
        "pages": list(range(1, 11)),
    }


def _thread() -> dict[str, Any]:
    posts = [
        {
            "id": n,
            "author": words(2).title(),
            "when": f"{n} hours ago",
            "body": f"<p>{words(60)}</p><p>{words(30)}</p>",
        }
        for n in range(201)
    ]
    return {"title": words(6), "posts": posts}


def _programme() -> dict[str, Any]:
    sessions = [
        {
            "id": n,
            "title": words(7),
            "room": f"Room {n % 4}",
            "start": f"09:{n:02d}",
            "end": f"10:{n:02d}",
            "abstract": words(25),
            "speakers": [
                {"name": words(2).title(), "role": words(4), "url": f"/p/{n * 3 + k}/"}
                for k in range(3)
            ],
        }
        for n in range(40)
    ]
    return {"sessions": sessions}


CONTEXTS = {
    "catalogue.html": _catalogue(),
    "thread.html": _thread(),
    "programme.html": _programme(),
}
READY = get_template("catalogue.html").render(CONTEXTS["catalogue.html"]).encode()


def prebuilt(request: HttpRequest) -> HttpResponse:
    return HttpResponse(READY)


def drawn(request: HttpRequest, template: str) -> HttpResponse:
    return render(request, template, CONTEXTS[template])


urlpatterns = [
    path("prebuilt", prebuilt),
    *(path(template.removesuffix(".html"), drawn, {"template": template}) for template in CONTEXTS),
]
application = get_wsgi_application()
