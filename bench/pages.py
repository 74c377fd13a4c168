"""Which pages are measured, and how many queries each makes; run inside the project by run.py.

Prints JSON: for each page its name, address, number of queries and whether it needs the
signed-in person whose cookie comes with it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402 (settings first)
from django.db import connection  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from catalogue.fields import PAGES  # noqa: E402
from catalogue.models import Solution  # noqa: E402
from community.models import Discussion  # noqa: E402
from core.models import SearchFacet  # noqa: E402
from events.models import Event  # noqa: E402
from hubportal.demo_accounts import DEMO_PASSWORD  # noqa: E402
from hubs.models import Hub  # noqa: E402

PRACTITIONER = "practitioner@demo.example"


def addresses() -> list[tuple[str, str, bool]]:
    """Name, address, whether one must be signed in."""
    solution = Solution.objects.public().order_by("-pk")[0]
    draft = Solution.objects.filter(owner__email=PRACTITIONER).order_by("pk")[0]
    hub = Hub.objects.filter(solutions__in=Solution.objects.public()).order_by("pk")[0]
    solutions = reverse("catalogue:solutions")
    thread = Discussion.objects.exclude(theme=None).order_by("pk")[0]
    theme = thread.theme
    webinar = Event.objects.filter(kind="webinar", admission__waiting__gt=0).order_by("pk")[0]
    four = "&".join(f"hub={slug}" for slug in ("abc", "amexcid", "indonesia-ct", "sce"))
    rare = (
        SearchFacet.objects.filter(document__kind="solution")
        .values_list("group", "value")
        .annotate(uses=Count("pk"))
        .filter(uses=1)
        .order_by("group", "value")[0]
    )
    return [
        ("home", reverse("home"), False),
        ("solutions, first page", solutions, False),
        ("solutions, one found", f"{solutions}?{rare[0]}={rare[1]}", False),
        ("solutions, words", f"{solutions}?q=health", False),
        ("one solution", solution.get_absolute_url(), False),
        ("hubs", reverse("hubs:hubs"), False),
        ("one hub", hub.get_absolute_url(), False),
        ("a hub’s statements", reverse("hubs:statements", args=[hub.slug]), False),
        ("four hubs compared", f"{reverse('hubs:compare')}?{four}", False),
        ("lessons about hubs", reverse("hubs:lessons"), False),
        ("events", reverse("events:events"), False),
        ("one event", Event.objects.order_by("pk")[0].get_absolute_url(), False),
        ("commitments", reverse("events:commitments"), False),
        ("webinars", reverse("participation:webinars"), False),
        ("one webinar", webinar.get_absolute_url(), False),
        ("a webinar’s questions", reverse("participation:questions", args=[webinar.slug]), False),
        ("calendars to follow", reverse("events:subscribe"), False),
        ("community", reverse("community:home"), False),
        ("theme of the month", theme.get_absolute_url(), False),
        ("a discussion", thread.get_absolute_url(), False),
        ("journal", reverse("community:themes"), False),
        ("members", reverse("community:members"), False),
        ("library", reverse("community:library"), False),
        ("blog", reverse("community:blog"), False),
        ("living labs", reverse("community:labs"), False),
        ("search over everything", f"{reverse('search')}?q=water", False),
        ("sign in", reverse("account_login"), False),
        ("dashboard", reverse("dashboard"), True),
        ("one webinar, with a place", webinar.get_absolute_url(), True),
        ("registration", reverse("participation:registration", args=[webinar.slug]), True),
        ("my events", reverse("participation:mine"), True),
        ("a discussion, to answer", thread.get_absolute_url(), True),
        ("what one follows", reverse("notifications:following"), True),
        ("notifications", reverse("notices:notices"), True),
        ("one’s own feed", reverse("notices:feed-address"), True),
        ("how one is told", reverse("notices:preferences"), True),
        ("saved searches", reverse("notifications:searches"), True),
        ("team space", reverse("hubs:team:overview", args=["example-hub"]), True),
        ("team: statements", reverse("hubs:team:statements", args=["example-hub"]), True),
        ("self-assessment", reverse("assessment:hub", args=["example-hub"]), True),
        ("road map", reverse("assessment:road-map", args=["example-hub"]), True),
        ("submit: start", reverse("catalogue:submit-start"), True),
        ("submit: overview", reverse("catalogue:work", args=[draft.uid]), True),
        *(
            (
                f"submit: {page.code}",
                reverse("catalogue:work-page", args=[draft.uid, page.code]),
                True,
            )
            for page in PAGES
        ),
        ("submit: check", reverse("catalogue:work-check", args=[draft.uid]), True),
    ]


def main() -> None:
    visitor, member = Client(), Client()
    answer = member.post(
        reverse("account_login"), {"login": PRACTITIONER, "password": DEMO_PASSWORD}
    )
    if answer.status_code != 302:
        sys.exit(f"The demonstration account cannot sign in: status {answer.status_code}")
    pages = []
    for name, path, signed_in in addresses():
        client = member if signed_in else visitor
        client.get(path)  # what is read once per process is not the page's
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = client.get(path)
        if response.status_code != 200:
            sys.exit(f"{name}: {path} answers {response.status_code}")
        pages.append({"name": name, "path": path, "queries": len(queries), "member": signed_in})
    cookie = member.cookies[settings.SESSION_COOKIE_NAME].value
    print(json.dumps({"cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "pages": pages}))


main()
