"""`/_sandbox/stripe/...`: what tests steer the sandbox's Stripe with, and read its records from."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import answers
from sandbox import state as sandbox_state
from sandbox.stripe import disputes, events, faults, refunds
from sandbox.stripe.errors import StripeError
from sandbox.stripe.events import Event
from sandbox.stripe.store import Object

_STATUSES = (
    "lost",
    "needs_response",
    "prevented",
    "under_review",
    "warning_closed",
    "warning_needs_response",
    "warning_under_review",
    "won",
)
_MAX_COPIES = 200


async def list_requests(request: Request) -> Response:
    """GET: every API request in the order of arrival; `?path=` and `?method=` select."""
    found = sandbox_state.of(request).stripe.requests
    path, method = request.query_params.get("path"), request.query_params.get("method")
    shown = [
        one.as_json() for one in found if path in (None, one.path) and method in (None, one.method)
    ]
    return answers.Json({"count": len(shown), "requests": shown})


async def list_events(request: Request) -> Response:
    """GET: every event in order, with its deliveries; `?type=` and `?object_id=` select."""
    wanted_type = request.query_params.get("type")
    wanted_object = request.query_params.get("object_id")
    shown = [
        _event(one)
        for one in sandbox_state.of(request).stripe.events.values()
        if wanted_type in (None, one.type)
        and wanted_object in (None, one.body["related_object"]["id"])
    ]
    return answers.Json({"count": len(shown), "events": shown})


async def resend_event(request: Request) -> Response:
    """POST: deliver again, `copies` times at once, signed with `secret` and `timestamp` if given.

    Answers when all are over, with the deliveries.
    """
    state = sandbox_state.of(request)
    event = state.stripe.events.get(request.path_params["event_id"])
    if event is None:
        return _missing("event")
    try:
        wanted = await _body(request, copies=int, secret=str, timestamp=int)
        copies = wanted.get("copies", 1)
        if not 1 <= copies <= _MAX_COPIES:
            raise ValueError(f"copies must be between 1 and {_MAX_COPIES}")
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    made = await events.resend(
        state,
        event,
        copies=copies,
        secret=wanted.get("secret"),
        timestamp=wanted.get("timestamp"),
    )
    return answers.Json({"deliveries": [dataclasses.asdict(one) for one in made]})


async def release_events(request: Request) -> Response:
    """POST: deliver the held events one after the other, in order or `{"order": "reverse"}`."""
    try:
        order = (await _body(request, order=str)).get("order", "forward")
        if order not in ("forward", "reverse"):
            raise ValueError("order must be forward or reverse")
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    released = events.release(sandbox_state.of(request), reverse=order == "reverse")
    return answers.Json({"released": released})


async def show_faults(request: Request) -> Response:
    """GET: the rules with their hits."""
    rules = sandbox_state.of(request).stripe.fault_rules
    return answers.Json([one.as_json() for one in rules])


async def set_faults(request: Request) -> Response:
    """POST: put a list of rules in place of the former."""
    store = sandbox_state.of(request).stripe
    try:
        store.fault_rules = faults.read(json.loads(await request.body()))
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    return answers.Json([one.as_json() for one in store.fault_rules])


async def open_dispute(request: Request) -> Response:
    """POST: dispute a payment that has succeeded."""
    state = sandbox_state.of(request)
    try:
        wanted = await _body(
            request, payment_intent=str, reason=str, amount=int, status=str, withdraw=bool
        )
        intent = state.stripe.get("pi", wanted.get("payment_intent"))
        charge = state.stripe.get("ch", intent["latest_charge"]) if intent else None
        if charge is None or charge["status"] != "succeeded":
            raise ValueError("payment_intent must be one that has succeeded")
        whole: int = charge["amount"]
        amount = wanted.get("amount", whole)
        if not 1 <= amount <= whole:
            raise ValueError("amount must be between 1 and the charge's")
        status = wanted.get("status", "needs_response")
        withdraw = wanted.get("withdraw", not status.startswith("warning"))
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    dispute = disputes.open_(
        state,
        charge,
        reason=wanted.get("reason", "fraudulent"),
        status=status,
        withdraw=withdraw,
        amount=amount,
    )
    return answers.Json(dispute)


async def move_dispute(request: Request) -> Response:
    """POST `{"status": ...}`: give it any status, also one that Stripe does not have yet."""
    state = sandbox_state.of(request)
    dispute = state.stripe.get("dp", request.path_params["dispute_id"])
    if dispute is None:
        return _missing("dispute")
    try:
        status = (await _body(request, status=str)).get("status")
        if not status:
            raise ValueError(f"status is needed; Stripe's are: {', '.join(_STATUSES)}")
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    disputes.move(state, dispute, status)
    return answers.Json(dispute)


async def make_refund(request: Request) -> Response:
    """POST: refund as staff do in the Stripe dashboard, with no request of the client."""
    state = sandbox_state.of(request)
    try:
        wanted = await _body(request, payment_intent=str, amount=int)
        refund = refunds.from_dashboard(
            state, wanted.get("payment_intent", ""), amount=wanted.get("amount")
        )
    except StripeError as error:
        return answers.bad_request(error.message)
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    return answers.Json(refund)


async def move_refund(request: Request) -> Response:
    """POST `{"status": "succeeded" | "failed"}`: end a refund now."""
    state = sandbox_state.of(request)
    refund = state.stripe.get("re", request.path_params["refund_id"])
    if refund is None:
        return _missing("refund")
    try:
        status = (await _body(request, status=str)).get("status")
        if status not in ("succeeded", "failed") or refund["status"] in (status, "failed"):
            raise ValueError(f"a refund that is {refund['status']} cannot become {status}")
    except (ValueError, RecursionError) as error:
        return answers.bad_request(str(error))
    if status == "failed":
        refunds.fail(state, refund)
    else:
        refunds.succeed(state, refund)
    return answers.Json(refund)


async def _body(request: Request, **types: type) -> dict[str, Any]:
    """Return the JSON object of the request ({} for none), or raise ValueError."""
    body = json.loads(await request.body() or b"{}")
    if not isinstance(body, dict) or set(body) - set(types):
        raise ValueError(f"expected an object with some of: {', '.join(sorted(types))}")
    for name, value in body.items():
        if type(value) is not types[name]:
            raise ValueError(f"{name} must be of type {types[name].__name__}")
    return body


def _event(event: Event) -> Object:
    deliveries = [dataclasses.asdict(one) for one in event.deliveries]
    return {**event.body, "fate": event.fate, "deliveries": deliveries}


def _missing(what: str) -> Response:
    return answers.Json({"error": f"no such {what}"}, status_code=404)
