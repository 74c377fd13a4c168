"""The composition root as an app; the desk and the static files, each with a setting of ours."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.contrib.staticfiles import apps as staticfiles


class PortalConfig(AppConfig):
    name = "hubportal"
    default = True

    def ready(self) -> None:
        from hubportal import checks  # noqa: F401, PLC0415 (registers them)


class DeskConfig(admin.AdminConfig):
    default = False
    default_site = "hubportal.desk.DeskSite"


class StaticFilesConfig(staticfiles.StaticFilesConfig):
    """Leaves out what no page loads: it is half the work of compressing."""

    default = False
    ignore_patterns = [
        *staticfiles.StaticFilesConfig.ignore_patterns,
        "*.md",
        "LICENSE*",
        "jquery.js",
        "select2.css",
        "select2.full.js",
        "xregexp.js",
    ]
