"""The life of a PaymentIntent: attempts, declines, 3-D Secure, delayed bank debits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

from sandbox.state import SandboxState
from sandbox.stripe import cards, charges, disputes, errors, events, methods
from sandbox.stripe.cards import Decline
from sandbox.stripe.store import Challenge, Object, new_id, now

MINIMUM_CENTS = 50
MAXIMUM_CENTS = 99_999_999
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    "",
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again.",
)
_DEBIT_FAILED = Decline(
    "payment_method_provider_decline",
    "insufficient_funds",
    "The customer's account has insufficient funds to cover this payment.",
)

# Called once a delayed payment has ended, with whether it was paid.
Settled = Callable[[bool], None]


def check_amount(amount: int, *, param: str) -> None:
    """Raise the refusal of an amount (cents) that is too small or too large to be charged."""
    if amount < MINIMUM_CENTS:
        raise errors.invalid(
            "The amount must be greater than or equal to the minimum charge amount allowed for "
            "your account and the currency set: at least $0.50 usd",
            param=param,
            code="amount_too_small",
        )
    if amount > MAXIMUM_CENTS:
        raise errors.invalid(
            "The amount must be less than or equal to the maximum charge amount allowed: no more "
            "than $999,999.99",
            param=param,
            code="amount_too_large",
        )


def new_intent(
    state: SandboxState, *, amount: int, currency: str, customer: str | None, **more: Any
) -> Object:
    """Make a PaymentIntent of `amount` cents that waits for a payment method.

    `more` are members that a request gave: description, metadata, receipt_email...
    """
    intent_id = new_id("pi")
    intent: Object = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
        "confirmation_method": "automatic",
        "created": now(),
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        **more,
    }
    state.stripe.add(intent)
    events.emit(state, "payment_intent.created", intent)
    return intent


def attempt(
    state: SandboxState,
    intent: Object,
    method: Object,
    *,
    off_session: bool,
    challenge: Challenge,
    authenticated: bool = False,
    hosted: bool = False,
    settled: Settled | None = None,
) -> None:
    """Try to pay `intent` with `method`; its status tells what came of it.

    Where the cardholder must act, `challenge` waits for that. `hosted` is a payment on our own
    Checkout page, `settled` is called when a delayed one has ended. A decline is recorded, then
    raised as a StripeError with status 402.
    """
    instrument = state.stripe.instruments[method["id"]]
    card = instrument.card
    intent.update(payment_method=method["id"], last_payment_error=None, next_action=None)
    if card is None:
        intent["payment_method_types"] = ["card", "us_bank_account"]
        _process(state, intent, method, fails=instrument.debit_fails, settled=settled)
        return
    ready = authenticated or (
        card.authentication == "unless_ready" and instrument.ready_off_session
    )
    if card.authentication and not ready:
        if off_session:
            _decline(state, intent, method, cards.AUTHENTICATION_REQUIRED)
        _require_action(state, intent, challenge)
        return
    if card.decline is not None and not (hosted and card.attaches):
        _decline(state, intent, method, card.decline)
    charge = charges.new(state, intent, method)
    intent["latest_charge"] = charge["id"]
    charges.succeed(state, charge)
    _succeed(state, intent, method)
    if card.dispute:
        disputes.open_(
            state,
            charge,
            reason="fraudulent",
            status=card.dispute,
            withdraw=not card.dispute.startswith("warning"),
        )


def refuse_authentication(state: SandboxState, intent: Object) -> None:
    """The cardholder failed the 3-D Secure step."""
    method = state.stripe.existing(intent["payment_method"])
    intent["last_payment_error"] = {
        "code": NOT_AUTHENTICATED.code,
        "message": NOT_AUTHENTICATED.message,
        "payment_method": method,
        "type": "card_error",
    }
    intent.update(status="requires_payment_method", payment_method=None, next_action=None)
    events.emit(state, "payment_intent.payment_failed", intent)


def cancel(state: SandboxState, intent: Object, *, reason: str | None) -> None:
    """Cancel a PaymentIntent that has not been paid."""
    intent.update(
        status="canceled", canceled_at=now(), cancellation_reason=reason, next_action=None
    )
    state.stripe.challenges.pop(intent["id"], None)
    events.emit(state, "payment_intent.canceled", intent)


def _require_action(state: SandboxState, intent: Object, challenge: Challenge) -> None:
    state.stripe.challenges[intent["id"]] = challenge
    url = f"{state.base_url}/stripe/3ds/{intent['id']}"
    action = {"redirect_to_url": {"return_url": challenge.return_url, "url": url}}
    intent.update(status="requires_action", next_action={"type": "redirect_to_url", **action})
    events.emit(state, "payment_intent.requires_action", intent)


def _succeed(state: SandboxState, intent: Object, method: Object) -> None:
    intent.update(status="succeeded", amount_received=intent["amount"], processing=None)
    usage = intent["setup_future_usage"]
    if usage and intent["customer"]:
        if usage == "off_session":
            state.stripe.instruments[method["id"]].ready_off_session = True
        if method["customer"] is None:
            methods.attach(state, method, intent["customer"])
    events.emit(state, "payment_intent.succeeded", intent)


def _decline(state: SandboxState, intent: Object, method: Object, decline: Decline) -> NoReturn:
    """Record a refused charge and raise its 402."""
    error = _refuse(state, intent, charges.new(state, intent, method), decline)
    error.error["payment_intent"] = dict(intent)
    raise error


def _refuse(
    state: SandboxState, intent: Object, charge: Object, decline: Decline
) -> errors.StripeError:
    charges.fail(state, charge, decline)
    error = errors.card_error(
        decline.message, code=decline.code, decline_code=decline.decline_code or None
    )
    error.error["charge"] = charge["id"]
    error.error["payment_method"] = state.stripe.existing(charge["payment_method"])
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge["id"],
        last_payment_error=dict(error.error),
        next_action=None,
    )
    events.emit(state, "payment_intent.payment_failed", intent)
    return error


def _process(
    state: SandboxState,
    intent: Object,
    method: Object,
    *,
    fails: bool,
    settled: Settled | None,
) -> None:
    charge = charges.new(state, intent, method)
    intent.update(status="processing", latest_charge=charge["id"])
    events.emit(state, "charge.pending", charge)
    events.emit(state, "payment_intent.processing", intent)

    async def settle() -> None:
        await asyncio.sleep(state.settings.stripe_delayed_seconds)
        if fails:
            _refuse(state, intent, charge, _DEBIT_FAILED)
        else:
            charges.succeed(state, charge)
            _succeed(state, intent, method)
        if settled is not None:
            settled(not fails)

    state.spawn(settle())
