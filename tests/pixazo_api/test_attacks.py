"""Strangers, bad keys, odd requests: always Pixazo's shapes, never HTML, nothing of others."""

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_keys, organizations
from accounts.models import Organization, Scope, User
from backoffice.dated_ids import first_id
from billing import freezing
from billing.models import FreezeCause, Wallet
from generations import health_checks
from generations.models import Generation, HealthCheck
from generations.submission import accept
from tests.conftest import caller_for
from tests.pixazo_api.conftest import STATUS, Program
from tests.pixazo_contract import IMAGE

pytestmark = pytest.mark.usefixtures("books_balance")
FORBIDDEN = {
    "statusCode": 403,
    "message": "Forbidden. The subscription does not permit this operation.",
}
NOTHING = {"statusCode": 404, "message": "Resource not found"}


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
            assert 'name="Ocp-Apim-Subscription-Key"' in answer.headers["WWW-Authenticate"]
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
    for model, body in (
        ("p-video", {"prompt": "A cat"}),
        ("p-video-avatar", {"image": IMAGE}),
        ("p-video-avatar", {"image": IMAGE, "voice_script": "  "}),
    ):
        answer = program.submit({**body, "no_op": True}, model)
        assert answer.status_code == 202
        assert program.status(answer.json()["request_id"]).json()["status"] == "COMPLETED"
    assert HealthCheck.objects.count() == 3
    assert not Generation.objects.exists()
    assert Wallet.objects.get(organization=acme).sequence == 0


def test_a_health_check_is_forgotten_in_the_end(acmes: Program, acme: Organization) -> None:
    """Its id tells its age."""
    body = {"prompt": "A cat", "no_op": True}
    kept = acmes.accepted(body)
    old, young = (
        first_id(timezone.now() - timedelta(days=days))
        for days in (health_checks.KEPT_DAYS + 1, health_checks.KEPT_DAYS - 1)
    )
    for pk in (old, young):
        HealthCheck.objects.create(
            id=pk, organization=acme, created_at=timezone.now(), model="p-video"
        )
    assert health_checks.forget_old() == 1
    assert acmes.status(f"p-video_{old}").status_code == 404
    assert acmes.status(f"p-video_{young}").status_code == acmes.status(kept).status_code == 200


def test_a_frozen_wallet_and_a_spent_budget(
    acmes: Program, acme: Organization, alice: User
) -> None:
    _, thrifty = a_key(acme, alice, monthly_budget_micros=1)
    answer = thrifty.submit()
    assert answer.status_code == 402
    assert answer.json()["error"] == "Insufficient Balance"
    assert " Required: $" in answer.json()["message"]
    freezing.place(acme.pk, FreezeCause.STAFF, reference="staff:1", reason="A test.")
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


def test_two_organizations_with_one_person(acmes: Program, alice: User) -> None:
    """A key is one organization's, whoever made it."""
    other = organizations.found(alice, name="Other")
    _, secret = api_keys.create(other, name="other", created_by=alice)
    assert Program(secret).status(acmes.accepted()).status_code == 404
