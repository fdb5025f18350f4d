"""Refunds: ours and the dashboard's, whole and in parts, and the credits that go with them."""

import threading
from typing import Any

import pytest

from accounts.models import Organization, User
from billing import due_checks, fulfilment, holds, ledger, payment_events, refunds
from billing.models import Refund, RefundState
from tests.payments.conftest import (
    DOLLAR,
    Buy,
    Stripe,
    dollars,
    hold,
    in_threads,
    kinds,
    post_event,
    spend,
    wallet,
    work,
)
from tests.payments.returns import at_stripe, in_dashboard, overdue
from tests.payments.returns import staff as staff  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


# --- How much -------------------------------------------------------------------------------


def test_an_unspent_top_up_goes_back_whole(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    refund = refunds.request(
        top_up.pk, amount_micros=20 * DOLLAR, reason="Not needed", made_by=staff
    )
    assert refund.state == RefundState.SUCCEEDED
    assert at_stripe(stripe_sandbox, top_up) == [("succeeded", 2000)]
    assert kinds(acme)[2:] == ["refund -20", "bonus_reversal -5"]
    assert wallet(acme).balance_micros == 0


@pytest.mark.parametrize("cents", [(667, 667, 666), (1, 1, 1998), (999, 1, 1000), (333, 1666, 1)])
@pytest.mark.parametrize("by", ["staff", "dashboard"])
def test_three_steps_take_the_bonus_pro_rata_and_in_sum(
    by: str,
    cents: tuple[int, ...],
    buy: Buy,
    staff: User,
    stripe_sandbox: Stripe,
    acme: Organization,
) -> None:
    top_up = buy(20)
    for number, part in enumerate(cents, start=1):
        if by == "staff":
            refunds.request(top_up.pk, amount_micros=part * 10_000, reason="Part", made_by=staff)
        else:
            refunds.refresh(in_dashboard(stripe_sandbox, top_up, part))
        gone = sum(cents[:number]) * 10_000
        top_up.refresh_from_db()
        assert top_up.bonus_taken_micros == 5 * DOLLAR * gone // (20 * DOLLAR)
        assert wallet(acme).balance_micros == 25 * DOLLAR - gone - top_up.bonus_taken_micros
    assert wallet(acme).balance_micros == 0
    assert refunds.left_micros(top_up) == 0


@pytest.mark.parametrize("micros", [0, -DOLLAR, 5_000, 20 * DOLLAR + 10_000, 10**12])
def test_an_amount_that_cannot_go_back(
    micros: int, buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    with pytest.raises(refunds.RefundNotPossible):
        refunds.request(top_up.pk, amount_micros=micros, reason="No", made_by=staff)
    assert at_stripe(stripe_sandbox, top_up) == []
    assert dollars(acme) == 25


def test_more_than_is_left_of_the_payment(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    refunds.refresh(in_dashboard(stripe_sandbox, top_up, 1500))
    with pytest.raises(refunds.RefundNotPossible, match=r"\$5\.00"):
        refunds.request(top_up.pk, amount_micros=6 * DOLLAR, reason="No", made_by=staff)
    assert dollars(acme) == 6.25


@pytest.mark.parametrize("who", ["a customer", "nobody's reason", "unpaid"])
def test_who_may_refund_what(who: str, buy: Buy, begin: Buy, staff: User, alice: User) -> None:
    top_up = begin(20) if who == "unpaid" else buy(20)
    made_by = alice if who == "a customer" else staff
    reason = " " if who == "nobody's reason" else "Because"
    with pytest.raises(refunds.RefundNotPossible):
        refunds.request(top_up.pk, amount_micros=DOLLAR, reason=reason, made_by=made_by)
    assert not Refund.objects.exists()


def test_twenty_at_once_never_exceed_the_payment(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    results = in_threads(
        20,
        lambda: refunds.request(top_up.pk, amount_micros=3 * DOLLAR, reason="x", made_by=staff),
    )
    assert sum(isinstance(one, Refund) for one in results) == 6
    assert sum(isinstance(one, refunds.RefundNotPossible) for one in results) == 14
    assert at_stripe(stripe_sandbox, top_up) == [("succeeded", 300)] * 6
    assert dollars(acme) == 2.5


# --- What was spent -------------------------------------------------------------------------


def test_spent_credits_are_not_refunded_unless_into_debt(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    spend(acme, 24)
    with pytest.raises(ledger.InsufficientCredits):
        refunds.request(top_up.pk, amount_micros=20 * DOLLAR, reason="x", made_by=staff)
    assert not Refund.objects.exists()
    assert at_stripe(stripe_sandbox, top_up) == []
    refunds.request(top_up.pk, amount_micros=20 * DOLLAR, reason="x", made_by=staff, into_debt=True)
    assert (wallet(acme).balance_micros, wallet(acme).debt_micros) == (0, 24 * DOLLAR)


def test_the_next_top_up_pays_the_debt_first(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    spend(acme, 20)
    refunds.refresh(in_dashboard(stripe_sandbox, top_up))
    assert (wallet(acme).balance_micros, wallet(acme).debt_micros) == (0, 20 * DOLLAR)
    with pytest.raises(ledger.WalletInDebt):
        hold(acme, 0.01)
    buy(50)
    assert (wallet(acme).balance_micros, wallet(acme).debt_micros) == (30 * DOLLAR, 0)
    assert kinds(acme)[-2:] == ["top_up 50", "debt_repayment -20"]


def test_a_refund_while_jobs_hold_credits(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    running, failing = hold(acme, 10), hold(acme, 8)
    refunds.refresh(in_dashboard(stripe_sandbox, top_up))
    found = wallet(acme)
    assert (found.held_micros, found.available_micros) == (18 * DOLLAR, 0)
    assert found.debt_micros == 18 * DOLLAR
    holds.capture(hold_id=running, amount_micros=9 * DOLLAR)
    holds.release(hold_id=failing, reason="the job failed")
    assert (wallet(acme).balance_micros, wallet(acme).debt_micros) == (0, 9 * DOLLAR)


# --- The dashboard's ------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["twice", "reverse", "at once"])
def test_events_of_a_dashboard_refund(
    way: str, buy: Buy, stripe_sandbox: Stripe, deliver: Any, acme: Organization
) -> None:
    top_up = buy(20)
    in_dashboard(stripe_sandbox, top_up, 800)
    if way == "at once":
        for event in stripe_sandbox.events(type="v1.refund.created"):
            for number in range(6):
                post_event({**event, "id": f"evt_{number}"})
        in_threads(6, payment_events.process_due)
    else:
        for _ in range(2):
            deliver(reverse=way == "reverse")
            work()
    assert kinds(acme)[2:] == ["refund -8", "bonus_reversal -2"]
    assert Refund.objects.count() == 1


def test_a_refund_of_a_payment_that_is_not_credited_yet(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    refunds.refresh(in_dashboard(stripe_sandbox, top_up, 800))
    assert kinds(acme) == ["top_up 20", "bonus 5", "refund -8", "bonus_reversal -2"]
    fulfilment.refresh(top_up.pk)
    assert dollars(acme) == 15


def test_a_refund_of_another_payment_that_names_the_top_up(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    """Somebody charged by hand and copied the metadata: those credits were never bought."""
    top_up = buy(20)
    other = stripe_sandbox.api.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "metadata": {"top_up": str(top_up.pk)},
        }
    )
    refund = stripe_sandbox.api.refunds.create({"payment_intent": other.id})
    assert refunds.refresh(refund.id) is None
    assert dollars(acme) == 25


def test_dashboard_and_staff_at_once(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization, deliver: Any
) -> None:
    top_up = buy(20)
    turns = iter(range(2))
    lock = threading.Lock()

    def act() -> Any:
        with lock:
            turn = next(turns)
        if turn:
            return refunds.refresh(in_dashboard(stripe_sandbox, top_up, 2000))
        return refunds.request(
            top_up.pk, amount_micros=20 * DOLLAR, reason="x", made_by=staff, into_debt=True
        )

    in_threads(2, act)
    deliver()
    payment_events.process_due()
    assert [status for status, _ in at_stripe(stripe_sandbox, top_up)] == ["succeeded"]
    assert (wallet(acme).balance_micros, wallet(acme).debt_micros) == (0, 0)
    top_up.refresh_from_db()
    assert top_up.bonus_taken_micros == 5 * DOLLAR


def test_a_refund_that_was_refused_leaves_the_bonus_to_the_one_that_was_not(
    buy: Buy, staff: User, stripe_sandbox: Stripe, acme: Organization
) -> None:
    """Ours took all of the bonus first; when it is put back, the dashboard's has to take it."""
    top_up = buy(20)
    stripe_sandbox.fault("POST /v1/refunds", "close")
    refunds.request(top_up.pk, amount_micros=20 * DOLLAR, reason="x", made_by=staff)
    refunds.refresh(in_dashboard(stripe_sandbox, top_up, 2000))
    overdue()
    due_checks.run()
    assert dollars(acme) == 0
    top_up.refresh_from_db()
    assert top_up.bonus_taken_micros == 5 * DOLLAR
