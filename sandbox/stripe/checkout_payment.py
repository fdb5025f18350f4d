"""What the hosted page does for a session: pays it, or saves its card."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.state import SandboxState
from sandbox.stripe import customers, events, invoices, methods, payments, setups
from sandbox.stripe.store import Challenge, Object


@dataclass(frozen=True)
class Payer:
    """What the person typed beside the card."""

    email: str | None
    name: str | None


def submit(
    state: SandboxState, session: Object, method: Object, payer: Payer, *, save: bool
) -> str | None:
    """Pay the open `session` with `method`, or save it in setup mode.

    Returns the address of the 3-D Secure step where one is needed, else None: then the session is
    complete. Raises StripeError with status 402 for a declined card; the session stays open.
    """
    _remember(state, session, payer)
    challenge = Challenge(method=method["id"], session=session["id"], save=save)
    return _attempt(state, session, method, challenge, authenticated=False)


def authenticated(state: SandboxState, session: Object, challenge: Challenge) -> None:
    """Go on after a passed 3-D Secure step; raises as `submit` does."""
    method = state.stripe.existing(challenge.method)
    _attempt(state, session, method, challenge, authenticated=True)


def keeps_card(session: Object, params: dict[str, object]) -> bool:
    """Whether a new card is saved whatever the customer ticks."""
    data = params.get("payment_intent_data")
    usage = data.get("setup_future_usage") if isinstance(data, dict) else None
    return session["mode"] == "setup" or usage is not None


def _attempt(
    state: SandboxState,
    session: Object,
    method: Object,
    challenge: Challenge,
    *,
    authenticated: bool,
) -> str | None:
    if session["mode"] == "setup":
        intent = _setup(state, session)
        setups.attempt(state, intent, method, challenge=challenge, authenticated=authenticated)
    else:
        intent = _intent(state, session)
        payments.attempt(
            state,
            intent,
            method,
            off_session=False,
            challenge=challenge,
            authenticated=authenticated,
            hosted=True,
            settled=lambda paid: _settle(state, session, paid=paid),
        )
    if intent["status"] == "requires_action":
        return str(intent["next_action"]["redirect_to_url"]["url"])
    if challenge.save and session["customer"]:
        method["allow_redisplay"] = "always"
        if method["customer"] is None:
            methods.attach(state, method, session["customer"])
    _complete(state, session, intent)
    return None


def _complete(state: SandboxState, session: Object, intent: Object) -> None:
    session.update(status="complete", url=None)
    if session["mode"] == "payment" and intent["status"] == "succeeded":
        _paid(state, session)
    events.emit(state, "checkout.session.completed", session)


def _settle(state: SandboxState, session: Object, *, paid: bool) -> None:
    """A delayed payment has ended."""
    if paid:
        _paid(state, session)
    outcome = "succeeded" if paid else "failed"
    events.emit(state, f"checkout.session.async_payment_{outcome}", session)


def _paid(state: SandboxState, session: Object) -> None:
    session["payment_status"] = "paid"
    if session["invoice_creation"]["enabled"]:
        session["invoice"] = invoices.for_session(state, session)["id"]


def _remember(state: SandboxState, session: Object, payer: Payer) -> None:
    """Take over who pays, and make the customer where the session asks for one."""
    customer = state.stripe.get("cus", session["customer"])
    email = payer.email or session["customer_email"]
    wants_customer = (
        session["customer_creation"] == "always"
        or keeps_card(session, state.stripe.session_params[session["id"]])
        or bool(session["invoice_creation"] and session["invoice_creation"]["enabled"])
    )
    if customer is None and wants_customer:
        customer = customers.new(state, {"email": email, "name": payer.name})
        session["customer"] = customer["id"]
    session["customer_details"] = {
        "address": {
            "city": None,
            "country": "US",
            "line1": None,
            "line2": None,
            "postal_code": None,
            "state": None,
        },
        "business_name": None,
        "email": (customer or {}).get("email") or email,
        "individual_name": None,
        "name": payer.name or (customer or {}).get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _intent(state: SandboxState, session: Object) -> Object:
    """Return the session's PaymentIntent, made at the first attempt as Stripe does."""
    intent = state.stripe.get("pi", session["payment_intent"])
    if intent is None:
        data = state.stripe.session_params[session["id"]].get("payment_intent_data", {})
        more = {**data, "metadata": dict(data.get("metadata") or {})}
        intent = payments.new_intent(
            state,
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            **{"automatic_payment_methods": None, **more},
        )
        session["payment_intent"] = intent["id"]
    return intent


def _setup(state: SandboxState, session: Object) -> Object:
    setup = state.stripe.get("seti", session["setup_intent"])
    if setup is None:
        data = state.stripe.session_params[session["id"]].get("setup_intent_data", {})
        more = {**data, "metadata": dict(data.get("metadata") or {})}
        setup = setups.new(state, customer=session["customer"], **more)
        session["setup_intent"] = setup["id"]
    return setup
