"""Deadlines, name look-ups and certificates of one request, over real sockets."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
from pytest_django import Settings

from tests.generations.wire import (
    OK,
    PUBLIC_IP,
    SOUND,
    Internet,
    Server,
    fetch,
    raw,
    redirect,
    refusal,
    reply,
    serving,
)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    internet = Internet()
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    return internet


@pytest.fixture
def closed_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """As above, but listed in the settings."""
    with serving() as server:
        settings.FETCH_ALLOWED_NETLOCS = [server.netloc]
        yield server


@pytest.mark.parametrize(
    ("opening", "drop"),
    [
        (b"", b"H"),
        (OK, b"X: y\r\n"),
        (OK + b"X: ", b"y"),
        (OK + b"\r\n", b"x"),
        (OK + b"Content-Length: 100000\r\n\r\n", b"x"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=[
        "status",
        "headers",
        "header",
        "body",
        "sized",
        "chunks",
        "chunk-size",
        "trailers",
        "continue",
    ],
)
def test_a_dripping_server_is_left_at_the_deadline(
    opening: bytes, drop: bytes, server: Server
) -> None:
    url = server.on("/", raw(opening, drop, pause_seconds=0.02, repeat_last=True))
    started = time.monotonic()
    error = refusal(url, timeout_seconds=0.25)
    assert 0.2 < time.monotonic() - started < 2
    assert (error.code, error.permanent) == ("too_slow", False)


def test_a_silent_server_is_left_at_the_deadline(server: Server) -> None:
    url = server.on("/", lambda handler: time.sleep(3))
    started = time.monotonic()
    assert refusal(url, timeout_seconds=0.2).code == "too_slow"
    assert time.monotonic() - started < 2


def test_the_deadline_counts_all_redirects_together(server: Server) -> None:
    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.12)
        redirect("/")(handler)

    url = server.on("/", slowly)
    assert refusal(url, timeout_seconds=0.3).code == "too_slow"


def test_a_slow_name_server_is_left_at_the_deadline(internet: Internet) -> None:
    internet.names["slow.example.com"] = [PUBLIC_IP]
    internet.lookup_seconds = 3
    started = time.monotonic()
    assert refusal("http://slow.example.com/", timeout_seconds=0.2).code == "too_slow"
    assert time.monotonic() - started < 2


def test_no_time_at_all(server: Server) -> None:
    url = server.on("/", reply())
    assert refusal(url, timeout_seconds=0).code == "too_slow"
    assert server.requests == []


def test_nothing_is_left_open_or_running(server: Server) -> None:
    good = server.on("/good", reply())
    cut = server.on("/cut", raw(OK + b"Content-Length: 9\r\n\r\n"))
    gone = server.on("/gone", redirect("/cut"))

    def left() -> tuple[int, int]:
        threads = threading.enumerate()
        timers = [t for t in threads if isinstance(t, threading.Timer) and t.interval == 30]
        return len(list(Path("/dev/fd").iterdir())), len(timers)

    def leaked() -> bool:
        return any(now > then for now, then in zip(left(), before, strict=True))

    before = left()
    for _ in range(5):
        fetch(good, timeout_seconds=30)
        refusal(good, timeout_seconds=30, max_bytes=1)
        refusal(cut, timeout_seconds=30)
        refusal(gone, timeout_seconds=30)
    # The server's own ends, and a cancelled timer, take a moment.
    give_up_at = time.monotonic() + 2
    while leaked() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert not leaked()


# Certificates


@pytest.fixture
def tls_server(
    closed_server: Server, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Server:
    """https://media.example.com/, whose certificate is signed by itself alone."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    command += " -subj /CN=media.example.com -addext subjectAltName=DNS:media.example.com"
    subprocess.run(
        [*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    closed_server.socket = context.wrap_socket(closed_server.socket, server_side=True)
    closed_server.on("/", reply())
    internet.routes[PUBLIC_IP] = closed_server
    internet.names = {"media.example.com": [PUBLIC_IP], "other.example.com": [PUBLIC_IP]}
    closed_server.certificate = certificate  # type: ignore[attr-defined]
    return closed_server


def test_tls_checks_the_name_and_not_the_address(
    tls_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", tls_server.certificate)
    assert fetch("https://media.example.com/")[0] == SOUND
    assert refusal("https://other.example.com/").code == "unreachable"


def test_an_unknown_signer_is_refused(tls_server: Any) -> None:
    error = refusal("https://media.example.com/")
    assert error.code == "unreachable"
    assert "certificate" in error.message
    assert tls_server.requests == []


def test_tls_drips_end_at_the_deadline(tls_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", tls_server.certificate)
    tls_server.on("/drip", raw(OK, b"X: y\r\n", pause_seconds=0.02, repeat_last=True))
    started = time.monotonic()
    assert refusal("https://media.example.com/drip", timeout_seconds=0.3).code == "too_slow"
    assert time.monotonic() - started < 2


def test_a_handshake_without_end_ends_at_the_deadline(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        netloc = f"127.0.0.1:{silent.getsockname()[1]}"
        settings.FETCH_ALLOWED_NETLOCS = [netloc]
        started = time.monotonic()
        assert refusal(f"https://{netloc}/", timeout_seconds=0.2).code == "too_slow"
        assert time.monotonic() - started < 2
