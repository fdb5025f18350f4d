"""Settings, read strictly from the environment.

PVIDEO_MODE says what this process is: `development` (the default: DEBUG, loopback only),
`demo` (no DEBUG, the sandbox instead of the provider) or `production` (nothing has a default
that would be wrong there). docs/settings.md lists every variable. Any secret can come from a
file: PIXAZO_API_KEY_FILE=/run/secrets/pixazo is read when PIXAZO_API_KEY is not set.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from pvideo_platform import content_policy, people_settings
from pvideo_platform.api_settings import REST_FRAMEWORK as REST_FRAMEWORK
from pvideo_platform.api_settings import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from pvideo_platform.people_settings import *  # noqa: F403  # how people sign up and log in
from pvideo_platform.people_settings import SOCIAL_ORIGINS
from pvideo_platform.tuning import *  # noqa: F403  # figures that an operator may turn
from pvideo_platform.tuning import MEDIA_LINK_SECONDS
from staff.admin_settings import *  # noqa: F403  # how the admin looks

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()

MODES = ("development", "demo", "production")
PVIDEO_MODE = env.str("PVIDEO_MODE", default="development")
if PVIDEO_MODE not in MODES:
    raise ImproperlyConfigured(f"PVIDEO_MODE must be one of: {', '.join(MODES)}")
PRODUCTION = PVIDEO_MODE == "production"
DEBUG = env.bool("DEBUG", default=PVIDEO_MODE == "development")

# Everything that a development or demo start writes goes below this folder.
DATA_DIR = Path(env.str("PVIDEO_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()


def _local_secret_key() -> str:
    """A key of this installation's own, made once, so that none is ever in the repository."""
    path = DATA_DIR / "secret-key"
    try:
        if not path.exists():
            DATA_DIR.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".secret-key.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(50))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)  # the first of several starting processes wins
            draft.unlink()
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"The data folder {DATA_DIR} cannot be used: {error}") from error


SECRET_KEY = env.str("SECRET_KEY", default="") or ("" if PRODUCTION else _local_secret_key())

SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
"""Where the world reaches us: callbacks, media links and e-mails are built from it."""
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=[urlsplit(PUBLIC_BASE_URL).hostname or ""]
    if PRODUCTION
    else ["127.0.0.1", "localhost", "[::1]"],
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

INSTALLED_APPS = [
    "pvideo_platform",
    "unfold.apps.BasicAppConfig",
    "staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "django_htmx",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "pghistory",
    "pgtrigger",
    "queueing",
    "backoffice",
    "accounts",
    "webhooks",
    "billing",
    "generations",
    "audit",
    "staff",
]

MIDDLEWARE = [
    "pvideo_platform.middleware.request_id",
    "pvideo_platform.middleware.maintenance",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.current_organization",
    "staff.middleware.looking_as_customer",
    "accounts.middleware.rate_limit_headers",
    "accounts.middleware.never_stored",
]

ROOT_URLCONF = "pvideo_platform.urls"
WSGI_APPLICATION = "pvideo_platform.wsgi.application"

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
                "billing.context_processors.wallet",
                "staff.context_processors.looking_as",
            ],
            "builtins": ["accounts.templatetags.working_in"],  # its `csrf_token` is every form's
        },
    }
]

# --- Database -------------------------------------------------------------------------------
# Kept connections rather than psycopg's pool: the workers fork, and a pool does not survive that.
_database: dict[str, Any] = (
    env.db_url("DATABASE_URL", engine="django.db.backends.postgresql")
    if env.str("DATABASE_URL", default="")
    else {
        "ENGINE": "pvideo_platform.embedded_postgres",
        "NAME": "pvideo",
        "USER": "postgres",
        "DATA_DIR": str(DATA_DIR / "postgres"),
    }
)
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    # Not each process's own memory: the limits on logins count here, for all processes together.
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "platform_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# --- Task queue -----------------------------------------------------------------------------
# Why these figures: docs/decisions/0003-nudges.md.
Q_CLUSTER: dict[str, Any] = {
    "name": "pvideo",
    "workers": env.int("WORKERS", default=4),
    "bulk": 1,
    "queue_limit": env.int("WORKERS", default=4),
    "timeout": 120,
    "retry": 300,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "poll": 0.1,
    "save_limit": 250,
    "label": "Queue",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# --- People ---------------------------------------------------------------------------------
# Sign-up, login and second factors: people_settings.py.
# Browsers give passkeys to https and to localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION and not PUBLIC_BASE_URL.startswith("https://")
SENT_MAIL_DIR = (
    None
    if PRODUCTION
    else people_settings.sent_mail_dir(data_dir=DATA_DIR, public_base_url=PUBLIC_BASE_URL)
)
"""Where sent mail is kept, to be read at /demo/mail/; None: nowhere, and there is no such page."""
MAILERS = people_settings.mailers(SENT_MAIL_DIR)

# --- API ------------------------------------------------------------------------------------
API_MAX_BODY_BYTES = env.int("API_MAX_BODY_BYTES", default=1_000_000)

# --- Provider -------------------------------------------------------------------------------
SANDBOX_URL = env.str("SANDBOX_URL", default="" if PRODUCTION else "http://127.0.0.1:8001")
PIXAZO_API_KEY = env.str("PIXAZO_API_KEY", default="")
if PIXAZO_API_KEY:
    SANDBOX_URL = ""  # never both: with a real key the stand-in is off
PIXAZO_BASE_URL = env.str(
    "PIXAZO_BASE_URL", default=SANDBOX_URL or "https://gateway.pixazo.ai"
).rstrip("/")
PIXAZO_TIMEOUT_SECONDS = env.float("PIXAZO_TIMEOUT_SECONDS", default=30.0)
PIXAZO_SUBMISSIONS_IN_FLIGHT = env.int("PIXAZO_SUBMISSIONS_IN_FLIGHT", default=40)

# --- Payments -------------------------------------------------------------------------------
# Without a key, the sandbox's Stripe; where there is no sandbox either, nothing can be bought.
STRIPE_API_KEY = env.str("STRIPE_API_KEY", default="")
STRIPE_BASE_URL = env.str(
    "STRIPE_BASE_URL",
    default="https://api.stripe.com"
    if STRIPE_API_KEY or not SANDBOX_URL
    else f"{SANDBOX_URL}/stripe",
).rstrip("/")
if not STRIPE_API_KEY and SANDBOX_URL:
    STRIPE_API_KEY = "sk_test_sandbox"
STRIPE_PAGE_ORIGINS = env.list(
    "STRIPE_PAGE_ORIGINS", default=content_policy.hosted_pages(STRIPE_BASE_URL)
)
"""Where hosted payment pages and the card portal are: forms may lead there."""
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRET", default=[])
"""More than one while a secret is being rolled. None: every event is refused."""
STRIPE_AUTOMATIC_TAX = env.bool("STRIPE_AUTOMATIC_TAX", default=False)
STRIPE_CONNECT_SECONDS = env.float("STRIPE_CONNECT_SECONDS", default=5.0)
STRIPE_TIMEOUT_SECONDS = env.float("STRIPE_TIMEOUT_SECONDS", default=15.0)
CHECKOUT_SECONDS = env.int("CHECKOUT_SECONDS", default=23 * 3600)
"""How long a hosted payment page may be paid; Stripe takes half an hour to a day by its clock."""

# host:port pairs that the guarded fetch may reach although they are private: the sandbox only.
FETCH_ALLOWED_NETLOCS = env.list(
    "FETCH_ALLOWED_NETLOCS", default=[urlsplit(SANDBOX_URL).netloc] if SANDBOX_URL else []
)

# --- Webhooks to customers ------------------------------------------------------------------
WEBHOOK_REQUIRE_HTTPS = env.bool("WEBHOOK_REQUIRE_HTTPS", default=PRODUCTION)

# --- Files ----------------------------------------------------------------------------------
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
MEDIA_S3_BUCKET = env.str("MEDIA_S3_BUCKET", default="")
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Collected files are served in production only; elsewhere they are found where they are written.
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")) if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": MEDIA_S3_BUCKET,
            "querystring_auth": True,
            "querystring_expire": MEDIA_LINK_SECONDS,
            "file_overwrite": True,
        },
    }
    if MEDIA_S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(MEDIA_ROOT)},
    },
    "staticfiles": {
        "BACKEND": "pvideo_platform.static_files.HashedStaticFiles"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Security -------------------------------------------------------------------------------
_HTTPS = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
)
# How many proxies of ours append to X-Forwarded-For; nothing before their entries is believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if SECURE_PROXY_SSL_HEADER else 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
SECURE_SSL_REDIRECT = _HTTPS and PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz(/work)?$"]  # asked over plain HTTP from inside the network
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS and PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = bool(SECURE_HSTS_SECONDS)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = content_policy.policy(
    images=[SANDBOX_URL] if SANDBOX_URL else [],
    forms=[*STRIPE_PAGE_ORIGINS, *SOCIAL_ORIGINS],
)

# --- Words and time -------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "filters": {
        "mask": {"()": "pvideo_platform.log_masking.MaskTokens"},
        "refused": {"()": "pvideo_platform.log_masking.RefusedInOneLine"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask"]}
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "django.request": {"filters": ["refused"]},
        # The HTTP client logs whole URLs, and a URL may carry a customer's token.
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # it tells of every call, with its address
        "django-q": {"level": "WARNING"},
        "embedded_postgres": {"level": "WARNING"},
    },
}
