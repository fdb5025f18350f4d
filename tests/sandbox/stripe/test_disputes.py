"""Disputes: opened by a card or by a test, and where the funds are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.stripe.merchant import Merchant


def _funds(dispute: Any) -> list[tuple[int, str, str]]:
    return [(one.amount, one.type, one.reporting_category) for one in dispute.balance_transactions]


def test_the_card_that_is_disputed(merchant: Merchant) -> None:
    intent = merchant.paid("4000000000000259").payment_intent
    disputes = merchant.client.v1.disputes
    (dispute,) = disputes.list({"payment_intent": intent.id}).data
    assert (dispute.status, dispute.reason, dispute.amount) == (
        "needs_response",
        "fraudulent",
        2000,
    )
    assert _funds(dispute) == [(-2000, "adjustment", "dispute")]
    assert intent.latest_charge.disputed
    merchant.control(f"disputes/{dispute.id}", {"status": "won"})
    won = disputes.retrieve(dispute.id)
    assert won.status == "won"
    assert _funds(won)[1:] == [(2000, "adjustment", "dispute_reversal")]
    assert merchant.types_of(dispute.id) == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]


def test_an_inquiry_that_becomes_a_dispute(merchant: Merchant) -> None:
    intent = merchant.paid("4000000000001976").payment_intent
    (dispute,) = merchant.client.v1.disputes.list({"charge": intent.latest_charge.id}).data
    assert dispute.status == "warning_needs_response"
    assert _funds(dispute) == []
    merchant.control(f"disputes/{dispute.id}", {"status": "needs_response"})
    assert _funds(merchant.client.v1.disputes.retrieve(dispute.id))[0][0] == -2000
    closed = merchant.client.v1.disputes.close(dispute.id)
    assert closed.status == "lost"
    assert "charge.dispute.funds_reinstated" not in merchant.types_of(dispute.id)


@pytest.mark.parametrize(
    ("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
def test_evidence(merchant: Merchant, text: str, status: str) -> None:
    intent = merchant.paid("4000000000000259").payment_intent
    disputes = merchant.client.v1.disputes
    (dispute,) = disputes.list({"payment_intent": intent.id}).data
    kept = disputes.update(dispute.id, {"evidence": {"product_description": "x"}, "submit": False})
    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)
    assert disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}}).status == status


def test_disputes_by_control(merchant: Merchant) -> None:
    intent = merchant.paid().payment_intent
    wanted = {"payment_intent": intent.id, "reason": "product_not_received", "amount": 500}
    made = merchant.control("disputes", {**wanted, "withdraw": False})
    dispute = merchant.client.v1.disputes.retrieve(made["id"])
    assert (dispute.amount, dispute.reason, _funds(dispute)) == (500, "product_not_received", [])
    merchant.control(f"disputes/{dispute.id}", {"status": "a_status_of_next_year"})
    assert merchant.client.v1.disputes.retrieve(dispute.id).status == "a_status_of_next_year"
    wrong = {"payment_intent": intent.id, "amount": 2001}
    assert merchant.http.post("/_sandbox/stripe/disputes", json=wrong).status_code == 400
    booked = merchant.client.v1.balance_transactions.list({"type": "adjustment"}).data
    assert booked == []
