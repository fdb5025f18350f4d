"""/v1/invoices, /v1/invoiceitems and /v1/invoice_payments."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import errors, events, invoices
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import (
    Array,
    Boolean,
    Choice,
    Group,
    Integer,
    Kind,
    Metadata,
    Text,
    merged_metadata,
)
from sandbox.stripe.store import Object, new_id, now

_STATUSES = Choice(("draft", "open", "paid", "uncollectible", "void"))
_CREATE: dict[str, Kind] = {
    "auto_advance": Boolean(),
    "automatic_tax": Group({"enabled": Boolean()}, ("enabled",)),
    "collection_method": Choice(("charge_automatically", "send_invoice")),
    "currency": Text(3),
    "custom_fields": Array(Group({"name": Text(40), "value": Text(140)}, ("name", "value"))),
    "customer": Text(),
    "days_until_due": Integer(minimum=0),
    "description": Text(1500),
    "footer": Text(),
    "metadata": Metadata(),
    "pending_invoice_items_behavior": Choice(("exclude", "include")),
}
_ITEM: dict[str, Kind] = {
    "amount": Integer(),
    "currency": Text(3),
    "customer": Text(),
    "description": Text(),
    "invoice": Text(),
    "metadata": Metadata(),
    "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
}


def create(call: Call) -> Object:
    """POST /v1/invoices: a draft, without the customer's pending items unless asked for."""
    params = call.params
    customer = call.store.named("cus", params["customer"], param="customer")
    copied = ("auto_advance", "collection_method", "custom_fields", "description", "footer")
    more: dict[str, Any] = {name: params[name] for name in copied if name in params}
    if more.get("collection_method") == "send_invoice":
        if "days_until_due" not in params:
            raise errors.invalid(
                "If invoice collection method is 'send_invoice', you must specify 'due_date' or "
                "'days_until_due'.",
                param="days_until_due",
            )
        more["due_date"] = now() + params["days_until_due"] * 24 * 3600
    invoice = invoices.new(
        call.state,
        customer,
        currency=params.get("currency", "usd").lower(),
        metadata=merged_metadata({}, params.get("metadata")),
        automatic_tax=invoices.automatic_tax(
            enabled=params.get("automatic_tax", {}).get("enabled", False)
        ),
        **more,
    )
    if params.get("pending_invoice_items_behavior") == "include":
        for item in reversed(call.store.all("ii")):
            if item["customer"] == customer["id"] and item["invoice"] is None:
                _put(call, invoice, item)
    return invoice


def create_item(call: Call) -> Object:
    """POST /v1/invoiceitems: a line of the draft `invoice`, or one that waits for the next."""
    params = call.params
    invoice = None
    if "invoice" in params:
        invoice = call.store.named("in", params["invoice"], param="invoice")
        if invoice["status"] != "draft":
            raise errors.unexpected_state("Invoice items can only be added to draft invoices.")
    customer_id = params.get("customer") or (invoice or {}).get("customer")
    if customer_id is None:
        raise errors.invalid(
            "Missing required param: customer.", param="customer", code="parameter_missing"
        )
    call.store.named("cus", customer_id, param="customer")
    if invoice is not None and invoice["customer"] != customer_id:
        raise errors.invalid("The invoice belongs to another customer.", param="invoice")
    item: Object = {
        "id": new_id("ii"),
        "object": "invoiceitem",
        "amount": params["amount"],
        "currency": params.get("currency", "usd").lower(),
        "customer": customer_id,
        "customer_account": None,
        "date": now(),
        "description": params.get("description"),
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "net_amount": params["amount"],
        "parent": None,
        "period": {"end": now(), "start": now()},
        "pricing": None,
        "proration": False,
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": None,
    }
    call.store.add(item)
    events.emit(call.state, "invoiceitem.created", item)
    if invoice is not None:
        _put(call, invoice, item)
    return item


def retrieve(call: Call) -> Object:
    """GET /v1/invoices/{}."""
    return call.store.named("in", call.ids[0], param="invoice", in_path=True)


def update(call: Call) -> Object:
    """POST /v1/invoices/{}."""
    invoice = retrieve(call)
    changed = dict(call.params)
    if "metadata" in changed:
        changed["metadata"] = merged_metadata(invoice["metadata"], changed["metadata"])
    invoice.update(changed)
    events.emit(call.state, "invoice.updated", invoice)
    return invoice


def delete(call: Call) -> Object:
    """DELETE /v1/invoices/{}: a draft only."""
    invoice = retrieve(call)
    _must_be(invoice, "draft", "deleted")
    del call.store.objects["in"][invoice["id"]]
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def finalize(call: Call) -> Object:
    """POST /v1/invoices/{}/finalize."""
    invoice = retrieve(call)
    _must_be(invoice, "draft", "finalized")
    if "auto_advance" in call.params:
        invoice["auto_advance"] = call.params["auto_advance"]
    invoices.finalize(call.state, invoice)
    return invoice


def attach_payment(call: Call) -> Object:
    """POST /v1/invoices/{}/attach_payment: a PaymentIntent that has succeeded pays at once."""
    invoice = retrieve(call)
    _must_be(invoice, "open", "paid")
    intent = call.store.named("pi", call.params["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise errors.unexpected_state(
            "The sandbox attaches only PaymentIntents that have succeeded."
        )
    taken = [one["payment"].get("payment_intent") for one in call.store.all("inpay")]
    if intent["id"] in taken:
        raise errors.unexpected_state("The PaymentIntent is already attached to an invoice.")
    if intent["customer"] != invoice["customer"] or intent["currency"] != invoice["currency"]:
        raise errors.invalid(
            "The PaymentIntent must have the customer and the currency of the invoice.",
            param="payment_intent",
        )
    invoices.pay_with(call.state, invoice, intent)
    return invoice


def void(call: Call) -> Object:
    """POST /v1/invoices/{}/void."""
    invoice = retrieve(call)
    if invoice["status"] != "uncollectible":
        _must_be(invoice, "open", "voided")
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = now()
    events.emit(call.state, "invoice.voided", invoice)
    return invoice


def list_(call: Call) -> Object:
    """GET /v1/invoices."""
    found = matching(call.store.all("in"), call.params, "customer", "status", "collection_method")
    return page(call, found, url="/v1/invoices")


def list_lines(call: Call) -> Object:
    """GET /v1/invoices/{}/lines."""
    lines = retrieve(call)["lines"]
    return page(call, lines["data"], url=lines["url"])


def retrieve_item(call: Call) -> Object:
    """GET /v1/invoiceitems/{}."""
    return call.store.named("ii", call.ids[0], param="invoiceitem", in_path=True)


def list_payments(call: Call) -> Object:
    """GET /v1/invoice_payments, by invoice or by PaymentIntent."""
    found = matching(call.store.all("inpay"), call.params, "invoice", "status")
    wanted = call.params.get("payment", {}).get("payment_intent")
    if wanted is not None:
        found = [one for one in found if one["payment"]["payment_intent"] == wanted]
    return page(call, found, url="/v1/invoice_payments")


def _put(call: Call, invoice: Object, item: Object) -> None:
    if item["currency"] != invoice["currency"]:
        raise errors.invalid(
            f"The currency of the invoice item ({item['currency']}) must match the invoice's "
            f"({invoice['currency']}).",
            param="currency",
        )
    item["invoice"] = invoice["id"]
    behavior = call.params.get("tax_behavior", "unspecified")
    percent = call.state.settings.stripe_tax_percent if invoice["automatic_tax"]["enabled"] else 0
    inclusive = behavior == "inclusive"
    base = 100 + percent if inclusive else 100
    invoices.add_line(
        invoice,
        amount=item["amount"],
        description=item["description"],
        tax=round(item["amount"] * percent / base),
        inclusive=inclusive,
        item=item["id"],
        metadata=dict(item["metadata"]),
    )


def _must_be(invoice: Object, status: str, verb: str) -> None:
    if invoice["status"] != status:
        raise errors.unexpected_state(
            f"This invoice is {invoice['status']}: only {status} invoices can be {verb}.",
            code="invoice_not_editable" if status == "draft" else None,
        )


ENDPOINTS = (
    Endpoint("POST", "/v1/invoices", create, Group(_CREATE, ("customer",))),
    Endpoint(
        "GET",
        "/v1/invoices",
        list_,
        listing({"customer": Text(), "status": _STATUSES, "collection_method": Text()}),
    ),
    Endpoint("GET", "/v1/invoices/{}", retrieve),
    Endpoint(
        "POST",
        "/v1/invoices/{}",
        update,
        Group({"metadata": Metadata(), "description": Text(1500), "auto_advance": Boolean()}),
    ),
    Endpoint("DELETE", "/v1/invoices/{}", delete),
    Endpoint("GET", "/v1/invoices/{}/lines", list_lines, listing(by_creation=False)),
    Endpoint("POST", "/v1/invoices/{}/finalize", finalize, Group({"auto_advance": Boolean()})),
    Endpoint(
        "POST",
        "/v1/invoices/{}/attach_payment",
        attach_payment,
        Group({"payment_intent": Text()}, ("payment_intent",)),
    ),
    Endpoint("POST", "/v1/invoices/{}/void", void),
    Endpoint("POST", "/v1/invoiceitems", create_item, Group(_ITEM, ("amount",))),
    Endpoint("GET", "/v1/invoiceitems/{}", retrieve_item),
    Endpoint(
        "GET",
        "/v1/invoice_payments",
        list_payments,
        listing(
            {
                "invoice": Text(),
                "status": Choice(("canceled", "open", "paid")),
                "payment": Group(
                    {"type": Choice(("payment_intent",)), "payment_intent": Text()}, ("type",)
                ),
            }
        ),
    ),
)
