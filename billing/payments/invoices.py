"""Invoices for payments that were made without a hosted page."""

from typing import Any, cast

from django.conf import settings

from billing.payments import wire
from billing.payments.facts import InvoiceFacts


@wire.classified
def create(*, top_up_id: str, customer_id: str, key: str) -> InvoiceFacts:
    """A draft, for a payment that has been made without a hosted page."""
    parameters: dict[str, Any] = {
        "customer": customer_id,
        "currency": wire.CURRENCY,
        "auto_advance": False,
        "collection_method": "charge_automatically",
        "pending_invoice_items_behavior": "exclude",
        "automatic_tax": {"enabled": settings.STRIPE_AUTOMATIC_TAX},
        "metadata": {"top_up": top_up_id},
    }
    made = wire.client().v1.invoices.create(cast(Any, parameters), {"idempotency_key": key})
    return InvoiceFacts.read(made)


@wire.classified
def complete(
    invoice_id: str, *, customer_id: str, amount_micros: int, intent_id: str, key: str
) -> InvoiceFacts:
    """Fill a draft with its one line, finalize it, and credit the payment to it."""
    calls = wire.client().v1
    made = calls.invoices.retrieve(invoice_id)
    if made.status == "draft":
        calls.invoice_items.create(
            {
                "customer": customer_id,
                "invoice": invoice_id,
                "currency": wire.CURRENCY,
                "amount": wire.cents(amount_micros),
                "tax_behavior": "inclusive",
                "description": wire.PRODUCT,
            },
            {"idempotency_key": f"{key}:item"},
        )
        made = calls.invoices.finalize_invoice(invoice_id, {"auto_advance": False})
    if made.status == "open":
        made = calls.invoices.attach_payment(invoice_id, {"payment_intent": intent_id})
    return InvoiceFacts.read(made)
