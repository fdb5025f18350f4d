"""From errors to HTTP: one table, one shape (RFC 9457 problem documents).

Domain code raises errors with stable codes and never sees an HTTP object; here they get their
status. What is not in the table is a mistake of ours, and a 500.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errors import DomainError
from generations.parameters import InvalidParameters

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "/problems/"

STATUS = {
    "invalid_parameters": 400,
    "invalid_scopes": 400,
    "invalid_networks": 400,
    "invalid_overlap": 400,
    "amount_not_positive": 400,
    "amount_too_large": 400,
    "adjustment_refused": 400,
    "cannot_correct": 409,
    "cannot_help": 409,
    "invalid_limit": 400,
    "invalid_name": 400,
    "invalid_retention": 400,
    "invalid_json": 400,
    "bad_request": 400,
    "usage_too_large": 400,
    "not_authenticated": 401,
    "insufficient_credits": 402,
    "key_budget_exceeded": 402,
    "member_limit_exceeded": 402,
    "wallet_in_debt": 402,
    "wallet_frozen": 403,
    "not_allowed": 403,
    "network_not_allowed": 403,
    "invitation_for_other": 403,
    "not_found": 404,
    "wallet_missing": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "cannot_cancel": 409,
    "cannot_delete": 409,
    "account_stays": 409,
    "no_content_yet": 409,
    "upload_in_use": 409,
    "upload_quota_exceeded": 409,
    "idempotency_key_in_use": 409,
    "key_ended": 409,
    "already_member": 409,
    "already_invited": 409,
    "last_owner": 409,
    "too_many_organizations": 409,
    "cannot_close": 409,
    "already_moved": 409,
    "hold_not_active": 409,
    "too_many_endpoints": 409,
    "endpoint_disabled": 409,
    "delivery_open": 409,
    "capture_above_hold": 409,
    "content_removed": 410,
    "length_required": 411,
    "body_too_large": 413,
    "uri_too_long": 414,
    "unsupported_media_type": 415,
    "idempotency_mismatch": 422,
    "price_missing": 422,
    "price_above_shown": 409,
    "name_mistyped": 422,
    "rate_limited": 429,
    "too_many_invitations": 429,
    "headers_too_large": 431,
    "internal_error": 500,
    "busy": 503,
    "maintenance": 503,
    "promotion_refused": 422,
    "amount_not_for_sale": 422,
    "refund_not_possible": 409,
    "card_missing": 409,
    "payment_refused": 502,
    "payment_unavailable": 503,
    "payments_not_set_up": 503,
}

_DRF_CODES: list[tuple[type[Exception], str]] = [
    (exceptions.ParseError, "invalid_json"),
    (exceptions.NotAuthenticated, "not_authenticated"),
    (exceptions.AuthenticationFailed, "not_authenticated"),
    (exceptions.PermissionDenied, "not_allowed"),
    (PermissionDenied, "not_allowed"),
    (exceptions.NotFound, "not_found"),
    (Http404, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.ValidationError, "invalid_parameters"),
    (RequestDataTooBig, "body_too_large"),
    (SuspiciousOperation, "bad_request"),
    (BadRequest, "bad_request"),
    (UnreadablePostError, "bad_request"),
    (exceptions.Throttled, "rate_limited"),
]


def document(request: HttpRequest | None, code: str, detail: str, **members: Any) -> dict[str, Any]:
    """A problem document.

    Returns:
        `type`, `title`, `status`, `detail`, `code`, `request_id`, and `members`.
    """
    status = STATUS[code]
    return {
        **members,
        "type": f"{TYPE_PREFIX}{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": getattr(request, "request_id", ""),
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None lets Django answer 500 and log the traceback."""
    request = context["request"]
    members: dict[str, Any] = {}
    headers = {}
    if isinstance(error, DomainError) and error.code in STATUS:
        code, detail, members = error.code, error.message, error.extra
        if error.retry_after_seconds is not None:
            headers["Retry-After"] = str(error.retry_after_seconds)
        if isinstance(error, InvalidParameters):
            members = {"errors": [_field(one) for one in error.errors]}
    else:
        code = next((code for kind, code in _DRF_CODES if isinstance(error, kind)), "")
        if not code:
            return None
        detail = _SENTENCES.get(code) or str(getattr(error, "detail", ""))
        if isinstance(error, exceptions.ValidationError):
            members = {"errors": list(_of_serializer(error.detail))}
            detail = members["errors"][0]["message"]
        if isinstance(error, exceptions.UnsupportedMediaType):
            kinds = " or ".join(one.media_type for one in request.parsers)
            detail = f"{detail} Send `Content-Type: {kinds}`."
        if code == "invalid_json" and request.content_type.startswith("multipart/"):
            code = "bad_request"
        if header := getattr(error, "auth_header", ""):
            headers["WWW-Authenticate"] = header
    body = document(request._request, code, detail, **members)
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


_SENTENCES = {
    "not_found": "There is no such thing.",
    "not_acceptable": "This address answers in JSON: send `Accept: application/json`.",
    "body_too_large": "The request body is too large.",
    "bad_request": "The request could not be read.",
}
"""Where the framework's own words are none, or not for customers."""


def _of_serializer(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """A serializer's errors, each with the JSON pointer of what it is about."""
    if isinstance(detail, dict):
        for name, below in detail.items():
            step = "" if name == "non_field_errors" else f"/{_step(str(name))}"
            yield from _of_serializer(below, pointer + step)
    elif isinstance(detail, list):
        for index, below in enumerate(detail):
            nested = isinstance(below, dict | list)
            yield from _of_serializer(below, f"{pointer}/{index}" if nested else pointer)
    else:
        code = getattr(detail, "code", "invalid")
        yield {"pointer": pointer, "code": code, "message": str(detail)}


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _field(error: Any) -> dict[str, str]:
    place = error.pointer
    if error.field in ("model", "metadata", "input"):
        place = place or f"/{error.field}"
    if error.field.startswith("?"):
        return {"parameter": error.field[1:], "code": error.code, "message": error.message}
    if error.field == "Idempotency-Key":
        return {"header": error.field, "code": error.code, "message": error.message}
    pointer = place or f"/input/{_step(error.field)}"
    return {"pointer": pointer, "code": error.code, "message": error.message}


def answer(request: HttpRequest, code: str, detail: str) -> JsonResponse:
    """A problem as Django's own response, for where DRF is not."""
    body = document(request, code, detail)
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)
