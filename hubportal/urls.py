"""All addresses. English has no prefix; the other languages stand below theirs."""

from __future__ import annotations

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from hubportal import dashboard, display, health, pages, searching
from notifications import device_views


def reports_of(pattern: URLPattern) -> bool:
    """Whether a provider's reports come in there, of the one provider in use."""
    names = {f"{settings.MAIL_PROVIDER}_tracking_webhook", f"{settings.MAIL_PROVIDER}_webhook"}
    return pattern.name in names


urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
    path("display/", display.set_display, name="display"),
    path("robots.txt", pages.robots, name="robots"),
    path("push-worker.js", device_views.worker, name="push-worker"),
]
if settings.HUB_PROFILE != "production":
    from hubportal import demonstration

    urlpatterns += [
        path("demo/", demonstration.accounts, name="demo"),
        path("demo/mail/", demonstration.mailbox, name="demo-mailbox"),
        path("demo/mail/<str:name>/", demonstration.message, name="demo-message"),
        path(
            "demo/mail/<str:name>/<int:place>/",
            demonstration.message_look,
            name="demo-message-look",
        ),
    ]
if settings.MAIL_PROVIDER:
    from anymail.urls import urlpatterns as of_providers

    # Where the provider reports what came back; mails from outside are not taken.
    urlpatterns += [path("mail/", include([each for each in of_providers if reports_of(each)]))]
urlpatterns += i18n_patterns(
    path("", pages.home, name="home"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("search/", searching.search, name="search"),
    path("search/suggestions/", searching.suggest, name="search-suggestions"),
    path("search/to/<slug:kind>/<int:key>/", searching.leap, name="search-leap"),
    path("pages/<slug:name>/", pages.page, name="page"),
    path("", include("hubportal.statistics.urls")),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("hubs/", include("assessment.urls")),
    path("hubs/", include("hubs.urls")),
    path("events/", include("participation.urls")),  # before sessions, whose pages have any name
    path("events/", include("events.urls")),
    path("community/", include("community.urls")),
    path("following/", include("notifications.urls")),
    path("notifications/", include("notifications.notice_urls")),
    path("", include("validation.urls")),  # before the workspace, whose pages have any name
    path("", include("catalogue.urls")),
    path("desk/", admin.site.urls),
    prefix_default_language=False,
)
