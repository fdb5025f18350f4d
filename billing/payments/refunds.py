"""Money that goes back."""

from datetime import datetime
from typing import Any, cast

from billing.payments import wire
from billing.payments.facts import RefundFacts


@wire.classified
def create(*, refund_id: str, payment_intent_id: str, amount_micros: int, key: str) -> RefundFacts:
    made = wire.client().v1.refunds.create(
        {
            "payment_intent": payment_intent_id,
            "amount": wire.cents(amount_micros),
            "reason": "requested_by_customer",
            "metadata": {"refund": refund_id},
        },
        {"idempotency_key": key},
    )
    return RefundFacts.read(made)


@wire.classified
def retrieve(stripe_id: str) -> RefundFacts:
    return RefundFacts.read(wire.client().v1.refunds.retrieve(stripe_id))


@wire.classified
def listed(*, payment_intent_id: str = "", since: datetime | None = None) -> list[RefundFacts]:
    """Refunds, newest first: of one payment, or all since a time."""
    query: dict[str, Any] = {"limit": 100} | wire.scope("", since)
    if payment_intent_id:
        query["payment_intent"] = payment_intent_id
    page = wire.client().v1.refunds.list(cast(Any, query))
    return [RefundFacts.read(one) for one in page.auto_paging_iter()]
