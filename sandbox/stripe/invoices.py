"""Invoices and their lines: made by Checkout, or by hand."""

from __future__ import annotations

from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe import account, events
from sandbox.stripe.store import Object, new_id, now


def new(state: SandboxState, customer: Object, *, currency: str, **more: Any) -> Object:
    """Make a draft invoice without lines."""
    invoice: Object = {
        "id": new_id("in"),
        "object": "invoice",
        "account_country": "US",
        "account_name": account.NAME,
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": automatic_tax(enabled=False),
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": now(),
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now(),
        "period_start": now(),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
        **more,
    }
    invoice["lines"] = {
        "object": "list",
        "data": [],
        "has_more": False,
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }
    state.stripe.add(invoice)
    events.emit(state, "invoice.created", invoice)
    return invoice


def add_line(
    invoice: Object,
    *,
    amount: int,
    description: str | None,
    quantity: int = 1,
    tax: int = 0,
    inclusive: bool = False,
    item: str | None = None,
    metadata: dict[str, str] | None = None,
) -> None:
    """Add a line of `amount` cents, with `tax` cents on top or (`inclusive`) inside."""
    behavior = "inclusive" if inclusive else "exclusive"
    details = {
        "invoice_item": item or new_id("ii"),
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    taxes = [
        {
            "amount": tax,
            "tax_behavior": behavior,
            "tax_rate_details": None,
            "taxability_reason": "standard_rated",
            "taxable_amount": amount - tax if inclusive else amount,
            "type": "tax_rate_details",
        }
    ]
    line: Object = {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": invoice["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": metadata or {},
        "parent": {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": {"end": now(), "start": now()},
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": None,
        "subtotal": amount,
        "taxes": taxes if tax else [],
    }
    invoice["lines"]["data"].append(line)
    _add_up(invoice)


def finalize(state: SandboxState, invoice: Object) -> None:
    """Number a draft and open it."""
    state.stripe.invoices_numbered += 1
    customer = state.stripe.existing(invoice["customer"])
    prefix = customer.get("invoice_prefix", "SANDBOX")
    page = f"{state.base_url}/stripe/invoices/{invoice['id']}"
    invoice.update(
        status="open",
        number=f"{prefix}-{state.stripe.invoices_numbered:04d}",
        hosted_invoice_url=page,
        invoice_pdf=f"{page}/pdf",
        effective_at=now(),
        ending_balance=0,
    )
    invoice["status_transitions"]["finalized_at"] = now()
    events.emit(state, "invoice.finalized", invoice)
    if invoice["total"] <= 0:
        mark_paid(state, invoice)


def pay_with(state: SandboxState, invoice: Object, intent: Object) -> None:
    """Let a succeeded PaymentIntent pay an open invoice, as far as it goes."""
    paid = min(intent["amount_received"], invoice["amount_remaining"])
    state.stripe.add(
        {
            "id": new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": paid,
            "amount_requested": paid,
            "created": now(),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "paid",
            "status_transitions": {"canceled_at": None, "paid_at": now()},
        }
    )
    invoice["amount_paid"] += paid
    invoice["amount_remaining"] -= paid
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if invoice["amount_remaining"] == 0:
        mark_paid(state, invoice)


def mark_paid(state: SandboxState, invoice: Object) -> None:
    """Close an invoice as paid."""
    invoice.update(status="paid", attempted=True, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = now()
    events.emit(state, "invoice.paid", invoice)
    events.emit(state, "invoice.payment_succeeded", invoice)


def for_session(state: SandboxState, session: Object) -> Object:
    """Make the paid invoice of a Checkout session that asked for one."""
    data = session["invoice_creation"]["invoice_data"]
    invoice = new(
        state,
        state.stripe.existing(session["customer"]),
        currency=session["currency"],
        custom_fields=data["custom_fields"],
        description=data["description"],
        footer=data["footer"],
        metadata=dict(data["metadata"]),
        automatic_tax=automatic_tax(enabled=session["automatic_tax"]["enabled"]),
    )
    for item in state.stripe.line_items[session["id"]]:
        add_line(
            invoice,
            amount=item["amount_subtotal"],
            description=item["description"],
            quantity=item["quantity"],
            tax=item["amount_tax"],
            inclusive=item["price"]["tax_behavior"] == "inclusive",
        )
    finalize(state, invoice)
    pay_with(state, invoice, state.stripe.existing(session["payment_intent"]))
    return invoice


def automatic_tax(*, enabled: bool) -> Object:
    """Return the member `automatic_tax`."""
    return {
        "disabled_reason": None,
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "complete" if enabled else None,
    }


def _add_up(invoice: Object) -> None:
    lines = invoice["lines"]["data"]
    subtotal = sum(one["amount"] for one in lines)
    taxes = [tax for one in lines for tax in one["taxes"]]
    on_top = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    inside = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    total = subtotal + on_top
    due = max(0, total)
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inside,
        total=total,
        total_excluding_tax=subtotal - inside,
        total_taxes=taxes,
        amount_due=due,
        amount_remaining=due - invoice["amount_paid"],
    )
