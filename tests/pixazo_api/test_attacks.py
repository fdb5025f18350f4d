"""Strangers, bad keys, odd requests: always Pixazo's shapes, never HTML, nothing of others."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_keys, organizations
from accounts.errors import DomainError
from accounts.models import Organization, Scope, User
from billing.models import Wallet
from generations import pixazo_answers
from generations.models import Generation, HealthCheck
from generations.submission import accept
from pvideo_platform import problems
from tests.conftest import caller_for
from tests.pixazo_api.conftest import KEY_HEADER
from tests.pixazo_api.test_samples import sample
from tests.pixazo_contract import IMAGE
from tests.sandbox.gateway import PATHS

pytestmark = pytest.mark.usefixtures("books_balance")
STATUS = "/v2/requests/status/"
FORBIDDEN = {
    "statusCode": 403,
    "message": "Forbidden. The subscription does not permit this operation.",
}
NOTHING = {"statusCode": 404, "message": "Resource not found"}


class Program:
    """A client without a network; answers are checked for their shape each time."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(headers={KEY_HEADER: key} if key else {})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.generic(
            method, path, data if body is not None else b"", "application/json", headers=names
        )
        assert answer.headers["Content-Type"] == "application/json", (path, answer.content[:200])
        return answer

    def submit(self, body: Any = None, model: str = "p-video", **headers: str) -> Any:
        return self.ask("POST", PATHS[model], body or {"prompt": "A cat"}, **headers)

    def accepted(self, body: Any = None, **headers: str) -> str:
        answer = self.submit(body, **headers)
        assert answer.status_code == 202, answer.content
        return str(answer.json()["request_id"])

    def status(self, request_id: str) -> Any:
        return self.ask("GET", STATUS + request_id)


@pytest.fixture
def acmes(acme: Organization, key: str, give_credits: Callable[..., None]) -> Program:
    give_credits(acme)
    return Program(key)


@pytest.fixture
def charlies(charlie: User) -> Program:
    own = charlie.organizations.get()
    return Program(api_keys.create(own, name="his", created_by=charlie)[1])


def a_key(acme: Organization, alice: User, **more: Any) -> tuple[Any, Program]:
    row, secret = api_keys.create(acme, name="another", created_by=alice, **more)
    return row, Program(secret)


# --- Strangers ------------------------------------------------------------------------------


def test_anothers_request_is_as_unknown_as_none(acmes: Program, charlies: Program) -> None:
    """Equal in status, body, headers and in the work that it takes."""
    charlies.status("x")  # once a minute a key's use is noted
    for theirs in (acmes.accepted(), acmes.accepted({"prompt": "A cat", "no_op": True})):
        unknown = f"p-video_{uuid.uuid4()}"
        seen = []
        for request_id in (theirs, unknown):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answer = charlies.status(request_id)
            assert answer.status_code == 404
            assert answer.json() == {
                "error": "Request not found",
                "message": f"Request '{request_id}' not found",
            }
            seen.append((len(queries), sorted(set(answer.headers) - {"X-Request-ID"})))
        assert seen[0] == seen[1]
        assert acmes.status(theirs).status_code == 200


def test_ids_that_this_api_never_gave_out(acmes: Program) -> None:
    request_id = acmes.accepted()
    model, _, native = request_id.partition("_")
    for wrong in (
        native,
        f"p-video-avatar_{native}",
        f"veo_{native}",
        f"{model}_{native.upper()}",
        f"{model}_{native.replace('-', '')}",
        f"{model}_{{{native}}}",
        f"{model}_{native}0",
        f" {request_id}",
        f"{request_id}%0A",
        f"{request_id}%00",
        "%00",
        "%ff%fe",
        "%F0%9F%90%A2",
        "<script>alert(1)</script>",
        "p-video_019d42ce-ae71-7999-24c9-5d76447ecafb4",
        "a" * 3000,
        "' OR 1=1 --",
        "..%2f..%2fadmin",
    ):
        answer = acmes.status(wrong)
        assert answer.status_code == 404
        expected = (
            NOTHING if "/" in unquote(wrong) else answer.json() | {"error": "Request not found"}
        )
        assert answer.json() == expected


def test_each_address_of_the_status_answers_alike(acmes: Program) -> None:
    request_id = acmes.accepted()
    expected = acmes.status(request_id).json()
    for path in (
        f"/p-video/v1/p-video/result/{request_id}",
        f"/p-video/v1/status/{request_id}",
        f"/p-video-avatar/v1/p-video-avatar/result/{request_id}",
        f"{STATUS}{request_id}/",
        f"{STATUS}{request_id}?x=1",
    ):
        answer = acmes.ask("GET", path)
        assert (answer.status_code, answer.json()) == (200, expected)
    assert acmes.client.head(STATUS + request_id).content == b""


def test_what_was_made_elsewhere_can_be_asked_for(acmes: Program, alice: User) -> None:
    made = accept(caller_for(alice), model="p-video", input={"prompt": "In the Studio"}).generation
    assert acmes.status(f"p-video_{made.pk}").json()["status"] == "QUEUED"


# --- Keys -----------------------------------------------------------------------------------


def test_keys_that_were_good_once(acmes: Program, acme: Organization, alice: User) -> None:
    revoked, program = a_key(acme, alice)
    assert program.status("x").status_code == 404
    api_keys.revoke(revoked)
    _, expired = a_key(acme, alice, expires_at=timezone.now() - timedelta(seconds=1))
    for one in (program, expired, Program("pv_" + "x" * 43), Program("\u00e9"), Program("pv_")):
        for answer in (one.submit(), one.status("x")):
            assert answer.status_code == 401
            assert "invalid subscription key" in answer.json()["message"]
    assert not Generation.objects.exists()


def test_only_the_reference_s_header_opens(key: str, alice: User) -> None:
    stranger = Program(None)
    assert stranger.status("x").status_code == 401
    assert stranger.ask("GET", f"{STATUS}x", Authorization=f"Bearer {key}").status_code == 401
    assert stranger.ask("GET", f"{STATUS}x?subscription-key={key}").status_code == 401
    stranger.client.force_login(alice)
    assert stranger.status("x").status_code == 401
    assert stranger.submit().status_code == 401


def test_scopes_and_networks(acmes: Program, acme: Organization, alice: User) -> None:
    _, reader = a_key(acme, alice, scopes=[Scope.GENERATIONS_READ])
    _, writer = a_key(acme, alice, scopes=[Scope.GENERATIONS_WRITE])
    _, elsewhere = a_key(acme, alice, allowed_networks=["203.0.113.0/24"])
    for answer in (
        reader.submit(),
        writer.status(writer.accepted()),
        elsewhere.submit(),
        elsewhere.status("x"),
    ):
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
    assert reader.status("x").status_code == 404


def test_the_rate_limit(acmes: Program, settings: Any) -> None:
    settings.RATE_LIMIT_GENERATIONS = 2
    answers = [acmes.submit({"prompt": "A cat", "no_op": True}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    seconds = int(answers[-1].headers["Retry-After"])
    assert seconds > 0
    assert answers[-1].json() == {
        "statusCode": 429,
        "message": f"Rate limit is exceeded. Try again in {seconds} seconds.",
    }
    assert acmes.status("x").status_code == 404  # looking is another limit's


# --- Money ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "body", "required"),
    [
        ("p-video", {"prompt": "A cat"}, "$0.10"),
        ("p-video", {"prompt": "A cat", "draft": True, "duration": 1}, "$0.005"),
        ("p-video-avatar", {"image": IMAGE, "voice_script": "Hello"}, "$0.075"),
    ],
)
def test_an_empty_wallet(key: str, model: str, body: dict[str, Any], required: str) -> None:
    answer = Program(key).submit(body, model)
    assert (answer.status_code, answer.json()) == (
        402,
        {
            "error": "Insufficient Balance",
            "message": f"Your wallet does not have enough balance. Required: {required}",
        },
    )
    assert not Generation.objects.exists()


def test_a_health_check_costs_nothing(key: str, acme: Organization) -> None:
    program = Program(key)  # the wallet is empty
    for model, body in (("p-video", {"prompt": "A cat"}), ("p-video-avatar", {"image": IMAGE})):
        answer = program.submit({**body, "no_op": True}, model)
        assert answer.status_code == 202
        assert program.status(answer.json()["request_id"]).json()["status"] == "COMPLETED"
    assert HealthCheck.objects.count() == 2
    assert not Generation.objects.exists()
    assert Wallet.objects.get(organization=acme).sequence == 0


def test_a_frozen_wallet_and_a_spent_budget(
    acmes: Program, acme: Organization, alice: User
) -> None:
    _, thrifty = a_key(acme, alice, monthly_budget_micros=1)
    answer = thrifty.submit()
    assert answer.status_code == 402
    assert answer.json()["error"] == "Insufficient Balance"
    Wallet.objects.filter(organization=acme).update(frozen_at=timezone.now())
    answer = acmes.submit()
    assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
    assert not Generation.objects.exists()


# --- Idempotency ----------------------------------------------------------------------------


@pytest.mark.parametrize("no_op", [False, True])
def test_an_idempotency_key_is_honoured(acmes: Program, no_op: bool) -> None:
    body = {"prompt": "A cat", "no_op": no_op}
    first = acmes.submit(body, Idempotency_Key="order-1")
    again = acmes.submit(body, Idempotency_Key="order-1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    for changed, headers in (
        ({"prompt": "A dog", "no_op": no_op}, {}),
        ({"prompt": "A cat", "no_op": not no_op}, {}),
        (body, {"X_Webhook_URL": "https://example.com/"}),
    ):
        answer = acmes.submit(changed, Idempotency_Key="order-1", **headers)
        assert answer.status_code == 422
        assert list(answer.json()) == ["error"]
    assert Generation.objects.count() + HealthCheck.objects.count() == 1
    for wrong in ("x" * 256, "a\u00a0b"):
        assert acmes.submit(body, Idempotency_Key=wrong).status_code == 400


# --- Odd requests ---------------------------------------------------------------------------


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


def test_a_client_that_goes_away(acmes: Program) -> None:
    class Broken(BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("gone")

    extra: Any = {"wsgi.input": Broken(), "CONTENT_LENGTH": "100"}
    answer = acmes.client.generic("POST", PATHS["p-video"], **extra)
    assert (answer.status_code, answer.json()["statusCode"]) == (400, 400)


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


def test_two_organizations_with_one_person(acmes: Program, alice: User) -> None:
    """A key is one organization's, whoever made it."""
    other = organizations.found(alice, name="Other")
    _, secret = api_keys.create(other, name="other", created_by=alice)
    assert Program(secret).status(acmes.accepted()).status_code == 404
