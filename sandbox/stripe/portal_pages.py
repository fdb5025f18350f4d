"""`/stripe/portal/{id}`: a customer's saved cards and invoices."""

from __future__ import annotations

import time
from html import escape

from starlette.requests import Request
from starlette.responses import Response

from sandbox import state as sandbox_state
from sandbox.state import SandboxState
from sandbox.stripe import account, card_form, customers, methods, page_layout, setups
from sandbox.stripe.card_form import Filled
from sandbox.stripe.errors import StripeError
from sandbox.stripe.page_layout import money
from sandbox.stripe.store import Challenge, Object


async def show(request: Request) -> Response:
    """GET: cards, invoices, the way back."""
    state, session, customer = _found(request)
    if session is None or customer is None:
        return _unknown()
    said = (
        '<p class="note" role="status">The card was added.</p>'
        if "added" in (request.query_params)
        else ""
    )
    cards = "".join(_card(session, customer, one) for one in methods.saved(state, customer["id"]))
    cards = cards or '<p class="soft">No card is saved.</p>'
    body = (
        f"{_back(session)}<h1>{account.NAME}</h1>"
        f'<p class="amount">Billing</p>{said}'
        f'<section class="card" aria-labelledby="cards"><h2 id="cards">Payment methods</h2>{cards}'
        f'<p><a class="button" href="/stripe/portal/{session["id"]}/cards/new">Add a card</a></p>'
        f"</section>{_invoices(state, customer)}"
    )
    return page_layout.document("Billing", body)


async def new_card(request: Request) -> Response:
    """GET: the form for another card."""
    _, session, customer = _found(request)
    if session is None or customer is None:
        return _unknown()
    filled = card_form.preset(request.query_params.get("card"), name=customer["name"] or "")
    filled.values["default"] = "on"
    if "failed" in request.query_params:
        filled.alert = "We are unable to authenticate your card. Try again or use another one."
    return _form(session, filled)


async def add_card(request: Request) -> Response:
    """POST: save the card, perhaps after 3-D Secure."""
    state, session, customer = _found(request)
    if session is None or customer is None:
        return _unknown()
    filled = Filled(await page_layout.form_of(request))
    typed = filled.read_card()
    if typed is None:
        return _form(session, filled)
    name = filled.values.get("name", "").strip() or None
    method = methods.from_card(state, typed, name=name, email=customer["email"])
    method["allow_redisplay"] = "always"
    setup = setups.new(state, customer=customer["id"])
    chosen = "default" in filled.values
    challenge = Challenge(method=method["id"], portal=session["id"], make_default=chosen)
    try:
        setups.attempt(state, setup, method, challenge=challenge)
    except StripeError as error:
        filled.alert = error.message
        return _form(session, filled)
    if setup["status"] == "requires_action":
        return page_layout.see_other(setup["next_action"]["redirect_to_url"]["url"])
    if chosen:
        customers.set_default_method(state, customer, method["id"])
    return page_layout.see_other(after_adding(session))


async def change_card(request: Request) -> Response:
    """POST `act=remove` or `act=default` for one of the cards."""
    state, session, customer = _found(request)
    if session is None or customer is None:
        return _unknown()
    method = state.stripe.get("pm", request.path_params["method_id"])
    act = (await page_layout.form_of(request)).get("act")
    if method is not None and method["customer"] == customer["id"]:
        if act == "remove":
            methods.detach(state, method)
        elif act == "default":
            customers.set_default_method(state, customer, method["id"])
    return page_layout.see_other(f"/stripe/portal/{session['id']}")


def after_adding(session: Object) -> str:
    """Return where the browser goes once a card was added."""
    after = (session["flow"] or {}).get("after_completion") or {}
    if after.get("type") == "redirect" and after["redirect"]:
        return str(after["redirect"]["return_url"])
    return f"/stripe/portal/{session['id']}?added=1"


def _found(request: Request) -> tuple[SandboxState, Object | None, Object | None]:
    """Return the state, the portal session and its customer, who must not have been deleted."""
    state = sandbox_state.of(request)
    session = state.stripe.get("bps", request.path_params["session_id"])
    customer = state.stripe.get("cus", session["customer"]) if session else None
    return state, session, None if customer is None or customer.get("deleted") else customer


def _unknown() -> Response:
    return page_layout.notice(
        "There is no such portal session",
        "The address is wrong, or the sandbox was restarted: it keeps everything in memory.",
        status=404,
    )


def _back(session: Object) -> str:
    if not session["return_url"]:
        return ""
    return f'<a class="back" href="{escape(session["return_url"])}">&larr; Back</a>'


def _card(session: Object, customer: Object, method: Object) -> str:
    label = escape(page_layout.described(method))
    is_default = customer["invoice_settings"]["default_payment_method"] == method["id"]
    action = f"/stripe/portal/{session['id']}/cards/{method['id']}"
    badge = ' <span class="badge">Default</span>' if is_default else ""
    default = "" if is_default else _act(action, "default", "Make default", label)
    remove = _act(action, "remove", "Remove", label)
    return f'<div class="entry"><div>{label}{badge}</div>{default}{remove}</div>'


def _act(action: str, act: str, text: str, label: str) -> str:
    return (
        f'<form method="post" action="{action}"><button name="act" value="{act}" '
        f'aria-label="{text}: {label}">{text}</button></form>'
    )


def _invoices(state: SandboxState, customer: Object) -> str:
    entries = "".join(
        _invoice(one)
        for one in state.stripe.all("in")
        if one["customer"] == customer["id"] and one["number"]
    )
    return (
        '<section class="card" aria-labelledby="invoices"><h2 id="invoices">Invoices</h2>'
        f"{entries or '<p class=soft>None yet.</p>'}</section>"
    )


def _invoice(invoice: Object) -> str:
    number = escape(invoice["number"])
    day = time.strftime("%d %b %Y", time.gmtime(invoice["created"]))
    return (
        f'<div class="entry"><div><a href="{escape(invoice["hosted_invoice_url"])}">{number}</a>'
        f'<br><span class="soft small">{day}</span></div>'
        f'<span class="badge">{escape(invoice["status"].title())}</span>'
        f'<span class="number">{money(invoice["total"], invoice["currency"])}</span>'
        f'<a class="button" href="{escape(invoice["invoice_pdf"])}" '
        f'aria-label="PDF of {number}">PDF</a></div>'
    )


def _form(session: Object, filled: Filled) -> Response:
    path = f"/stripe/portal/{session['id']}"
    default = card_form.checkbox(
        "default", "Use as the default payment method", checked="default" in filled.values
    )
    body = (
        f'<div class="columns"><div class="about"><a class="back" href="{path}">&larr; Back</a>'
        f'<h1>{account.NAME}</h1><p class="amount">Add a card</p></div>'
        f'<form method="post" action="{path}/cards/new" novalidate class="card">'
        f"<h2>Card</h2>{card_form.alert(filled)}{card_form.fields(filled)}{default}"
        '<button class="primary wide">Add card</button></form>'
        f"{card_form.test_cards()}</div>"
    )
    return page_layout.document("Add a card", body)
