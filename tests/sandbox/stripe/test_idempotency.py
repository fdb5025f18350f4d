"""Idempotency keys, and the faults of requests that make one need them."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import stripe

from tests.sandbox.stripe.merchant import Merchant, eventually, refusal


def _create(merchant: Merchant, key: str, *, name: str = "Ann") -> Any:
    options: Any = {"idempotency_key": key}
    return merchant.client.v1.customers.create({"name": name}, options)


def _customers(merchant: Merchant) -> int:
    return len(merchant.client.v1.customers.list({"limit": 100}).data)


def test_the_same_key_again(merchant: Merchant) -> None:
    first = _create(merchant, "k")
    again = _create(merchant, "k")
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert _customers(merchant) == 1
    other = refusal(lambda: _create(merchant, "k", name="Bob"))
    assert isinstance(other, stripe.IdempotencyError)
    assert other.http_status == 400
    options: Any = {"idempotency_key": "k"}
    elsewhere = refusal(lambda: merchant.client.v1.invoices.create({"customer": first.id}, options))
    assert isinstance(elsewhere, stripe.IdempotencyError)


def test_a_decline_is_replayed_but_not_a_failed_validation(merchant: Merchant) -> None:
    wanted: Any = {"amount": 10, "currency": "usd"}
    options: Any = {"idempotency_key": "k"}
    intents = merchant.client.v1.payment_intents
    assert refusal(lambda: intents.create(wanted, options)).code == "amount_too_small"
    declined: Any = {
        **wanted,
        "amount": 500,
        "confirm": True,
        "payment_method": "pm_card_chargeDeclined",
    }
    assert refusal(lambda: intents.create(declined, options)).http_status == 402
    again = refusal(lambda: intents.create(declined, options))
    assert again.http_status == 402
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(intents.list().data) == 1


def test_500_without_and_with_a_commit(merchant: Merchant) -> None:
    for fault, made in (("500", 0), ("500-after-commit", 1)):
        merchant.faults(match="POST /v1/customers", fault=fault)
        for _ in range(2):
            error = refusal(partial(_create, merchant, fault))
            assert (error.http_status, error.error.type) == (500, "api_error")
            assert error.headers["Stripe-Should-Retry"] == "false"
        assert _customers(merchant) == made
    rules = merchant.http.get("/_sandbox/stripe/faults").json()
    assert [one["hits"] for one in rules] == [1]
    assert len(merchant.types_of(merchant.client.v1.customers.list().data[0].id)) == 1


def test_closed_connections(merchant: Merchant) -> None:
    for fault, made in (("close", 0), ("close-after-commit", 1)):
        merchant.faults(match="POST /v1/customers", fault=fault)
        error = refusal(partial(_create, merchant, fault))
        assert isinstance(error, stripe.APIConnectionError)
        assert _customers(merchant) == made
        assert merchant.requests("/v1/customers")[-2]["status"] is None
    _create(merchant, "close-after-commit")
    assert _customers(merchant) == 1
    _create(merchant, "close")
    assert _customers(merchant) == 2


def test_the_sdk_retries_with_its_own_key(merchant: Merchant) -> None:
    merchant.faults(match="POST /v1/customers", fault="close-after-commit")
    merchant.sdk("sk_test_1", retries=1).v1.customers.create({"name": "Ann"})
    assert _customers(merchant) == 1
    assert [one["replayed"] for one in merchant.requests("/v1/customers")[:2]] == [False, True]


def test_slow_answers_and_a_key_in_use(merchant: Merchant) -> None:
    merchant.faults(match="POST /v1/customers", fault="slow", seconds=0.6)
    began = time.monotonic()
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(_create(merchant, "k")))
    thread.start()
    eventually(lambda: merchant.requests("/v1/customers"))
    error = refusal(lambda: _create(merchant, "k"))
    assert (error.http_status, error.error.code) == (409, "idempotency_key_in_use")
    # Executed at once: others see it before the answer is there.
    assert _customers(merchant) == 1
    thread.join()
    assert time.monotonic() - began > 0.6
    assert _create(merchant, "k").id == made[0].id


def test_429(merchant: Merchant) -> None:
    merchant.faults(match="* /v1/customers*", fault="429", times=2)
    for _ in range(2):
        error = refusal(lambda: _create(merchant, "k"))
        assert isinstance(error, stripe.RateLimitError)
    assert _create(merchant, "k").id


def test_rules_in_error(merchant: Merchant) -> None:
    wrong: list[Any] = [
        {},
        [1],
        [{"match": "POST /v1/refunds"}],
        [{"match": "POST /v1/refunds", "fault": "lost"}],
        [{"match": "event v1.refund.created", "fault": "500"}],
        [{"match": "POST *", "fault": "500", "times": 0}],
        [{"match": "POST *", "fault": "slow", "seconds": "1"}],
        [{"match": "POST *", "fault": "500", "colour": 1}],
    ]
    for rules in wrong:
        assert merchant.http.post("/_sandbox/stripe/faults", json=rules).status_code == 400, rules
