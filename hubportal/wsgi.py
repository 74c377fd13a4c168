"""WSGI entry point for the application server.

Everything a page may need is loaded before the first is asked for: a mistake in an address shows
at the start, and no visitor waits for it. Nothing loaded here is ever given back, so the collector
does not look for waste meanwhile, nor through all of it again and again later.
"""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")

gc.disable()
application = get_wsgi_application()

from hubportal.checks import refuse_unsafe_start  # noqa: E402 (needs the apps to be ready)

refuse_unsafe_start()
_ = get_resolver().url_patterns
gc.freeze()
gc.enable()
