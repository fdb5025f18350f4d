"""Hosted Checkout: creating a session, paying it, and everything that can go wrong on the page."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from tests.sandbox.stripe.merchant import CANCEL_URL, Merchant, eventually, refusal


def test_a_purchase(merchant: Merchant) -> None:
    customer = merchant.customer()
    session = merchant.session(
        customer,
        client_reference_id="top-up-1",
        metadata={"top_up": "1"},
        invoice_creation={"enabled": True, "invoice_data": {"metadata": {"top_up": "1"}}},
        payment_intent_data={"metadata": {"top_up": "1"}, "description": "Credits"},
    )
    assert (session.status, session.payment_status, session.payment_intent) == (
        "open",
        "unpaid",
        None,
    )
    assert session.url == f"{merchant.base_url}/stripe/checkout/{session.id}"
    page = merchant.http.get(session.url).text
    for text in ("$20.00", "ann@shop.test", "Sandbox", "4000 0000 0000 0002", CANCEL_URL):
        assert text in page
    answer = merchant.submit(session.url)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"https://shop.test/done?session={session.id}"
    paid = merchant.whole(session.id)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.amount_total, paid.currency, paid.customer) == (2000, "usd", customer.id)
    assert paid.livemode is False
    assert paid.payment_intent.metadata.to_dict() == {"top_up": "1"}
    assert paid.payment_intent.amount_received == 2000
    assert paid.payment_intent.latest_charge.paid
    assert (paid.invoice.status, paid.invoice.total, paid.invoice.amount_paid) == (
        "paid",
        2000,
        2000,
    )
    assert paid.invoice.metadata.to_dict() == {"top_up": "1"}
    assert "Receipt" in merchant.http.get(paid.payment_intent.latest_charge.receipt_url).text
    again = merchant.submit(f"/stripe/checkout/{session.id}")
    assert again.headers["location"] == answer.headers["location"]
    assert len(merchant.client.v1.charges.list({"customer": customer.id}).data) == 1
    assert "already paid" in merchant.http.get(f"/stripe/checkout/{session.id}").text


@pytest.mark.parametrize(
    ("number", "message", "decline_code"),
    [
        ("4000000000000002", "Your card was declined.", "generic_decline"),
        ("4000000000009995", "insufficient funds", "insufficient_funds"),
        ("4000 0000 0000 0069", "has expired", "expired_card"),
    ],
)
def test_a_decline_and_another_try(
    merchant: Merchant, number: str, message: str, decline_code: str
) -> None:
    session = merchant.session(merchant.customer())
    answer = merchant.submit(session.url, number)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert message in answer.text
    half = merchant.whole(session.id)
    assert (half.status, half.payment_status) == ("open", "unpaid")
    assert half.payment_intent.last_payment_error.decline_code == decline_code
    assert half.payment_intent.latest_charge.status == "failed"
    assert merchant.submit(session.url).status_code == 303
    paid = merchant.whole(session.id)
    assert paid.payment_status == "paid"
    assert paid.payment_intent.id == half.payment_intent.id


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"number": "4242424242424241"}, "card number is invalid"),
        ({"number": "4242"}, "card number is incomplete"),
        ({"number": "4111111111111111"}, "Only test card numbers"),
        ({"expiry": "01/20"}, "in the past"),
        ({"expiry": "13/34"}, "expiration date is invalid"),
        ({"expiry": "soon"}, "expiration date is incomplete"),
        ({"cvc": "1"}, "security code is incomplete"),
        ({"method": "pm_of_someone_else"}, "Choose a payment method"),
    ],
)
def test_fields_in_error(merchant: Merchant, fields: dict[str, str], problem: str) -> None:
    session = merchant.session(merchant.customer())
    answer = merchant.submit(session.url, **fields)
    assert answer.status_code == 200
    assert problem in answer.text
    assert merchant.client.v1.payment_intents.list().data == []


def test_three_d_secure(merchant: Merchant) -> None:
    session = merchant.session(merchant.customer())
    step = merchant.submit(session.url, "4000002760003184").headers["location"]
    assert "$20.00" in merchant.http.get(step).text
    assert merchant.whole(session.id).payment_intent.status == "requires_action"
    failed = merchant.http.post(step, data={"outcome": "fail"})
    assert "unable to authenticate" in merchant.http.get(failed.headers["location"]).text
    assert merchant.whole(session.id).payment_status == "unpaid"
    step = merchant.submit(session.url, "4000002760003184").headers["location"]
    done = merchant.http.post(step, data={"outcome": "complete"})
    assert done.headers["location"].endswith(session.id)
    assert merchant.whole(session.id).payment_status == "paid"
    assert merchant.http.post(step, data={"outcome": "complete"}).status_code == 404


@pytest.mark.parametrize(
    ("method", "outcome"), [("bank_debit", "paid"), ("bank_debit_fails", "unpaid")]
)
def test_delayed_methods(merchant: Merchant, method: str, outcome: str) -> None:
    merchant.settings(stripe_delayed_seconds=0.4)
    session = merchant.session(merchant.customer(), invoice_creation={"enabled": True})
    assert merchant.submit(session.url, method=method).status_code == 303
    waiting = merchant.whole(session.id)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.payment_intent.status == "processing"
    assert waiting.invoice is None
    word = "succeeded" if outcome == "paid" else "failed"
    last = f"checkout.session.async_payment_{word}"
    eventually(lambda: merchant.types_of(session.id) == ["checkout.session.completed", last])
    ended = merchant.whole(session.id)
    assert ended.payment_status == outcome
    assert (ended.invoice is not None) == (outcome == "paid")


def test_saving_a_card(merchant: Merchant) -> None:
    customer = merchant.customer()
    options: Any = {"saved_payment_method_options": {"payment_method_save": "enabled"}}
    session = merchant.session(customer, **options)
    assert "Save the card" in merchant.http.get(session.url).text
    assert merchant.submit(session.url, save="on").status_code == 303
    (method,) = merchant.client.v1.customers.payment_methods.list(customer.id).data
    assert (method.card.brand, method.card.last4, method.allow_redisplay) == (
        "visa",
        "4242",
        "always",
    )
    assert (method.card.exp_month, method.card.exp_year) == (12, 2034)
    again = merchant.session(customer, **options)
    assert method.id in merchant.http.get(again.url).text
    assert merchant.submit(again.url, "", method=method.id).status_code == 303
    assert merchant.whole(again.id).payment_intent.payment_method == method.id
    merchant.client.v1.payment_methods.detach(method.id)
    assert merchant.client.v1.customers.payment_methods.list(customer.id).data == []


def test_setup_mode(merchant: Merchant) -> None:
    customer = merchant.customer()
    method_id = merchant.saved_card("5555555555554444", customer)
    method = merchant.client.v1.customers.payment_methods.retrieve(customer.id, method_id)
    assert method.card is not None
    assert method.card.brand == "mastercard"
    assert merchant.types_of(method_id) == ["payment_method.attached"]


def test_tax(merchant: Merchant) -> None:
    merchant.settings(stripe_tax_percent=10)
    session = merchant.session(merchant.customer(), automatic_tax={"enabled": True})
    assert (session.amount_subtotal, session.amount_total) == (2000, 2200)
    without = merchant.session(merchant.customer(), automatic_tax={"enabled": False})
    assert without.amount_total == 2000


def test_expiring(merchant: Merchant) -> None:
    sessions = merchant.client.v1.checkout.sessions
    session = merchant.session(merchant.customer())
    merchant.submit(session.url, "4000002760003184")
    url = session.url
    expired = sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert merchant.whole(session.id).payment_intent.status == "canceled"
    assert merchant.types_of(session.id) == ["checkout.session.expired"]
    page = merchant.http.get(url)
    assert page.status_code == 410
    assert CANCEL_URL in page.text
    assert merchant.submit(url).status_code == 410
    assert refusal(lambda: sessions.expire(session.id)).http_status == 400
    soon = refusal(lambda: merchant.session(merchant.customer(), expires_at=int(time.time()) + 60))
    assert soon.param == "expires_at"
    assert merchant.http.get("/stripe/checkout/cs_test_none").status_code == 404


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        (
            {"payment_intent_data": {"colour": "red"}},
            "parameter_unknown",
            "payment_intent_data[colour]",
        ),
        ({"cents": 49}, "amount_too_small", None),
        ({"cents": 0}, "amount_too_small", None),
        ({"cents": 100_000_000}, "amount_too_large", "line_items"),
        ({"cents": 10**18}, "parameter_invalid_integer", None),
        ({"cents": "NaN"}, "parameter_invalid_integer", None),
        ({"cents": -5}, "parameter_invalid_integer", None),
        ({"mode": "subscription"}, None, "mode"),
        ({"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
        ({"line_items": []}, "parameter_missing", "line_items"),
        ({"customer": "cus_unknown"}, "resource_missing", "customer"),
        ({"customer": ""}, "parameter_invalid_empty", "customer"),
        ({"metadata": {"x" * 41: "1"}}, None, None),
        ({"adaptive_pricing": {"enabled": "perhaps"}}, None, "adaptive_pricing[enabled]"),
    ],
)
def test_refused_parameters(
    merchant: Merchant, changes: dict[str, Any], code: str | None, param: str | None
) -> None:
    error = refusal(lambda: merchant.session(**changes))
    assert (error.http_status, error.code) == (400, code)
    if param is not None:
        assert error.param == param


def test_text_of_the_merchant_is_escaped(merchant: Merchant) -> None:
    session = merchant.session(
        merchant.customer(name='<script>"'), custom_text={"submit": {"message": "<b>pay</b>"}}
    )
    pages: list[httpx2.Response] = [
        merchant.http.get(session.url),
        merchant.submit(session.url, '"><script>'),
    ]
    for page in pages:
        assert "<script>" not in page.text
        assert "<b>pay" not in page.text
