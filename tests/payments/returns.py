"""What the tests of refunds and disputes share."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization, User
from billing import disputes
from billing.models import Dispute, Refund, TopUp
from tests.payments.conftest import (
    DOLLAR,
    Stripe,
    wallet,
)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("staff@example.com", "staff-password", is_staff=True)


def at_stripe(stripe_sandbox: Stripe, top_up: TopUp) -> list[tuple[str, int]]:
    """What Stripe says of a payment's refunds: status and cents, oldest first."""
    found = stripe_sandbox.api.refunds.list(
        {"payment_intent": top_up.payment_intent_id, "limit": 100}
    )
    return [(str(one.status), one.amount) for one in reversed(found.data)]


def in_dashboard(stripe_sandbox: Stripe, top_up: TopUp, cents: int | None = None) -> str:
    more = {} if cents is None else {"amount": cents}
    intent = stripe_sandbox.api.checkout.sessions.retrieve(top_up.session_id).payment_intent
    made = stripe_sandbox.control("refunds", {"payment_intent": intent, **more})
    return str(made["id"])


def overdue() -> None:
    Refund.objects.filter(next_check_at__isnull=False).update(next_check_at=timezone.now())


def opened(stripe_sandbox: Stripe, top_up: TopUp, **more: Any) -> str:
    """Have the cardholder's bank dispute a payment; returns the dispute's id."""
    wanted = {"payment_intent": top_up.payment_intent_id, **more}
    return str(stripe_sandbox.control("disputes", wanted)["id"])


def moved(stripe_sandbox: Stripe, dispute_id: str, status: str) -> Dispute:
    stripe_sandbox.control(f"disputes/{dispute_id}", {"status": status})
    found = disputes.refresh(dispute_id)
    assert found is not None
    return found


def standing(organization: Organization) -> tuple[float, float, float, bool]:
    """Balance, held and debt in dollars, and whether it is frozen."""
    found = wallet(organization)
    return (
        found.balance_micros / DOLLAR,
        found.held_micros / DOLLAR,
        found.debt_micros / DOLLAR,
        found.frozen_at is not None,
    )
