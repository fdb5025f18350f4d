"""Charges: the attempts to take money for a PaymentIntent."""

from __future__ import annotations

from sandbox.state import SandboxState
from sandbox.stripe import balance, errors, events
from sandbox.stripe.cards import Decline
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import Group, Metadata, Text, merged_metadata
from sandbox.stripe.store import Object, new_id, now

_CARD_DETAILS = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
_BANK_DETAILS = ("account_holder_type", "account_type", "bank_name", "fingerprint")


def new(state: SandboxState, intent: Object, method: Object) -> Object:
    """Make a pending charge for `intent`; `succeed` or `fail` ends it."""
    charge_id = new_id("ch")
    charge: Object = {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": dict(method["billing_details"]),
        "calculated_statement_descriptor": "SANDBOX",
        "captured": False,
        "created": now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }
    return state.stripe.add(charge)


def succeed(state: SandboxState, charge: Object) -> None:
    """The money was taken."""
    booked = balance.record(
        state,
        type_="charge",
        reporting_category="charge",
        amount=charge["amount"],
        fee=balance.charge_fee_cents(charge["amount"]),
        source=charge,
        description=charge["description"],
    )
    charge.update(
        amount_captured=charge["amount"],
        balance_transaction=booked["id"],
        captured=True,
        outcome=_outcome("authorized", "approved_by_network", "Payment complete."),
        paid=True,
        receipt_url=f"{state.base_url}/stripe/receipts/{charge['id']}",
        status="succeeded",
    )
    events.emit(state, "charge.succeeded", charge)


def fail(state: SandboxState, charge: Object, decline: Decline) -> None:
    """The money was refused."""
    charge.update(
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=_outcome(
            "issuer_declined",
            "declined_by_network",
            "The bank did not return any further details with this decline.",
            reason=decline.decline_code,
        ),
        status="failed",
    )
    events.emit(state, "charge.failed", charge)


def of_request(call: Call) -> Object:
    """Return the charge that `charge` or `payment_intent` of a request names, or raise."""
    params = call.params
    if "charge" in params:
        return call.store.named("ch", params["charge"], param="charge")
    if "payment_intent" not in params:
        raise errors.invalid(
            "One of the following params should be provided for this request: payment_intent or "
            "charge."
        )
    return of_intent(call.state, params["payment_intent"])


def of_intent(state: SandboxState, intent_id: str) -> Object:
    """Return the charge that paid, or is to pay, a PaymentIntent; raises where there is none."""
    intent = state.stripe.named("pi", intent_id, param="payment_intent")
    charge = state.stripe.get("ch", intent["latest_charge"])
    if charge is None or charge["status"] == "failed":
        raise errors.unexpected_state(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
    return charge


def retrieve(call: Call) -> Object:
    """GET /v1/charges/{}."""
    return call.store.named("ch", call.ids[0], param="id", in_path=True)


def update(call: Call) -> Object:
    """POST /v1/charges/{}."""
    charge = retrieve(call)
    if "metadata" in call.params:
        charge["metadata"] = merged_metadata(charge["metadata"], call.params["metadata"])
    if "description" in call.params:
        charge["description"] = call.params["description"]
    events.emit(call.state, "charge.updated", charge)
    return charge


def list_(call: Call) -> Object:
    """GET /v1/charges."""
    found = matching(call.store.all("ch"), call.params, "customer", "payment_intent")
    return page(call, found, url="/v1/charges")


def _details(method: Object) -> Object:
    type_ = method["type"]
    source = method[type_]
    if type_ != "card":
        details = {name: source[name] for name in (*_BANK_DETAILS, "last4", "routing_number")}
        return {"type": type_, type_: {**details, "payment_reference": None}}
    details = {name: source[name] for name in (*_CARD_DETAILS, "last4", "regulated_status")}
    more = {"network": source["brand"], "three_d_secure": None, "wallet": None, "mandate": None}
    return {"type": type_, type_: {**details, **more, "installments": None}}


def _outcome(type_: str, network_status: str, message: str, *, reason: str | None = None) -> Object:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": message,
        "type": type_,
    }


ENDPOINTS = (
    Endpoint("GET", "/v1/charges", list_, listing({"customer": Text(), "payment_intent": Text()})),
    Endpoint("GET", "/v1/charges/{}", retrieve),
    Endpoint(
        "POST",
        "/v1/charges/{}",
        update,
        Group({"metadata": Metadata(), "description": Text(clearable=True)}),
    ),
)
