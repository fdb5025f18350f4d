"""Our payments against Stripe's own records, and against the ledger."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import Organization, User
from billing import payment_books, refunds
from billing.models import Refund, TopUp, TopUpState
from tests.payments.conftest import DOLLAR, Buy, Stripe, dollars

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("staff@example.com", "staff-password", is_staff=True)


def test_nothing_to_tell(buy: Buy, staff: User, capsys: Any) -> None:
    top_up = buy(20)
    refunds.request(top_up.pk, amount_micros=5 * DOLLAR, reason="asked for", made_by=staff)
    call_command("reconcile_payments")
    assert "Payments and Stripe agree" in capsys.readouterr().out


def test_what_was_only_late_is_mended(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    call_command("reconcile_payments")
    top_up.refresh_from_db()
    assert top_up.state == TopUpState.PAID
    stripe_sandbox.control("refunds", {"payment_intent": top_up.payment_intent_id, "amount": 500})
    call_command("reconcile_payments")
    assert Refund.objects.get().taken
    assert dollars(acme) == 25 - 5 - 1.25


def test_a_credit_that_was_never_paid(
    buy: Buy, stripe_sandbox: Stripe, capsys: Any, sandbox: Any
) -> None:
    buy(20)
    sandbox.reset()  # Stripe knows of nothing
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile_payments")
    assert ended.value.code == 1
    assert "credit_not_paid" in capsys.readouterr().out


def test_rows_that_the_ledger_does_not_bear_out(buy: Buy) -> None:
    """The control: each check finds what it is there for."""
    top_up = buy(20)
    for table, change, kind in (
        ("billing_topup", "bonus_micros = 6000000", "top_up_entries"),
        ("billing_topup", "bonus_taken_micros = 1", "bonus_taken"),
        ("billing_wallet", "frozen_at = now()", "wallet_freeze"),
        ("billing_entry", "reference = 'top_up:none' WHERE kind = 'top_up'", "top_up_missing"),
    ):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"UPDATE {table} SET {change}")
            assert kind in {problem.kind for problem in payment_books.check()}
            transaction.set_rollback(True)
    assert TopUp.objects.get().pk == top_up.pk
    assert payment_books.check() == []


def test_stripe_cannot_be_asked(stripe_sandbox: Stripe) -> None:
    stripe_sandbox.fault("GET /v1/payment_intents", "500")
    with pytest.raises(Exception, match="could not be asked"):
        call_command("reconcile_payments")
