"""Hosted payment pages, where a customer pays in person."""

from datetime import datetime
from typing import Any, cast

from django.conf import settings

from billing.payments import wire
from billing.payments.facts import CheckoutFacts

_WHOLE = ["payment_intent.latest_charge", "invoice"]


@wire.classified
def create(
    *,
    top_up_id: str,
    customer_id: str,
    amount_micros: int,
    saves_card: bool,
    success_url: str,
    cancel_url: str,
    expires_at: datetime,
    key: str,
) -> CheckoutFacts:
    """Open a hosted payment page for one purchase of credits.

    The price includes whatever tax there is, so what is paid is what was shown.

    Args:
        saves_card: keep the card for payments without its owner, who has agreed to that.
        key: Stripe's idempotency key; the same one with the same arguments gives the same page.
    """
    metadata = {"top_up": top_up_id}
    intent: dict[str, Any] = {"metadata": metadata, "description": wire.PRODUCT}
    if saves_card:
        intent["setup_future_usage"] = "off_session"
    parameters: dict[str, Any] = {
        "mode": "payment",
        "customer": customer_id,
        "client_reference_id": top_up_id,
        "metadata": metadata,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": wire.CURRENCY,
                    "unit_amount": wire.cents(amount_micros),
                    "tax_behavior": "inclusive",
                    "product_data": {"name": wire.PRODUCT},
                },
            }
        ],
        "payment_intent_data": intent,
        "invoice_creation": {"enabled": True, "invoice_data": {"metadata": metadata}},
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": settings.STRIPE_AUTOMATIC_TAX},
        "allow_promotion_codes": False,
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(expires_at.timestamp()),
        "expand": _WHOLE,
    }
    if settings.STRIPE_AUTOMATIC_TAX:  # the tax depends on where the customer is
        parameters["customer_update"] = {"address": "auto", "name": "auto"}
        parameters["tax_id_collection"] = {"enabled": True}
    session = wire.client().v1.checkout.sessions.create(
        cast(Any, parameters), {"idempotency_key": key}
    )
    return CheckoutFacts.read(session)


@wire.classified
def retrieve(session_id: str) -> CheckoutFacts:
    return CheckoutFacts.read(
        wire.client().v1.checkout.sessions.retrieve(session_id, {"expand": _WHOLE})
    )


def find(customer_id: str, top_up_id: str) -> CheckoutFacts | None:
    """The customer's page for this top-up, when a call that was not answered made one."""
    for session in listed(customer_id=customer_id):
        if session.reference == top_up_id:
            return session
    return None


@wire.classified
def listed(*, customer_id: str = "", since: datetime | None = None) -> list[CheckoutFacts]:
    """Hosted pages, newest first: a customer's, or all since a time."""
    query: dict[str, Any] = {"limit": 100, "expand": [f"data.{part}" for part in _WHOLE]}
    page = wire.client().v1.checkout.sessions.list(
        cast(Any, query | wire.scope(customer_id, since))
    )
    return [CheckoutFacts.read(session) for session in page.auto_paging_iter()]


@wire.classified
def expire(session_id: str) -> None:
    wire.client().v1.checkout.sessions.expire(session_id)
