"""The JSON answers and error bodies of the gateway."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

# Azure API Management stands in front of the real gateway; its own refusals have this other shape.
_GATE_MESSAGES = {
    401: "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription.",
    403: "Forbidden. The subscription does not permit this operation.",
    404: "Resource not found",
    405: "Method not allowed",
    429: "Rate limit is exceeded. Try again in {seconds} seconds.",
}
_MISSING_KEY = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
_QUEUE_ERRORS: dict[int, tuple[str, str]] = {
    402: ("Insufficient Balance", "Your wallet does not have enough balance. Required: $0.01"),
    500: ("Internal Server Error", "Something went wrong while queuing the request"),
    502: ("Bad Gateway", "The upstream server gave an invalid answer"),
    503: ("Service Unavailable", "The service is temporarily unavailable"),
    504: ("Gateway Timeout", "The upstream server did not answer in time"),
}


class Json(Response):
    """A JSON answer in plain ASCII.

    Starlette's own would fail on a lone surrogate that a client sent as an escape and that a record
    gives back.
    """

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return `content` as JSON bytes."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def gate_error(status: int, *, seconds: int = 1) -> Json:
    """Return a refusal in API Management's shape; `status` is one of 401, 403, 404, 405, 429."""
    message = _GATE_MESSAGES[status].format(seconds=seconds)
    return Json({"statusCode": status, "message": message}, status_code=status)


def missing_key() -> Json:
    """Return API Management's 401 to a request without a key."""
    return Json({"statusCode": 401, "message": _MISSING_KEY}, status_code=401)


def queue_error(status: int, *, retry_after_seconds: int | None = None) -> Json:
    """Return the error that a fault asks for, in the reference's shape (section "Queue System
    Errors").

    `retry_after_seconds` adds a Retry-After header.
    """
    if status in _GATE_MESSAGES:
        answer = gate_error(status, seconds=retry_after_seconds or 1)
    else:
        error, message = _QUEUE_ERRORS.get(
            status, (f"Error {status}", f"The sandbox was asked for {status}")
        )
        answer = Json({"error": error, "message": message}, status_code=status)
    if retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(retry_after_seconds)
    return answer


def bad_request(text: str) -> Json:
    """Return a 400 in the shape of the reference's "Model Validation Errors"."""
    return Json({"error": text}, status_code=400)


def unknown_model(model_id: str) -> Json:
    """Return the reference's 400 "Model not found"."""
    message = f"Model '{model_id}' not found or is disabled"
    return Json({"error": "Model not found", "message": message}, status_code=400)


def unknown_request(request_id: str) -> Json:
    """Return the 404 for a request id that the gateway never gave out."""
    body = {"error": "Request not found", "message": f"Request '{request_id}' not found"}
    return Json(body, status_code=404)
