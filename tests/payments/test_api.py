"""Top-ups and ledger entries over the REST API."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import api_keys, organizations
from accounts.models import Organization, Scope, User
from billing.models import TopUp
from tests.payments.conftest import Buy, Stripe, in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def call(key: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", **headers}
    client = Client(headers=headers)
    if method == "GET":
        return client.get(f"/api/v1/{path}")
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def test_a_program_buys(key: str, stripe_sandbox: Stripe) -> None:
    begun = call(key, "POST", "top-ups", {"amount": "20.00"})
    assert begun.status_code == 201, begun.content
    top_up = begun.json()
    assert (top_up["status"], top_up["amount"], top_up["bonus"]) == (
        "open",
        "20.000000",
        "0.000000",
    )
    assert begun["Location"] == f"/api/v1/top-ups/{top_up['id']}"
    stripe_sandbox.pay(top_up["checkout_url"])
    paid = call(key, "GET", f"top-ups/{top_up['id']}").json()
    assert (paid["status"], paid["bonus"], paid["checkout_url"]) == ("paid", "5.000000", None)
    assert call(key, "GET", "wallet").json()["balance"] == "25.000000"
    assert [one["id"] for one in call(key, "GET", "top-ups").json()["results"]] == [top_up["id"]]


def test_the_first_answer_again(key: str, stripe_sandbox: Stripe) -> None:
    header = {"Idempotency-Key": "order-7"}
    first = call(key, "POST", "top-ups", {"amount": "20.00"}, **header)
    stripe_sandbox.pay(first.json()["checkout_url"])
    call(key, "GET", f"top-ups/{first.json()['id']}")
    again = call(key, "POST", "top-ups", {"amount": "20.00"}, **header)
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    kept = {"id", "status", "amount", "bonus", "paid_at", "created_at"}
    assert {name: again.json()[name] for name in kept} == {
        name: first.json()[name] for name in kept
    }
    other = call(key, "POST", "top-ups", {"amount": "50.00"}, **header)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert TopUp.objects.count() == 1


def test_twenty_at_once_with_one_key_make_one(key: str, stripe_sandbox: Stripe) -> None:
    def act() -> tuple[int, str]:
        answer = call(key, "POST", "top-ups", {"amount": "20.00"}, **{"Idempotency-Key": "k"})
        return answer.status_code, answer.json().get("id", answer.json().get("code"))

    answers = in_threads(20, act)
    made = {one for status, one in answers if status == 201}
    assert {status for status, _ in answers} <= {201, 409}, answers
    assert len(made) == TopUp.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/amount"),
        ({"amount": 20}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"amount": "1e3"}, "/amount"),
        ({"amount": "NaN"}, "/amount"),
        ({"amount": "10000000000000000"}, "/amount"),
        ({"amount": "20.001"}, "/amount"),
        ({"amount": "20", "currency": "EUR"}, "/currency"),
        ({"amount": "20", "\ud800": 1}, "/\\ud800"),
    ],
)
def test_bad_input_names_the_member(key: str, body: Any, pointer: str) -> None:
    answer = call(key, "POST", "top-ups", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not TopUp.objects.exists()


@pytest.mark.parametrize("amount", ["0", "-20", "4.99", "5000.01", "9999999"])
def test_an_amount_that_is_not_for_sale(key: str, amount: str) -> None:
    answer = call(key, "POST", "top-ups", {"amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_not_for_sale")
    assert "from $5.00 to $5,000.00" in answer.json()["detail"]


def test_stripe_is_down(key: str, stripe_sandbox: Stripe) -> None:
    stripe_sandbox.fault("POST /v1/customers", "close")
    answer = call(key, "POST", "top-ups", {"amount": "20"})
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_unavailable")


def test_a_strangers_top_up_is_none(key: str, buy: Buy, charlie: User) -> None:
    top_up = buy(20)
    theirs = Organization.objects.get(memberships__user=charlie)
    stranger = api_keys.create(theirs, name="c", created_by=charlie)[1]
    assert call(stranger, "GET", f"top-ups/{top_up.pk}").status_code == 404
    assert call(stranger, "GET", "top-ups").json()["results"] == []
    assert call(stranger, "GET", "wallet/entries").json()["results"] == []


def test_a_key_without_the_scope(acme: Organization, alice: User) -> None:
    weak = api_keys.create(acme, name="w", scopes=[Scope.WALLET_READ], created_by=alice)[1]
    answer = call(weak, "POST", "top-ups", {"amount": "20"})
    assert (answer.status_code, answer.json()["scope"]) == (403, "billing:write")


def test_entries_by_page_and_filter(key: str, buy: Buy) -> None:
    buy(20)
    buy(10)
    first = call(key, "GET", "wallet/entries?limit=2").json()
    assert [one["sequence"] for one in first["results"]] == [3, 2]
    second = call(key, "GET", f"wallet/entries?limit=2&cursor={first['next_cursor']}").json()
    assert [(one["kind"], one["balance_after"]) for one in second["results"]] == [
        ("top_up", "20.000000")
    ]
    assert second["next"] is None
    oldest = call(key, "GET", "wallet/entries?order=oldest&kind=bonus").json()["results"]
    assert [one["amount"] for one in oldest] == ["5.000000"]
    assert call(key, "GET", "wallet/entries?kind=nothing").status_code == 400
    assert (
        call(key, "GET", "wallet/entries?created_after=2100-01-01T00:00:00Z").json()["results"]
        == []
    )


def test_a_page_of_entries_takes_as_many_queries_whatever_its_size(key: str, buy: Buy) -> None:
    buy(20)
    call(key, "GET", "wallet/entries")  # notes the key's use
    with CaptureQueriesContext(
        connection,
    ) as few:
        call(key, "GET", "wallet/entries?limit=1")
    for _ in range(5):
        buy(10)
    with CaptureQueriesContext(connection) as many:
        call(key, "GET", "wallet/entries?limit=100")
    assert len(few) == len(many)


def test_another_organization_may_use_the_same_idempotency_key(
    key: str, stripe_sandbox: Stripe, charlie: User
) -> None:
    theirs = organizations.found(charlie, name="Second")
    other = api_keys.create(theirs, name="c", created_by=charlie)[1]
    ids = {
        call(one, "POST", "top-ups", {"amount": "20"}, **{"Idempotency-Key": "k"}).json()["id"]
        for one in (key, other)
    }
    assert len(ids) == 2


def test_an_idempotency_key_is_one_request_whichever_endpoint_it_went_to(
    key: str, stripe_sandbox: Stripe, acme: Organization, give_credits: Any
) -> None:
    give_credits(acme)
    bodies: dict[str, Any] = {
        "top-ups": {"amount": "20"},
        "generations": {"model": "p-video", "input": {"prompt": "x", "duration": 1}},
        "api-keys": {"name": "n", "scopes": ["usage:read"]},
    }
    for first, other in (
        *(("top-ups", "generations"), ("generations", "top-ups")),
        *(("top-ups", "api-keys"), ("api-keys", "top-ups")),
    ):
        header = {"Idempotency-Key": f"{first}-{other}"}
        assert call(key, "POST", first, bodies[first], **header).status_code < 300
        answer = call(key, "POST", other, bodies[other], **header)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
        assert call(key, "POST", first, bodies[first], **header)["Idempotency-Replayed"] == "true"
