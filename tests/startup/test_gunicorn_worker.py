"""What gunicorn refuses by itself: a problem document with a request id, not a page of HTML."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvideo_platform import gunicorn_conf, gunicorn_worker, problems

APP = """
def application(environ, start_response):
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A gunicorn with our worker and an application of three lines."""
    folder = tmp_path_factory.mktemp("gunicorn")
    (folder / "tiny.py").write_text(APP)
    log = folder / "log"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "--chdir", folder, "--bind", "127.0.0.1:0"),
            *("--worker-class", gunicorn_conf.worker_class, "--workers", "1", "--threads", "2"),
            *("--no-control-socket", "--log-file", log, "tiny:application"),
        ],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stderr=subprocess.DEVNULL,
    )
    try:
        found = None
        while not found:
            assert process.poll() is None, log.read_text()
            found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", _read(log))
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(10)


def _read(log: Path) -> str:
    return log.read_text() if log.exists() else ""


def ask(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(request)
        answer = b""
        while more := wire.recv(65536):
            answer += more
            if answer.endswith(b"ok"):
                break
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (b"GARBAGE\r\n\r\n", "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", "bad_request"),
        (b"GET /?" + b"x" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "uri_too_long"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", "headers_too_large"),
        (b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n", "internal_error"),
    ],
    ids=["line", "header", "expect", "uri", "headers", "broken"],
)
def test_its_refusals_are_problems(port: int, request_bytes: bytes, code: str) -> None:
    status, headers, body = ask(port, request_bytes)
    problem = json.loads(body)
    assert (status, problem["code"]) == (problems.STATUS[code], code)
    assert problem["status"] == status
    assert headers["content-type"] == problems.CONTENT_TYPE
    assert headers["x-request-id"] == problem["request_id"] != ""
    assert set(problem) == set(problems.document(None, code, ""))
    assert b"<" not in body


def test_what_it_can_read_is_answered(port: int) -> None:
    assert ask(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 200


def test_a_connection_outlives_a_body_that_nobody_read(port: int) -> None:
    body = b"x" * 5_000_000
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        for _ in range(3):
            wire.sendall(head + body)
            answer = b""
            while not answer.endswith(b"ok"):
                answer += wire.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")


def test_its_codes_are_the_platforms() -> None:
    for status, (code, _) in gunicorn_worker.REFUSALS.items():
        assert problems.STATUS[code] == status
