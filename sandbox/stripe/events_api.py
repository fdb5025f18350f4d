"""/v2/core/events: JSON of API v2, newest first."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.stripe import errors
from sandbox.stripe.endpoints import Call, Endpoint
from sandbox.stripe.parameters import Array, Group, Integer, Text
from sandbox.stripe.store import Object

_DEFAULT_PAGE = 20
_BOUNDS = ("gt", "gte", "lt", "lte")
_TAKES = Group(
    {
        "created": Group({name: Text() for name in _BOUNDS}),
        "limit": Integer(minimum=1, maximum=100),
        "object_id": Text(),
        "page": Text(),
        "types": Array(Text()),
    }
)


def retrieve(call: Call) -> Object:
    """GET /v2/core/events/{}."""
    event = call.store.events.get(call.ids[0])
    if event is None:
        raise errors.StripeError(404, f"No such event: '{call.ids[0]}'", code="not_found")
    return event.body


def list_(call: Call) -> Object:
    """GET /v2/core/events: a page, and the addresses of its neighbours.

    A page begins after an event, so that events which happen meanwhile shift nothing.
    """
    params = call.params
    bounds = {name: _moment(text, name) for name, text in params.get("created", {}).items()}
    found = [
        event.body
        for event in reversed(call.store.events.values())
        if _wanted(event.body, params, bounds)
    ]
    limit = params.get("limit", _DEFAULT_PAGE)
    start = 0
    if "page" in params:
        ids = [one["id"] for one in found]
        after = _decoded(params["page"])
        if after not in ids:
            raise errors.invalid("Invalid page token", param="page")
        start = ids.index(after) + 1
    data = found[start : start + limit]
    more = start + limit < len(found)
    return {
        "data": data,
        "next_page_url": _url(params, after=data[-1]["id"]) if more else None,
        "previous_page_url": None,
    }


def _wanted(body: Object, params: dict[str, Any], bounds: dict[str, datetime]) -> bool:
    if "object_id" in params and body["related_object"]["id"] != params["object_id"]:
        return False
    if "types" in params and body["type"] not in params["types"]:
        return False
    created = datetime.fromisoformat(body["created"])
    return not (
        ("gt" in bounds and created <= bounds["gt"])
        or ("gte" in bounds and created < bounds["gte"])
        or ("lt" in bounds and created >= bounds["lt"])
        or ("lte" in bounds and created > bounds["lte"])
    )


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid(f"Invalid timestamp: {text}", param=f"created[{name}]") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _url(params: dict[str, Any], *, after: str) -> str:
    pairs: list[tuple[str, Any]] = [
        (name, params[name]) for name in ("limit", "object_id") if name in params
    ]
    pairs += [(f"types[{index}]", one) for index, one in enumerate(params.get("types", []))]
    pairs += [(f"created[{name}]", text) for name, text in params.get("created", {}).items()]
    pairs.append(("page", base64.urlsafe_b64encode(after.encode()).decode()))
    return f"/v2/core/events?{urlencode(pairs)}"


def _decoded(page: str) -> str:
    try:
        return base64.urlsafe_b64decode(page).decode()
    except (binascii.Error, ValueError):
        return ""


ENDPOINTS = (
    Endpoint("GET", "/v2/core/events", list_, _TAKES),
    Endpoint("GET", "/v2/core/events/{}", retrieve),
)
