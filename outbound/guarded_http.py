"""One HTTP request that cannot reach a private address and cannot outlast its deadline.

For what strangers chose: files to fetch, and customers' webhooks. `requests-hardened` resolves a
name once, refuses private addresses and connects to the very address that it checked, so that a
second DNS answer changes nothing. Its adapter is used bare: `requests.Session`, even when told not
to follow a redirect, reads the redirect's whole body into memory, however long it is
(`resolve_redirects`). The bare adapter knows no proxies, .netrc or cookies either.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from outbound.public_urls import NOT_PUBLIC, UrlNotAllowed, is_allowed_netloc, is_public

# How long one connect or one silence may last; the deadline limits the whole.
STALL_SECONDS = 10.0

# Compressed bodies are asked not to come: nobody here unpacks what a stranger packed.
_HEADERS = {
    "User-Agent": "pvideo-platform",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


class DeadlinePassed(Exception):
    """There is no time left."""


class Deadline:
    """The moment at which everything about one request ends.

    Socket timeouts limit one silence, not the sum: a server that sends a byte each second, be it
    of its headers, never hits them. So a timer shuts the connections down, which wakes whoever
    reads them. It holds duplicates, since the originals may be closed, and their file numbers
    reused, at any moment. To a reader the shutdown can look like the end of the file: ask
    `check` before believing in one.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            while self._watched:
                self._watched.pop().close()

    def check(self) -> float:
        """Seconds left, above zero. Raises `DeadlinePassed` when there are none."""
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise DeadlinePassed
        return seconds

    def is_over(self) -> bool:
        return time.monotonic() >= self._ends_at

    def watch(self, connection: socket.socket) -> None:
        """Have `connection` shut down at the deadline. Raises `DeadlinePassed` if that was it."""
        with self._lock:
            self._watched.append(connection.dup())
        self.check()

    def limit[T](self, call: Callable[[], T]) -> T:
        """`call()`'s result, or `DeadlinePassed`: for DNS, which knows no timeout. Its thread is
        left behind then, and ends when the system's resolver gives up."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001 (raised again by future.result)
                future.set_exception(error)

        threading.Thread(target=run, daemon=True, name="guarded-http-dns").start()
        try:
            return future.result(timeout=self.check())
        except TimeoutError as error:
            raise DeadlinePassed from error

    def _shut_down(self) -> None:
        with self._lock:
            for connection in self._watched:
                with suppress(OSError):  # The other side was faster.
                    connection.shutdown(socket.SHUT_RDWR)


class _WatchedAdapter(HTTPAdapter):
    """For the netlocs in `FETCH_ALLOWED_NETLOCS`: any address, but the deadline."""

    deadline: Deadline  # set by `_send`: requests-hardened's __init__ passes nothing on

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        deadline = self.deadline

        class Watched(pool.ConnectionCls):  # type: ignore[misc]
            # urllib3 opens its sockets here, before TLS; its own SOCKS support overrides it too.
            def _new_conn(self) -> socket.socket:
                connection: socket.socket = super()._new_conn()
                deadline.watch(connection)
                return connection

        pool.ConnectionCls = Watched
        return pool


class _PublicAdapter(IPFilterAdapter, _WatchedAdapter):  # type: ignore[misc]
    """For everything else: requests-hardened's pinned address, checked once more by our rule."""

    def __init__(self, scheme: str) -> None:
        super().__init__(scheme == "https")

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        pin = super().build_connection_pool_key_attributes
        host_params, pool_kwargs = self.deadline.limit(lambda: pin(*args, **kwargs))
        # The host is by now the address that will be connected to.
        if not is_public(ipaddress.ip_address(host_params["host"].strip("[]"))):
            raise InvalidIPAddress
        return host_params, pool_kwargs


def get(url: str, deadline: Deadline) -> requests.Response:
    """The answer to one GET of `url`, its body unread, its redirect not followed; close it.

    `url` comes from `public_urls.check_public_url`.

    Raises `UrlNotAllowed` for a name with a private address, `DeadlinePassed`, and whatever
    requests and urllib3 raise.
    """
    return _send(requests.Request("GET", url, headers=_HEADERS), deadline)


def post(
    url: str, deadline: Deadline, *, body: bytes, headers: Mapping[str, str]
) -> requests.Response:
    """The answer to one POST of `body`, its own body unread, its redirect not followed; close it.

    As `get` otherwise. `headers` are added to our own, and win.
    """
    return _send(
        requests.Request("POST", url, data=body, headers={**_HEADERS, **headers}), deadline
    )


def read(response: requests.Response, deadline: Deadline, *, most_bytes: int) -> bytes:
    """The body as it was sent, undecoded, up to `most_bytes`; what is longer is left unread.

    Raises `DeadlinePassed`, and whatever urllib3 raises.
    """
    body = b""
    while len(body) < most_bytes:
        chunk: bytes = response.raw.read(most_bytes - len(body), decode_content=False)
        deadline.check()
        if not chunk:
            break
        body += chunk
    return body


def _send(request: requests.Request, deadline: Deadline) -> requests.Response:
    prepared = request.prepare()
    parts = urlsplit(str(prepared.url))
    adapter = _WatchedAdapter() if is_allowed_netloc(parts) else _PublicAdapter(parts.scheme)
    adapter.deadline = deadline
    try:
        return adapter.send(prepared, stream=True, timeout=min(STALL_SECONDS, deadline.check()))
    except InvalidIPAddress as error:
        raise UrlNotAllowed(NOT_PUBLIC) from error
