"""A client cheap enough not to be what is measured: some 30 microseconds a request.

One thread, some keep-alive connections, requests prepared as bytes; of the answers only the
status and the length are read.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

HEAD_END = b"\r\n\r\n"
ANSWER_SECONDS = 30


@dataclass
class Load:
    """What came back within `seconds`: how many answers of each status."""

    seconds: float = 0.0
    answers: dict[int, int] = field(default_factory=dict)

    def add(self, other: "Load") -> None:
        self.seconds += other.seconds
        for status, number in other.answers.items():
            self.answers[status] = self.answers.get(status, 0) + number

    @property
    def total(self) -> int:
        return sum(self.answers.values())

    @property
    def per_second(self) -> float:
        return self.total / self.seconds


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._buffer = b""
        self._closing = False
        self._socket = self._connected()

    def _connected(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes) -> None:
        """Send on this connection, or on a new one when the server has announced its end."""
        if self._closing:
            self.close()
            self._socket = self._connected()
        self._buffer = b""
        self._socket.sendall(request)

    def receive(self) -> int | None:
        """Read what is there; the status once the answer is whole. Raises: ConnectionError."""
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection with a request under way")
        self._buffer += data
        head, found, body = self._buffer.partition(HEAD_END)
        if not found:
            return None
        lowered = head.lower()
        if len(body) < int(lowered.partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return None
        self._closing = b"connection: close" in lowered
        return int(head[9:12])

    def close(self) -> None:
        self._socket.close()


def play(connections: list[Connection], requests: Iterator[bytes]) -> Load:
    """Send the requests, one under way on each connection; each that was sent is counted."""
    load = Load()
    begun = time.perf_counter()
    with selectors.DefaultSelector() as selector:

        def send_next(connection: Connection) -> None:
            request = next(requests, None)
            if request is not None:
                connection.send(request)
                selector.register(connection, selectors.EVENT_READ)

        for connection in connections:
            send_next(connection)
        while selector.get_map():
            ready = selector.select(ANSWER_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer within {ANSWER_SECONDS} seconds")
            for key, _ in ready:
                connection = cast(Connection, key.fileobj)
                if (status := connection.receive()) is None:
                    continue
                selector.unregister(connection)
                load.answers[status] = load.answers.get(status, 0) + 1
                send_next(connection)
    load.seconds = time.perf_counter() - begun
    return load


def timed(connection: Connection, request: bytes) -> tuple[int, float]:
    """One request by itself: the status of its answer, and the seconds until that was whole."""
    begun = time.perf_counter()
    connection.send(request)
    while (status := connection.receive()) is None:
        pass
    return status, time.perf_counter() - begun


def repeated(request: bytes, seconds: float) -> Iterator[bytes]:
    """The same request until the time is over."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        yield request


def request_bytes(method: str, path: str, key: str, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP/1.1 request with a Bearer key."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
