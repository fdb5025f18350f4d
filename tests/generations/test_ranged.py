"""Byte ranges (RFC 9110, section 14), through Django's own handlers and over a real socket."""

import http.client
import io
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.files.base import ContentFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from generations.ranged import CHUNK_BYTES, ranged_response

BODY = bytes(range(256)) * 1000
SIZE = len(BODY)


def ask(
    *, body: bytes = BODY, method: str = "GET", etag: str | None = "v1", **headers: str
) -> tuple[HttpResponseBase, io.BytesIO]:
    file = io.BytesIO(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = RequestFactory().generic(method, "/", headers=named)
    response = ranged_response(
        request, file, size=len(body), content_type="video/mp4", filename="a.mp4", etag=etag
    )
    return response, file


def content(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return response.getvalue()


def test_without_a_range_the_whole_is_sent() -> None:
    response, file = ask()
    assert response.status_code == 200
    assert content(response) == BODY
    assert dict(response.items()) == {
        "Content-Length": str(SIZE),
        "Content-Type": "video/mp4",
        "Content-Disposition": 'inline; filename="a.mp4"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private",
        "X-Content-Type-Options": "nosniff",
        "ETag": '"v1"',
    }
    response.close()
    assert file.closed


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-1", 0, 2),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-299", 100, 300),
        (f"bytes=5-{10**17}", 5, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES * 2 + 5}", CHUNK_BYTES - 1, CHUNK_BYTES * 2 + 6),
        ("Bytes=1-2", 1, 3),
    ],
)
def test_one_range_is_sent(asked: str, start: int, stop: int) -> None:
    response, file = ask(Range=asked)
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(stop - start)
    assert content(response) == BODY[start:stop]
    response.close()
    assert file.closed


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"])
def test_a_range_behind_the_end(asked: str) -> None:
    response, file = ask(Range=asked)
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"
    assert response.headers["Cache-Control"] == "private"
    assert "Content-Disposition" not in response.headers
    assert file.closed


@pytest.mark.parametrize(
    "asked",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1-2,5-6", "bytes=--5"),
        *("items=0-5", "bytes=0x1-5", "bytes=1.5-2", "bytes=\u0661-\u0662", "bytes=+1-2"),
        *(f"bytes={'9' * 5000}-", "bytes=0-0\r\nX: y", "bytes 0-5", "bytes=-5-"),
    ],
)
def test_nonsense_gets_the_whole(asked: str) -> None:
    response, _ = ask(Range=asked)
    assert response.status_code == 200
    assert content(response) == BODY


def test_an_empty_file_has_no_ranges() -> None:
    for asked in ("bytes=0-", "bytes=-5"):
        response, _ = ask(body=b"", Range=asked)
        assert (response.status_code, content(response)) == (200, b"")
        assert response.headers["Content-Length"] == "0"


@pytest.mark.parametrize(
    ("condition", "etag", "status"),
    [
        ('"v1"', "v1", 206),
        ('"v1"', '"v1"', 206),
        ('"v2"', "v1", 200),
        ('W/"v1"', "v1", 200),
        ('W/"v1"', 'W/"v1"', 200),
        ("v1", "v1", 200),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "v1", 200),
        ('"v1"', None, 200),
    ],
)
def test_if_range(condition: str, etag: str | None, status: int) -> None:
    response, _ = ask(Range="bytes=0-4", If_Range=condition, etag=etag)
    assert response.status_code == status


def test_other_conditions_come_first() -> None:
    response, file = ask(Range="bytes=0-4", If_None_Match='"v1"')
    assert (response.status_code, response.headers["ETag"], file.closed) == (304, '"v1"', True)
    response, file = ask(Range="bytes=0-4", If_Match='"v2"')
    assert (response.status_code, file.closed) == (412, True)
    assert ask(Range="bytes=0-4", If_Match='"v1"', If_None_Match='"v2"')[0].status_code == 206


def test_head_is_told_the_whole_length_and_nothing_else() -> None:
    response, file = ask(method="HEAD", Range="bytes=0-4")
    assert response.status_code == 200
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["Content-Type"] == "video/mp4"
    assert not response.streaming
    assert file.closed


def test_a_file_that_is_never_sent_is_closed_too() -> None:
    response, file = ask(Range="bytes=0-4")
    response.close()
    assert file.closed


def test_a_file_that_cannot_seek_is_closed_too() -> None:
    class Broken(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            raise OSError("gone")

    file = Broken(BODY)
    with pytest.raises(OSError, match="gone"):
        ranged_response(RequestFactory().get("/"), file, size=SIZE, content_type="video/mp4")
    assert file.closed


def test_a_file_shorter_than_it_should_be_ends() -> None:
    file = io.BytesIO(b"short")
    response = ranged_response(RequestFactory().get("/"), file, size=100, content_type="video/mp4")
    assert content(response) == b"short"


def test_it_is_read_in_small_pieces() -> None:
    sizes: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            sizes.append(size or -1)
            return super().read(size)

    request = RequestFactory().get("/", headers={"Range": "bytes=1-"})
    response = ranged_response(request, Watched(BODY), size=SIZE, content_type="video/mp4")
    assert content(response) == BODY[1:]
    assert max(sizes) == CHUNK_BYTES
    assert min(sizes) > 0


def test_the_name_to_save_it_under() -> None:
    file = ContentFile(BODY)
    response = ranged_response(
        RequestFactory().get("/"),
        file,
        size=SIZE,
        content_type="video/mp4",
        filename='caf\u00e9"\r\nX: y.mp4',
        as_attachment=True,
    )
    disposition = response.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=utf-8''caf%C3%A9%22%0D%0AX%3A%20y.mp4"
    assert "ETag" not in response.headers


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    """To a WSGI server that answers everything with the file."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    def application(environ: Any, start_response: Any) -> HttpResponseBase:
        request: HttpRequest = WSGIRequest(environ)
        response = ranged_response(
            request, io.BytesIO(BODY), size=SIZE, content_type="video/mp4", etag="v1"
        )
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return response

    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    yield connection
    connection.close()
    server.shutdown()
    server.server_close()


def test_over_the_wire(connection: http.client.HTTPConnection) -> None:
    for method, asked, status, body in (
        ("GET", "bytes=100000-", 206, BODY[100000:]),
        ("GET", "bytes=0-,5-", 200, BODY),
        ("HEAD", "bytes=0-4", 200, b""),
        ("GET", f"bytes={SIZE}-", 416, b""),
    ):
        connection.request(method, "/", headers={"Range": asked})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, body)
