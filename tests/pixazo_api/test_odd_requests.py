"""Odd requests, and faults of ours: always Pixazo's shapes, never HTML."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from gunicorn.http.errors import InvalidChunkSize

from accounts.errors import DomainError
from generations import pixazo_answers
from pvideo_platform import problems
from tests.pixazo_api.conftest import STATUS, Program
from tests.pixazo_api.test_samples import sample
from tests.sandbox.gateway import PATHS

pytestmark = pytest.mark.usefixtures("books_balance")


def test_never_html_below_these_paths(acmes: Program) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
        for path in (
            "/v2",
            "/v2/",
            "/v2/requests/status",
            "/v2/requests/status/x/y",
            "/p-video",
            "/p-video/v1/",
            "/p-video/v1/p-video/",
            "/p-video-avatar/v1/p-video/result/",
            "/p-video/v2/p-video/generate",
            "/p-video/v1/p-video/generate/",
            "/veo/v1/veo/generate",
            f"{STATUS}x",
        ):
            answer = acmes.ask(method, path, {"prompt": 1} if method != "GET" else None)
            assert answer.status_code in (400, 404, 405)
            assert set(answer.json()) <= {"statusCode", "message", "error"}


def test_other_addresses_are_left_alone(acmes: Program) -> None:
    answer = acmes.client.post("/api/v1/generate", b"{}", "application/json")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    answer = acmes.client.post("/api/v1/p-video/generate", b"{}", "application/json")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "text/html" in acmes.client.get("/nothing").headers["Content-Type"]


def test_methods_are_what_they_are(acmes: Program) -> None:
    for header in ("X_HTTP_Method_Override", "X_HTTP_Method", "X_Method_Override"):
        answer = acmes.ask("GET", PATHS["p-video"], **{header: "POST"})
        assert answer.status_code == 405
        answer = acmes.ask("POST", PATHS["p-video"], {"prompt": 1}, **{header: "GET"})
        assert answer.status_code == 400
        answer = acmes.ask("POST", PATHS["p-video"] + "?_method=GET", {"prompt": 1})
        assert answer.status_code == 400


def test_a_huge_body(acmes: Program, settings: Any) -> None:
    answer = acmes.submit(b'{"prompt": "' + b"x" * 20_000_000 + b'"}')
    assert answer.status_code == 413
    assert list(answer.json()) == ["error"]
    answer = acmes.submit({"prompt": "x" * 10_001})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "prompt must be at most 10000 characters"},
    )


def test_a_chunked_body(acmes: Program) -> None:
    """As a server hands it on that has bounded it: without a Content-Length."""
    for raw, status in (
        (b'{"prompt": "A cat", "no_op": true}', 202),
        (b'{"prompt": "' + b"x" * 2_000_000 + b'"}', 413),
        (b"", 400),
    ):
        extra: Any = {"wsgi.input": BytesIO(raw), "wsgi.input_terminated": True}
        answer = acmes.client.generic("POST", PATHS["p-video"], **extra)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("error", [OSError("gone"), InvalidChunkSize(b"zz")])
def test_a_body_that_breaks_off(acmes: Program, error: Exception) -> None:
    class Broken(BytesIO):
        def read(self, *_: Any) -> bytes:
            raise error

    extra: Any = {"wsgi.input": Broken(), "wsgi.input_terminated": True}
    answer = acmes.client.generic("POST", PATHS["p-video"], **extra)
    assert (answer.status_code, answer.json()["statusCode"]) == (400, 400)


def test_nothing_is_left_in_a_cache(acmes: Program) -> None:
    """Shared caches know the key's header for an ordinary one."""
    for answer in (acmes.submit(), acmes.submit({}), acmes.status("x"), acmes.ask("GET", "/v2")):
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_during_maintenance(acmes: Program, settings: Any) -> None:
    settings.MAINTENANCE = True
    for answer in (acmes.submit(), acmes.status("x")):
        assert (answer.status_code, answer.json()) == (
            503,
            {
                "statusCode": 503,
                "message": "The service is unavailable. Try again in a few minutes.",
            },
        )
        assert answer.headers["Retry-After"]


def test_a_base_address_that_ends_in_a_slash(acmes: Program) -> None:
    answer = acmes.client.post("/", PATH_INFO=f"/{PATHS['p-video']}")
    assert (answer.status_code, answer.json()["statusCode"]) == (404, 404)


def test_text_that_cannot_be_kept(acmes: Program) -> None:
    for prompt in ("a\x00b", "\ud800"):
        answer = acmes.submit({"prompt": prompt})
        assert answer.status_code == 400
        assert answer.json() == {"error": "prompt must be valid Unicode text without NUL"}
    # In what is ignored, anything goes.
    body = {"prompt": "A cat", "no_op": True, "\x00\ud800": ["\x00", 1e400]}
    raw = json.dumps(body).replace("Infinity", "1e400").encode()
    assert acmes.submit(raw).status_code == 202


def test_a_private_image_is_refused(acmes: Program) -> None:
    for image in ("http://127.0.0.1/x.png", "http://10.0.0.1/x.png", "file:///etc/passwd"):
        answer = acmes.submit({"prompt": "A cat", "image": image})
        assert (answer.status_code, answer.json()) == (400, {"error": "image must be a valid URL"})


def test_a_foreign_host_name(acmes: Program) -> None:
    answer = acmes.ask("GET", f"{STATUS}x", Host="evil.example")
    assert (answer.status_code, answer.json()) == (
        400,
        {"statusCode": 400, "message": "Bad request"},
    )


def test_links_name_our_public_address(acmes: Program, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://video.example.com"
    answer = acmes.submit(None, X_Forwarded_Host="evil.example", Host="localhost")
    assert answer.json()["polling_url"].startswith("https://video.example.com/v2/requests/status/")


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours(acmes: Program) -> None:
    """A real one: the table is away."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE generations_healthcheck RENAME TO away")
    try:
        answer = acmes.client.post(
            PATHS["p-video"], {"prompt": "A cat", "no_op": True}, "application/json"
        )
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO generations_healthcheck")
    assert answer.status_code == 500
    assert answer.json() == {
        "error": "Internal Server Error",
        "message": "Something went wrong while queuing the request",
    }


@pytest.mark.parametrize(
    "code",
    [
        "insufficient_credits",
        "wallet_in_debt",
        "wallet_frozen",
        "key_budget_exceeded",
        "member_limit_exceeded",
        "not_allowed",
        "network_not_allowed",
        "idempotency_key_in_use",
        "idempotency_mismatch",
        "length_required",
        "body_too_large",
        "busy",
        "invalid_parameters",
    ],
)
def test_a_refusal_has_the_native_api_s_status(code: str) -> None:
    error = DomainError("Why.")
    error.code = code
    answer = pixazo_answers.refused(error, model="p-video")
    assert answer.status == problems.STATUS[code]
    assert set(answer.body) in ({"error"}, {"error", "message"}, {"statusCode", "message"})


def test_what_is_not_on_sale_is_an_unknown_model() -> None:
    """ "Model 'p-video' not found or is disabled" (reference)."""
    error = DomainError("Not on sale.")
    error.code = "price_missing"
    answer = pixazo_answers.refused(error, model="p-video")
    assert (answer.status, answer.body) == (400, json.loads(sample("p-video/model-not-found.json")))
