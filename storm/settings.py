"""Settings of a storm: the portal as it is, with the private servers of this storm around it."""

from __future__ import annotations

import os

os.environ["HUB_PROFILE"] = "development"
os.environ.setdefault("LOG_LEVEL", "CRITICAL")

from hubportal.settings import *  # noqa: F403 (the profile must be chosen first)

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ["STORM_MAIL_PORT"])
EMAIL_TIMEOUT = 5
PORTAL_URL = "https://storm.example"
# Passwords are of no interest here, and many people are made.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
