"""SetupIntents: cards saved without a payment, for Checkout's setup mode and for the portal."""

from __future__ import annotations

from typing import Any, NoReturn

from sandbox.state import SandboxState
from sandbox.stripe import errors, events, methods, payments
from sandbox.stripe.cards import Decline
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import Text
from sandbox.stripe.store import Challenge, Object, new_id, now

_NOT_AUTHENTICATED = Decline(
    "setup_intent_authentication_failure", "", payments.NOT_AUTHENTICATED.message
)


def new(state: SandboxState, *, customer: str | None, **more: Any) -> Object:
    """Make a SetupIntent for later payments without the customer."""
    setup_id = new_id("seti")
    setup: Object = {
        "id": setup_id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{setup_id}_secret_{new_id('x')[2:]}",
        "created": now(),
        "customer": customer,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
        **more,
    }
    state.stripe.add(setup)
    events.emit(state, "setup_intent.created", setup)
    return setup


def attempt(
    state: SandboxState,
    setup: Object,
    method: Object,
    *,
    challenge: Challenge,
    authenticated: bool = False,
) -> None:
    """Try to save `method`; a refusal is recorded, then raised with status 402."""
    card = state.stripe.instruments[method["id"]].card
    setup.update(payment_method=method["id"], last_setup_error=None, next_action=None)
    if card is not None and card.decline is not None and not card.attaches:
        _refuse(state, setup, method, card.decline)
    if card is not None and card.authentication and not authenticated:
        state.stripe.challenges[setup["id"]] = challenge
        url = f"{state.base_url}/stripe/3ds/{setup['id']}"
        action = {"redirect_to_url": {"return_url": None, "url": url}}
        setup.update(status="requires_action", next_action={"type": "redirect_to_url", **action})
        events.emit(state, "setup_intent.requires_action", setup)
        return
    setup["status"] = "succeeded"
    state.stripe.instruments[method["id"]].ready_off_session = True
    if setup["customer"] and method["customer"] is None:
        methods.attach(state, method, setup["customer"])
    events.emit(state, "setup_intent.succeeded", setup)


def refuse_authentication(state: SandboxState, setup: Object) -> None:
    """The cardholder failed the 3-D Secure step."""
    method = state.stripe.existing(setup["payment_method"])
    _record_refusal(state, setup, method, _NOT_AUTHENTICATED)


def _refuse(state: SandboxState, setup: Object, method: Object, decline: Decline) -> NoReturn:
    _record_refusal(state, setup, method, decline)
    error = errors.card_error(
        decline.message, code=decline.code, decline_code=decline.decline_code or None
    )
    error.error["setup_intent"] = dict(setup)
    raise error


def _record_refusal(state: SandboxState, setup: Object, method: Object, decline: Decline) -> None:
    error = {
        "code": decline.code,
        "message": decline.message,
        "payment_method": method,
        "type": "card_error",
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    setup.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_setup_error=error,
    )
    events.emit(state, "setup_intent.setup_failed", setup)


def retrieve(call: Call) -> Object:
    """GET /v1/setup_intents/{}."""
    return call.store.named("seti", call.ids[0], param="intent", in_path=True)


def list_(call: Call) -> Object:
    """GET /v1/setup_intents."""
    found = matching(call.store.all("seti"), call.params, "customer", "payment_method")
    return page(call, found, url="/v1/setup_intents")


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/setup_intents",
        list_,
        listing({"customer": Text(), "payment_method": Text()}),
    ),
    Endpoint("GET", "/v1/setup_intents/{}", retrieve),
)
