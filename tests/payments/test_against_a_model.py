"""Random histories of payments against a dozen lines of arithmetic; the books balance after each.

Events are lost, repeated and shuffled; whenever all have come, the wallet is what the model says.
"""

import json
import uuid
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts import organizations
from accounts.models import User
from billing import fulfilment, payment_events, payments, promotions, refunds, topups
from billing.models import PromotionCode, TopUp, TopUpState
from tests.conftest import assert_books_balance, caller_for
from tests.payments.conftest import DOLLAR, Stripe, hold, signature, spend, wallet

CENT = 10_000


@dataclass
class Payment:
    """One purchase, in cents."""

    top_up: TopUp
    intent_id: str
    cents: int
    refunded: int = 0
    dispute_id: str = ""
    withdrawn: bool = False
    status: str = ""

    @property
    def is_good(self) -> bool:
        return self.status in ("", "won", "warning_closed")

    @property
    def gone(self) -> int:
        """Cents that are with the cardholder again."""
        disputed = self.status == "lost" or (self.withdrawn and not self.is_good)
        return self.refunded + (self.cents if disputed else 0)


class Payments(RuleBasedStateMachine):
    stripe: Stripe

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        name = uuid.uuid4().hex
        self.user = User.objects.create_user(f"{name}@example.com", "a-password", is_staff=True)
        self.organization = organizations.found(self.user, name=name)
        self.caller = caller_for(self.user)
        self.payments: list[Payment] = []
        self.given = self.spent = 0
        self.delivered = {event["id"] for event in self.stripe.events()}

    def teardown(self) -> None:
        try:
            self.all_events_come(Random(1))
            assert_books_balance()
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    # --- What customers, staff and banks do ---

    @rule(cents=st.sampled_from([500, 1000, 1999, 5000]), looks=st.booleans())
    def buys(self, cents: int, looks: bool) -> None:
        top_up, _ = topups.start(self.caller, amount_micros=cents * CENT)
        self.stripe.pay(top_up.checkout_url)
        session = self.stripe.api.checkout.sessions.retrieve(top_up.session_id)
        self.payments.append(Payment(top_up, str(session.payment_intent), cents))
        if looks:
            fulfilment.refresh(top_up.pk)

    def chosen(self, data: st.DataObject, *, disputed: bool) -> Payment | None:
        found = [one for one in self.payments if bool(one.dispute_id) is disputed]
        return data.draw(st.sampled_from(found)) if found else None

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), share=st.integers(1, 3), by_staff=st.booleans())
    def refunds(self, data: st.DataObject, share: int, by_staff: bool) -> None:
        payment = self.chosen(data, disputed=False)
        if payment is None or payment.refunded == payment.cents:
            return
        cents = max(1, (payment.cents - payment.refunded) // share)
        if not by_staff:
            self.stripe.control("refunds", {"payment_intent": payment.intent_id, "amount": cents})
            payment.refunded += cents
            return
        try:
            refunds.request(
                payment.top_up.pk,
                amount_micros=cents * CENT,
                reason="x",
                made_by=self.user,
                into_debt=True,
            )
        except (refunds.RefundNotPossible, payments.PaymentRefused):
            return  # not credited yet, or more went back than we have heard of
        payment.refunded += cents

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), status=st.sampled_from(["needs_response", "warning_needs_response"]))
    def disputes(self, data: st.DataObject, status: str) -> None:
        payment = self.chosen(data, disputed=False)
        if payment is None:
            return
        made = self.stripe.control(
            "disputes", {"payment_intent": payment.intent_id, "status": status}
        )
        payment.dispute_id, payment.status = made["id"], status
        payment.withdrawn = not status.startswith("warning")

    @precondition(lambda self: any(one.dispute_id for one in self.payments))
    @rule(data=st.data(), status=st.sampled_from(["under_review", "won", "lost", "unheard_of"]))
    def the_bank_moves(self, data: st.DataObject, status: str) -> None:
        payment = self.chosen(data, disputed=True)
        if payment is None or payment.status in ("won", "lost"):
            return
        was_inquiry = payment.status.startswith("warning")
        self.stripe.control(f"disputes/{payment.dispute_id}", {"status": status})
        payment.status = status
        if was_inquiry and status in ("under_review", "lost"):
            payment.withdrawn = True

    @rule(dollars=st.integers(1, 20))
    def redeems(self, dollars: int) -> None:
        word = uuid.uuid4().hex.upper()
        PromotionCode.objects.create(code=word, amount_micros=dollars * DOLLAR)
        promotions.redeem(self.caller, code=word.lower())
        self.given += dollars * DOLLAR

    @rule(cents=st.integers(1, 3000))
    def spends(self, cents: int) -> None:
        found = wallet(self.organization)
        micros = min(cents * CENT, found.available_micros)
        if found.frozen_at or found.debt_micros or not micros:
            with pytest.raises(Exception, match=r"frozen|owes|needs"), transaction.atomic():
                hold(self.organization, 1000)
            return
        spend(self.organization, micros / DOLLAR)
        self.spent += micros

    # --- What reaches us ---

    def come(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            body = json.dumps(event).encode()
            payment_events.receive(body, signature(body))
            self.delivered.add(event["id"])
        payment_events.process_due()

    def under_way(self) -> list[dict[str, Any]]:
        return [one for one in self.stripe.events() if one["id"] not in self.delivered]

    @rule(random=st.randoms(use_true_random=False), share=st.integers(1, 4))
    def some_events_come(self, random: Random, share: int) -> None:
        events = self.under_way()
        random.shuffle(events)
        some = events[: len(events) // share]
        self.come([*some, *some[:1]])

    @rule(random=st.randoms(use_true_random=False))
    def all_events_come(self, random: Random) -> None:
        events = self.under_way()
        random.shuffle(events)
        self.come(events)
        self.compare()

    def compare(self) -> None:
        expected = self.given - self.spent
        for payment in self.payments:
            payment.top_up.refresh_from_db()
            assert payment.top_up.state == TopUpState.PAID
            bonus, gone = payment.top_up.bonus_micros, payment.gone * CENT
            paid = payment.cents * CENT
            expected += paid + bonus - gone - bonus * min(gone, paid) // paid
        bonuses = [one.top_up.bonus_micros for one in self.payments if one.top_up.bonus_micros]
        assert bonuses == ([5 * DOLLAR] if self.payments else [])
        found = wallet(self.organization)
        assert found.balance_micros - found.debt_micros == expected
        assert not (found.debt_micros and found.available_micros)
        assert bool(found.frozen_at) is any(not one.is_good for one in self.payments)
        if not found.frozen_at:
            assert found.held_micros == 0


@pytest.mark.django_db
def test_random_histories_agree_with_the_model(stripe_sandbox: Stripe) -> None:
    Payments.stripe = stripe_sandbox
    run_state_machine_as_test(
        Payments,
        settings=settings(
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
