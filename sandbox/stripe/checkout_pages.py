"""`/stripe/checkout/{id}`: the page on which a customer pays."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from sandbox import state as sandbox_state
from sandbox.state import SandboxState
from sandbox.stripe import account, card_form, checkout_payment, methods, page_layout
from sandbox.stripe.card_form import Filled
from sandbox.stripe.checkout_payment import Payer
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Object

_DEBITS = {
    "bank_debit": ("Bank debit (settles later)", False),
    "bank_debit_fails": ("Bank debit (fails later)", True),
}


async def show(request: Request) -> Response:
    """GET: the form, or what became of the session."""
    state = sandbox_state.of(request)
    session = state.stripe.get("cs", request.path_params["session_id"])
    if session is None or session["status"] != "open":
        return closed(session)
    filled = card_form.preset(
        request.query_params.get("card"), name=_customer(state, session, "name")
    )
    refusal = last_refusal(state, session)
    if refusal and "card" not in request.query_params:
        filled.alert = refusal
    return _form(state, session, filled)


async def pay(request: Request) -> Response:
    """POST: pay, and go on to the platform, to 3-D Secure, or back to the form."""
    state = sandbox_state.of(request)
    session = state.stripe.get("cs", request.path_params["session_id"])
    filled = Filled(await page_layout.form_of(request))
    if session is not None and session["status"] == "complete":
        # A second press of the button.
        return page_layout.see_other(success_url(session))
    if session is None or session["status"] != "open":
        return closed(session)
    email = _email(state, session) or filled.values.get("email", "").strip()
    if "@" not in email:
        filled.problems["email"] = filled.alert = "Your email is incomplete."
        return _form(state, session, filled)
    payer = Payer(email=email, name=filled.values.get("name", "").strip() or None)
    method = _method(state, session, filled, payer)
    if method is None:
        return _form(state, session, filled)
    save = _may_save(session) and "save" in filled.values
    try:
        challenge = checkout_payment.submit(state, session, method, payer, save=save)
    except StripeError as error:
        filled.alert = error.message
        for name in ("number", "expiry", "cvc"):
            filled.values.pop(name, None)
        return _form(state, session, filled)
    return page_layout.see_other(challenge or success_url(session))


def success_url(session: Object) -> str:
    """Return where the browser goes after success."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def closed(session: Object | None) -> Response:
    """Return the page for a session that cannot be paid."""
    if session is None:
        return page_layout.notice(
            "There is no such Checkout session",
            "The address is wrong, or the sandbox was restarted: it keeps everything in memory.",
            status=404,
        )
    if session["status"] == "complete":
        return page_layout.notice(
            "You have already paid" if session["mode"] == "payment" else "Your card was saved",
            "This Checkout session is complete.",
            back=success_url(session),
        )
    return page_layout.notice(
        "This Checkout session has expired",
        "Nothing was charged. Go back and begin again.",
        back=session["cancel_url"],
        status=410,
    )


def last_refusal(state: SandboxState, session: Object) -> str:
    """Return why the last attempt failed, "" when there was none."""
    intent = state.stripe.get("pi", session["payment_intent"])
    setup = state.stripe.get("seti", session["setup_intent"])
    error = (intent or {}).get("last_payment_error") or (setup or {}).get("last_setup_error")
    return str(error["message"]) if error else ""


def _method(state: SandboxState, session: Object, filled: Filled, payer: Payer) -> Object | None:
    """Return the payment method that was chosen, or None with the problem noted."""
    chosen = filled.values.get("method", "card")
    if chosen in _DEBITS and session["mode"] == "payment":
        fails = _DEBITS[chosen][1]
        return methods.from_bank_account(state, fails=fails, name=payer.name, email=payer.email)
    if chosen != "card":
        for method in _saved(state, session):
            if method["id"] == chosen:
                return method
        filled.alert = "Choose a payment method."
        return None
    typed = filled.read_card()
    if typed is None:
        return None
    method = methods.from_card(state, typed, name=payer.name, email=payer.email)
    if checkout_payment.keeps_card(session, state.stripe.session_params[session["id"]]):
        data = state.stripe.session_params[session["id"]].get("payment_method_data", {})
        method["allow_redisplay"] = data.get("allow_redisplay", "limited")
    return method


def _saved(state: SandboxState, session: Object) -> list[Object]:
    """Return the cards that may be offered again on the page."""
    if session["mode"] == "setup" or session["saved_payment_method_options"] is None:
        return []
    shown = session["saved_payment_method_options"]["allow_redisplay_filters"]
    found = methods.saved(state, session["customer"])
    return [one for one in found if one["allow_redisplay"] in shown]


def _may_save(session: Object) -> bool:
    options = session["saved_payment_method_options"] or {}
    return options.get("payment_method_save") == "enabled"


def _customer(state: SandboxState, session: Object, member: str) -> str:
    customer = state.stripe.get("cus", session["customer"]) or {}
    return customer.get(member) or ""


def _email(state: SandboxState, session: Object) -> str:
    return _customer(state, session, "email") or session["customer_email"] or ""


def _form(state: SandboxState, session: Object, filled: Filled) -> Response:
    payment = session["mode"] == "payment"
    what = (
        f"Pay {page_layout.money(session['amount_total'], session['currency'])}"
        if payment
        else "Save card"
    )
    texts = [session["custom_text"][name] for name in ("submit", "after_submit")]
    below = "".join(f'<p class="soft small">{escape(one["message"])}</p>' for one in texts if one)
    form = (
        f'<form method="post" action="/stripe/checkout/{session["id"]}" novalidate class="card">'
        f"<h2>Payment</h2>{card_form.alert(filled)}{_contact(state, session, filled)}"
        f"{_methods(state, session, filled)}{_saving(state, session, filled)}"
        f'<button class="primary wide">{what}</button>{below}</form>'
    )
    body = (
        f'<div class="columns"><div class="about">{_summary(state, session)}</div>'
        f"{form}{card_form.test_cards()}</div>"
    )
    return page_layout.document(what, body)


def _summary(state: SandboxState, session: Object) -> str:
    back = ""
    if session["cancel_url"]:
        back = f'<a class="back" href="{escape(session["cancel_url"])}">&larr; Back</a>'
    if session["mode"] == "setup":
        return f'{back}<h1>{account.NAME}</h1><p class="amount">Save a card</p>'
    currency = session["currency"]
    rows = "".join(
        f"<dt>{escape(item['description'])}"
        + (f' <span class="soft">&times; {item["quantity"]}</span>' if item["quantity"] > 1 else "")
        + f"</dt><dd>{page_layout.money(item['amount_subtotal'], currency)}</dd>"
        for item in state.stripe.line_items[session["id"]]
    )
    if tax := session["total_details"]["amount_tax"]:
        rows += f"<dt>Tax</dt><dd>{page_layout.money(tax, currency)}</dd>"
    total = page_layout.money(session["amount_total"], currency)
    rows += f'<dt class="total">Total due</dt><dd class="total">{total}</dd>'
    return (
        f'{back}<h1>Pay {account.NAME}</h1><p class="amount">{total}</p>'
        f'<dl class="lines">{rows}</dl>'
    )


def _contact(state: SandboxState, session: Object, filled: Filled) -> str:
    email = _email(state, session)
    if not email:
        return card_form.text_field(filled, "email", "Email")
    return f"<p>Email<br><strong>{escape(email)}</strong></p>"


def _methods(state: SandboxState, session: Object, filled: Filled) -> str:
    saved = _saved(state, session)
    default = "card" if filled.values.get("number") or not saved else saved[0]["id"]
    chosen = filled.values.get("method", default)
    new_card = _option("card", "Another card" if saved else "Card", "", chosen)
    typed = f'<div class="typed">{card_form.fields(filled)}</div>'
    options = "".join(
        _option(one["id"], page_layout.described(one), "Saved", chosen) for one in saved
    )
    options += new_card + typed
    if session["mode"] == "payment":
        options += "".join(
            _option(name, label, "Delayed: the payment is processing first", chosen)
            for name, (label, _) in _DEBITS.items()
        )
    return f'<fieldset><legend>Pay with</legend><div class="options">{options}</div></fieldset>'


def _option(value: str, label: str, remark: str, chosen: str) -> str:
    mark = " checked" if value == chosen else ""
    more = f"<span>{escape(remark)}</span>" if remark else ""
    return (
        f'<label class="option"><input type="radio" name="method" id="{escape(value)}" '
        f'value="{escape(value)}"{mark}>'
        f"<span>{escape(label)}{more}</span></label>"
    )


def _saving(state: SandboxState, session: Object, filled: Filled) -> str:
    if session["mode"] == "setup":
        text = "By saving the card you allow the merchant to charge it later."
        return f'<p class="soft small">{text}</p>'
    if _may_save(session):
        return card_form.checkbox(
            "save", "Save the card for my next purchase here", checked="save" in filled.values
        )
    if checkout_payment.keeps_card(session, state.stripe.session_params[session["id"]]):
        return (
            '<p class="soft small">The card is saved, and may be charged later as agreed with the '
            "merchant.</p>"
        )
    return ""
