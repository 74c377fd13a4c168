"""Settings: one file of typed environment readers.

``HUB_PROFILE`` chooses *development* (the default: SQLite, an embedded broker, mail in a
folder), *test*, or *production*, which refuses to start without its secrets. Everything
written at run time goes below one folder, ``HUB_VAR``.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from hubportal import env, observability

BASE_DIR = Path(__file__).resolve().parent.parent
HUB_PROFILE = env.text("HUB_PROFILE", "development")
if HUB_PROFILE not in {"development", "test", "production"}:
    msg = f"HUB_PROFILE={HUB_PROFILE!r}: use development, test or production."
    raise ImproperlyConfigured(msg)
PRODUCTION = HUB_PROFILE == "production"
if PRODUCTION:
    env.require(
        "SECRET_KEY",
        "RECORD_KEY",
        "AUDIT_KEY",
        "ALLOWED_HOSTS",
        "PORTAL_URL",
        "DATABASE_URL",
        *([] if env.text("ANYMAIL_BACKEND") else ["EMAIL_URL"]),
    )
VAR = Path(env.text("HUB_VAR") or BASE_DIR / "var").resolve()

DEBUG = not PRODUCTION and env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY") if PRODUCTION else env.secret_file(VAR / "secret")
# Earlier keys: what they signed or encrypted (second factors) stays readable.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# Signs validation records. Former public keys keep what earlier keys signed verifiable.
RECORD_KEY = env.text("RECORD_KEY") if PRODUCTION else env.secret_file(VAR / "record-key", size=32)
RECORD_KEY_FORMER = env.words("RECORD_KEY_FORMER")
# Seals the audit. Earlier keys check what they sealed; nothing is sealed with them any more.
AUDIT_KEY = env.text("AUDIT_KEY") if PRODUCTION else env.secret_file(VAR / "audit-key")
AUDIT_KEY_FALLBACKS = env.words("AUDIT_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "*")
PORTAL_NAME = env.text("PORTAL_NAME", "Knowledge Hubs")
PORTAL_URL = env.text("PORTAL_URL", "http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "core",
    "accounts",
    "claims",
    "hubs",
    "assessment",
    "catalogue",
    "validation",
    "events",
    "participation",
    "community",
    "notifications",
    "hubportal",
    "hubportal.apps.DeskConfig",
    "rules.apps.AutodiscoverRulesConfig",
    "taggit",
    "django_filters",
    "django_countries",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_structlog",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",  # widget templates, for FORM_RENDERER
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "hubportal.apps.StaticFilesConfig",
]

MIDDLEWARE = [
    "hubportal.observability.CountRequests",
    "core.middleware.RefuseBrokenText",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.repeat_visits.RepeatVisits",
    *(["django.middleware.gzip.GZipMiddleware"] if env.flag("GZIP", default=True) else []),
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.middleware.RequestLog",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.LiveSession",
    "accounts.middleware.SecondFactorForDesk",
    "accounts.middleware.ReaderTimeZone",
    "core.middleware.PrivatePages",
]

ROOT_URLCONF = "hubportal.urls"
WSGI_APPLICATION = "hubportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "hubportal.context.portal",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "core.templatetags.components",
                "core.templatetags.kept",
                "core.templatetags.richtext",
            ],
        },
    }
]
FORM_RENDERER = "core.forms.PortalFormRenderer"

# --- Data -----------------------------------------------------------------------------------
DATABASES = {
    "default": env.database(env.text("DATABASE_URL"), sqlite_default=VAR / "db.sqlite3"),
}
if HUB_PROFILE == "test":
    # A file, not memory: tests of concurrency open several connections.
    # On a server its name is this checkout's own, so that two can be tested side by side.
    is_sqlite = str(DATABASES["default"]["ENGINE"]).endswith("sqlite3")
    own_name = f"test_portal_{hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:8]}"
    DATABASES["default"]["TEST"] = {"NAME": VAR / "test.sqlite3" if is_sqlite else own_name}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {"BACKEND": "core.cache.PatientRedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
CACHES["default"]["KEY_PREFIX"] = "portal"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
TAGGIT_CASE_INSENSITIVE = True
# A guided form may send many short fields; the sum of all is limited too.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_HANDLERS = [
    "core.uploads.StopReading",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- People ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if HUB_PROFILE == "test"
    else ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "homepage"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "login": "accounts.forms.LoginForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "add_email": "accounts.forms.AddEmailForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "confirm_email_verification_code": "accounts.forms.ConfirmEmailForm",
}
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = (
    False
    if HUB_PROFILE == "test"
    else {
        "login_failed": "5/15m/key,20/15m/ip",
        "reset_password": "20/h/ip,3/h/key",
        "signup": "20/h/ip",
    }
)
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "authenticate_webauthn": "accounts.forms.AuthenticatePasskeyForm",
    "reauthenticate": "accounts.forms.FactorReauthenticateForm",
    "reauthenticate_webauthn": "accounts.forms.ReauthenticatePasskeyForm",
    "login_webauthn": "accounts.forms.LoginPasskeyForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.EditPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PORTAL_NAME
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = True

# --- Words, time ----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("pt", "Português"),
    ("id", "Bahasa Indonesia"),
    ("ru", "Русский"),
    ("ar", "العربية"),
    ("zh-hans", "中文"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["hubportal.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- Files ----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT") or VAR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "media"

# What this machine counts over when somebody searches (docs/search.md): made by a task once there
# are so many documents, and made anew when so many have changed.
SEARCH_SNAPSHOT = VAR / "search" / "snapshot"
SEARCH_SNAPSHOT_FROM = 2_000
SEARCH_SNAPSHOT_CHANGES = 500
# What was just drawn for a visitor is answered again while nothing changes (core/repeat_visits.py).
REPEAT_VISITS = env.flag("REPEAT_VISITS", default=True)
# What answers whether the database does or not, and is no page.
UNKEPT_PATHS = ("/health/", "/metrics", "/display/")
# Tables that no page of a visitor is read from, often written: PostgreSQL does not note their
# changes. A page that reads one all the same is not kept.
UNSHOWN_TABLES = [
    "account_emailaddress",
    "account_emailconfirmation",
    "accounts_accountmail",
    "catalogue_editlock",
    "catalogue_pagedraft",
    "community_articledraft",
    "community_draft",
    "community_reading",
    "core_auditentry",
    "core_audithead",
    "core_jobrun",
    "django_admin_log",
    "django_session",
    "mfa_authenticator",
    "notifications_address",
    "notifications_delivery",
    "notifications_device",
    "notifications_lastlook",
    "notifications_letter",
    "notifications_notice",
    "notifications_notification",
    "notifications_pushdelivery",
    "notifications_reportcount",
    "notifications_savedsearch",
    "usersessions_usersession",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if HUB_PROFILE == "test" or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = HUB_PROFILE == "test" or DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# Where nginx keeps an internal location for MEDIA_ROOT; empty: the portal sends files itself.
X_ACCEL_PREFIX = env.text("X_ACCEL_PREFIX")
UPLOAD_LIMIT = env.number("UPLOAD_LIMIT_MB", 20) * 1024 * 1024
UPLOAD_PIXEL_LIMIT = 40_000_000

# --- Mail -----------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Knowledge Hubs <portal@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
CONTACT_EMAIL = env.text("CONTACT_EMAIL")  # printed where readers are told whom to ask
EMAIL_TIMEOUT = 10
# A provider's interface instead of a mail server, by its name in django-anymail ("mailgun").
MAIL_PROVIDER = env.text("ANYMAIL_BACKEND")
if MAIL_PROVIDER:
    INSTALLED_APPS.append("anymail")
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
    ANYMAIL = env.provider(env.text("ANYMAIL_SETTINGS"), timeout=EMAIL_TIMEOUT)
elif PRODUCTION:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    globals().update(env.email(env.text("EMAIL_URL")))
elif HUB_PROFILE == "test":
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"

# --- Messages to browsers (web push); without a key nobody is offered them ---------------------
WEBPUSH_PRIVATE_KEY = env.text("WEBPUSH_PRIVATE_KEY")  # `manage.py make_push_keys` makes one
WEBPUSH_CONTACT = env.text("WEBPUSH_CONTACT", CONTACT_EMAIL)  # whom push services write to
# Push services beside those of the makers of browsers: hosts, "*." before a name for all below it.
WEBPUSH_HOSTS = env.words("WEBPUSH_HOSTS")

# --- Background work: rows in the database are the record, Celery only hastens them ----------
CELERY_BROKER_URL = env.text("BROKER_URL") or REDIS_URL or "filesystem://"
if CELERY_BROKER_URL == "filesystem://":
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR / "broker" / "queue"),
        "data_folder_out": str(VAR / "broker" / "queue"),
        "control_folder": str(VAR / "broker" / "control"),
        "processed_folder": str(VAR / "broker" / "processed"),
        "store_processed": False,
        "polling_interval": 0.5,
    }
elif CELERY_BROKER_URL.startswith(("redis:", "rediss:")):
    # A page that hands a task over tries once, and does not wait for a broker that is away.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
    }
CELERY_TASK_ALWAYS_EAGER = HUB_PROFILE == "test"
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
# Where the Celery application is. Only what hands tasks over or runs them loads it.
TASK_APP = "hubportal.celery"
# What people wait for is not behind what may take its time. A worker that is not told otherwise
# listens to all three.
TASK_QUEUES = ["urgent", "mail", "bulk"]
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_ROUTES = {
    "accounts.tasks.*": {"queue": "urgent"},
    "participation.tasks.remind": {"queue": "urgent"},
    "notifications.tasks.drain": {"queue": "mail"},
}
# Seconds after which a task is asked to end, and two thirds more until it is ended. Senders end
# by themselves long before: to be stopped amid a mail makes its fate unknown.
CELERY_TASK_ANNOTATIONS = {
    name: {"soft_time_limit": seconds, "time_limit": seconds * 5 // 3}
    for name, seconds in {
        "participation.tasks.remind": 120,
        "notifications.tasks.tell": 120,
        "notifications.tasks.tell_owed": 180,
        "notifications.tasks.owe_digests": 180,
    }.items()
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page never waits for a broker that is away.
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "account-mails": {"task": "accounts.tasks.deliver_owed", "schedule": 15.0},
    "drain": {"task": "notifications.tasks.drain", "schedule": 5.0},
    "owe-digests": {"task": "notifications.tasks.owe_digests", "schedule": 300.0},
    "check-links": {"task": "catalogue.tasks.check_owed_links", "schedule": 60.0},
    "keep-snapshot": {"task": "core.tasks.keep_snapshot", "schedule": 120.0},
    "forget-changes": {"task": "core.tasks.forget_changes", "schedule": 3600.0},
    "mend-search": {"task": "catalogue.tasks.mend_search", "schedule": 3600.0},
    "keep-dates": {"task": "validation.tasks.keep_dates", "schedule": 600.0},
    "remind-of-events": {"task": "participation.tasks.remind", "schedule": 300.0},
    "tell-searches": {"task": "notifications.tasks.tell_searches", "schedule": 1800.0},
    "tell-owed": {"task": "notifications.tasks.tell_owed", "schedule": 15.0},
    "forget-old-notices": {"task": "notifications.tasks.forget_old", "schedule": 86_400.0},
    "publish-articles": {"task": "community.tasks.publish_articles", "schedule": 300.0},
    "tell-of-dates": {"task": "notifications.tasks.keep_dates", "schedule": 3600.0},
}
for _entry in CELERY_BEAT_SCHEDULE.values():
    # A broker that was away for hours does not hand over each round of them.
    _every = _entry["schedule"]
    _entry["options"] = {"expires": max(60.0, _every if isinstance(_every, float) else 3600.0)}

# --- Security -------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
    SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = (
        ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", default=True) else None
    )
    # Limits count visitors, not the proxy in front of us.
    ALLAUTH_TRUSTED_PROXY_COUNT = (
        env.number("PROXIES", 1) if env.flag("BEHIND_PROXY", default=True) else 0
    )
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
# Addresses are unique by a constraint that ignores case, which the check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# --- Watching it run ------------------------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOGGING = observability.logging_config(json=PRODUCTION, level=LOG_LEVEL)
observability.set_up_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = False  # hubportal/celery.py does it, where Celery is loaded
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # addresses of persons belong in no log of ours
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # the line at the end says it all
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
METRICS_TOKEN = env.text("METRICS_TOKEN")
METRICS_IPS = env.words("METRICS_IPS", "" if PRODUCTION else "127.0.0.1,::1")
if SENTRY_DSN := env.text("SENTRY_DSN"):
    observability.set_up_sentry(
        SENTRY_DSN,
        environment=env.text("SENTRY_ENVIRONMENT", HUB_PROFILE),
        sample=env.number("SENTRY_TRACES_PERCENT", 0) / 100,
    )
