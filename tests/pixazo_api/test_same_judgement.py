"""Each field with each odd value: the stand-in and our own API say the same, but for what
docs/pixazo-compatible.md names."""

import json
import re
from typing import Any

import pytest

from accounts.errors import InvalidParameters
from generations import pixazo_requests
from sandbox.pixazo import submissions, validation
from tests.pixazo_contract import AVATAR_EXAMPLE, VIDEO_EXAMPLE

EXAMPLES: dict[str, dict[str, Any]] = {
    "p-video": VIDEO_EXAMPLE | {"webhook": None, "webhook_events_filter": None},
    "p-video-avatar": AVATAR_EXAMPLE | {"webhook": None, "webhook_events_filter": None},
}
NUMBERS = [0, 1, -1, 5, 5.0, 24, 24.0, 48, 1.5, -0.0, 1e308, 2**63 - 1, 2**63, 10**30, -(10**30)]
TEXTS = ["", " ", "5", "true", "null", "720P", "720p ", "16:9\n", "Kore (female)", "completed"]
ODD_TEXTS = ["\x00", "\ud800", "Żółw 🐢", "x" * 10_000, "x" * 10_001]
URLS = [
    "https://example.com",
    "HTTPS://EXAMPLE.COM/A",
    "https://exämple.com/ü",
    "http://example.com/a",
    "https://example.com:443?q=1#f",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://example.com:22/",
    "https://",
    "https:///x",
    "//example.com",
    "ftp://example.com/x",
    "data:image/png;base64,AAAA",
    "https://example.com/a b",
    " https://example.com/",
    "https://example.com/\t",
    "https://u:p@example.com/",
    "https://10.0.0.1/",
    "https://[::1]/",
    "https://localhost/",
    "https://example",
    "https://example.com/" + "x" * 3000,
]
NESTED = [
    [],
    {},
    [[]],
    {"completed": 1},
    ["completed"],
    ["Completed"],
    ["completed"] * 2,
    ["start"],
]
MIXED = [["completed", None], [1], [True], [["completed"]], "completed,failed"]
VALUES: list[Any] = [None, True, False, *NUMBERS, *TEXTS, *ODD_TEXTS, *URLS, *NESTED, *MIXED]

OURS_ALONE = re.compile(
    r"\w+ must be at most \d+( characters)?"
    r"|\w+ must be valid Unicode text without NUL"
    r"|voice_script is required when audio is not given"
    r"|(image|audio) must be a valid URL|Invalid webhook URL"  # not public, or too long
)


def ours(model: str, body: dict[str, Any], url: str | None, mode: str | None) -> str:
    try:
        raw = json.dumps(body).encode()
        pixazo_requests.read(model, raw, webhook_url=url, webhook_mode=mode)
    except InvalidParameters as refused:
        return refused.message
    return ""


def stand_in(model: str, body: dict[str, Any], url: str | None, mode: str | None) -> str:
    try:
        validation.check(model, submissions._decoded(json.dumps(body).encode()))
        validation.check_webhook_headers(url, mode)
    except validation.InvalidSubmission as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("model", EXAMPLES)
def test_each_field_with_each_value(model: str, settings: Any) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    refused = 0
    for name in EXAMPLES[model]:
        for value in VALUES:
            body = EXAMPLES[model] | {name: value, "no_op": value if name == "no_op" else False}
            said = ours(model, body, None, None)
            expected = stand_in(model, body, None, None)
            assert said == expected or (not expected and OURS_ALONE.fullmatch(said)), (name, value)
            refused += bool(said)
    assert refused > 500


def test_each_header_with_each_value(settings: Any) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    body = EXAMPLES["p-video"]
    for value in (*TEXTS, *URLS, "terminal", "sync", "Sync", "terminal,sync"):
        for url, mode in ((value, None), (None, value), ("https://example.com/", value)):
            said, expected = ours("p-video", body, url, mode), stand_in("p-video", body, url, mode)
            assert said == expected or (not expected and OURS_ALONE.fullmatch(said)), (url, mode)
