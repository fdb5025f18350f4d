"""/v1/payment_intents."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import errors, methods, payments
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import (
    Array,
    Boolean,
    Choice,
    Email,
    Group,
    Integer,
    Kind,
    Metadata,
    Text,
    Url,
    merged_metadata,
)
from sandbox.stripe.store import Challenge, Object

_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_USAGE = Choice(("off_session", "on_session"))
_CHANGEABLE: dict[str, Kind] = {
    "description": Text(1000, clearable=True),
    "metadata": Metadata(),
    "receipt_email": Email(clearable=True),
    "setup_future_usage": _USAGE,
    "statement_descriptor": Text(22),
    "statement_descriptor_suffix": Text(22),
}
_CONFIRM: dict[str, Kind] = {
    "error_on_requires_action": Boolean(),
    "off_session": Boolean(),
    "payment_method": Text(),
    "receipt_email": Email(clearable=True),
    "return_url": Url(),
    "setup_future_usage": _USAGE,
    "use_stripe_sdk": Boolean(),
}
_CREATE: dict[str, Kind] = {
    **_CHANGEABLE,
    **_CONFIRM,
    "amount": Integer(),
    "automatic_payment_methods": Group(
        {"enabled": Boolean(), "allow_redirects": Choice(("always", "never"))}, ("enabled",)
    ),
    "capture_method": Choice(("automatic", "automatic_async")),
    "confirm": Boolean(),
    "confirmation_method": Choice(("automatic", "manual")),
    "currency": Text(3),
    "customer": Text(),
    "payment_method_types": Array(Text()),
}
# Members that a create request sets as they are.
_COPIED = (
    "automatic_payment_methods",
    "capture_method",
    "confirmation_method",
    "description",
    "metadata",
    "payment_method_types",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
)


def create(call: Call) -> Object:
    """POST /v1/payment_intents."""
    params = call.params
    payments.check_amount(params["amount"], param="amount")
    for name in ("off_session", "error_on_requires_action"):
        if params.get(name) and not params.get("confirm"):
            raise errors.invalid(
                f"You cannot provide `{name}` when `confirm` is not `true`.", param=name
            )
    if "customer" in params:
        call.store.named("cus", params["customer"], param="customer")
    method = _method(call, params.get("customer"))
    more: dict[str, Any] = {name: params[name] for name in _COPIED if name in params}
    more["metadata"] = merged_metadata({}, more.get("metadata"))
    more.setdefault("automatic_payment_methods", {"allow_redirects": "always", "enabled": True})
    more["automatic_payment_methods"].setdefault("allow_redirects", "always")
    if "payment_method_types" in params:
        more["automatic_payment_methods"] = None
    intent = payments.new_intent(
        call.state,
        amount=params["amount"],
        currency=params["currency"].lower(),
        customer=params.get("customer"),
        **more,
    )
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    if params.get("confirm"):
        _confirm(call, intent)
    return intent


def confirm(call: Call) -> Object:
    """POST /v1/payment_intents/{}/confirm."""
    intent = retrieve(call)
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, "confirm")
    method = _method(call, intent["customer"])
    if method is not None:
        intent["payment_method"] = method["id"]
    for name in ("receipt_email", "setup_future_usage"):
        if name in call.params:
            intent[name] = call.params[name]
    _confirm(call, intent)
    return intent


def cancel(call: Call) -> Object:
    """POST /v1/payment_intents/{}/cancel."""
    intent = retrieve(call)
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, "cancel")
    payments.cancel(call.state, intent, reason=call.params.get("cancellation_reason"))
    return intent


def retrieve(call: Call) -> Object:
    """GET /v1/payment_intents/{}."""
    return call.store.named("pi", call.ids[0], param="intent", in_path=True)


def update(call: Call) -> Object:
    """POST /v1/payment_intents/{}."""
    intent = retrieve(call)
    changed = dict(call.params)
    if "metadata" in changed:
        changed["metadata"] = merged_metadata(intent["metadata"], changed["metadata"])
    intent.update(changed)
    return intent


def list_(call: Call) -> Object:
    """GET /v1/payment_intents."""
    found = matching(call.store.all("pi"), call.params, "customer")
    return page(call, found, url="/v1/payment_intents")


def _confirm(call: Call, intent: Object) -> None:
    params = call.params
    if intent["payment_method"] is None:
        raise errors.unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
            payment_intent=dict(intent),
        )
    payments.attempt(
        call.state,
        intent,
        call.store.existing(intent["payment_method"]),
        off_session=params.get("off_session", False)
        or params.get("error_on_requires_action", False),
        challenge=Challenge(method=intent["payment_method"], return_url=params.get("return_url")),
    )


def _method(call: Call, customer_id: str | None) -> Object | None:
    """Return the payment method that the request names, which must not be someone else's."""
    if "payment_method" not in call.params:
        return None
    method = methods.resolved(call.state, call.params["payment_method"], param="payment_method")
    if method["customer"] not in (None, customer_id):
        raise errors.invalid(
            f"The PaymentMethod {method['id']} belongs to a customer. Please include the customer "
            "in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    return method


def _unexpected(intent: Object, verb: str) -> errors.StripeError:
    if verb == "confirm" and intent["status"] == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being "
            "previously confirmed."
        )
    else:
        message = (
            f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. "
            f"Only a PaymentIntent with one of the following statuses may be {verb}ed: "
            f"{', '.join(_OPEN)}."
        )
    return errors.unexpected_state(
        message, code="payment_intent_unexpected_state", payment_intent=dict(intent)
    )


ENDPOINTS = (
    Endpoint("POST", "/v1/payment_intents", create, Group(_CREATE, ("amount", "currency"))),
    Endpoint("GET", "/v1/payment_intents", list_, listing({"customer": Text()})),
    Endpoint("GET", "/v1/payment_intents/{}", retrieve),
    Endpoint("POST", "/v1/payment_intents/{}", update, Group(_CHANGEABLE)),
    Endpoint("POST", "/v1/payment_intents/{}/confirm", confirm, Group(_CONFIRM)),
    Endpoint(
        "POST",
        "/v1/payment_intents/{}/cancel",
        cancel,
        Group({"cancellation_reason": Choice(_REASONS)}),
    ),
)
