"""A man in the middle between us and the sandbox's Stripe: lies, answers late, and moves time."""

import fnmatch
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from billing.payments import wire
from tests.conftest import Sandbox

Answer = dict[str, Any]


class Relay:
    """Passes everything on, except for what it was told.

    Attributes:
        lies: by pattern of `METHOD /path`, what is made of an answer's body.
        late_seconds: by pattern, how long a request lies about before Stripe gets it. It gets
            there even when the client has given up.
        events_ago: how long ago the events seem to have happened.
    """

    def __init__(self, target: str) -> None:
        self.lies: dict[str, Callable[[Answer], Answer]] = {}
        self.late_seconds: dict[str, float] = {}
        self.events_ago = timedelta()
        self.under_way = 0
        self._target = target
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                relay.under_way += 1
                try:
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                    status, answer = relay.passed(self.command, self.path, body, self.headers)
                finally:
                    relay.under_way -= 1
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # it hung up
        self.url = f"http://127.0.0.1:{self._server.server_port}/stripe"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def passed(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes]:
        subject = f"{method} {urlsplit(path).path.removeprefix('/stripe')}"
        for pattern, seconds in [*self.late_seconds.items()]:
            if fnmatch.fnmatchcase(subject, pattern):
                time.sleep(seconds)
        kept = {
            name: value
            for name, value in headers.items()
            if name.lower() not in ("host", "content-length", "connection", "accept-encoding")
        }
        with httpx2.Client(timeout=30, trust_env=False, verify=False) as client:
            answer = client.request(
                method, f"{self._target}{self._moved(path)}", content=body, headers=kept
            )
        content: Answer = answer.json()
        if self.events_ago and "/v2/core/events" in path:
            for event in content["data"]:
                moment = datetime.fromisoformat(event["created"]) - self.events_ago
                event["created"] = moment.isoformat()
        for pattern, lie in [*self.lies.items()]:
            if fnmatch.fnmatchcase(subject, pattern):
                content = lie(content)
        return answer.status_code, json.dumps(content).encode()

    def _moved(self, path: str) -> str:
        parts = urlsplit(path)
        query = parse_qsl(parts.query)
        if not self.events_ago or "/v2/core/events" not in path or "page" in dict(query):
            return path
        moved = [
            (name, (datetime.fromisoformat(value) + self.events_ago).isoformat())
            if name.startswith("created")
            else (name, value)
            for name, value in query
        ]
        return f"{parts.path}?{urlencode(moved)}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def relay(sandbox: Sandbox, settings: Any) -> Iterator[Relay]:
    """Our calls go through it; time-outs are short."""
    one = Relay(sandbox.url)
    settings.STRIPE_BASE_URL = one.url
    settings.STRIPE_TIMEOUT_SECONDS = 2.0
    wire.client.cache_clear()
    yield one
    wire.client.cache_clear()
    one.close()
