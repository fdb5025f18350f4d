"""The subscription key that every request to the gateway carries."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sandbox import answers

HEADER = "Ocp-Apim-Subscription-Key"


def key_of(request: Request) -> str:
    """Return the request's subscription key, empty when it has none."""
    return request.headers.get(HEADER, "").strip()


def refusal(request: Request, *, submitting: bool) -> Response | None:
    """Return the answer to a request whose key does not open the gateway, None when it does.

    Any key opens it but the three that ask for an error: `invalid`, `forbidden`, `broke`. Without
    money one can still ask after a job, so `broke` is refused only when `submitting`.
    """
    key = key_of(request)
    if not key:
        return answers.missing_key()
    if key == "invalid":
        return answers.gate_error(401)
    if key == "forbidden":
        return answers.gate_error(403)
    if key == "broke" and submitting:
        return answers.queue_error(402)
    return None
