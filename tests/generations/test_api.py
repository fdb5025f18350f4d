"""The API's first part: who may, what comes back, pages, replays, cancelling, quotes."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.models import ApiKey, Membership, Organization, Role, Scope, User
from billing.models import Hold, HoldState
from generations.models import Generation
from queueing.models import Nudge
from tests.conftest import Sandbox, assert_books_balance
from tests.generations.conftest import PROMPT, Api

BODY = {"model": "p-video", "input": {"prompt": PROMPT}, "metadata": {"order": "A-1"}}


@pytest.fixture
def api(transactional_db: None, key: str, acme: Organization, give_credits: Any) -> Api:
    """On committed rows: accepting is a transaction of its own."""
    give_credits(acme)
    return Api(key)


def test_an_accepted_generation_has_the_documented_shape(api: Api) -> None:
    answer = api.post("generations", BODY)
    assert answer.status_code == 202
    made = answer.json()
    assert answer["Location"] == f"/api/v1/generations/{made['id']}"
    assert set(made) == {
        "id", "model", "status", "input", "output", "error", "cost", "created_at",
        "completed_at", "deadline_at", "api_key", "metadata", "queued_reason",
    }  # fmt: skip
    assert made["model"] == "p-video"
    assert made["status"] == "queued"
    assert made["output"] is None
    assert made["error"] is None
    assert made["completed_at"] is None
    assert made["metadata"] == {"order": "A-1"}
    # The reference's defaults are filled in, so that nobody is billed for what was not said.
    assert made["input"]["duration"] == 5
    assert made["input"]["resolution"] == "720p"
    assert api.one(made["id"]) == made
    assert_books_balance()


def test_unicode_goes_through_unchanged(api: Api) -> None:
    prompt = "猫が庭を歩く 🐈‍⬛ \u202e שלום"
    made = api.make(prompt=prompt)
    assert api.one(made["id"])["input"]["prompt"] == prompt


def test_a_repeated_key_gives_the_first_answer_again(api: Api) -> None:
    first = api.post("generations", BODY, Idempotency_Key="order-1")
    Generation.objects.update(state="canceled", charged_micros=0, completed_at=timezone.now())
    again = api.post("generations", BODY, Idempotency_Key="order-1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Generation.objects.count() == 1
    assert Hold.objects.count() == 1


def test_a_repeated_key_with_another_body_is_refused(api: Api) -> None:
    api.post("generations", BODY, Idempotency_Key="order-1")
    other = {**BODY, "input": {"prompt": "a dog"}}
    answer = api.post("generations", other, Idempotency_Key="order-1")
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_mismatch"
    assert Generation.objects.count() == 1
    assert_books_balance()


def test_a_key_is_the_organizations_own(api: Api, charlie: User, give_credits: Any) -> None:
    api.post("generations", BODY, Idempotency_Key="order-1")
    theirs = charlie.organizations.get()
    give_credits(theirs)
    stranger = Api(api_keys.create(theirs, name="c")[1])
    answer = stranger.post("generations", BODY, Idempotency_Key="order-1")
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer


def test_a_stranger_sees_nothing(api: Api, charlie: User) -> None:
    """Promise 6: someone else's object is a 404."""
    made = api.make()
    stranger = Api(api_keys.create(charlie.organizations.get(), name="c")[1])
    assert stranger.get(f"generations/{made['id']}").status_code == 404
    assert stranger.post(f"generations/{made['id']}/cancel", {}).status_code == 404
    assert stranger.get("generations").json()["results"] == []
    assert Generation.objects.get().state == "queued"


def test_canceling_before_it_is_sent_releases_the_hold(api: Api) -> None:
    made = api.make()
    answer = api.post(f"generations/{made['id']}/cancel", {})
    assert answer.status_code == 200
    canceled = answer.json()
    assert canceled["status"] == "canceled"
    assert canceled["cost"]["charged"] == "0.000000"
    assert canceled["cost"]["refunded"] == "0.100000"
    assert Hold.objects.get().state == HoldState.RELEASED
    again = api.post(f"generations/{made['id']}/cancel", {})
    assert again.status_code == 409
    assert again.json()["code"] == "cannot_cancel"
    assert_books_balance()


def test_the_list_pages_by_cursor_and_is_stable_under_inserts(api: Api) -> None:
    ids = [api.make()["id"] for _ in range(5)][::-1]
    first = api.get("generations?limit=2").json()
    assert [one["id"] for one in first["results"]] == ids[:2]
    assert first["previous"] is None
    api.make()  # arrives between two pages
    second = _follow(api, first["next"])
    assert [one["id"] for one in second["results"]] == ids[2:4]
    third = _follow(api, second["next"])
    assert [one["id"] for one in third["results"]] == ids[4:]
    assert third["next"] is None
    back = _follow(api, third["previous"])
    assert [one["id"] for one in back["results"]] == ids[2:4]


def _follow(api: Api, url: str) -> dict[str, Any]:
    assert url.startswith("http://127.0.0.1:8000/api/v1/")
    return dict(api.get(url.partition("/api/v1/")[2]).json())


def test_the_list_is_filtered(api: Api) -> None:
    kept, gone = api.make()["id"], api.make()["id"]
    api.post(f"generations/{gone}/cancel", {})
    for query, expected in (
        ("status=queued", [kept]),
        ("status=canceled", [gone]),
        ("status=completed", []),
        ("model=p-video", [gone, kept]),
        ("model=p-video-avatar", []),
    ):
        results = api.get(f"generations?{query}").json()["results"]
        assert [one["id"] for one in results] == expected, query


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "limit=²", "cursor=1", "status=done", "model=x", "page=2"],
)
def test_a_wrong_query_is_named(api: Api, query: str) -> None:
    answer = api.get(f"generations?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_quote_holds_nothing(api: Api) -> None:
    answer = api.post(
        "quotes",
        {"model": "p-video", "input": {"prompt": "p", "duration": 8, "resolution": "1080p"}},
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "model": "p-video",
        "amount": "0.320000",
        "seconds": 8,
        "price_per_second": "0.040000",
        "currency": "USD",
        "estimated": False,
        "basis": "duration",
        "audio_duration": None,
        "resolution": "1080p",
        "draft": False,
        "own_price": False,
    }
    assert Hold.objects.count() == 0


def test_audio_is_quoted_by_its_length(api: Api, sandbox: Sandbox) -> None:
    params = {"prompt": "p", "duration": 1, "audio": f"{sandbox.url}/samples/tone-4s.wav"}
    quote = api.post("quotes", {"model": "p-video", "input": params}).json()
    assert (quote["seconds"], quote["amount"]) == (4, "0.080000")


def test_the_wallet(api: Api) -> None:
    api.make()
    assert api.get("wallet").json() == {
        "balance": "50.000000",
        "held": "0.100000",
        "available": "49.900000",
        "debt": "0.000000",
        "currency": "USD",
    }


# --- Who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer pv_nope", "Basic YTpi", "pv_x"])
def test_without_a_good_key_nothing_is_open(api: Api, authorization: str) -> None:
    client = Client(headers={"Authorization": authorization} if authorization else {})
    for path in ("generations", "wallet", f"generations/{uuid.uuid4()}"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "not_authenticated"


def test_an_expired_or_revoked_key_is_refused(api: Api, acme: Organization, key: str) -> None:
    row = ApiKey.objects.get()
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.get("wallet").status_code == 401
    ApiKey.objects.update(expires_at=None)
    assert api.get("wallet").status_code == 200
    api_keys.revoke(row)
    assert api.get("wallet").status_code == 401


def test_a_key_is_stored_only_as_a_hash_and_its_use_is_noted(api: Api, key: str) -> None:
    row = ApiKey.objects.get()
    assert not row.last_used_at
    api.get("wallet")
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert key not in str(ApiKey.objects.values().get())
    assert len(key) == 46
    assert key.startswith("pv_")


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.GENERATIONS_READ, {"GET generations", "POST quotes"}),
        (Scope.GENERATIONS_WRITE, {"POST generations"}),
        (Scope.WALLET_READ, {"GET wallet"}),
    ],
)
def test_a_key_does_what_its_scopes_say(
    api: Api, acme: Organization, scope: str, allowed: set[str]
) -> None:
    limited = Api(api_keys.create(acme, name="limited", scopes=[scope])[1])
    for call in ("GET generations", "POST quotes", "POST generations", "GET wallet"):
        method, path = call.split()
        answer = limited.get(path) if method == "GET" else limited.post(path, BODY)
        if call in allowed:
            assert answer.status_code in (200, 202), call
        else:
            assert answer.status_code == 403, call
            assert answer.json()["scope"]


def test_the_login_session_works_too_with_csrf(api: Api, bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert client.get("/api/v1/wallet").status_code == 200
    answer = client.post("/api/v1/generations", data=BODY, content_type="application/json")
    assert answer.status_code == 403
    lenient = Client()
    lenient.force_login(bob)
    answer = lenient.post("/api/v1/generations", data=BODY, content_type="application/json")
    assert answer.status_code == 202
    assert Generation.objects.get().created_by == bob


def test_a_viewer_sees_and_does_not_make(api: Api, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    client = Client()
    client.force_login(bob)
    assert client.get("/api/v1/generations").status_code == 200
    answer = client.post("/api/v1/generations", data=BODY, content_type="application/json")
    assert answer.status_code == 403
    assert Generation.objects.count() == 0


# --- Around it --------------------------------------------------------------------------------


def test_every_answer_carries_a_request_id(api: Api) -> None:
    assert len(api.get("wallet")["X-Request-ID"]) == 32
    answer = api.client.get("/api/v1/wallet", headers={"X-Request-ID": "mine-1"})
    assert answer["X-Request-ID"] == "mine-1"
    answer = api.client.get("/api/v1/wallet", headers={"X-Request-ID": "a b\tc"})
    assert len(answer["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", "wallet", 405), ("PUT", "generations", 405), ("GET", "nothing", 404),
     ("GET", "generations/not-a-uuid", 404)],
)  # fmt: skip
def test_wrong_addresses_and_methods_are_problems_too(
    api: Api, method: str, path: str, status: int
) -> None:
    answer = api.client.generic(method, f"/api/v1/{path}")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_accepting_nudges_the_workers_once(api: Api, settings: Any) -> None:
    from django_q.models import OrmQ

    for _ in range(3):
        api.make()
    assert OrmQ.objects.count() == 1
    assert Nudge.objects.get().name == "dispatch"


def test_each_problem_has_its_page(api: Api, client: Client) -> None:
    from pvideo_platform import problem_views, problems

    assert set(problem_views.EXPLANATIONS) == set(problems.STATUS)
    for code in problems.STATUS:
        assert client.get(f"/problems/{code}").status_code == 200
    assert client.get("/problems/nothing").status_code == 404


def test_a_callers_price_of_its_own_wins(
    api: Api, acme: Organization, make_price: Callable[..., Any]
) -> None:
    make_price(organization=acme, customer_micros_per_second=1)
    assert api.make(duration=3)["cost"]["quoted"] == "0.000003"


@pytest.fixture
def make_price() -> Callable[..., Any]:
    from billing.models import Price

    def make(**fields: Any) -> Price:
        return Price.objects.create(
            **{
                "model": "p-video",
                "resolution": "720p",
                "effective_from": timezone.now(),
                "provider_micros_per_second": 20_000,
                **fields,
            }
        )

    return make
