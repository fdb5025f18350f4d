"""Refunds in trouble: no answer, a late one, a refusal, one that fails in the end."""

import threading
from typing import Any

import pytest

from accounts.models import Organization, User
from billing import due_checks, payment_events, payments, refunds
from billing.models import PaymentEvent, Refund, RefundState, TopUp, TopUpState
from tests.payments.conftest import (
    DOLLAR,
    REFUND_FAILS,
    REFUND_SLOW,
    Buy,
    Stripe,
    dollars,
    eventually,
    in_threads,
    kinds,
    wallet,
)
from tests.payments.relay import Relay
from tests.payments.returns import at_stripe, in_dashboard, overdue
from tests.payments.returns import staff as staff  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


# --- Trouble --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "500-after-commit", "close", "close-after-commit", "429"])
def test_a_fault_refunds_once(
    fault: str, buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization, deliver: Any
) -> None:
    top_up = buy(20)
    stripe_sandbox.fault("POST /v1/refunds", fault)
    refunds.request(top_up.pk, amount_micros=8 * DOLLAR, reason="x", made_by=staff)
    assert dollars(acme) == 15
    for _ in range(3):
        overdue()
        due_checks.run()
    deliver()
    payment_events.process_due()
    assert at_stripe(stripe_sandbox, top_up) == [("succeeded", 800)]
    assert [one.state for one in Refund.objects.all()] == [RefundState.SUCCEEDED]
    assert dollars(acme) == 15


def test_a_request_that_lies_about_on_the_way_refunds_once(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization, relay: Relay
) -> None:
    """We have given up and looked: nothing was there. Then it got there."""
    top_up = buy(20)
    relay.late_seconds["POST /v1/refunds"] = 4
    refund = refunds.request(top_up.pk, amount_micros=8 * DOLLAR, reason="x", made_by=staff)
    assert refund.state == RefundState.REQUESTED
    relay.late_seconds.clear()
    overdue()
    due_checks.run()
    eventually(lambda: not relay.under_way)
    overdue()
    due_checks.run()
    assert at_stripe(stripe_sandbox, top_up) == [("succeeded", 800)]
    assert Refund.objects.get().state == RefundState.SUCCEEDED
    assert dollars(acme) == 15


def test_the_event_comes_before_the_answer(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization, deliver: Any
) -> None:
    top_up = buy(20)
    stripe_sandbox.fault("POST /v1/refunds", "slow", seconds=1.5)
    answered = threading.Thread(
        target=lambda: in_threads(
            1,
            lambda: refunds.request(top_up.pk, amount_micros=8 * DOLLAR, reason="x", made_by=staff),
        )
    )
    answered.start()
    eventually(lambda: stripe_sandbox.events(type="v1.refund.created"))
    deliver(type="v1.refund.created")
    payment_events.process_due()
    answered.join()
    assert Refund.objects.get().state == RefundState.SUCCEEDED
    assert kinds(acme)[2:] == ["refund -8", "bonus_reversal -2"]


def test_what_stripe_refuses_puts_the_credits_back(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    in_dashboard(stripe_sandbox, top_up, 1500)  # and we have not heard of it
    with pytest.raises(payments.PaymentRefused):
        refunds.request(top_up.pk, amount_micros=6 * DOLLAR, reason="x", made_by=staff)
    assert Refund.objects.get().state == RefundState.REFUSED
    assert dollars(acme) == 25
    assert refunds.left_micros(top_up) == 20 * DOLLAR


def test_a_refund_that_fails_later_gives_the_credits_back(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization, deliver: Any
) -> None:
    top_up = buy(20, REFUND_FAILS)
    refund = refunds.request(top_up.pk, amount_micros=8 * DOLLAR, reason="x", made_by=staff)
    assert dollars(acme) == 15
    eventually(lambda: stripe_sandbox.events(type="v1.refund.failed"))
    for reverse in (True, False):
        deliver(reverse=reverse)
        payment_events.process_due()
    refund.refresh_from_db()
    assert refund.state == RefundState.FAILED
    assert kinds(acme)[2:] == ["refund -8", "bonus_reversal -2", "refund_reversal 8", "bonus 2"]
    again = refunds.request(top_up.pk, amount_micros=20 * DOLLAR, reason="x", made_by=staff)
    assert (again.bonus_micros, wallet(acme).balance_micros) == (5 * DOLLAR, 0)


def test_a_slow_refund_takes_the_credits_at_once(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization, deliver: Any
) -> None:
    top_up = buy(20, REFUND_SLOW)
    refund = refunds.request(top_up.pk, amount_micros=8 * DOLLAR, reason="x", made_by=staff)
    assert refund.state == RefundState.PENDING
    assert dollars(acme) == 15
    eventually(lambda: at_stripe(stripe_sandbox, top_up) == [("succeeded", 800)])
    deliver()
    payment_events.process_due()
    refund.refresh_from_db()
    assert refund.state == RefundState.SUCCEEDED
    assert dollars(acme) == 15
    assert TopUp.objects.get().state == TopUpState.PAID
    assert not PaymentEvent.objects.filter(state="pending").exists()
