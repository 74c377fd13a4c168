"""The settings of a test run: the test profile, in a folder of its own.

Chosen here rather than by the caller's environment, so that a plain ``pytest`` can never
touch the data of a running portal.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["HUB_PROFILE"] = "test"
os.environ.setdefault("HUB_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
os.environ.setdefault("LOG_LEVEL", "WARNING")

from hubportal import settings
from hubportal.settings import *  # noqa: F403 (the profile must be chosen first)

# Processes that test at the same time share a Redis, and empty their own part of it only.
own = f"{settings.DATABASES['default']['TEST']['NAME']}-{os.environ.get('PYTEST_XDIST_WORKER')}"
CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": own}}
