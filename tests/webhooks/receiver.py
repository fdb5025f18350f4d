"""A customer's server: real HTTP on this machine, behaving as a test tells it to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from tests.generations.wire import OK, Answer, raw, redirect, reply

__all__ = ["OK", "Receiver", "Request", "hang", "in_turn", "raw", "receiving", "redirect", "reply"]


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    def verified(self, secret: str) -> Any:
        """The body, once Standard Webhooks' own library has checked its signature."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver(ThreadingHTTPServer):
    """Answers 200, or as told for a path, and remembers what came."""

    daemon_threads = True
    request_queue_size = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.requests: list[Request] = []
        self.at_once: dict[str, int] = {}
        self.most_at_once: dict[str, int] = {}
        self.lock = threading.Lock()
        self.port = int(self.server_address[1])
        self.netloc = f"127.0.0.1:{self.port}"

    def on(self, path: str, answer: Answer | None = None) -> str:
        self.answers[path] = answer or reply(b"thanks")
        return f"http://{self.netloc}{path}"

    def got(self, path: str) -> list[Request]:
        with self.lock:
            return [one for one in self.requests if one.path == path]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server, path = self.server, self.path
        with server.lock:
            server.requests.append(Request(path, headers, body))
            server.at_once[path] = server.at_once.get(path, 0) + 1
            most = max(server.most_at_once.get(path, 0), server.at_once[path])
            server.most_at_once[path] = most
        try:
            server.answers[path](self)
        finally:
            with server.lock:
                server.at_once[path] -= 1

    def log_message(self, format: str, *args: Any) -> None:
        pass


def hang(seconds: float = 30.0) -> Answer:
    """Takes the request and says nothing."""
    return lambda handler: time.sleep(seconds)


def in_turn(*answers: Answer) -> Answer:
    """Another answer each time; the last one stays."""
    left = list(answers)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, args=(0.01,), daemon=True).start()
    yield receiver
    receiver.shutdown()
    receiver.server_close()
