"""Refunds: whole, partial, late, failed, and more than there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.stripe.merchant import Merchant, eventually, refusal


def test_partial_refunds_up_to_the_whole(merchant: Merchant) -> None:
    intent = merchant.paid().payment_intent
    refunds = merchant.client.v1.refunds
    for amount in (500, 700):
        wanted: Any = {"payment_intent": intent.id, "amount": amount}
        assert refunds.create(wanted).status == "succeeded"
    charge = merchant.client.v1.charges.retrieve(intent.latest_charge.id)
    assert (charge.amount_refunded, charge.refunded) == (1200, False)
    above: Any = {"payment_intent": intent.id, "amount": 801}
    error = refusal(lambda: refunds.create(above))
    assert (error.http_status, error.param) == (400, "amount")
    assert "($8.01) is greater than unrefunded amount on charge ($8.00)" in error.user_message
    rest = refunds.create({"charge": intent.latest_charge.id, "reason": "requested_by_customer"})
    assert rest.amount == 800
    charge = merchant.client.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (2000, True)
    assert charge.refunds is not None
    assert len(charge.refunds.data) == 3
    error = refusal(lambda: refunds.create({"charge": charge.id}))
    assert error.code == "charge_already_refunded"
    assert merchant.types_of(rest.id) == ["refund.created"]
    assert merchant.types_of(charge.id).count("charge.refunded") == 3


@pytest.mark.parametrize(
    ("number", "statuses", "last"),
    [
        ("4000000000007726", ("pending", "succeeded"), "charge.refund.updated"),
        ("4000000000005126", ("succeeded", "failed"), "refund.failed"),
    ],
)
def test_late_ends(merchant: Merchant, number: str, statuses: tuple[str, str], last: str) -> None:
    merchant.settings(stripe_delayed_seconds=0.4)
    intent = merchant.paid(number).payment_intent
    refund = merchant.client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == statuses[0]
    retrieve = merchant.client.v1.refunds.retrieve
    eventually(lambda: retrieve(refund.id).status == statuses[1])
    assert merchant.types_of(refund.id)[-1] == last
    assert "refund.updated" in merchant.types_of(refund.id)
    charge = merchant.client.v1.charges.retrieve(intent.latest_charge.id)
    assert charge.amount_refunded == (0 if statuses[1] == "failed" else 2000)


def test_refunds_by_control(merchant: Merchant) -> None:
    intent = merchant.paid().payment_intent
    made = merchant.control("refunds", {"payment_intent": intent.id, "amount": 300})
    (event,) = merchant.recorded(object_id=made["id"])
    assert (event["type"], event["reason"]) == ("v1.refund.created", None)
    failed = merchant.control(f"refunds/{made['id']}", {"status": "failed"})
    assert (failed["status"], failed["failure_reason"]) == ("failed", "unknown")
    assert merchant.client.v1.refunds.list({"payment_intent": intent.id}).data[0].id == made["id"]
    again = merchant.http.post(f"/_sandbox/stripe/refunds/{made['id']}", json={"status": "failed"})
    assert again.status_code == 400


def test_what_cannot_be_refunded(merchant: Merchant) -> None:
    session = merchant.session(merchant.customer())
    merchant.submit(session.url, "4000000000000002")
    intent = merchant.whole(session.id).payment_intent
    create = merchant.client.v1.refunds.create
    assert refusal(lambda: create({"payment_intent": intent.id})).http_status == 400
    assert refusal(lambda: create({})).http_status == 400
    disputed = merchant.paid("4000000000000259").payment_intent
    assert refusal(lambda: create({"payment_intent": disputed.id})).code == "charge_disputed"
