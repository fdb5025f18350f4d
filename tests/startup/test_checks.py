"""The system checks, one by one, and that nothing starts past them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from pvideo_platform import checks, payment_checks, people_checks
from tests.startup.demo_process import KEPT, PROJECT, free_ports

PRODUCTION: dict[str, Any] = {
    "PRODUCTION": True,
    "DEBUG": False,
    "SECRET_KEY": "x" * 60,
    "PIXAZO_API_KEY": "a-key",
    "PIXAZO_BASE_URL": "https://gateway.pixazo.ai",
    "SANDBOX_URL": "",
    "FETCH_ALLOWED_NETLOCS": [],
    "STRIPE_API_KEY": "rk_live_abc",
    "STRIPE_BASE_URL": "https://api.stripe.com",
    "STRIPE_WEBHOOK_SECRETS": ["whsec_0123456789"],
    "PUBLIC_BASE_URL": "https://video.example.com",
    "ALLOWED_HOSTS": ["video.example.com"],
    "WEBHOOK_REQUIRE_HTTPS": True,
    "STAFF_SECOND_FACTOR_REQUIRED": True,
    "MEDIA_ROOT": "/tmp",
    "MEDIA_S3_BUCKET": "",
    "MAILERS": {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}},
}


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    monkeypatch.delenv("SANDBOX_URL", raising=False)
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    with override_settings(**PRODUCTION):
        yield


def ids(**changed: Any) -> list[str | None]:
    with override_settings(**changed):
        return [message.id for message in checks.platform_settings()]


def queue(settings: Any, **changed: int) -> dict[str, Any]:
    return {**settings.Q_CLUSTER, **changed}


def test_a_valid_production_has_nothing_to_say() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"SECRET_KEY": ""}, ["pvideo.E001"]),
        ({"PIXAZO_API_KEY": ""}, ["pvideo.E003"]),
        ({"PUBLIC_BASE_URL": "http://video.example.com"}, ["pvideo.E004"]),
        ({"PUBLIC_BASE_URL": "https://video.example.com/below"}, ["pvideo.E004"]),
        ({"PUBLIC_BASE_URL": ""}, ["pvideo.E004", "pvideo.E010"]),
        ({"DEBUG": True}, ["pvideo.E005"]),
        ({"SANDBOX_URL": "http://127.0.0.1:8001"}, ["pvideo.E006", "pvideo.E034"]),
        ({"FETCH_ALLOWED_NETLOCS": ["10.0.0.1:80"]}, ["pvideo.E007"]),
        ({"ALLOWED_HOSTS": []}, ["pvideo.E009", "pvideo.E010"]),
        ({"ALLOWED_HOSTS": [""]}, ["pvideo.E009", "pvideo.E010"]),
        ({"ALLOWED_HOSTS": ["*"]}, ["pvideo.E009"]),
        ({"ALLOWED_HOSTS": ["video.example.com", "*"]}, ["pvideo.E009"]),
        ({"ALLOWED_HOSTS": ["other.example.com"]}, ["pvideo.E010"]),
        ({"ALLOWED_HOSTS": [".example.com"]}, []),
        ({"ALLOWED_HOSTS": ["Video.Example.com"]}, []),
        ({"SUBMISSION_LEASE_SECONDS": 30, "PIXAZO_TIMEOUT_SECONDS": 30.0}, ["pvideo.E011"]),
        ({"GENERATION_DEADLINE_SECONDS": 90, "SUBMISSION_LEASE_SECONDS": 90}, ["pvideo.E013"]),
        ({"VIDEO_FETCH_TIMEOUT_SECONDS": 120.0}, ["pvideo.E014"]),
        ({"MEDIA_ROOT": "/dev/null/media"}, ["pvideo.E015"]),
        ({"MEDIA_ROOT": "/dev/null/media", "MEDIA_S3_BUCKET": "our-videos"}, []),
        ({"MEDIA_ROOT": "/tmp/not/there/yet"}, []),
        ({"MEDIA_S3_BUCKET": "s3://our-videos/folder"}, ["pvideo.E016"]),
        ({"PIXAZO_BASE_URL": "http://gateway.pixazo.ai"}, ["pvideo.E017"]),
        ({"WEBHOOK_REQUIRE_HTTPS": False}, ["pvideo.E018"]),
        ({"WEBHOOK_TIMEOUT_SECONDS": 60.0}, ["pvideo.E019"]),
        ({"WEBHOOK_TIMEOUT_SECONDS": 120.0, "WEBHOOK_LEASE_SECONDS": 121}, ["pvideo.E014"]),
        ({"WEBHOOK_IN_FLIGHT_PER_ENDPOINT": 0}, ["pvideo.E020"]),
        ({"WEBHOOK_IN_FLIGHT": 3}, ["pvideo.E020"]),
        ({"RATE_LIMIT_KEY": -1}, ["pvideo.E021"]),
        ({"GENERATIONS_AT_ONCE": 0}, ["pvideo.E021"]),
        ({"IDEMPOTENCY_KEEP_SECONDS": 3600}, ["pvideo.E021"]),
        ({"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}, ["pvideo.E022"]),
        ({"STRIPE_API_KEY": ""}, ["pvideo.E030"]),
        ({"STRIPE_WEBHOOK_SECRETS": []}, ["pvideo.E031"]),
        ({"STRIPE_WEBHOOK_SECRETS": [""]}, ["pvideo.E032"]),
        ({"STRIPE_WEBHOOK_SECRETS": ["whsec_0123456789", "we_123"]}, ["pvideo.E032"]),
        ({"STRIPE_API_KEY": "pk_live_abc"}, ["pvideo.E033", "pvideo.W002"]),
        ({"STRIPE_BASE_URL": "http://api.stripe.com"}, ["pvideo.E035"]),
        ({"STRIPE_TIMEOUT_SECONDS": 60.0}, ["pvideo.E036"]),
        ({"CHECKOUT_SECONDS": 86_400}, ["pvideo.E037"]),
        ({"CHECKOUT_SECONDS": 60}, ["pvideo.E037"]),
        ({"STAFF_SECOND_FACTOR_REQUIRED": False}, ["pvideo.E050"]),
        ({"STAFF_APPROVAL_ABOVE_MICROS": -1}, ["pvideo.E051"]),
        ({"STAFF_IMPERSONATION_SECONDS": 10}, ["pvideo.E051"]),
        ({"ALERT_QUEUE_MINUTES": 0}, ["pvideo.E052"]),
        ({"ALERT_FAILURE_SHARE": 20.0}, ["pvideo.E052"]),
        ({"STRIPE_API_KEY": "sk_test_abc"}, ["pvideo.W002"]),
        (
            {"MAILERS": {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}},
            ["pvideo.W001"],
        ),
    ],
)
def test_each_mistake_has_its_id(changed: Mapping[str, Any], expected: list[str]) -> None:
    assert ids(**changed) == expected


def test_the_embedded_database_is_not_for_production(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setitem(
        settings.DATABASES["default"], "ENGINE", "pvideo_platform.embedded_postgres"
    )
    assert ids() == ["pvideo.E002"]


def test_a_retry_before_the_timeout(settings: Any) -> None:
    assert ids(Q_CLUSTER=queue(settings, timeout=300, retry=300)) == ["pvideo.E012"]


def test_a_sandbox_beside_a_key_is_seen_although_the_settings_resolve_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SANDBOX_URL", "http://127.0.0.1:8001")
    assert ids() == ["pvideo.E006", "pvideo.E008", "pvideo.E034"]
    test_key = {"PRODUCTION": False, "STRIPE_API_KEY": "sk_test_abc"}
    assert ids(**test_key) == ["pvideo.E008"]
    assert ids(**test_key, PIXAZO_API_KEY="") == []


def test_elsewhere_than_in_production_only_contradictions_count() -> None:
    relaxed = {"SECRET_KEY": "", "PUBLIC_BASE_URL": "http://127.0.0.1:8000", "DEBUG": True}
    assert ids(PRODUCTION=False, **relaxed) == []
    assert ids(PRODUCTION=False, SUBMISSION_LEASE_SECONDS=1) == ["pvideo.E011"]


def test_every_rule_has_an_id_of_its_own_and_is_in_the_docs() -> None:
    known = [rule.id for rule in (*checks.RULES, *payment_checks.RULES, *people_checks.RULES)]
    assert len(set(known)) == len(known)
    documented = (PROJECT / "docs" / "settings.md").read_text()
    assert [rule_id for rule_id in known if rule_id not in documented] == []


def test_enforce_names_errors_with_their_hints_and_lets_warnings_pass() -> None:
    with override_settings(MAILERS={"default": {"BACKEND": "x.console.EmailBackend"}}):
        checks.enforce()
    with override_settings(DEBUG=True), pytest.raises(ImproperlyConfigured) as caught:
        checks.enforce()
    assert "pvideo.E005: DEBUG is on in production. Remove DEBUG" in str(caught.value)


# --- whole processes ------------------------------------------------------------------------

ENVIRONMENT = {
    "PVIDEO_MODE": "production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "DATABASE_URL": "postgres://pvideo:none@127.0.0.1:1/pvideo",
    "PIXAZO_API_KEY": "not-a-key",
    "STRIPE_API_KEY": "rk_live_notakey",
    "STRIPE_WEBHOOK_SECRET": "whsec_not-a-secret",
    "PUBLIC_BASE_URL": "https://video.example.com",
    "EMAIL_URL": "smtp+tls://user:none@mail.example.com:587",
}


def run(*arguments: str, data_dir: Path, **env: str) -> tuple[int, str]:
    bare = {name: os.environ[name] for name in KEPT if name in os.environ}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**bare, **ENVIRONMENT, "PVIDEO_DATA_DIR": str(data_dir), **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("manage.py", "migrate", "--no-input"),
        ("manage.py", "qcluster"),
        ("-m", "gunicorn", "--config", "python:pvideo_platform.gunicorn_conf"),
        ("-c", "import pvideo_platform.wsgi"),  # whatever other server
    ],
    ids=["migrate", "qcluster", "gunicorn", "wsgi"],
)
def test_nothing_starts_past_a_wrong_setting(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    bind = f"127.0.0.1:{free_ports()}"
    code, said = run(*arguments, data_dir=tmp_path, PIXAZO_API_KEY="", WEB_BIND=bind)
    assert code != 0
    assert "pvideo.E003" in said
    assert "Set PIXAZO_API_KEY" in said
    assert "Listening" not in said


@pytest.mark.slow
def test_a_valid_production_passes_djangos_deploy_checks_too(tmp_path: Path) -> None:
    arguments = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    code, said = run(*arguments, data_dir=tmp_path)
    assert code == 0, said


def test_an_unknown_mode_is_refused(tmp_path: Path) -> None:
    code, said = run("manage.py", "check", data_dir=tmp_path, PVIDEO_MODE="prod")
    assert code != 0
    assert "PVIDEO_MODE must be one of: development, demo, production" in said
