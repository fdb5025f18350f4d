"""The part of the sandbox's front page that is about Stripe."""

from __future__ import annotations

from html import escape

from sandbox.state import SandboxState
from sandbox.stripe import cards, faults
from sandbox.stripe.page_layout import money
from sandbox.stripe.store import Object

_RECENT = 15


def section(state: SandboxState) -> str:
    """Return the section as trusted HTML."""
    url = state.settings.stripe_webhook_url
    events = f"go to <code>{escape(url)}</code>" if url else "are recorded, but sent nowhere"
    tests = "".join(
        f"<tr><td><code>{card.spaced}</code><td>{escape(card.does)}" for card in cards.CARDS
    )
    sessions = "".join(_session(one) for one in state.stripe.all("cs")[:_RECENT])
    sessions = sessions or "<tr><td colspan=4>None yet."
    payments = "".join(_payment(state, one) for one in state.stripe.all("pi")[:_RECENT])
    payments = payments or "<tr><td colspan=4>None yet."
    rules = "".join(
        f"<tr><td><code>{escape(word)}</code><td>{escape(text)}"
        for word, text in [*faults.REQUEST_FAULTS.items(), *faults.EVENT_FAULTS.items()]
    )
    return f"""
<h2 id="stripe">Stripe</h2>
<p>The base address for Stripe's SDK is <code>{escape(state.base_url)}/stripe</code>; any key that
begins with <code>sk_test_</code> opens it. Events {events}.</p>
<h3>Recent Checkout sessions</h3>
<table><tr><th>Session<th>Mode<th>Amount<th>Status{sessions}</table>
<h3>Recent payments</h3>
<table><tr><th>Payment<th>Amount<th>Status<th>Last error{payments}</table>
<h3>Test cards</h3><table>{tests}</table>
<h3>Stripe's faults on request</h3>
<p>POST a list of rules to <code>/_sandbox/stripe/faults</code>, such as
<code>[{{"match": "POST /v1/refunds", "fault": "500-after-commit", "times": 1}}]</code> or
<code>[{{"match": "event v1.refund.created", "fault": "lost"}}]</code>.</p>
<table>{rules}</table>
<p><a href="/_sandbox/stripe/requests">requests</a>, <a href="/_sandbox/stripe/events">events</a>,
<a href="/_sandbox/stripe/faults">faults</a></p>
"""


def _session(session: Object) -> str:
    name = escape(session["id"][:26])
    if session["url"]:
        name = f'<a href="{escape(session["url"])}">{name}</a>'
    amount = session["amount_total"]
    shown = "" if amount is None else money(amount, session["currency"])
    return (
        f"<tr><td>{name}<td>{session['mode']}<td>{shown}"
        f"<td>{session['status']}, {session['payment_status']}"
    )


def _payment(state: SandboxState, intent: Object) -> str:
    name = escape(intent["id"])
    charge = state.stripe.get("ch", intent["latest_charge"])
    if charge is not None and charge["receipt_url"]:
        name = f'<a href="{escape(charge["receipt_url"])}">{name}</a>'
    error = (intent["last_payment_error"] or {}).get("message", "")
    return (
        f"<tr><td>{name}<td>{money(intent['amount'], intent['currency'])}<td>{intent['status']}"
        f"<td>{escape(error)}"
    )
