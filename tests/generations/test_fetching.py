"""Fetching a stranger's URL: each attack of issue 2, over real sockets.

Servers listen on loopback, which `FETCH_ALLOWED_NETLOCS` opens where a test says so. For public
addresses there is `internet`: a resolver of names and routes at the one place where Python asks the
operating system for them.
"""

import io
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from generations.fetching import FetchedFile, check_public_url, download
from tests.generations.wire import (
    OK,
    PUBLIC_IP,
    SOUND,
    Answer,
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


# What should work


def test_a_file_arrives(server: Server) -> None:
    url = server.on("/a.mp3", reply(Content_Type="Audio/MPEG; x=y"))
    content, file = fetch(url)
    assert content == SOUND
    assert file == FetchedFile(len(SOUND), "audio/mpeg", "127.0.0.1")


def test_it_is_written_from_where_the_destination_stands(server: Server) -> None:
    destination = io.BytesIO()
    destination.write(b"head:")
    url = server.on("/a", reply(b"tail"))
    download(url, destination, max_bytes=4, timeout_seconds=5)
    assert destination.getvalue() == b"head:tail"


def test_a_chunked_file_arrives(server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = server.on("/a", raw(head, b"5\r\nhello\r\n", b"6;x=y\r\n world\r\n", b"0\r\n\r\n"))
    assert fetch(url)[0] == b"hello world"


def test_a_public_name_is_reached_under_its_name(internet: Internet, closed_server: Server) -> None:
    internet.names["media.example.com"] = [PUBLIC_IP]
    internet.routes[PUBLIC_IP] = closed_server
    closed_server.on("/a", reply())
    content, file = fetch("http://media.example.com/a")
    assert content == SOUND
    assert file.final_host == "media.example.com"
    assert closed_server.requests[0][1]["host"] == "media.example.com"


def test_three_redirects_are_followed(server: Server) -> None:
    server.on("/1", redirect("/2", 301))
    server.on("/2", redirect(f"http://{server.netloc}/3", 307))
    server.on("/3", redirect("caf\u00e9?q=\u00fc".encode().decode("latin-1"), 308))
    server.on("/caf%C3%A9?q=%C3%BC", reply())
    assert fetch(f"http://{server.netloc}/1")[0] == SOUND


def test_nothing_of_ours_is_sent_along(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login us password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for variable in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    server.on("/1", reply(b"", 302, Location="/2", Set_Cookie="a=b; Path=/"))
    server.on("/2", reply())
    fetch(f"http://{server.netloc}/1")
    for _, headers in server.requests:
        assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert headers["accept-encoding"] == "identity"


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.7",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
        ),
        *("::1", "::ffff:10.0.0.7", "fd00::1", "fec0::1", "::7f00:1", "64:ff9b::a00:7"),
    ],
)
def test_a_name_with_a_private_address_is_refused(
    address: str, internet: Internet, closed_server: Server
) -> None:
    internet.names["inside.example.com"] = [address]
    internet.routes[address] = closed_server
    closed_server.on("/", reply())
    assert refusal("http://inside.example.com/").code == "url_not_allowed"
    assert closed_server.requests == []


def test_a_second_dns_answer_changes_nothing(
    internet: Internet, closed_server: Server, settings: Settings
) -> None:
    """DNS rebinding: a public address when it is checked, a private one when it is connected to."""
    inside = Server()
    inside.on("/", reply(b"secret"))
    internet.names["rebind.example.com"] = [PUBLIC_IP, "127.0.0.1"]
    internet.routes |= {PUBLIC_IP: closed_server, "127.0.0.1": inside}
    closed_server.on("/", reply(b"public"))
    assert fetch("http://rebind.example.com/")[0] == b"public"
    assert refusal("http://rebind.example.com/").code == "url_not_allowed"
    inside.server_close()


@pytest.mark.parametrize(
    "location",
    [
        *("http://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "http://localhost:{port}/"),
        *("http://2130706433:{port}/", "http://[::1]:{port}/", "http://inside.example.com:{port}/"),
        *("file:///etc/passwd", "gopher://example.com/", "http://u:p@example.com/"),
        *("http://[::1", "http://exa mple.com/", "http://example.com/\xff"),
    ],
)
def test_a_redirect_to_a_private_address_is_refused(
    location: str, server: Server, internet: Internet
) -> None:
    internet.names["inside.example.com"] = ["127.0.0.1"]
    with serving() as inside:
        inside.on("/", reply(b"secret"))
        url = server.on("/", redirect(location.format(port=inside.port)))
        assert refusal(url).code == "url_not_allowed"
        assert inside.requests == []


def test_only_the_exact_host_and_port_are_open(server: Server) -> None:
    server.on("/", reply())
    for host in ("localhost", "127.0.0.2", "127.1"):
        assert refusal(f"http://{host}:{server.port}/").code == "url_not_allowed"
    assert refusal("http://127.0.0.1/").code == "url_not_allowed"
    assert check_public_url(f"HTTP://{server.netloc}/x") == f"http://{server.netloc}/x"


# Redirects


def test_endless_redirects_end(server: Server) -> None:
    url = server.on("/", redirect("/"))
    error = refusal(url)
    assert (error.code, error.permanent) == ("redirect_loop", True)
    assert len(server.requests) == 4


def test_a_redirects_endless_body_is_not_read(server: Server) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /2\r\n\r\n"
    url = server.on("/1", raw(head, bytes(100_000), repeat_last=True))
    server.on("/2", reply())
    started = time.monotonic()
    assert fetch(url)[0] == SOUND
    assert time.monotonic() - started < 3


# Other answers


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        *((status, True) for status in (204, 206, 300, 304, 401, 403, 404, 410)),
        *((status, False) for status in (408, 425, 429, 500, 503)),
    ],
)
def test_a_status_other_than_200(status: int, permanent: bool, server: Server) -> None:
    error = refusal(server.on("/", reply(b"", status)))
    assert (error.code, error.permanent) == ("bad_status", permanent)
    assert str(status) in error.message


@pytest.mark.parametrize(
    "answer",
    [
        raw(OK + b"Content-Length: 100\r\n\r\nonly this"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nonly this"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
        raw(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        raw(OK + b"X: " + b"y" * 70_000),
        raw(OK + b"X: y\r\n" * 200),
        raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
        raw(b""),
    ],
    ids=[
        "short",
        "short-chunk",
        "no-last-chunk",
        "no-chunk",
        "lengths",
        "long-header",
        "headers",
        "ssh",
        "nothing",
    ],
)
def test_a_broken_answer(answer: Answer, server: Server) -> None:
    error = refusal(server.on("/", answer))
    assert (error.code, error.permanent) == ("unreachable", False)


def test_a_server_that_is_gone(settings: Settings, internet: Internet) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        netloc = f"127.0.0.1:{unused.getsockname()[1]}"
    settings.FETCH_ALLOWED_NETLOCS = [netloc]
    assert refusal(f"http://{netloc}/").code == "unreachable"
    error = refusal("http://unknown.example.com/")
    assert (error.code, error.permanent) == ("unreachable", False)


def test_a_full_disk_is_not_the_servers_fault(server: Server) -> None:
    class FullDisk(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    url = server.on("/", reply())
    with pytest.raises(OSError, match="No space left"):
        download(url, FullDisk(), max_bytes=1_000_000, timeout_seconds=5)
