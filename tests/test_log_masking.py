"""Tokens of our own URLs stay out of the log."""

import logging

import pytest

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
