"""Charges of a saved card, without the customer being there."""

from datetime import datetime
from typing import Any, cast

from billing.payments import wire
from billing.payments.facts import IntentFacts

_WHOLE = ["latest_charge"]


@wire.classified
def create(
    *, top_up_id: str, customer_id: str, card_id: str, amount_micros: int, key: str
) -> IntentFacts:
    """Prepare a charge of the saved card. Nothing is charged before `confirm`."""
    intent = wire.client().v1.payment_intents.create(
        {
            "amount": wire.cents(amount_micros),
            "currency": wire.CURRENCY,
            "customer": customer_id,
            "payment_method": card_id,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "description": f"{wire.PRODUCT} (auto top-up)",
            "metadata": {"top_up": top_up_id},
            "expand": _WHOLE,
        },
        {"idempotency_key": key},
    )
    return IntentFacts.read(intent)


@wire.classified
def confirm(intent_id: str, *, key: str) -> IntentFacts:
    """Charge. An intent succeeds at most once, however often it is confirmed.

    Raises:
        CardRefused: declined, or the customer has to be there.
    """
    intent = wire.client().v1.payment_intents.confirm(
        intent_id, {"off_session": True, "expand": _WHOLE}, {"idempotency_key": key}
    )
    return IntentFacts.read(intent)


@wire.classified
def cancel(intent_id: str) -> None:
    """So that it cannot be paid any more. Raises PaymentRefused when it has been."""
    wire.client().v1.payment_intents.cancel(intent_id)


@wire.classified
def retrieve(intent_id: str) -> IntentFacts:
    return IntentFacts.read(
        wire.client().v1.payment_intents.retrieve(intent_id, {"expand": _WHOLE})
    )


@wire.classified
def listed(*, customer_id: str = "", since: datetime | None = None) -> list[IntentFacts]:
    """Payments, newest first: a customer's, or all since a time."""
    query: dict[str, Any] = {"limit": 100, "expand": ["data.latest_charge"]}
    page = wire.client().v1.payment_intents.list(cast(Any, query | wire.scope(customer_id, since)))
    return [IntentFacts.read(one) for one in page.auto_paging_iter()]


def find(customer_id: str, top_up_id: str) -> IntentFacts | None:
    """The customer's intent for this top-up, when a call that was not answered made one."""
    for one in listed(customer_id=customer_id):
        if one.top_up_id == top_up_id:
            return one
    return None
