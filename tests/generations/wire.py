"""Servers that behave as a test tells them to, and an internet that leads to them."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from generations.fetching import FetchedFile, FetchError, download

PUBLIC_IP = "93.184.215.14"
SOUND = b"sound" * 1000
OK = b"HTTP/1.1 200 OK\r\n"

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers each path as told, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.port = int(self.server_address[1])
        self.netloc = f"127.0.0.1:{self.port}"

    def on(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return f"http://{self.netloc}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        self.server.answers[self.path](self)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def reply(body: bytes = SOUND, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    return reply(b"", status, Location=location)


def raw(*pieces: bytes, pause_seconds: float = 0, repeat_last: bool = False) -> Answer:
    """Bytes straight to the socket, the last piece for ever if asked."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)
        while repeat_last:
            time.sleep(pause_seconds)
            handler.wfile.write(pieces[-1])

    return answer


class Internet:
    """Names with the answers to one look-up after the other, and public addresses that lead to
    local servers."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.routes: dict[str, Server] = {}
        self.lookup_seconds = 0.0
        self._real = socket.getaddrinfo

    def getaddrinfo(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host in self.names:
            time.sleep(self.lookup_seconds)
            addresses = self.names[host]
            address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (address, port))]
        if host in self.routes:
            return self._real("127.0.0.1", self.routes[host].port, *args, **kwargs)
        if host.startswith("127."):
            return self._real(host, port, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@contextmanager
def serving() -> Iterator[Server]:
    """A server on loopback, which is nobody's to fetch from unless the settings list it."""
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def fetch(
    url: str, *, max_bytes: int = 1_000_000, timeout_seconds: float = 5.0
) -> tuple[bytes, FetchedFile]:
    destination = io.BytesIO()
    file = download(url, destination, max_bytes=max_bytes, timeout_seconds=timeout_seconds)
    return destination.getvalue(), file


def refusal(url: str, **limits: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(url, **limits)
    for secret in ("127.0.0.1", "10.0.0", "169.254", "Errno", "urllib3", "Connection"):
        assert secret not in caught.value.message
    return caught.value
