"""Stripe answers with something else than what we sold: nothing is credited, staff are told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.access import Caller
from accounts.errors import InvalidParameters
from accounts.models import Organization, User
from billing import customers, findings, fulfilment, payments, topups
from billing.models import PaymentCustomer, TopUp, TopUpState
from tests.conftest import caller_for
from tests.payments.conftest import (
    Buy,
    Consent,
    Stripe,
    attempts,
    auto_charges,
    dollars,
    due_now,
    kinds,
    spend,
    work,
)
from tests.payments.relay import Answer, Relay

pytestmark = pytest.mark.django_db(transaction=True)


def changed(**values: Any) -> Callable[[Answer], Answer]:
    return lambda answer: {**answer, **values}


@pytest.mark.parametrize(
    "lie",
    [
        {"amount_total": 1999},
        {"amount_total": 2_000_000},
        {"amount_total": 0},
        {"amount_total": -2000},
        {"currency": "jpy"},
        {"customer": "cus_of_another"},
        {"livemode": True},
        {"mode": "setup"},
        {"client_reference_id": "01a20614-f41f-7513-af00-1e1903339cef"},
        {"client_reference_id": None},
    ],
)
def test_a_paid_page_that_does_not_fit(
    lie: dict[str, Any], begin: Buy, stripe_sandbox: Stripe, acme: Organization, relay: Relay
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    relay.lies["GET /v1/checkout/sessions/*"] = changed(**lie)
    found = fulfilment.refresh(top_up.pk)
    assert found.state == TopUpState.OPEN
    assert next(iter(lie)).removeprefix("client_").split("_")[0] in found.attention
    assert found.next_check_at is not None
    assert dollars(acme) == 0
    relay.lies.clear()
    found = fulfilment.refresh(top_up.pk)
    assert (found.state, found.attention) == (TopUpState.PAID, "")
    assert kinds(acme) == ["top_up 20", "bonus 5"]


@pytest.mark.parametrize("status", ["paid", "expired", "open"])
def test_the_page_of_another_top_up(
    status: str, begin: Buy, buy: Buy, stripe_sandbox: Stripe, acme: Organization, relay: Relay
) -> None:
    """Its ids are those of another row: they are neither taken over nor a reason to fall over."""
    other, top_up = buy(20), begin(20)
    theirs = stripe_sandbox.api.checkout.sessions.retrieve(
        other.session_id, {"expand": ["payment_intent.latest_charge", "invoice"]}
    )
    relay.lies[f"GET /v1/checkout/sessions/{top_up.session_id}"] = lambda _: {
        **json.loads(str(theirs)),
        **({} if status == "paid" else {"status": status, "payment_status": "unpaid"}),
    }
    found = fulfilment.refresh(top_up.pk)
    assert bool(found.attention) is (status == "paid")
    assert (found.payment_intent_id, found.session_id) == ("", top_up.session_id)
    assert dollars(acme) == 25


@pytest.mark.parametrize("lie", [{"amount": 1900}, {"currency": "eur"}, {"customer": "cus_x"}])
def test_a_charge_of_the_saved_card_that_does_not_fit(
    lie: dict[str, Any], consent: Consent, acme: Organization, stripe_sandbox: Stripe, relay: Relay
) -> None:
    consent()
    spend(acme, 20)
    relay.lies["POST /v1/payment_intents/*/confirm"] = changed(**lie)
    relay.lies["GET /v1/payment_intents/*"] = changed(**lie)
    for _ in range(3):
        work()
        due_now()
    assert dollars(acme) == 5
    assert auto_charges(stripe_sandbox) == 1
    assert attempts()[0].attention
    assert attempts()[0].is_open, "an open one keeps further ones from being begun"


def test_a_page_that_is_half_there_is_not_credited(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization, relay: Relay
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    for lie in ({"payment_status": "unpaid"}, {"payment_status": "no_payment_required"}):
        relay.lies["GET /v1/checkout/sessions/*"] = changed(**lie)
        assert fulfilment.refresh(top_up.pk).state == TopUpState.PROCESSING
    assert dollars(acme) == 0


# --- Customers ------------------------------------------------------------------------------


def test_a_customer_that_was_deleted_at_stripe(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    first = begin(20)
    stripe_sandbox.api.customers.delete(first.stripe_customer_id)
    with pytest.raises(payments.PaymentUnknown, match="try again"):
        begin(20)
    again = begin(20)
    assert again.stripe_customer_id != first.stripe_customer_id
    stripe_sandbox.pay(again.checkout_url)
    assert fulfilment.refresh(again.pk).state == TopUpState.PAID


def test_the_portal_of_a_customer_that_was_deleted(
    begin: Buy, owner: Caller, stripe_sandbox: Stripe
) -> None:
    stripe_sandbox.api.customers.delete(begin(20).stripe_customer_id)
    with pytest.raises(payments.PaymentUnknown, match="try again"):
        customers.portal_url(owner, return_url="http://testserver/billing")
    assert "/portal" in customers.portal_url(owner, return_url="http://testserver/billing")


@pytest.mark.parametrize("fault", ["500", "500-after-commit", "close", "close-after-commit", "429"])
def test_a_fault_at_the_first_purchase_is_over_with_the_next_try(
    fault: str, begin: Buy, stripe_sandbox: Stripe
) -> None:
    """A 500 is replayed for its key, for a whole day."""
    stripe_sandbox.fault("POST /v1/customers", fault)
    with pytest.raises(payments.PaymentUnknown):
        begin(20)
    tries = 0
    while not TopUp.objects.filter(state=TopUpState.OPEN).exists():
        tries += 1
        assert tries < 3
        begin(20)
    assert PaymentCustomer.objects.get().stripe_id


def test_what_a_customer_is_told_of_a_refusal_is_not_stripes_own_text(
    begin: Buy, owner: Caller, stripe_sandbox: Stripe, settings: Any
) -> None:
    begin(20)
    settings.CHECKOUT_SECONDS = 40 * 24 * 3600  # more than Stripe takes
    with pytest.raises(payments.PaymentRefused) as refusal:
        begin(20)
    assert refusal.value.message == topups.NO_PAGE
    row = TopUp.objects.get(state=TopUpState.FAILED)
    assert "expires_at" in row.attention
    assert row.failure == topups.NO_PAGE


def test_someone_elses_key_is_not_ours(
    begin: Buy, charlie: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    mine = begin(20, idempotency_key="same")
    theirs = begin(50, caller=caller_for(charlie), idempotency_key="same")
    assert mine.pk != theirs.pk
    assert mine.stripe_customer_id != theirs.stripe_customer_id


@pytest.mark.parametrize("key", ["x" * 256, "a\nb", "\x00", "\u202e"])
def test_a_key_that_cannot_be_one(key: str, begin: Buy) -> None:
    with pytest.raises(InvalidParameters):
        begin(20, idempotency_key=key)
    assert not TopUp.objects.exists()


def test_a_look_that_found_nothing_does_not_undo_a_page_made_since(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    TopUp.objects.filter(pk=top_up.pk).update(state=TopUpState.CREATED, session_id="")
    late = topups.database_time()
    nothing = findings.Finding(TopUpState.CREATED, late)
    begun = TopUp.objects.get(pk=top_up.pk)
    topups.open_checkout(begun)
    assert fulfilment.settle(top_up.pk, nothing).state == TopUpState.OPEN
