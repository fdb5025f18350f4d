"""Tokens of our own URLs stay out of the log, and what is refused takes one line of it."""

import logging

import pytest
from django.test import Client

from accounts.models import User
from pvideo_platform.log_masking import MaskTokens


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/callbacks/pixazo/01a2-b/secret-token", "/callbacks/pixazo/01a2-b/***"),
        ("/media/secret:token/video.mp4", "/media/***/video.mp4"),
        ("/share/secret_token-1/video.mp4", "/share/***/video.mp4"),
        ("/gallery/01a2-b/share", "/gallery/01a2-b/share"),
        ("/gallery/01a2-b/", "/gallery/01a2-b/"),
    ],
)
def test_secrets_are_masked(path: str, kept: str) -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "Not Found: %s", (path,), None)
    assert MaskTokens().filter(record)
    assert record.getMessage() == f"Not Found: {kept}"


@pytest.mark.django_db
def test_a_refusal_is_one_line(bob: User, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.force_login(bob, "django.contrib.auth.backends.ModelBackend")
    logger = logging.getLogger("django.request")
    logger.addHandler(caplog.handler)  # what is told to `django` goes no further up
    try:
        assert client.get("/settings/audit/").status_code == 403
    finally:
        logger.removeHandler(caplog.handler)
    (line,) = set(caplog.text.splitlines())  # `caplog` may listen there already
    assert line.endswith("Forbidden (Permission denied): /settings/audit/")
