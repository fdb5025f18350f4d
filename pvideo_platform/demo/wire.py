"""HTTP as a plain client speaks it: for asking whether a part answers, and for the walkthrough."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.body[:500].decode(errors='replace')}"


def request(
    method: str,
    url: str,
    *,
    body: object = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
    redirects: int = 3,
) -> Answer:
    """One request on a connection of its own.

    Args:
        body: sent as JSON, unless None. form: sent as a form is; at most one of both.
        timeout: seconds for connecting and for each read.
        redirects: how many to follow, without the headers; they may lead to a file store.

    Raises:
        OSError, http.client.HTTPException: no answer.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"Accept": "application/json, */*", **(headers or {})}
    data = None
    if body is not None:
        data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
    elif form is not None:
        data, sent["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
    try:
        connection.request(method, target, body=data, headers=sent)
        response = connection.getresponse()
        answer, location = Answer(response.status, response.read()), response.headers["Location"]
    finally:
        connection.close()
    if answer.status in (301, 302, 303, 307, 308) and location and method == "GET" and redirects:
        return request("GET", urljoin(url, location), timeout=timeout, redirects=redirects - 1)
    return answer


def status_of(url: str) -> int | None:
    """The status that a GET is answered with, or None when nothing answers within two seconds."""
    try:
        return request("GET", url, timeout=2.0, redirects=0).status
    except (OSError, http.client.HTTPException):
        return None
