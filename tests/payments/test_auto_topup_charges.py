"""Auto top-up: that it charges once whatever crashes, how it is refused, and its invoice."""

from typing import Any

import pytest
from django.core import mail

from accounts.access import Caller
from accounts.models import Organization
from billing import auto_topup, due_checks, topups
from billing.models import (
    AutoTopUp,
    PaymentCustomer,
    TopUp,
    TopUpState,
)
from billing.payments import wire
from tests.payments.conftest import (
    CHALLENGED,
    DOLLAR,
    LATER_DECLINED,
    SET_UP,
    Consent,
    Stripe,
    attempts,
    auto_charges,
    dollars,
    due_now,
    spend,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)

# --- Crashes --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "500-after-commit", "close", "close-after-commit", "429"])
@pytest.mark.parametrize("at", ["POST /v1/payment_intents", "POST /v1/payment_intents/*/confirm"])
def test_a_fault_charges_once(
    fault: str, at: str, consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    stripe_sandbox.fault(at, fault)
    for _ in range(4):
        work()
        due_now()
    assert auto_charges(stripe_sandbox) == 1
    assert dollars(acme) == 25
    assert [one.state for one in attempts()] == [TopUpState.PAID]


def test_a_crash_between_the_intent_and_our_commit_charges_once(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    """As if the process had died there: the intent is at Stripe, and our row does not know."""
    consent()
    spend(acme, 20)
    auto_topup.begin_due()
    (attempt,) = attempts()
    auto_topup._intent(attempt)
    TopUp.objects.filter(pk=attempt.pk).update(payment_intent_id="")
    for _ in range(2):
        due_now()
        work()
    assert auto_charges(stripe_sandbox) == 1
    assert dollars(acme) == 25


def test_a_crash_after_the_charge_charges_once(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe, deliver: Any
) -> None:
    consent()
    spend(acme, 20)
    auto_topup.begin_due()
    (attempt,) = attempts()
    auto_topup.look(attempt, topups.database_time())  # and what it found is lost
    assert auto_charges(stripe_sandbox) == 1
    assert dollars(acme) == 5
    assert set(deliver(type="v1.payment_intent.succeeded")) == {204}
    work()
    assert auto_charges(stripe_sandbox) == 1
    assert dollars(acme) == 25


# --- Refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "why"), [(CHALLENGED, "in person"), (LATER_DECLINED, "declined")]
)
def test_a_refusal_switches_it_off_and_says_so_once(
    number: str,
    why: str,
    consent: Consent,
    acme: Organization,
    stripe_sandbox: Stripe,
    deliver: Any,
) -> None:
    consent(number=number)
    spend(acme, 20)
    for _ in range(3):
        work()
        due_now()
        deliver()
    (attempt,) = attempts()
    assert attempt.state == TopUpState.FAILED
    assert why in attempt.failure
    row = AutoTopUp.objects.get()
    assert not row.enabled
    assert why in row.stopped_because
    assert len([one for one in mail.outbox if "did not go through" in one.subject]) == 1
    intent = stripe_sandbox.api.payment_intents.retrieve(attempt.payment_intent_id)
    assert intent.status == "canceled"
    assert dollars(acme) == 5


def test_a_card_that_was_set_up_is_charged_without_its_owner(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent(number=SET_UP)
    spend(acme, 20)
    work()
    assert dollars(acme) == 25


def test_no_card_no_consent(owner: Caller, acme: Organization) -> None:
    with pytest.raises(auto_topup.CardMissing):
        auto_topup.switch_on(
            owner,
            threshold_micros=DOLLAR,
            amount_micros=10 * DOLLAR,
            monthly_cap_micros=10 * DOLLAR,
        )


@pytest.mark.parametrize("when", ["before the attempt", "before the charge"])
def test_a_removed_card_ends_it(
    when: str, consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    card_id = PaymentCustomer.objects.get(pk=acme.pk).card_id
    spend(acme, 20)
    if when == "before the charge":
        stripe_sandbox.fault("POST /v1/payment_intents/*/confirm", "close")
        work()
    stripe_sandbox.api.payment_methods.detach(card_id)
    for _ in range(2):
        due_now()
        work()
    if when == "before the attempt":
        assert attempts()[0].failure == auto_topup.NO_CARD
        assert not AutoTopUp.objects.get().enabled
        assert dollars(acme) == 5
    assert not any(one.is_open for one in attempts())


def test_our_own_key_refused_blames_nobodys_card(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe, settings: Any
) -> None:
    consent()
    spend(acme, 20)
    settings.STRIPE_API_KEY = "sk_live_mistaken"
    wire.client.cache_clear()
    try:
        auto_topup.begin_due()
        due_checks.run()
    finally:
        settings.STRIPE_API_KEY = "sk_test_sandbox"
        wire.client.cache_clear()
    assert AutoTopUp.objects.get().enabled
    assert attempts()[0].is_open


# --- Afterwards -----------------------------------------------------------------------------


def test_it_has_an_invoice_with_a_pdf(
    consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    work()
    due_now()
    work()
    (attempt,) = attempts()
    invoice = stripe_sandbox.api.invoices.retrieve(attempt.invoice_id)
    assert (invoice.status, invoice.total, invoice.amount_remaining) == ("paid", 2000, 0)
    assert stripe_sandbox.http.get(attempt.invoice_pdf).content.startswith(b"%PDF")
    assert attempt.next_check_at is None
    assert len([one for one in mail.outbox if "added by auto top-up" in one.subject]) == 1


@pytest.mark.parametrize(
    "path", ["invoices", "invoiceitems", "invoices/*/finalize", "invoices/*/attach_payment"]
)
def test_an_invoice_survives_faults(
    path: str, consent: Consent, acme: Organization, stripe_sandbox: Stripe
) -> None:
    consent()
    spend(acme, 20)
    stripe_sandbox.fault(f"POST /v1/{path}", "close-after-commit")
    for _ in range(4):
        work()
        due_now()
    (attempt,) = attempts()
    assert attempt.invoice_pdf
    made = [
        one
        for one in stripe_sandbox.api.invoices.list({"limit": 100}).data
        if str(attempt.pk) in str(one.metadata)
    ]
    assert [(one.status, one.total) for one in made] == [("paid", 2000)]
