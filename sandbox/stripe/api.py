"""The door of the API: keys, faults, idempotency, parameters, then the endpoint."""

from __future__ import annotations

import json
import re
import traceback
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sandbox import connections
from sandbox import state as sandbox_state
from sandbox.state import SandboxState
from sandbox.stripe import (
    account,
    balance,
    charges,
    checkout,
    customers,
    disputes,
    errors,
    events_api,
    expansion,
    faults,
    forms,
    idempotency,
    invoice_requests,
    methods,
    payment_intents,
    portal,
    refunds,
    requests,
    setups,
)
from sandbox.stripe.endpoints import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.faults import Rule
from sandbox.stripe.idempotency import Kept
from sandbox.stripe.parameters import with_expand
from sandbox.stripe.store import Object, new_id

_KEY = re.compile(r"(sk|rk)_test_\S+")
_PREFIX = "/stripe"
ENDPOINTS: tuple[Endpoint, ...] = (
    *account.ENDPOINTS,
    *balance.ENDPOINTS,
    *charges.ENDPOINTS,
    *checkout.ENDPOINTS,
    *customers.ENDPOINTS,
    *disputes.ENDPOINTS,
    *events_api.ENDPOINTS,
    *invoice_requests.ENDPOINTS,
    *methods.ENDPOINTS,
    *payment_intents.ENDPOINTS,
    *portal.ENDPOINTS,
    *refunds.ENDPOINTS,
    *setups.ENDPOINTS,
)
_PATTERNS = [
    (one, re.compile(re.escape(one.path).replace(r"\{\}", "([^/]+)"))) for one in ENDPOINTS
]


@dataclass
class _Exchange:
    """One request under way; `key` and `kept` are of its idempotency key, where it has one."""

    state: SandboxState
    record: requests.Request
    authorization: str
    key: str = ""
    kept: Kept | None = None

    @property
    def pairs(self) -> forms.Pairs:
        """The parameters as they came."""
        return [*self.record.query, *self.record.body]


async def handle(request: Request) -> Response:
    """Answer one API request."""
    state = sandbox_state.of(request)
    record = requests.Request(
        id=new_id("req"),
        method=request.method,
        path=request.url.path.removeprefix(_PREFIX),
        query=forms.pairs_of(request.url.query),
        body=forms.pairs_of(await request.body()),
        headers=requests.headers_of(request),
    )
    state.stripe.requests.append(record)
    exchange = _Exchange(state, record, request.headers.get("authorization", ""))
    rule = faults.struck(state.stripe, f"{record.method} {record.path}")
    record.fault = rule.fault if rule else None
    status, body = await _answered(exchange, rule)
    if rule is not None and rule.fault in ("close", "close-after-commit"):
        await connections.close(request)
        return Response(status_code=500)
    record.status = status
    return _response(exchange, status, body)


async def _answered(exchange: _Exchange, rule: Rule | None) -> tuple[int, bytes]:
    """Return status and body, having executed the request or not, as `rule` says."""
    record, store = exchange.record, exchange.state.stripe
    try:
        endpoint, ids = _endpoint(exchange)
        if rule is not None and rule.fault == "429":
            raise StripeError(429, "Request rate limit exceeded.", code="rate_limit")
        if rule is not None and rule.fault == "close":
            return 500, b""
        key = record.headers.get("idempotency-key", "")
        if key and record.method == "POST":
            kept = idempotency.begin(
                store, key, method=record.method, path=record.path, params=exchange.pairs
            )
            exchange.key = key
            if kept.answer is not None:
                record.replayed = True
                return kept.answer
            exchange.kept = kept
        status, body, started = _executed(exchange, endpoint, ids, rule)
    except StripeError as error:
        return error.status, _error_body(record, error)
    if rule is not None and rule.fault == "slow":
        await exchange.state.pause(rule.seconds)
    if exchange.kept is not None:
        if started:
            exchange.kept.answer = (status, body)
        else:
            idempotency.forget(store, exchange.key)
    return status, body


def _endpoint(exchange: _Exchange) -> tuple[Endpoint, tuple[str, ...]]:
    """Return the endpoint of the request and the ids in its path; raises 401 and 404."""
    record = exchange.record
    scheme, _, token = exchange.authorization.partition(" ")
    if not token:
        raise errors.unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    if scheme.lower() != "bearer" or not _KEY.fullmatch(token):
        raise errors.unauthorized("Invalid API Key provided. The sandbox takes test keys only.")
    for endpoint, pattern in _PATTERNS:
        match = pattern.fullmatch(record.path)
        if match is not None and endpoint.method == record.method:
            return endpoint, match.groups()
    raise StripeError(
        404,
        f"Unrecognized request URL ({record.method}: {record.path}). The sandbox has no such "
        "address.",
    )


def _executed(
    exchange: _Exchange, endpoint: Endpoint, ids: tuple[str, ...], rule: Rule | None
) -> tuple[int, bytes, bool]:
    """Execute in one go; return status, body, and whether execution had begun."""
    state, record = exchange.state, exchange.record
    if rule is not None and rule.fault == "500":
        return 500, _error_body(record, _fault()), True
    state.stripe.cause = (record.id, exchange.key)
    try:
        params = with_expand(endpoint.takes).read(forms.nested(exchange.pairs), "")
        paths = params.pop("expand", [])
        answer = endpoint.handler(Call(state, params, ids))
        answer = expansion.expanded(state.stripe, answer, paths)
        status, body = 200, _json(answer)
    except StripeError as error:
        return error.status, _error_body(record, error), error.started
    except Exception:  # noqa: BLE001 - as a real server would: a 500, and the reason in the log
        traceback.print_exc()
        return 500, _error_body(record, _fault()), True
    finally:
        state.stripe.cause = None
    if rule is not None and rule.fault == "500-after-commit":
        return 500, _error_body(record, _fault()), True
    return status, body, True


def _response(exchange: _Exchange, status: int, body: bytes) -> Response:
    record = exchange.record
    headers = {"Request-Id": record.id, "Cache-Control": "no-cache, no-store"}
    if version := record.headers.get("stripe-version"):
        headers["Stripe-Version"] = version
    if exchange.key:
        headers["Idempotency-Key"] = exchange.key
    if record.replayed:
        headers["Idempotent-Replayed"] = "true"
    if status >= 500:
        # Its replay would give the same answer again.
        headers["Stripe-Should-Retry"] = "false"
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _fault() -> StripeError:
    return StripeError(
        500,
        "Sorry! There was an error while talking to the sandbox.",
        type_="api_error",
    )


def _error_body(record: requests.Request, error: StripeError) -> bytes:
    url = f"https://dashboard.stripe.com/acct_sandbox/test/workbench/logs?object={record.id}"
    return _json({"error": {**error.error, "request_log_url": url}})


def _json(answer: Object) -> bytes:
    return json.dumps(answer, indent=2).encode("ascii")
