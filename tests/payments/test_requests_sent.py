"""What we send, against Stripe's own description: every call of `billing.payments`."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.access import Caller
from accounts.models import Organization
from billing import customers, disputes, due_checks, payment_events, payments, refunds
from billing.payments import wire
from tests.payments.conftest import (
    DOLLAR,
    LATER_DECLINED,
    Buy,
    Consent,
    Stripe,
    attempts,
    due_now,
    spend,
    work,
)
from tests.payments.relay import Relay
from tests.payments.request_description import DESCRIBED, KNOWN_DIFFERENCES, problems
from tests.payments.returns import staff as staff  # a fixture
from tests.sandbox.stripe.description import description

pytestmark = pytest.mark.django_db(transaction=True)

WITHOUT_A_KEY = {
    # The same twice is the same: no key is needed.
    r"/v1/customers/[^/]+": "sets the default card",
    r"/v1/payment_intents/[^/]+/cancel": "a canceled one stays canceled",
    r"/v1/checkout/sessions/[^/]+/expire": "an expired one stays expired",
    r"/v1/invoices/[^/]+/finalize": "a final one stays final",
    r"/v1/invoices/[^/]+/attach_payment": "an attached one stays attached",
    # A link of minutes; another one does no harm.
    r"/v1/billing_portal/sessions": "makes a link",
}
EVERY_CALL = {
    "POST /v1/customers",
    "GET /v1/customers/{customer}",
    "POST /v1/customers/{customer}",
    "GET /v1/customers/{customer}/payment_methods",
    "POST /v1/billing_portal/sessions",
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "GET /v1/checkout/sessions/{session}",
    "POST /v1/checkout/sessions/{session}/expire",
    "POST /v1/payment_intents",
    "GET /v1/payment_intents",
    "GET /v1/payment_intents/{intent}",
    "POST /v1/payment_intents/{intent}/confirm",
    "POST /v1/payment_intents/{intent}/cancel",
    "POST /v1/refunds",
    "GET /v1/refunds",
    "GET /v1/refunds/{refund}",
    "GET /v1/disputes",
    "GET /v1/disputes/{dispute}",
    "POST /v1/invoices",
    "GET /v1/invoices/{invoice}",
    "POST /v1/invoices/{invoice}/finalize",
    "POST /v1/invoices/{invoice}/attach_payment",
    "POST /v1/invoiceitems",
    "GET /v2/core/events",
}


@pytest.fixture
def sent(
    consent: Consent,
    begin: Buy,
    buy: Buy,
    owner: Caller,
    acme: Organization,
    staff: Any,
    stripe_sandbox: Stripe,
    settings: Any,
) -> list[dict[str, Any]]:
    """A life with every call in it; returns what we sent, without what the test did."""
    customers.portal_url(owner, return_url="https://testserver/billing")
    settings.STRIPE_AUTOMATIC_TAX = True
    stripe_sandbox.fault("POST /v1/checkout/sessions", "500-after-commit")
    page = begin(20)
    payments.checkouts.expire(page.session_id)
    settings.STRIPE_AUTOMATIC_TAX = False
    consent()
    spend(acme, 20)
    stripe_sandbox.fault("POST /v1/payment_intents", "500-after-commit")
    for _ in range(3):
        work()
        due_now()
    assert attempts()[0].invoice_pdf
    top_up = buy(50)
    stripe_sandbox.fault("POST /v1/refunds", "500-after-commit")
    refund = refunds.request(top_up.pk, amount_micros=DOLLAR, reason="x", made_by=staff)
    refunds.refresh(refund.stripe_id)
    wanted = {"payment_intent": buy(10).payment_intent_id}
    made = stripe_sandbox.control("disputes", wanted)
    disputes.refresh(made["id"])
    assert payments.intents.retrieve(top_up.payment_intent_id).status == "succeeded"
    nobody = payments.customers.create(
        organization_id="x", name="Nobody", email="nobody@example.com", key="nobody"
    )
    assert payments.customers.card(nobody) is None
    since = timezone.now() - timedelta(days=1)
    payments.checkouts.listed(since=since)
    payments.intents.listed(since=since)
    payments.refunds.listed(since=since)
    payments.disputes.listed(since=since)
    payment_events.collect_missed()
    return [one for one in stripe_sandbox.all_requests() if one["status"] != 401]


def call_of(request: dict[str, Any]) -> str:
    """The method and the described path, with the names of the ids in it."""
    for path, operations in description()["paths"].items():
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request["path"]) and request["method"].lower() in operations:
            return f"{request['method']} {path}"
    return f"{request['method']} {request['path']}"


def generic(call: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", call)


def test_every_request_is_one_that_stripe_describes(
    sent: list[dict[str, Any]], consent: Consent, stripe_sandbox: Stripe
) -> None:
    assert description()["info"]["version"] == DESCRIBED
    assert [problem for one in sent for problem in problems(one)] == []
    made = {generic(call_of(one)) for one in sent}
    without = {"POST /v1/payment_intents/{}/cancel"}  # see below
    assert {generic(one) for one in EVERY_CALL} - made == without
    for one in sent:
        assert one["headers"]["stripe-version"] == wire.API_VERSION, one
        assert one["headers"]["authorization"] == "Bearer"
        if one["method"] == "POST" and "idempotency-key" not in one["headers"]:
            assert any(re.fullmatch(path, one["path"]) for path in WITHOUT_A_KEY), one["path"]


def test_a_declined_charge_is_canceled_as_described(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent(number=LATER_DECLINED)
    spend(acme, 20)
    work()
    canceled = [one for one in stripe_sandbox.all_requests() if one["path"].endswith("/cancel")]
    assert canceled
    assert [problem for one in canceled for problem in problems(one)] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "red"),
        ("line_items[0][colour]", "red"),
        ("line_items[0][price_data][product_data][colour]", "red"),
        ("payment_intent_data[off_session]", "true"),
        ("mode", "gift"),
        ("expires_at", "tomorrow"),
        ("automatic_tax[enabled]", "yes"),
        ("adaptive_pricing", "false"),
        ("line_items[0][quantity]", "1.5"),
        ("client_reference_id", "x" * 201),
        ("line_items[2][quantity]", "1"),
    ],
)
def test_the_check_itself(field: str, value: str, begin: Buy, stripe_sandbox: Stripe) -> None:
    begin(20)
    (request,) = stripe_sandbox.requests("/v1/checkout/sessions")
    assert problems(request) == []
    others = [
        pair for pair in request["body"] if pair[0] != field and not pair[0].startswith(f"{field}[")
    ]
    assert problems({**request, "body": [*others, (field, value)]})


def test_the_check_sees_what_is_missing(begin: Buy, stripe_sandbox: Stripe) -> None:
    begin(20)
    (request,) = stripe_sandbox.requests("/v1/checkout/sessions")
    assert problems({**request, "path": "/v1/payment_intents", "body": []})
    less = [pair for pair in request["body"] if pair[0] != "automatic_tax[enabled]"]
    less.append(("automatic_tax[liability][type]", "self"))
    assert any("lacks enabled" in one for one in problems({**request, "body": less}))
    for method, path, name in KNOWN_DIFFERENCES:
        assert problems({"method": method, "path": path, "query": [], "body": [(name, "x")]}) == []


def test_keys_are_ours_and_survive_a_restart(
    begin: Buy, stripe_sandbox: Stripe, relay: Relay
) -> None:
    """The SDK would make up one for each request of a process."""
    relay.late_seconds["POST /v1/checkout/sessions"] = 2.5
    with pytest.raises(payments.PaymentUnknown):
        begin(20, idempotency_key="mine")
    relay.late_seconds.clear()
    wire.client.cache_clear()
    again = begin(20, idempotency_key="mine")
    due_checks.run()
    keys = {
        one["headers"]["idempotency-key"]
        for one in stripe_sandbox.requests("/v1/checkout/sessions")
    }
    assert keys == {f"top_up:{again.pk}:0"}
