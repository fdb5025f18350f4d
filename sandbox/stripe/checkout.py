"""/v1/checkout/sessions, and a session's life."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe import checkout_objects, errors, events, payments
from sandbox.stripe.checkout_params import CREATE
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import Choice, Group, Metadata, Text, merged_metadata
from sandbox.stripe.store import Object, now

_SHORTEST_LIFE_SECONDS = 30 * 60
_LONGEST_LIFE_SECONDS = 24 * 3600
_SLACK_SECONDS = 60


def create(call: Call) -> Object:
    """POST /v1/checkout/sessions."""
    params, state = call.params, call.state
    if "customer" in params:
        call.store.named("cus", params["customer"], param="customer")
        if "customer_email" in params or "customer_creation" in params:
            raise errors.invalid(
                "You may only specify one of these parameters: customer, customer_email, "
                "customer_creation.",
                param="customer",
            )
    elif "customer_update" in params:
        raise errors.invalid(
            "`customer_update` can only be used with `customer`.", param="customer_update"
        )
    _check_life(params)
    items = _items(state, params)
    session = checkout_objects.session(state, params, items)
    call.store.add(session)
    call.store.session_params[session["id"]] = params
    call.store.line_items[session["id"]] = items
    state.spawn(_expire_in_time(state, session))
    return session


def retrieve(call: Call) -> Object:
    """GET /v1/checkout/sessions/{}."""
    return call.store.named("cs", call.ids[0], param="session", in_path=True)


def update(call: Call) -> Object:
    """POST /v1/checkout/sessions/{}."""
    session = retrieve(call)
    if "metadata" in call.params:
        session["metadata"] = merged_metadata(session["metadata"], call.params["metadata"])
    return session


def list_(call: Call) -> Object:
    """GET /v1/checkout/sessions."""
    found = matching(call.store.all("cs"), call.params, "customer", "payment_intent", "status")
    return page(call, found, url="/v1/checkout/sessions")


def list_items(call: Call) -> Object:
    """GET /v1/checkout/sessions/{}/line_items."""
    session = retrieve(call)
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return page(call, call.store.line_items[session["id"]], url=url)


def expire_by_request(call: Call) -> Object:
    """POST /v1/checkout/sessions/{}/expire."""
    session = retrieve(call)
    if session["status"] != "open":
        raise errors.unexpected_state(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`."
        )
    expire(call.state, session)
    return session


def expire(state: SandboxState, session: Object) -> None:
    """Close a session unpaid; a PaymentIntent that was begun is cancelled."""
    session.update(status="expired", url=None)
    intent = state.stripe.get("pi", session["payment_intent"])
    if intent is not None and intent["status"] not in ("succeeded", "canceled"):
        payments.cancel(state, intent, reason="automatic")
    events.emit(state, "checkout.session.expired", session)


async def _expire_in_time(state: SandboxState, session: Object) -> None:
    await asyncio.sleep(max(0, session["expires_at"] - now()))
    if session["status"] == "open":
        expire(state, session)


def _check_life(params: dict[str, Any]) -> None:
    if "expires_at" not in params:
        return
    life = params["expires_at"] - now()
    if life < _SHORTEST_LIFE_SECONDS - _SLACK_SECONDS:
        raise errors.invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            param="expires_at",
        )
    if life > _LONGEST_LIFE_SECONDS + _SLACK_SECONDS:
        raise errors.invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )


def _items(state: SandboxState, params: dict[str, Any]) -> list[Object]:
    wanted = params.get("line_items", [])
    if params["mode"] == "setup":
        if wanted:
            raise errors.invalid("`line_items` cannot be used in `setup` mode.", param="line_items")
        if "currency" not in params:
            raise errors.invalid(
                "Missing required param: currency.", param="currency", code="parameter_missing"
            )
        return []
    if not wanted:
        raise errors.invalid(
            "The `line_items` parameter is required in payment mode.",
            param="line_items",
            code="parameter_missing",
        )
    taxed = params.get("automatic_tax", {}).get("enabled", False)
    items = [checkout_objects.line_item(state, one, taxed=taxed) for one in wanted]
    if len({one["currency"] for one in items}) > 1:
        raise errors.invalid("All line items must have the same currency.", param="line_items")
    total = sum(one["amount_total"] for one in items)
    if total < payments.MINIMUM_CENTS:
        raise errors.invalid(
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            code="amount_too_small",
        )
    payments.check_amount(total, param="line_items")
    return items


ENDPOINTS = (
    Endpoint("POST", "/v1/checkout/sessions", create, CREATE),
    Endpoint(
        "GET",
        "/v1/checkout/sessions",
        list_,
        listing(
            {
                "customer": Text(),
                "payment_intent": Text(),
                "status": Choice(("complete", "expired", "open")),
            }
        ),
    ),
    Endpoint("GET", "/v1/checkout/sessions/{}", retrieve),
    Endpoint("POST", "/v1/checkout/sessions/{}", update, Group({"metadata": Metadata()})),
    Endpoint("GET", "/v1/checkout/sessions/{}/line_items", list_items, listing(by_creation=False)),
    Endpoint("POST", "/v1/checkout/sessions/{}/expire", expire_by_request),
)
