"""Gunicorn's threaded worker, whose own refusals are problem documents too, and whose connections
outlive a body that nobody wanted.

What cannot be read as HTTP never reaches Django: without this it would be answered with a page of
HTML and no request id. `pvideo_platform.problems` cannot be imported here, before the settings.
"""

import json
import time
import uuid
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

REFUSALS = {
    HTTPStatus.BAD_REQUEST: ("bad_request", "The request could not be read."),
    HTTPStatus.REQUEST_URI_TOO_LONG: ("uri_too_long", "The address is too long."),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        "headers_too_large",
        "The request has too many header fields, or too long ones.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("internal_error", "Something went wrong on our side."),
}
"""What gunicorn itself answers with; any other of its refusals is a bad request."""


DRAINED_BYTES, DRAINED_SECONDS = 64_000_000, 5.0
"""Of a body that was refused unread, what is read away after the answer. The answer has said that
the connection stays; gunicorn by itself closes it after 64 KB, under the next request."""


class ProblemWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Let gunicorn log and judge the error, and say what it decided in our own words."""
        verdict = _Verdict()
        super().handle_error(req, verdict, addr, exc)
        if verdict.status is None:
            return
        try:
            util.write_nonblock(client, answer(verdict.status))
        except OSError as error:  # nobody reads it
            self.log.debug("Failed to send error message: %s", error)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Whether the connection can be used again: its request's body is at its end."""
        until = time.monotonic() + DRAINED_SECONDS
        return keepalive and conn.parser.finish_body(deadline=until, max_bytes=DRAINED_BYTES)


class _Verdict:
    """Stands in for the socket that gunicorn writes its page to, and keeps the page's status."""

    status: int | None = None

    def gettimeout(self) -> float:
        return 0.0  # it need not be made one that does not block

    def sendall(self, page: bytes) -> None:
        self.status = int(page.split(maxsplit=2)[1])


def answer(status: int) -> bytes:
    """The whole HTTP answer for a status that gunicorn decided on."""
    known = HTTPStatus(status) if status in REFUSALS else HTTPStatus.BAD_REQUEST
    code, detail = REFUSALS[known]
    request_id = uuid.uuid4().hex
    document = {
        "type": f"/problems/{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": known.value,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {known.value} {known.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Request-ID: {request_id}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\n\r\n"
    )
    return head.encode() + body
