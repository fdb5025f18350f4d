"""`/stripe/3ds/{id}`: where the cardholder's bank asks for 3-D Secure."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from sandbox import state as sandbox_state
from sandbox.state import SandboxState
from sandbox.stripe import (
    checkout_pages,
    checkout_payment,
    customers,
    page_layout,
    payments,
    portal_pages,
    setups,
)
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Challenge, Object, prefix_of


async def show(request: Request) -> Response:
    """GET: the question."""
    state = sandbox_state.of(request)
    intent_id = request.path_params["intent_id"]
    challenge = state.stripe.challenges.get(intent_id)
    if challenge is None:
        return _nothing_to_do()
    intent = state.stripe.existing(intent_id)
    what = "save your card"
    if prefix_of(intent_id) == "pi":
        what = f"pay {page_layout.money(intent['amount'], intent['currency'])}"
    method = page_layout.described(state.stripe.existing(challenge.method))
    body = (
        '<div class="card"><h2>3-D Secure authentication</h2>'
        f"<p>Your bank asks whether it is really you who wants to {escape(what)} with "
        f"{escape(method)}.</p>"
        f'<form method="post" class="row"><button class="primary" name="outcome" '
        'value="complete">Complete</button>'
        '<button name="outcome" value="fail">Fail authentication</button></form></div>'
    )
    return page_layout.document("3-D Secure", body, narrow=True)


async def answer(request: Request) -> Response:
    """POST `outcome=complete` or `outcome=fail`."""
    state = sandbox_state.of(request)
    intent_id = request.path_params["intent_id"]
    passed = (await page_layout.form_of(request)).get("outcome") == "complete"
    challenge = state.stripe.challenges.pop(intent_id, None)
    if challenge is None:
        return _nothing_to_do()
    intent = state.stripe.existing(intent_id)
    if challenge.session is not None:
        session = state.stripe.existing(challenge.session)
        return _session_goes_on(state, session, intent, challenge, passed=passed)
    if challenge.portal is not None:
        return _portal_goes_on(state, intent, challenge, passed=passed)
    return _intent_goes_on(state, intent, challenge, passed=passed)


def _session_goes_on(
    state: SandboxState, session: Object, intent: Object, challenge: Challenge, *, passed: bool
) -> Response:
    back = f"/stripe/checkout/{session['id']}"
    if session["status"] != "open":
        return page_layout.see_other(back)
    if not passed:
        _refuse(state, intent)
        return page_layout.see_other(back)
    try:
        checkout_payment.authenticated(state, session, challenge)
    except StripeError:
        # The page shows the refusal, which is recorded.
        return page_layout.see_other(back)
    return page_layout.see_other(checkout_pages.success_url(session))


def _portal_goes_on(
    state: SandboxState, setup: Object, challenge: Challenge, *, passed: bool
) -> Response:
    portal = state.stripe.existing(challenge.portal or "")
    if not passed:
        _refuse(state, setup)
        return page_layout.see_other(f"/stripe/portal/{portal['id']}/cards/new?failed=1")
    method = state.stripe.existing(challenge.method)
    setups.attempt(state, setup, method, challenge=challenge, authenticated=True)
    if challenge.make_default:
        customer = state.stripe.existing(portal["customer"])
        customers.set_default_method(state, customer, method["id"])
    return page_layout.see_other(portal_pages.after_adding(portal))


def _intent_goes_on(
    state: SandboxState, intent: Object, challenge: Challenge, *, passed: bool
) -> Response:
    """Go on with a PaymentIntent that was confirmed through the API."""
    if not passed:
        _refuse(state, intent)
    else:
        method = state.stripe.existing(challenge.method)
        try:
            payments.attempt(
                state, intent, method, off_session=False, challenge=challenge, authenticated=True
            )
        except StripeError:
            passed = False
    if challenge.return_url is None:
        return page_layout.notice("Thank you", "You may close this page.")
    query = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if passed else "failed",
        }
    )
    mark = "&" if "?" in challenge.return_url else "?"
    return page_layout.see_other(f"{challenge.return_url}{mark}{query}")


def _refuse(state: SandboxState, intent: Object) -> None:
    if prefix_of(intent["id"]) == "pi":
        payments.refuse_authentication(state, intent)
    else:
        setups.refuse_authentication(state, intent)


def _nothing_to_do() -> Response:
    return page_layout.notice(
        "There is nothing to authenticate", "This step is over already.", status=404
    )
