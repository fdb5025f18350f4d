"""Disputes: frozen while open, taken when the money goes, all undone when won."""

from itertools import permutations
from typing import Any

import pytest
from django.core import mail

from accounts.models import Organization
from billing import disputes, fulfilment, ledger, payment_events
from billing.models import (
    Dispute,
    EventState,
    Freeze,
    Hold,
    HoldState,
    PaymentEvent,
)
from tests.payments.conftest import (
    DISPUTED,
    INQUIRY,
    Buy,
    Stripe,
    eventually,
    hold,
    in_threads,
    kinds,
    post_event,
    spend,
    work,
)
from tests.payments.returns import moved, opened, standing

pytestmark = pytest.mark.django_db(transaction=True)


# --- From the first word to the last --------------------------------------------------------


def test_opened_without_the_money_gone_freezes_and_holds(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    disputes.refresh(opened(stripe_sandbox, top_up, withdraw=False))
    assert standing(acme) == (25, 25, 0, True)
    with pytest.raises(ledger.WalletFrozen):
        hold(acme, 0.01)
    work()
    assert [one.subject for one in mail.outbox] == [
        "Spending is frozen: a payment is disputed · Acme"
    ]


def test_money_withdrawn_debits(buy: Buy, stripe_sandbox: Stripe, acme: Organization) -> None:
    disputes.refresh(opened(stripe_sandbox, buy(20)))
    assert standing(acme) == (0, 0, 0, True)
    assert kinds(acme)[-2:] == ["dispute -20", "bonus_reversal -5"]


def test_a_spent_top_up_goes_into_debt_and_comes_back_when_won(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = buy(20)
    spend(acme, 22)
    dispute_id = opened(stripe_sandbox, top_up, withdraw=False)
    disputes.refresh(dispute_id)
    assert standing(acme) == (3, 3, 0, True)
    other = opened(stripe_sandbox, top_up)  # the same again, and now the money is gone
    disputes.refresh(other)
    assert standing(acme) == (3, 3, 25, True)
    moved(stripe_sandbox, other, "won")
    assert standing(acme) == (3, 3, 0, True)
    moved(stripe_sandbox, dispute_id, "won")
    assert standing(acme) == (3, 0, 0, False)
    assert hold(acme, 3)


def test_lost_stays_lost_and_frozen(buy: Buy, stripe_sandbox: Stripe, acme: Organization) -> None:
    dispute_id = opened(stripe_sandbox, buy(20))
    dispute = moved(stripe_sandbox, dispute_id, "lost")
    assert standing(acme) == (0, 0, 0, True)
    assert dispute.taken


def test_an_inquiry_freezes_and_is_over_when_closed(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    dispute_id = opened(stripe_sandbox, buy(20), status="warning_needs_response")
    disputes.refresh(dispute_id)
    assert standing(acme) == (25, 25, 0, True)
    moved(stripe_sandbox, dispute_id, "warning_under_review")
    assert standing(acme) == (25, 25, 0, True)
    moved(stripe_sandbox, dispute_id, "warning_closed")
    assert standing(acme) == (25, 0, 0, False)


def test_an_inquiry_that_becomes_a_chargeback_and_is_won(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    dispute_id = opened(stripe_sandbox, buy(20), status="warning_needs_response")
    disputes.refresh(dispute_id)
    moved(stripe_sandbox, dispute_id, "needs_response")
    assert standing(acme) == (0, 0, 0, True)
    moved(stripe_sandbox, dispute_id, "won")
    assert standing(acme) == (25, 0, 0, False)
    assert Hold.objects.get(pk=Dispute.objects.get().pk).state == HoldState.RELEASED


@pytest.mark.parametrize(
    ("withdraw", "after"), [(False, (25, 25, 0, True)), (True, (0, 0, 0, True))]
)
def test_a_status_that_nobody_knows_counts_as_open(
    withdraw: bool, after: Any, buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    dispute_id = opened(stripe_sandbox, buy(20), withdraw=withdraw)
    moved(stripe_sandbox, dispute_id, "arbitration_of_next_year")
    assert standing(acme) == after


@pytest.mark.parametrize(
    ("withdraw", "after"), [(False, (25, 0, 0, False)), (True, (0, 0, 0, True))]
)
def test_prevented_is_good_unless_it_was_paid_back(
    withdraw: bool, after: Any, buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    dispute_id = opened(stripe_sandbox, buy(20), withdraw=withdraw)
    moved(stripe_sandbox, dispute_id, "prevented")
    assert standing(acme) == after


@pytest.mark.parametrize("number", [DISPUTED, INQUIRY])
def test_the_cards_that_are_disputed_at_once(
    number: str, buy: Buy, stripe_sandbox: Stripe, acme: Organization, deliver: Any
) -> None:
    buy(20, number)
    eventually(lambda: stripe_sandbox.events(type="v1.charge.dispute.created"))
    deliver()
    payment_events.process_due()
    assert standing(acme) == ((0, 0, 0, True) if number == DISPUTED else (25, 25, 0, True))


# --- Any order ------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["won", "lost"])
def test_events_in_every_order_end_the_same(
    end: str, buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    """Some orders of all of them, each cut off somewhere, with repeats."""
    top_up = buy(20)
    dispute_id = opened(stripe_sandbox, top_up)
    disputes.refresh(dispute_id)
    moved(stripe_sandbox, dispute_id, end)
    after = (25, 0, 0, False) if end == "won" else (0, 0, 0, True)
    found = [
        one
        for one in stripe_sandbox.events(object_id=dispute_id)
        if one["type"].startswith("v1.charge.dispute")
    ]
    assert len(found) == (5 if end == "won" else 4)
    for number, order in enumerate(list(permutations(found))[::7]):
        for event in order[: 1 + number % len(order)]:
            post_event({**event, "id": f"{event['id']}_{number}"})
        payment_events.process_due()
        assert standing(acme) == after
    assert Dispute.objects.count() == 1
    assert not PaymentEvent.objects.filter(state=EventState.PENDING).exists()


def test_news_of_an_earlier_look_changes_nothing(
    buy: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    """A slow worker asked before the bank decided, and gets to write after another did."""
    dispute_id = opened(stripe_sandbox, buy(20))
    disputes.refresh(dispute_id)
    moved(stripe_sandbox, dispute_id, "won")
    Dispute.objects.update(as_of="2100-01-01T00:00:00Z")
    stripe_sandbox.control(f"disputes/{dispute_id}", {"status": "lost"})
    disputes.refresh(dispute_id)
    assert standing(acme) == (25, 0, 0, False)


def test_a_dispute_of_a_payment_that_is_not_credited_yet(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    session = stripe_sandbox.api.checkout.sessions.retrieve(top_up.session_id)
    made = stripe_sandbox.control("disputes", {"payment_intent": str(session.payment_intent)})
    disputes.refresh(made["id"])
    assert kinds(acme)[:2] == ["top_up 20", "bonus 5"]
    assert standing(acme) == (0, 0, 0, True)
    fulfilment.refresh(top_up.pk)
    assert standing(acme) == (0, 0, 0, True)


def test_six_workers_at_one_dispute(buy: Buy, stripe_sandbox: Stripe, acme: Organization) -> None:
    dispute_id = opened(stripe_sandbox, buy(20), withdraw=False)
    results = in_threads(6, lambda: disputes.refresh(dispute_id))
    assert not [one for one in results if isinstance(one, Exception)]
    assert standing(acme) == (25, 25, 0, True)
    assert Freeze.objects.count() == 1
