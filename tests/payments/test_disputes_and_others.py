"""Disputes beside refunds, other disputes, freezes of staff, and jobs that run."""

import threading
import time

import pytest
from django.db import connection, transaction

from accounts.models import Organization, User
from billing import disputes, freezing, holds, refunds
from billing.models import (
    FreezeCause,
)
from tests.payments.conftest import (
    DOLLAR,
    Buy,
    Stripe,
    dollars,
    hold,
    in_threads,
    kinds,
)
from tests.payments.returns import moved, opened, standing

pytestmark = pytest.mark.django_db(transaction=True)


# --- Together with other things -------------------------------------------------------------


def test_after_a_partial_refund(buy: Buy, stripe_sandbox: Stripe, acme: Organization) -> None:
    top_up = buy(20)
    made = stripe_sandbox.control(
        "refunds", {"payment_intent": top_up.payment_intent_id, "amount": 800}
    )
    refunds.refresh(made["id"])
    assert standing(acme) == (15, 0, 0, False)
    dispute_id = opened(stripe_sandbox, top_up, amount=1200)
    disputes.refresh(dispute_id)
    assert standing(acme) == (0, 0, 0, True)
    assert kinds(acme)[-2:] == ["dispute -12", "bonus_reversal -3"]
    moved(stripe_sandbox, dispute_id, "won")
    assert standing(acme) == (15, 0, 0, False)


def test_more_disputed_than_was_left(buy: Buy, stripe_sandbox: Stripe, acme: Organization) -> None:
    """8 went back already, and the bank takes all 20: we have lost 28, and the bonus once."""
    top_up = buy(20)
    made = stripe_sandbox.control(
        "refunds", {"payment_intent": top_up.payment_intent_id, "amount": 800}
    )
    refunds.refresh(made["id"])
    disputes.refresh(opened(stripe_sandbox, top_up))
    assert standing(acme) == (0, 0, 8, True)
    top_up.refresh_from_db()
    assert top_up.bonus_taken_micros == 5 * DOLLAR


def test_two_disputes_of_two_payments_one_won(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    ids = [opened(stripe_sandbox, buy(amount)) for amount in (20, 50)]
    in_threads(2, lambda: [disputes.refresh(one) for one in ids])
    assert standing(acme) == (0, 0, 0, True)
    moved(stripe_sandbox, ids[0], "won")
    assert standing(acme) == (25, 0, 0, True), "the other one stands"
    moved(stripe_sandbox, ids[1], "won")
    assert standing(acme) == (75, 0, 0, False)


def test_staffs_own_freeze_stands_when_a_dispute_is_won(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    dispute_id = opened(stripe_sandbox, buy(20))
    disputes.refresh(dispute_id)
    freezing.place(acme.pk, FreezeCause.STAFF, reference="case-1", reason="a look at this")
    moved(stripe_sandbox, dispute_id, "won")
    assert standing(acme) == (25, 0, 0, True)
    freezing.lift(FreezeCause.STAFF, reference="case-1", because="fine")
    assert standing(acme) == (25, 0, 0, False)


def test_freezing_and_thawing_at_the_same_instant(acme: Organization) -> None:
    """Each trigger reads the causes: it must see what the other has just committed."""
    freezing.place(acme.pk, FreezeCause.DISPUTE, reference="dp_1", reason="x")

    def thaw() -> None:
        try:
            freezing.lift(FreezeCause.DISPUTE, reference="dp_1", because="won")
        finally:
            connection.close()

    other = threading.Thread(target=thaw)
    with transaction.atomic():
        freezing.place(acme.pk, FreezeCause.STAFF, reference="case-1", reason="x")
        other.start()
        time.sleep(0.3)  # it waits for the wallet by now
    other.join()
    assert standing(acme)[3], "the staff's freeze stands"


def test_staff_may_let_a_customer_spend_again(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization, alice: User
) -> None:
    buy(20)
    dispute_id = opened(stripe_sandbox, buy(50), withdraw=False)
    dispute = disputes.refresh(dispute_id)
    assert dispute is not None
    assert disputes.unfreeze(dispute.pk, because="known for years", by_id=alice.pk)
    disputes.refresh(dispute_id)
    assert standing(acme) == (75, 50, 0, False)
    moved(stripe_sandbox, dispute_id, "lost")
    assert standing(acme) == (25, 0, 0, False), "staff have decided"


def test_running_jobs_still_settle_under_a_freeze(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    finishing, failing = hold(acme, 6), hold(acme, 4)
    disputes.refresh(opened(stripe_sandbox, top_up))
    assert standing(acme) == (10, 10, 10, True)
    holds.capture(hold_id=finishing, amount_micros=5 * DOLLAR)
    holds.release(hold_id=failing, reason="the job failed")
    assert standing(acme) == (0, 0, 5, True)


def test_a_refund_that_settles_an_inquiry(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    """The credits are held for it; once it is closed they pay for the refund."""
    top_up = buy(20)
    dispute_id = opened(stripe_sandbox, top_up, status="warning_needs_response")
    disputes.refresh(dispute_id)
    made = stripe_sandbox.control("refunds", {"payment_intent": top_up.payment_intent_id})
    refunds.refresh(made["id"])
    moved(stripe_sandbox, dispute_id, "warning_closed")
    assert standing(acme) == (0, 0, 0, False)
    assert dollars(acme) == 0
