"""PaymentIntents without the customer: declines, authentication, states."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.merchant import Merchant, refusal


def _charge(merchant: Merchant, customer: Any, method: str, **more: Any) -> Any:
    wanted: Any = {
        "amount": 1000,
        "currency": "usd",
        "customer": customer.id,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        **more,
    }
    return merchant.client.v1.payment_intents.create(wanted)


@pytest.mark.parametrize("number", ["4242424242424242", "4000002500003155"])
def test_a_saved_card_pays_off_session(merchant: Merchant, number: str) -> None:
    customer = merchant.customer()
    method = merchant.saved_card(number, customer)
    intent = _charge(merchant, customer, method, metadata={"a": "1"})
    assert (intent.status, intent.amount_received) == ("succeeded", 1000)
    assert merchant.types_of(intent.id) == ["payment_intent.created", "payment_intent.succeeded"]
    charge = merchant.client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount, charge.metadata.to_dict()) == (1000, {"a": "1"})


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000002760003184", "authentication_required", "authentication_required"),
        ("4000000000000341", "card_declined", "generic_decline"),
    ],
)
def test_a_saved_card_fails_off_session(
    merchant: Merchant, number: str, code: str, decline_code: str
) -> None:
    customer = merchant.customer()
    method = merchant.saved_card(number, customer)
    error = refusal(lambda: _charge(merchant, customer, method))
    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code) == (402, code)
    told: Any = error.error
    assert told.decline_code == decline_code
    assert told.payment_intent.status == "requires_payment_method"
    kept = merchant.client.v1.payment_intents.retrieve(told.payment_intent.id)
    assert kept.last_payment_error is not None
    assert kept.last_payment_error.code == code
    assert merchant.types_of(kept.id)[-1] == "payment_intent.payment_failed"


def test_the_card_that_fails_later_pays_at_checkout(merchant: Merchant) -> None:
    session = merchant.paid(
        "4000000000000341", payment_intent_data={"setup_future_usage": "off_session"}
    )
    assert session.payment_status == "paid"
    customer = merchant.client.v1.customers.retrieve(session.customer)
    (method,) = merchant.client.v1.customers.payment_methods.list(customer.id).data
    assert refusal(lambda: _charge(merchant, customer, method.id)).code == "card_declined"


def test_a_card_saved_for_checkout_only_needs_authentication(merchant: Merchant) -> None:
    customer = merchant.customer()
    session = merchant.session(
        customer, saved_payment_method_options={"payment_method_save": "enabled"}
    )
    step = merchant.submit(session.url, "4000002500003155", save="on").headers["location"]
    merchant.http.post(step, data={"outcome": "complete"})
    (method,) = merchant.client.v1.customers.payment_methods.list(customer.id).data
    error = refusal(lambda: _charge(merchant, customer, method.id))
    assert error.code == "authentication_required"


def test_confirming_and_cancelling(merchant: Merchant) -> None:
    intents = merchant.client.v1.payment_intents
    customer = merchant.customer()
    method = merchant.saved_card("4242424242424242", customer)
    wanted: Any = {"amount": 700, "currency": "usd", "customer": customer.id}
    intent = intents.create({**wanted, "payment_method": method})
    assert intent.status == "requires_confirmation"
    assert intents.confirm(intent.id, {"off_session": True}).status == "succeeded"
    for act in (intents.confirm, intents.cancel):
        error = refusal(partial(act, intent.id))
        assert (error.http_status, error.code) == (400, "payment_intent_unexpected_state")
    other = intents.create(wanted)
    assert other.status == "requires_payment_method"
    canceled = intents.cancel(other.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")


def test_authentication_with_the_customer_present(merchant: Merchant) -> None:
    customer = merchant.customer()
    wanted: Any = {
        "amount": 900,
        "currency": "usd",
        "customer": customer.id,
        "payment_method": "pm_card_authenticationRequired",
        "confirm": True,
        "return_url": "https://shop.test/back?x=1",
    }
    intent = merchant.client.v1.payment_intents.create(wanted)
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    url = intent.next_action.redirect_to_url.url
    answer = merchant.http.post(str(url), data={"outcome": "complete"})
    assert answer.headers["location"].startswith("https://shop.test/back?x=1&payment_intent=pi_")
    assert merchant.client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_someone_elses_card(merchant: Merchant) -> None:
    method = merchant.saved_card("4242424242424242", merchant.customer())
    error = refusal(lambda: _charge(merchant, merchant.customer(), method))
    assert (error.http_status, error.param) == (400, "payment_method")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (49, "amount_too_small"),
        (-1, "amount_too_small"),
        (100_000_000, "amount_too_large"),
        ("1e12", "parameter_invalid_integer"),
    ],
)
def test_amounts(merchant: Merchant, amount: Any, code: str) -> None:
    wanted: Any = {"amount": amount, "currency": "usd"}
    error = refusal(lambda: merchant.client.v1.payment_intents.create(wanted))
    assert (error.http_status, error.code) == (400, code)


def test_a_test_card_by_its_name(merchant: Merchant) -> None:
    customer = merchant.customer()
    method = merchant.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert _charge(merchant, customer, method.id).status == "succeeded"
    declined: Any = {"customer": customer.id}
    error = refusal(
        lambda: merchant.client.v1.payment_methods.attach("pm_card_chargeDeclined", declined)
    )
    assert error.http_status == 402
