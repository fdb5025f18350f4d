"""Bad input gets a clear error naming the field and the fix; no hold, no row, no 500."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Organization
from billing import freezing
from billing.models import Entry, EntryKind, FreezeCause, Hold, Wallet
from generations.models import Generation
from generations.parameters import FEMALE_VOICES, LANGUAGES, MALE_VOICES
from tests.conftest import Sandbox, assert_books_balance
from tests.generations.conftest import PROMPT, Api

pytestmark = pytest.mark.django_db

PORTRAIT = "https://example.com/portrait.png"


@pytest.fixture(autouse=True)
def nothing_is_left_behind(api: Api, acme: Organization) -> Iterator[None]:
    """Every test in this file ends with the wallet as it was and no job."""
    yield
    assert Generation.objects.count() == 0
    assert Hold.objects.count() == 0
    assert Entry.objects.exclude(kind=EntryKind.ADJUSTMENT).count() == 0
    assert Wallet.objects.get(pk=acme.pk).held_micros == 0
    assert_books_balance()


def refused(answer: Any, status: int = 400, code: str = "invalid_parameters") -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"/problems/{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer["X-Request-ID"]
    return problem


def messages(answer: Any) -> dict[str, str]:
    return {error["pointer"]: error["message"] for error in refused(answer)["errors"]}


VIDEO = [
    ({}, "/input/prompt", "prompt is required and must be a string"),
    ({"prompt": ""}, "/input/prompt", "prompt is required and must be a string"),
    ({"prompt": "   "}, "/input/prompt", "prompt is required and must be a string"),
    ({"prompt": None}, "/input/prompt", "prompt is required and must be a string"),
    ({"prompt": 7}, "/input/prompt", "prompt is required and must be a string"),
    ({"prompt": "x" * 10_001}, "/input/prompt", "prompt must be at most 10000 characters"),
    (
        {"prompt": "nul \x00"},
        "/input/prompt",
        "prompt must be valid Unicode text without NUL",
    ),
    ({"prompt": "p", "seed": -1}, "/input/seed", "seed must be a non-negative integer"),
    ({"prompt": "p", "seed": 1.5}, "/input/seed", "seed must be a non-negative integer"),
    ({"prompt": "p", "seed": True}, "/input/seed", "seed must be a non-negative integer"),
    ({"prompt": "p", "seed": "42"}, "/input/seed", "seed must be a non-negative integer"),
    ({"prompt": "p", "seed": 2**63}, "/input/seed", f"seed must be at most {2**63 - 1}"),
    ({"prompt": "p", "seed": 10**400}, "/input/seed", f"seed must be at most {2**63 - 1}"),
    (
        {"prompt": "p", "resolution": "4k"},
        "/input/resolution",
        "resolution must be one of: 720p, 1080p",
    ),
    (
        {"prompt": "p", "resolution": 720},
        "/input/resolution",
        "resolution must be one of: 720p, 1080p",
    ),
    (
        {"prompt": "p", "duration": 0},
        "/input/duration",
        "duration must be an integer between 1 and 10",
    ),
    (
        {"prompt": "p", "duration": 11},
        "/input/duration",
        "duration must be an integer between 1 and 10",
    ),
    (
        {"prompt": "p", "duration": -5},
        "/input/duration",
        "duration must be an integer between 1 and 10",
    ),
    (
        {"prompt": "p", "duration": 10**100},
        "/input/duration",
        "duration must be an integer between 1 and 10",
    ),
    (
        {"prompt": "p", "duration": "5"},
        "/input/duration",
        "duration must be an integer between 1 and 10",
    ),
    (
        {"prompt": "p", "duration": 5.0},
        "/input/duration",
        "duration must be an integer between 1 and 10",
    ),
    ({"prompt": "p", "fps": 30}, "/input/fps", "fps must be one of: 24, 48"),
    ({"prompt": "p", "fps": 24.0}, "/input/fps", "fps must be one of: 24, 48"),
    ({"prompt": "p", "draft": "yes"}, "/input/draft", "draft must be a boolean"),
    ({"prompt": "p", "save_audio": 1}, "/input/save_audio", "save_audio must be a boolean"),
    ({"prompt": "p", "webhook": "ftp://x"}, "/input/webhook", "Invalid webhook URL"),
    (
        {"prompt": "p", "webhook_events_filter": "completed"},
        "/input/webhook_events_filter",
        "webhook_events_filter must be an array of: completed, failed, canceled",
    ),
    ({"prompt": "p", "price": 0}, "/input/price", "price is not a parameter of p-video"),
    (
        {"prompt": "p", "a/b~c": 0},
        "/input/a~1b~0c",
        "a/b~c is not a parameter of p-video",
    ),
]


@pytest.mark.parametrize(("params", "pointer", "message"), VIDEO)
def test_p_video_is_validated_in_the_references_words(
    api: Api, params: dict[str, Any], pointer: str, message: str
) -> None:
    answer = api.post("generations", {"model": "p-video", "input": params})
    assert messages(answer) == {pointer: message}


VOICES = ", ".join(FEMALE_VOICES + MALE_VOICES)
AVATAR = [
    ({"voice_script": "hi"}, "/input/image", "image is required and must be a string URL"),
    (
        {"image": 1, "voice_script": "hi"},
        "/input/image",
        "image is required and must be a string URL",
    ),
    ({"image": "cat", "voice_script": "hi"}, "/input/image", "image must be a valid URL"),
    (
        {"image": PORTRAIT, "voice": "Bob", "voice_script": "hi"},
        "/input/voice",
        f"voice must be one of: {VOICES}",
    ),
    (
        {"image": PORTRAIT, "voice_language": "Klingon", "voice_script": "hi"},
        "/input/voice_language",
        f"voice_language must be one of: {', '.join(LANGUAGES)}",
    ),
    (
        {"image": PORTRAIT, "voice_script": 5},
        "/input/voice_script",
        "voice_script must be a string",
    ),
    (
        {"image": PORTRAIT, "voice_script": "hi", "disable_safety_filter": "no"},
        "/input/disable_safety_filter",
        "disable_safety_filter must be a boolean",
    ),
    (
        {"image": PORTRAIT},
        "/input/voice_script",
        "voice_script is required when audio is not given",
    ),
    (
        {"image": PORTRAIT, "voice_script": "hi", "no_op": True},
        "/input/no_op",
        "no_op must be false: it makes nothing, so there is nothing to keep",
    ),
]


@pytest.mark.parametrize(("params", "pointer", "message"), AVATAR)
def test_the_avatar_is_validated_in_the_references_words(
    api: Api, params: dict[str, Any], pointer: str, message: str
) -> None:
    answer = api.post("generations", {"model": "p-video-avatar", "input": params})
    assert messages(answer) == {pointer: message}


def test_every_wrong_field_is_named_at_once(api: Api) -> None:
    body = {"model": "p-video", "input": {"seed": -1, "fps": 1}, "metadata": []}
    pointers = set(messages(api.post("generations", body)))
    assert pointers == {"/input/prompt", "/input/seed", "/input/fps", "/metadata"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/cat.png",
        "http://localhost/cat.png",
        "http://10.0.0.1/cat.png",
        "http://192.168.1.1/cat.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/cat.png",
        "http://[::ffff:10.0.0.1]/cat.png",
        "http://2130706433/cat.png",
        "http://0x7f000001/cat.png",
        "http://user:secret@example.com/cat.png",
        "file:///etc/passwd",
        "ftp://example.com/cat.png",
        "javascript:alert(1)",
        "//example.com/cat.png",
        "http://",
        "http://exa mple.com/",
        "x" * 5000,
    ],
)
def test_an_image_url_must_be_public_http(api: Api, url: str) -> None:
    answer = api.post("generations", {"model": "p-video", "input": {"prompt": "p", "image": url}})
    assert messages(answer) == {"/input/image": "image must be a valid URL"}


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"null", "object"),
        (b'{"model": "p-video", "input": {"seed": NaN}}', "NaN"),
        (b'{"model": "p-video", "model": "p-video"}', "repeated"),
        (b"[" * 100_000, "JSON"),
        (b'{"model": "p-video", "metadata": {"a": 1e400}}', "too large"),
        (b'{"model": "p-video", "input": {"seed": ' + b"9" * 5000 + b"}}", "JSON"),
    ],
)
def test_a_body_that_is_not_a_json_object(api: Api, body: bytes, hint: str) -> None:
    answer = api.client.post("/api/v1/generations", data=body, content_type="application/json")
    assert hint in refused(answer, code="invalid_json")["detail"]


def test_an_empty_body(api: Api) -> None:
    answer = api.client.post("/api/v1/generations", data=b"", content_type="application/json")
    assert "/model" in messages(answer)


def test_a_form_is_no_json(api: Api) -> None:
    answer = api.client.post("/api/v1/generations", data={"model": "p-video"})
    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("model", [None, 5, "", "p-video-2", "P-VIDEO", {}])
def test_an_unknown_model(api: Api, model: Any) -> None:
    answer = api.post("generations", {"model": model, "input": {"prompt": PROMPT}})
    assert messages(answer) == {"/model": "model must be one of: p-video, p-video-avatar"}


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_an_input_that_is_no_object(api: Api, value: Any) -> None:
    answer = api.post("generations", {"model": "p-video", "input": value})
    assert "/input" in messages(answer)


def test_an_unknown_member_of_the_request_is_not_ignored(api: Api) -> None:
    answer = api.post("generations", {"model": "p-video", "input": {"prompt": "p"}, "webhok": 1})
    assert "webhok" in refused(answer)["detail"]


def test_ten_megabytes_of_prompt(api: Api) -> None:
    answer = api.post("generations", {"model": "p-video", "input": {"prompt": "x" * 10_000_000}})
    assert "1000000 bytes" in refused(answer, 413, "body_too_large")["detail"]


def test_half_a_surrogate_pair_is_refused(api: Api) -> None:
    for body in (
        b'{"model": "p-video", "input": {"prompt": "\\ud800"}}',
        b'{"model": "p-video", "input": {"prompt": "p"}, "metadata": {"a": "\\ud800"}}',
        b'{"model": "p-video", "input": {"prompt": "p"}, "metadata": {"a": "\\u0000"}}',
        b'{"model": "p-video", "input": {"\\ud800": "p"}}',
    ):
        answer = api.client.post("/api/v1/generations", data=body, content_type="application/json")
        refused(answer)


@pytest.mark.parametrize("metadata", [[], "text", 5, {"a": "x" * 20_000}])
def test_metadata_is_a_small_object(api: Api, metadata: Any) -> None:
    body = {"model": "p-video", "input": {"prompt": "p"}, "metadata": metadata}
    assert "/metadata" in messages(api.post("generations", body))


@pytest.mark.parametrize("given", ["x" * 256, "tab\tkey"])
def test_an_idempotency_key_is_short_and_printable(api: Api, given: str) -> None:
    body = {"model": "p-video", "input": {"prompt": "p"}}
    problem = refused(api.post("generations", body, Idempotency_Key=given))
    assert problem["errors"][0]["header"] == "Idempotency-Key"


def test_not_enough_credits_says_what_is_needed_and_what_is_there(
    api: Api, acme: Organization
) -> None:
    body = {"model": "p-video", "input": {"prompt": "p", "duration": 10, "resolution": "1080p"}}
    _spend_all_but(acme, 300_000)
    problem = refused(api.post("generations", body), 402, "insufficient_credits")
    assert problem["required"] == "0.400000"
    assert problem["available"] == "0.300000"


def test_a_frozen_wallet_does_not_spend(api: Api, acme: Organization) -> None:
    freezing.place(acme.pk, FreezeCause.STAFF, reference="staff:1", reason="A test.")
    answer = api.post("generations", {"model": "p-video", "input": {"prompt": "p"}})
    refused(answer, 403, "wallet_frozen")


def _spend_all_but(organization: Organization, micros: int) -> None:
    from billing import ledger
    from billing.models import Account

    wallet = Wallet.objects.get(pk=organization.pk)
    ledger.debit(
        organization_id=organization.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=wallet.balance_micros - micros,
        reference="spend",
    )


# --- Audio: fetched and probed before the hold ------------------------------------------------


class _Files(http.server.BaseHTTPRequestHandler):
    """A stranger's server."""

    def do_GET(self) -> None:
        match self.path:
            case "/gone.mp3":
                self.send_error(404)
            case "/redirect.mp3":
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:9/private.mp3")
                self.end_headers()
            case "/page.mp3":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<html>not audio</html>" * 100)
            case "/endless.mp3":
                self.send_response(200)
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b"\0" * 65_536)
                except OSError:
                    pass

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def stranger(settings: Any) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    netloc = f"127.0.0.1:{server.server_port}"
    settings.FETCH_ALLOWED_NETLOCS = [netloc]
    settings.AUDIO_MAX_BYTES = 1_000_000
    settings.AUDIO_FETCH_TIMEOUT_SECONDS = 3.0
    yield f"http://{netloc}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/gone.mp3", "bad_status"),
        ("/redirect.mp3", "url_not_allowed"),
        ("/page.mp3", "not_media"),
        ("/endless.mp3", "too_large"),
    ],
)
def test_audio_that_cannot_be_used(api: Api, stranger: str, path: str, code: str) -> None:
    params = {"prompt": PROMPT, "audio": stranger + path}
    for endpoint in ("quotes", "generations"):
        problem = refused(api.post(endpoint, {"model": "p-video", "input": params}))
        (error,) = problem["errors"]
        assert error["pointer"] == "/input/audio"
        assert error["code"] == code
        assert "127.0.0.1" not in json.dumps(problem)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.mp3", "http://10.1.2.3/x.mp3"])
def test_audio_at_a_private_address(api: Api, url: str, settings: Any) -> None:
    settings.FETCH_ALLOWED_NETLOCS = []
    answer = api.post("generations", {"model": "p-video", "input": {"prompt": "p", "audio": url}})
    assert messages(answer) == {"/input/audio": "audio must be a valid URL"}


def test_audio_that_is_too_long(api: Api, sandbox: Sandbox, settings: Any) -> None:
    settings.AUDIO_MAX_SECONDS = 3
    params = {"prompt": PROMPT, "audio": f"{sandbox.url}/samples/tone-4s.wav"}
    problem = refused(api.post("generations", {"model": "p-video", "input": params}))
    assert problem["errors"][0]["code"] == "too_long"
