"""WSGI entry point for the application server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")

application = get_wsgi_application()

from hubportal.checks import refuse_unsafe_start  # noqa: E402 (needs the apps to be ready)

refuse_unsafe_start()
