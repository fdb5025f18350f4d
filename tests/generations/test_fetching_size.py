"""However much a server sends, little of it is taken."""

import gzip
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from generations.fetching import FetchError, download
from tests.generations.wire import Server, fetch, raw, refusal, reply, serving


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with serving() as server:
        settings.FETCH_ALLOWED_NETLOCS = [server.netloc]
        yield server


def test_the_last_allowed_byte_is_allowed(server: Server) -> None:
    assert fetch(server.on("/", reply(b"x" * 100)), max_bytes=100)[1].size_bytes == 100


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 101\r\n", b"", b"Transfer-Encoding: chunked\r\n"],
    ids=["announced", "unannounced", "chunked"],
)
def test_one_byte_too_many_is_refused(head: bytes, server: Server) -> None:
    body = b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n" if b"chunked" in head else b"x" * 101
    url = server.on("/", raw(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body))
    error = refusal(url, max_bytes=100)
    assert (error.code, error.permanent) == ("too_large", True)
    assert error.message == "The file is larger than 0.0001 MB. Use a smaller one."


def test_an_endless_file_is_cut_off(server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    url = server.on("/", raw(head, bytes(50_000), repeat_last=True))
    destination = io.BytesIO()
    with pytest.raises(FetchError, match="too_large"):
        download(url, destination, max_bytes=200_000, timeout_seconds=5)
    assert len(destination.getvalue()) <= 200_000


def test_a_gzip_bomb_is_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(bytes(30_000_000))
    url = server.on("/", reply(bomb, Content_Encoding="gzip"))
    tracemalloc.start()
    error = refusal(url)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (error.code, error.permanent) == ("compressed", True)
    assert peak_bytes < 1_000_000


def test_an_endless_chunk_size_line_takes_no_memory(server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = server.on("/", raw(head, b"0" * 50_000, repeat_last=True))
    tracemalloc.start()
    error = refusal(url)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.code == "unreachable"
    assert peak_bytes < 2_000_000
