"""Answer with a file, or with the part of it that was asked for (RFC 9110, section 14).

Browsers seek in a video by asking for byte ranges. Django's `FileResponse` (6.1) knows none, and
the packages that add them (django-ranged-response, django-ranged-fileresponse,
django-partial-content, djangorangemiddleware) saw their last releases between 2017 and 2022.
"""

import re
from typing import Protocol, Self

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag

CHUNK_BYTES = 64 * 1024

# One range. The digits are limited because int() refuses numbers of thousands of them.
_RANGE = re.compile(
    r"bytes=[ \t]*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})[ \t]*", re.IGNORECASE
)


class SeekableFile(Protocol):
    """What is needed of a file: Django's `File` and Python's own have it."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> object: ...
    def close(self) -> None: ...


def ranged_response(
    request: HttpRequest,
    file: SeekableFile,
    *,
    size: int,
    content_type: str,
    filename: str | None = None,
    as_attachment: bool = False,
    etag: str | None = None,
) -> HttpResponseBase:
    """`file`, `size` bytes long, as the answer to `request`; closes it in every case.

    200 with the whole, 206 with the one range asked for, 416 when it begins behind the end, 304 or
    412 by `If-None-Match` and `If-Match` when there is an `etag` (a strong one: the same bytes).
    Several ranges at once, other units and nonsense get the whole, as section 14.2 permits; so does
    a range whose `If-Range` names another etag or a date.

    Who may see the file is the caller's to check. Shared caches are told to keep out.
    """
    try:
        response = _response(request, file, size=size, etag=etag)
        if response.status_code in (200, 206):
            response.headers["Content-Type"] = content_type
            disposition = content_disposition_header(as_attachment, filename or "")
            if disposition is not None:
                response.headers["Content-Disposition"] = disposition
        response.headers["Accept-Ranges"] = "bytes"
        response.headers["Cache-Control"] = "private"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if etag is not None:
            response.headers["ETag"] = quote_etag(etag)
    except BaseException:
        file.close()
        raise
    return response


def _response(
    request: HttpRequest, file: SeekableFile, *, size: int, etag: str | None
) -> HttpResponseBase:
    if etag is not None:
        # Section 13.2.2: these conditions come before the range.
        unmet = get_conditional_response(request, etag=quote_etag(etag))
        if unmet is not None:
            file.close()
            return unmet
    if request.method == "HEAD":
        # Ranges are defined for GET alone (section 14.2).
        file.close()
        return HttpResponse(headers={"Content-Length": str(size)})
    asked = _asked_range(request, size=size, etag=etag)
    if asked is None:
        return _streamed(file, 0, size, status=200)
    start, stop = asked
    if start >= size:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = _streamed(file, start, stop, status=206)
    response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return response


def _asked_range(request: HttpRequest, *, size: int, etag: str | None) -> tuple[int, int] | None:
    """Start and stop of the range to send, from `size` on if there is nothing to; None: all."""
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or size == 0:
        return None
    condition = request.headers.get("If-Range")
    # Strong comparison (section 13.1.5): a weak etag or a date does not prove that the parts that
    # the client already has belong to these.
    if condition is not None and (
        etag is None or condition.startswith("W/") or condition.strip() != quote_etag(etag)
    ):
        return None
    first, last = match["first"], match["last"]
    if not first:
        if not last:
            return None
        return max(0, size - int(last)), size  # the last so many; of none, nothing
    if not last:
        return int(first), size
    if int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size)


def _streamed(file: SeekableFile, start: int, stop: int, *, status: int) -> StreamingHttpResponse:
    headers = {"Content-Length": str(stop - start)}
    file.seek(start)
    return StreamingHttpResponse(_Part(file, stop - start), status=status, headers=headers)


class _Part:
    """The next `size` bytes of `file`. A class and not a generator: a generator that was never
    begun (the client hung up, a middleware raised) would never close the file."""

    def __init__(self, file: SeekableFile, size: int) -> None:
        self._file = file
        self._left = size

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        chunk = self._file.read(min(CHUNK_BYTES, self._left)) if self._left else b""
        if not chunk:
            raise StopIteration
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._file.close()
