"""Customers."""

from __future__ import annotations

from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe import errors, events
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import (
    ADDRESS,
    Array,
    Choice,
    Email,
    Group,
    Kind,
    Metadata,
    Text,
    merged_metadata,
)
from sandbox.stripe.store import Object, new_id, now

_TAKES: dict[str, Kind] = {
    "address": ADDRESS,
    "business_name": Text(150, clearable=True),
    "description": Text(clearable=True),
    "email": Email(clearable=True),
    "individual_name": Text(150, clearable=True),
    "invoice_settings": Group({"default_payment_method": Text(clearable=True)}),
    "metadata": Metadata(),
    "name": Text(256, clearable=True),
    "phone": Text(20, clearable=True),
    "preferred_locales": Array(Text()),
    "tax": Group({"validate_location": Choice(("deferred", "immediately"))}),
    "tax_exempt": Choice(("exempt", "none", "reverse")),
}


def create(call: Call) -> Object:
    """POST /v1/customers."""
    return new(call.state, call.params)


def new(state: SandboxState, params: dict[str, Any]) -> Object:
    """Make a customer from the parameters of a create request."""
    customer_id = new_id("cus")
    customer: Object = {
        "id": customer_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": customer_id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _change(state, customer, params)
    state.stripe.add(customer)
    events.emit(state, "customer.created", customer)
    return customer


def retrieve(call: Call) -> Object:
    """GET /v1/customers/{}; a deleted one answers that it is."""
    customer = call.store.get("cus", call.ids[0])
    return customer or call.store.named("cus", call.ids[0], param="id", in_path=True)


def update(call: Call) -> Object:
    """POST /v1/customers/{}."""
    customer = call.store.named("cus", call.ids[0], param="id", in_path=True)
    _change(call.state, customer, call.params)
    events.emit(call.state, "customer.updated", customer)
    return customer


def delete(call: Call) -> Object:
    """DELETE /v1/customers/{}: its cards are detached."""
    store = call.store
    customer = store.named("cus", call.ids[0], param="id", in_path=True)
    for method in store.all("pm"):
        if method["customer"] == customer["id"]:
            method["customer"] = None
    customer_id = customer["id"]
    customer.clear()
    customer.update({"id": customer_id, "object": "customer", "deleted": True})
    events.emit(call.state, "customer.deleted", customer)
    return customer


def list_(call: Call) -> Object:
    """GET /v1/customers."""
    living = [one for one in call.store.all("cus") if not one.get("deleted")]
    return page(call, matching(living, call.params, "email"), url="/v1/customers")


def set_default_method(state: SandboxState, customer: Object, method_id: str | None) -> None:
    """Make a payment method the customer's default for invoices, or none."""
    customer["invoice_settings"]["default_payment_method"] = method_id
    events.emit(state, "customer.updated", customer)


def _change(state: SandboxState, customer: Object, params: dict[str, Any]) -> None:
    changed = dict(params)
    settings = changed.pop("invoice_settings", {})
    changed.pop("tax", None)
    if "default_payment_method" in settings:
        method_id = settings["default_payment_method"]
        if method_id is not None:
            name = "invoice_settings[default_payment_method]"
            method = state.stripe.named("pm", method_id, param=name)
            if method["customer"] != customer["id"]:
                raise not_attached(method_id, param=name)
        customer["invoice_settings"]["default_payment_method"] = method_id
    if "metadata" in changed:
        changed["metadata"] = merged_metadata(customer["metadata"], changed["metadata"])
    customer.update(changed)


def not_attached(method_id: str, *, param: str) -> Exception:
    """Return the refusal of a payment method that is not this customer's."""
    return errors.invalid(
        f"The customer does not have a payment method with the ID {method_id}. The payment method "
        "must be attached to the customer.",
        param=param,
        code="resource_missing",
    )


ENDPOINTS = (
    Endpoint("POST", "/v1/customers", create, Group(_TAKES)),
    Endpoint("GET", "/v1/customers", list_, listing({"email": Text()})),
    Endpoint("GET", "/v1/customers/{}", retrieve),
    Endpoint("POST", "/v1/customers/{}", update, Group(_TAKES)),
    Endpoint("DELETE", "/v1/customers/{}", delete),
)
