"""Payment methods: saved cards and bank accounts."""

from __future__ import annotations

from sandbox.state import SandboxState
from sandbox.stripe import cards, customers, errors, events
from sandbox.stripe.cards import TypedCard
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import Choice, Group, Metadata, Text, merged_metadata
from sandbox.stripe.store import Instrument, Object, new_id, now

_TYPE = Choice(("card", "us_bank_account"))
_REDISPLAY = Choice(("always", "limited", "unspecified"))


def from_card(
    state: SandboxState, typed: TypedCard, *, name: str | None, email: str | None
) -> Object:
    """Make a payment method of a typed card, attached to nobody."""
    method = _new(state, "card", name=name, email=email)
    card = typed.card
    method["card"] = {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": card.brand,
        "exp_month": typed.exp_month,
        "exp_year": typed.exp_year,
        "fingerprint": card.fingerprint,
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    state.stripe.instruments[method["id"]] = Instrument(card=card)
    return method


def from_bank_account(
    state: SandboxState, *, fails: bool, name: str | None, email: str | None
) -> Object:
    """Make a payment method of a bank account whose debits settle, or fail, later."""
    method = _new(state, "us_bank_account", name=name, email=email)
    last4 = "1116" if fails else "6789"
    method["us_bank_account"] = {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": f"bank{last4}",
        "last4": last4,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": None,
    }
    state.stripe.instruments[method["id"]] = Instrument(debit_fails=fails)
    return method


def resolved(state: SandboxState, method_id: str, *, param: str) -> Object:
    """Return the payment method that a request names: an id, or a test token like `pm_card_visa`.

    Raises StripeError when there is none.
    """
    card = cards.BY_TOKEN.get(method_id)
    if card is not None:
        return from_card(state, TypedCard(card, 12, 2040), name=None, email=None)
    return state.stripe.named("pm", method_id, param=param)


def attach(state: SandboxState, method: Object, customer_id: str) -> None:
    """Save a payment method for a customer."""
    method["customer"] = customer_id
    events.emit(state, "payment_method.attached", method)


def detach(state: SandboxState, method: Object) -> None:
    """Take a payment method from its customer, for good."""
    customer = state.stripe.get("cus", method["customer"])
    method["customer"] = None
    if customer and customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customers.set_default_method(state, customer, None)
    events.emit(state, "payment_method.detached", method)


def saved(state: SandboxState, customer_id: str | None) -> list[Object]:
    """Return a customer's payment methods, newest first."""
    if customer_id is None:
        return []
    return [one for one in state.stripe.all("pm") if one["customer"] == customer_id]


def retrieve(call: Call) -> Object:
    """GET /v1/payment_methods/{}."""
    return call.store.named("pm", call.ids[0], param="payment_method", in_path=True)


def update(call: Call) -> Object:
    """POST /v1/payment_methods/{}."""
    method = retrieve(call)
    if "metadata" in call.params:
        method["metadata"] = merged_metadata(method["metadata"], call.params["metadata"])
    if "allow_redisplay" in call.params:
        method["allow_redisplay"] = call.params["allow_redisplay"]
    return method


def attach_by_request(call: Call) -> Object:
    """POST /v1/payment_methods/{}/attach: a card that is declined at once cannot be saved."""
    customer = call.store.named("cus", call.params["customer"], param="customer")
    if call.ids[0] not in cards.BY_TOKEN:
        retrieve(call)
    method = resolved(call.state, call.ids[0], param="payment_method")
    if method["customer"] not in (None, customer["id"]):
        raise errors.unexpected_state(
            "The payment method you provided has already been attached to a customer."
        )
    card = call.store.instruments[method["id"]].card
    if card is not None and card.decline is not None and not card.attaches:
        decline = card.decline
        raise errors.card_error(
            decline.message, code=decline.code, decline_code=decline.decline_code
        )
    attach(call.state, method, customer["id"])
    return method


def detach_by_request(call: Call) -> Object:
    """POST /v1/payment_methods/{}/detach."""
    method = retrieve(call)
    if method["customer"] is None:
        raise errors.unexpected_state(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    detach(call.state, method)
    return method


def list_(call: Call) -> Object:
    """GET /v1/payment_methods?customer=..."""
    call.store.named("cus", call.params["customer"], param="customer")
    found = matching(saved(call.state, call.params["customer"]), call.params, "type")
    return page(call, found, url="/v1/payment_methods")


def list_of_customer(call: Call) -> Object:
    """GET /v1/customers/{}/payment_methods."""
    customer = call.store.named("cus", call.ids[0], param="customer", in_path=True)
    found = matching(saved(call.state, customer["id"]), call.params, "type", "allow_redisplay")
    return page(call, found, url=f"/v1/customers/{customer['id']}/payment_methods")


def retrieve_of_customer(call: Call) -> Object:
    """GET /v1/customers/{}/payment_methods/{}."""
    method = call.store.named("pm", call.ids[1], param="payment_method", in_path=True)
    if method["customer"] != call.ids[0]:
        raise errors.missing("payment_method", call.ids[1], param="payment_method", in_path=True)
    return method


def _new(state: SandboxState, type_: str, *, name: str | None, email: str | None) -> Object:
    return state.stripe.add(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": {
                    "city": None,
                    "country": "US",
                    "line1": None,
                    "line2": None,
                    "postal_code": None,
                    "state": None,
                },
                "email": email,
                "name": name,
                "phone": None,
                "tax_id": None,
            },
            "created": now(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": {},
            "type": type_,
        }
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/payment_methods",
        list_,
        listing({"customer": Text(), "type": _TYPE}, required=("customer",), by_creation=False),
    ),
    Endpoint("GET", "/v1/payment_methods/{}", retrieve),
    Endpoint(
        "POST",
        "/v1/payment_methods/{}",
        update,
        Group({"metadata": Metadata(), "allow_redisplay": _REDISPLAY}),
    ),
    Endpoint(
        "POST",
        "/v1/payment_methods/{}/attach",
        attach_by_request,
        Group({"customer": Text()}, ("customer",)),
    ),
    Endpoint("POST", "/v1/payment_methods/{}/detach", detach_by_request),
    Endpoint(
        "GET",
        "/v1/customers/{}/payment_methods",
        list_of_customer,
        listing({"type": _TYPE, "allow_redisplay": _REDISPLAY}, by_creation=False),
    ),
    Endpoint("GET", "/v1/customers/{}/payment_methods/{}", retrieve_of_customer),
)
