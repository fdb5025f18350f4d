"""One POST: a body and headers out, a bounded answer in, and the same guard as a GET."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from outbound import guarded_http
from outbound.guarded_http import Deadline, DeadlinePassed
from outbound.public_urls import UrlNotAllowed, check_public_url
from tests.generations.wire import PUBLIC_IP, Internet
from tests.webhooks.receiver import OK, Receiver, raw, receiving, redirect, reply


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as running:
        settings.FETCH_ALLOWED_NETLOCS = [running.netloc]
        yield running


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    internet = Internet()
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    return internet


def post(url: str, *, seconds: float = 5.0, most_bytes: int = 100) -> tuple[int, bytes]:
    with Deadline(seconds) as deadline:
        url = check_public_url(url)
        headers = {"Content-Type": "text/plain", "User-Agent": "tests"}
        with guarded_http.post(url, deadline, body=b"hello", headers=headers) as response:
            return response.status_code, guarded_http.read(
                response, deadline, most_bytes=most_bytes
            )


def test_a_body_and_its_headers_arrive(receiver: Receiver) -> None:
    assert post(receiver.on("/a", reply(b"answer", 201))) == (201, b"answer")
    (request,) = receiver.requests
    assert request.body == b"hello"
    assert request.headers["content-length"] == "5"
    assert request.headers["content-type"] == "text/plain"
    assert request.headers["user-agent"] == "tests"
    assert request.headers["accept-encoding"] == "identity"


def test_a_redirect_is_the_answer_and_is_not_followed(receiver: Receiver) -> None:
    receiver.on("/b")
    assert post(receiver.on("/a", redirect("/b")))[0] == 302
    assert receiver.got("/b") == []


@pytest.mark.parametrize("size", [99, 100, 101, 100_000])
def test_no_more_than_the_limit_is_read(receiver: Receiver, size: int) -> None:
    url = receiver.on("/a", reply(b"x" * size))
    assert post(url)[1] == b"x" * min(size, 100)


def test_an_answer_that_drips_ends_at_the_deadline(receiver: Receiver) -> None:
    dripping = raw(OK + b"\r\n", b"x", pause_seconds=0.02, repeat_last=True)
    url = receiver.on("/a", dripping)
    started = time.monotonic()
    # The deadline's shutdown may show itself as a broken connection.
    with pytest.raises((DeadlinePassed, OSError, urllib3.exceptions.ProtocolError)):
        post(url, seconds=0.3, most_bytes=10_000)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "::1", "fd00::1", "100.64.0.1"],
)
def test_a_name_with_a_private_address_is_refused(internet: Internet, address: str) -> None:
    internet.names["innocent.example.com"] = [address]
    with pytest.raises(UrlNotAllowed):
        post("https://innocent.example.com/hook")


def test_a_second_look_up_changes_nothing(internet: Internet) -> None:
    """DNS rebinding: a public address when it is checked, a private one when it is connected to."""
    routes: dict[str, Any] = internet.routes
    with receiving() as outside, receiving() as inside:
        internet.names["rebind.example.com"] = [PUBLIC_IP, "127.0.0.1"]
        routes |= {PUBLIC_IP: outside, "127.0.0.1": inside}
        outside.on("/", reply(b"public"))
        inside.on("/", reply(b"secret"))
        assert post("http://rebind.example.com/")[1] == b"public"
        with pytest.raises(UrlNotAllowed):
            post("http://rebind.example.com/")
        assert inside.requests == []
