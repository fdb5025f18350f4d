"""The record of API requests, so that a test can see what a client sent and count."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from starlette import requests

from sandbox.stripe.forms import Pairs

_KEPT_HEADERS = ("idempotency-key", "stripe-version", "user-agent", "content-type")


@dataclass
class Request:
    """One API request; `status` stays None where the connection was closed without an answer.

    `path` is without `/stripe`. Of the Authorization header only the scheme is kept.
    """

    id: str
    method: str
    path: str
    query: Pairs
    body: Pairs
    headers: dict[str, str]
    status: int | None = None
    fault: str | None = None
    replayed: bool = field(default=False)

    def as_json(self) -> dict[str, Any]:
        """Return the record as it is shown."""
        return dataclasses.asdict(self)


def headers_of(request: requests.Request) -> dict[str, str]:
    """Return the headers that the record keeps."""
    kept = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
    if authorization := request.headers.get("authorization"):
        kept["authorization"] = authorization.split(" ", 1)[0]
    return kept
