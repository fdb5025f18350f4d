"""Buying credits: the row, the hosted page, and one function that credits it once."""

import threading
from typing import Any

import pytest
from django.core import mail

from accounts.access import Caller, NotAllowed
from accounts.idempotency import IdempotencyMismatch
from accounts.models import Organization, User
from billing import fulfilment, payments, topups
from billing.models import Entry, EntryKind, TopUp, TopUpState
from tests.conftest import caller_for
from tests.payments.conftest import (
    DECLINED,
    DOLLAR,
    Buy,
    Stripe,
    dollars,
    eventually,
    in_threads,
    kinds,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_purchase_credits_the_row_and_the_first_one_a_bonus(buy: Buy, acme: Organization) -> None:
    top_up = buy(20)
    assert (top_up.state, top_up.bonus_micros) == (TopUpState.PAID, 5 * DOLLAR)
    assert kinds(acme) == ["top_up 20", "bonus 5"]
    work()
    top_up.refresh_from_db()
    assert top_up.invoice_number
    assert top_up.invoice_pdf.startswith("http")
    assert top_up.next_check_at is None


def test_the_second_purchase_has_no_bonus(buy: Buy, acme: Organization) -> None:
    buy(10)
    buy(50)
    assert kinds(acme) == ["top_up 10", "bonus 5", "top_up 50"]


def test_a_declined_card_credits_nothing_and_may_try_again(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url, DECLINED)
    assert fulfilment.refresh(top_up.pk).state == TopUpState.OPEN
    assert dollars(acme) == 0
    stripe_sandbox.pay(top_up.checkout_url)
    assert fulfilment.refresh(top_up.pk).state == TopUpState.PAID
    assert dollars(acme) == 25


@pytest.mark.parametrize(
    "text", ["0", "-20", "4.99", "5000.01", "1e12", "NaN", "", "20.001", "٢٠", "999999999999999"]
)
def test_an_amount_that_cannot_be_bought(text: str, db: None) -> None:
    with pytest.raises(topups.InvalidTopUp) as refusal:
        topups.checked_amount(text)
    assert refusal.value.errors[0].pointer == "/amount"
    assert not TopUp.objects.exists()


def test_only_an_owner_buys(bob: User, begin: Buy) -> None:
    with pytest.raises(NotAllowed, match="Only an owner may do this"):
        begin(20, caller=caller_for(bob))


def test_another_organizations_top_up_is_none(
    begin: Buy, stripe_sandbox: Stripe, charlie: User
) -> None:
    top_up = begin(20)
    with pytest.raises(topups.TopUpMissing):
        topups.find(caller_for(charlie), top_up.pk)


def test_the_same_key_gives_the_same_page(begin: Buy, stripe_sandbox: Stripe) -> None:
    first = begin(20, idempotency_key="k1")
    again = begin(20, idempotency_key="k1")
    assert (again.pk, again.checkout_url) == (first.pk, first.checkout_url)
    with pytest.raises(IdempotencyMismatch):
        begin(50, idempotency_key="k1")
    assert TopUp.objects.count() == 1


def test_paid_and_looked_at_by_ten_at_once(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    results = in_threads(10, lambda: fulfilment.refresh(top_up.pk).state)
    assert results == [TopUpState.PAID] * 10
    assert kinds(acme) == ["top_up 20", "bonus 5"]


def test_two_first_payments_at_once_earn_one_bonus(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    rows = [begin(10) for _ in range(4)]
    for row in rows:
        stripe_sandbox.pay(row.checkout_url)
    waiting = iter([row.pk for row in rows])
    lock = threading.Lock()

    def act() -> str:
        with lock:
            mine = next(waiting)
        return fulfilment.refresh(mine).state

    assert in_threads(4, act) == [TopUpState.PAID] * 4
    assert Entry.objects.filter(kind=EntryKind.BONUS).count() == 1
    assert dollars(acme) == 45


@pytest.mark.parametrize("fault", ["500-after-commit", "close-after-commit"])
def test_a_page_that_was_made_without_an_answer_is_found(
    fault: str, begin: Buy, stripe_sandbox: Stripe, owner: Caller
) -> None:
    stripe_sandbox.fault("POST /v1/checkout/sessions", fault)
    top_up = begin(20, idempotency_key="once")
    assert top_up.state == TopUpState.OPEN
    assert len(stripe_sandbox.requests("/v1/checkout/sessions")) == 1


def test_an_unanswered_page_goes_on_with_the_same_key_of_the_customers(
    begin: Buy, stripe_sandbox: Stripe
) -> None:
    """Stripe replays a 500 for a key, so the second try uses another."""
    begin(10)  # the customer is there
    stripe_sandbox.fault("POST /v1/checkout/sessions", "500")
    with pytest.raises(payments.PaymentUnknown):
        begin(20, idempotency_key="once")
    again = begin(20, idempotency_key="once")
    assert again.state == TopUpState.OPEN
    assert TopUp.objects.filter(idempotency_key="once").count() == 1
    keys = [
        one["headers"]["idempotency-key"]
        for one in stripe_sandbox.requests("/v1/checkout/sessions")
    ]
    assert len(set(keys)) == 3


def test_one_customer_however_many_buy_at_once(
    begin: Buy, stripe_sandbox: Stripe, owner: Caller
) -> None:
    results = in_threads(5, lambda: begin(20).stripe_customer_id)
    assert len(set(results)) == 1, results


@pytest.mark.parametrize("fault", ["slow", "close", "429"])
def test_a_stripe_that_does_not_answer_changes_nothing(
    fault: str, begin: Buy, stripe_sandbox: Stripe, settings: Any, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    stripe_sandbox.fault(f"GET /v1/checkout/sessions/{top_up.session_id}", fault, seconds=30)
    with pytest.raises(payments.PaymentUnknown):
        fulfilment.refresh(top_up.pk)
    assert dollars(acme) == 0
    fulfilment.refresh(top_up.pk)
    assert dollars(acme) == 25


def test_a_page_that_was_never_paid_expires(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.api.checkout.sessions.expire(top_up.session_id)
    assert fulfilment.refresh(top_up.pk).state == TopUpState.EXPIRED
    assert dollars(acme) == 0


def test_a_bank_debit_is_on_its_way_and_then_there(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url, method="bank_debit")
    assert fulfilment.refresh(top_up.pk).state == TopUpState.PROCESSING
    assert dollars(acme) == 0
    eventually(lambda: fulfilment.refresh(top_up.pk).state == TopUpState.PAID)
    assert dollars(acme) == 25


def test_a_bank_debit_that_fails_says_so(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url, method="bank_debit_fails")
    eventually(lambda: fulfilment.refresh(top_up.pk).state == TopUpState.FAILED)
    top_up.refresh_from_db()
    assert top_up.failure
    assert dollars(acme) == 0
    work()
    assert "did not go through" in mail.outbox[0].subject
