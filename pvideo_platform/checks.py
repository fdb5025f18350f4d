"""System checks: a missing or contradictory setting stops a start before it serves.

`manage.py check`, `migrate`, `qcluster` and `runserver` run them as Django does; the web server
runs them through `enforce` (wsgi.py). Each rule has an id, listed in docs/settings.md.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, run_checks
from django.core.exceptions import ImproperlyConfigured

from pvideo_platform import alert_checks, payment_checks, people_checks, staff_checks
from pvideo_platform.check_rules import Rule

TAG = "pvideo"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _limit_out_of_bounds() -> bool:
    least = {
        "RATE_LIMIT_KEY": 0,
        "RATE_LIMIT_GENERATIONS": 0,
        "RATE_LIMIT_ORGANIZATION": 0,
        "RATE_LIMIT_STRANGERS": 0,
        "TRUSTED_PROXIES": 0,
        "GENERATIONS_AT_ONCE": 1,
        "QUEUE_DEADLINE_SECONDS": 1,
        "IDEMPOTENCY_KEEP_SECONDS": 86_400,
    }
    return any(getattr(settings, name) < value for name, value in least.items())


def platform_settings(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Every rule that the settings of this process break."""
    return [
        (Error if ".E" in rule.id else Warning)(rule.message, hint=rule.hint, id=rule.id)
        for rule in (
            *(*RULES, *payment_checks.RULES, *people_checks.RULES),
            *(*staff_checks.RULES, *alert_checks.RULES),
        )
        if (settings.PRODUCTION or not rule.production_only) and rule.wrong()
    ]


def enforce() -> None:
    """Refuse to go on with settings that are in error.

    Raises:
        ImproperlyConfigured: with every error and its hint.
    """
    errors = [
        message
        for message in run_checks(tags=[TAG])
        if message.is_serious() and not message.is_silenced()
    ]
    if errors:
        listed = "\n".join(f"  {error.id}: {error.msg} {error.hint}" for error in errors)
        raise ImproperlyConfigured(f"Refusing to start with these settings:\n{listed}")


def _from_environment(name: str) -> str:
    """What the environment says, where settings.py has already resolved a contradiction."""
    return os.environ.get(name, "") or os.environ.get(f"{name}_FILE", "")


def _no_secret_key() -> bool:
    try:
        return not settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's answer to an empty one
        return True


def _base_url_wrong() -> bool:
    parts = urlsplit(settings.PUBLIC_BASE_URL)
    return parts.scheme != "https" or not parts.hostname or bool(parts.path or parts.query)


def _own_host_refused() -> bool:
    host = (urlsplit(settings.PUBLIC_BASE_URL).hostname or "").lower()
    return not any(
        host == pattern or (pattern.startswith(".") and f".{host}".endswith(pattern))
        for pattern in (allowed.lower() for allowed in settings.ALLOWED_HOSTS)
    )


def _task_shorter_than_a_call() -> bool:
    longest = max(
        settings.PIXAZO_TIMEOUT_SECONDS,
        settings.AUDIO_FETCH_TIMEOUT_SECONDS,
        settings.VIDEO_FETCH_TIMEOUT_SECONDS,
        settings.WEBHOOK_TIMEOUT_SECONDS,
    )
    return bool(settings.Q_CLUSTER["timeout"] <= longest)


def _media_folder_unusable() -> bool:
    if settings.MEDIA_S3_BUCKET:
        return False
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # made at the first upload, if the nearest that exists lets us
    return not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK))


RULES: tuple[Rule, ...] = (
    Rule(
        "pvideo.E001",
        _no_secret_key,
        "SECRET_KEY is missing.",
        "Set SECRET_KEY (or SECRET_KEY_FILE) to at least 50 random characters.",
    ),
    Rule(
        "pvideo.E002",
        lambda: settings.DATABASES["default"]["ENGINE"] == "pvideo_platform.embedded_postgres",
        "DATABASE_URL is missing.",
        "Set DATABASE_URL to a PostgreSQL 15 or later; the embedded server is for development.",
    ),
    Rule(
        "pvideo.E003",
        lambda: not settings.PIXAZO_API_KEY,
        "PIXAZO_API_KEY is missing.",
        "Set PIXAZO_API_KEY (or PIXAZO_API_KEY_FILE) to the provider's key.",
    ),
    Rule(
        "pvideo.E004",
        _base_url_wrong,
        "PUBLIC_BASE_URL is no https address of a host.",
        "Set it like PUBLIC_BASE_URL=https://video.example.com: the provider calls back to it.",
    ),
    Rule(
        "pvideo.E005",
        lambda: bool(settings.DEBUG),
        "DEBUG is on in production.",
        "Remove DEBUG from the environment: error pages would show settings and code.",
    ),
    Rule(
        "pvideo.E006",
        lambda: bool(settings.SANDBOX_URL or _from_environment("SANDBOX_URL")),
        "SANDBOX_URL is set in production.",
        "Remove SANDBOX_URL: the stand-in makes no real videos.",
    ),
    Rule(
        "pvideo.E007",
        lambda: bool(settings.FETCH_ALLOWED_NETLOCS),
        "FETCH_ALLOWED_NETLOCS is set in production.",
        "Remove FETCH_ALLOWED_NETLOCS: customers' URLs could reach private addresses.",
    ),
    Rule(
        "pvideo.E008",
        lambda: bool(settings.PIXAZO_API_KEY and _from_environment("SANDBOX_URL")),
        "PIXAZO_API_KEY and SANDBOX_URL are both set.",
        "Remove one of them: it is either the provider or its stand-in.",
        production_only=False,
    ),
    Rule(
        "pvideo.E009",
        lambda: not any(settings.ALLOWED_HOSTS) or "*" in settings.ALLOWED_HOSTS,
        'ALLOWED_HOSTS is empty or holds "*".',
        "Set ALLOWED_HOSTS to the host names served, separated by commas.",
    ),
    Rule(
        "pvideo.E010",
        lambda: "*" not in settings.ALLOWED_HOSTS and _own_host_refused(),
        "ALLOWED_HOSTS lacks the host of PUBLIC_BASE_URL.",
        "Add it to ALLOWED_HOSTS: the provider's callbacks would be refused.",
    ),
    Rule(
        "pvideo.E011",
        lambda: settings.SUBMISSION_LEASE_SECONDS <= settings.PIXAZO_TIMEOUT_SECONDS,
        "SUBMISSION_LEASE_SECONDS is not above PIXAZO_TIMEOUT_SECONDS.",
        "Raise it: a lease must outlive the call that it covers.",
        production_only=False,
    ),
    Rule(
        "pvideo.E012",
        lambda: settings.Q_CLUSTER["retry"] <= settings.Q_CLUSTER["timeout"],
        "Q_CLUSTER's retry is not above its timeout.",
        "Raise retry: a task would be given to a second worker while the first still has it.",
        production_only=False,
    ),
    Rule(
        "pvideo.E013",
        lambda: settings.GENERATION_DEADLINE_SECONDS <= settings.SUBMISSION_LEASE_SECONDS,
        "GENERATION_DEADLINE_SECONDS is not above SUBMISSION_LEASE_SECONDS.",
        "Raise it: a job would expire while its submission is under way.",
        production_only=False,
    ),
    Rule(
        "pvideo.E014",
        _task_shorter_than_a_call,
        "Q_CLUSTER's timeout is not above the longest HTTP timeout.",
        "Lower PIXAZO_TIMEOUT_SECONDS, AUDIO_FETCH_TIMEOUT_SECONDS, VIDEO_FETCH_TIMEOUT_SECONDS or "
        "WEBHOOK_TIMEOUT_SECONDS: the worker would be killed in the middle of a call.",
        production_only=False,
    ),
    Rule(
        "pvideo.E015",
        _media_folder_unusable,
        "MEDIA_ROOT is no folder that can be written.",
        "Set MEDIA_ROOT to a writable folder that web and worker share, or set MEDIA_S3_BUCKET.",
        production_only=False,
    ),
    Rule(
        "pvideo.E016",
        lambda: bool(settings.MEDIA_S3_BUCKET and not _BUCKET.fullmatch(settings.MEDIA_S3_BUCKET)),
        "MEDIA_S3_BUCKET is no bucket name.",
        "Give the bare name, without s3:// and without a folder.",
        production_only=False,
    ),
    Rule(
        "pvideo.E017",
        lambda: urlsplit(settings.PIXAZO_BASE_URL).scheme != "https",
        "PIXAZO_BASE_URL is no https address.",
        "Remove PIXAZO_BASE_URL: the key would travel in the clear.",
    ),
    Rule(
        "pvideo.E018",
        lambda: not settings.WEBHOOK_REQUIRE_HTTPS,
        "WEBHOOK_REQUIRE_HTTPS is off in production.",
        "Remove WEBHOOK_REQUIRE_HTTPS: customers' messages would travel in the clear.",
    ),
    Rule(
        "pvideo.E019",
        lambda: settings.WEBHOOK_LEASE_SECONDS <= settings.WEBHOOK_TIMEOUT_SECONDS,
        "WEBHOOK_LEASE_SECONDS is not above WEBHOOK_TIMEOUT_SECONDS.",
        "Raise it: a message would be sent again while its attempt is under way.",
        production_only=False,
    ),
    Rule(
        "pvideo.E020",
        lambda: not 0 < settings.WEBHOOK_IN_FLIGHT_PER_ENDPOINT <= settings.WEBHOOK_IN_FLIGHT // 2,
        "WEBHOOK_IN_FLIGHT_PER_ENDPOINT is not between 1 and half of WEBHOOK_IN_FLIGHT.",
        "Raise WEBHOOK_IN_FLIGHT: one endpoint that hangs would hold all the others up.",
        production_only=False,
    ),
    Rule(
        "pvideo.E021",
        _limit_out_of_bounds,
        "A limit is out of bounds.",
        "RATE_LIMIT_... and TRUSTED_PROXIES are 0 or more, GENERATIONS_AT_ONCE 1 or more, "
        "IDEMPOTENCY_KEEP_SECONDS 86400 or more, QUEUE_DEADLINE_SECONDS above 0.",
        production_only=False,
    ),
    Rule(
        "pvideo.E022",
        lambda: bool(settings.SECURE_PROXY_SSL_HEADER) and not settings.TRUSTED_PROXIES,
        "BEHIND_PROXY is on and TRUSTED_PROXIES is 0.",
        "Set TRUSTED_PROXIES to how many proxies append to X-Forwarded-For: all callers would "
        "seem to have the proxy's address.",
    ),
    Rule(
        "pvideo.W001",
        lambda: settings.MAILERS["default"]["BACKEND"].endswith(
            ("console.EmailBackend", "dummy.EmailBackend")
        ),
        "E-mail is written to the log and reaches nobody.",
        "Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587.",
    ),
)
