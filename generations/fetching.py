"""Fetch files from URLs that strangers chose: customers' audio, the provider's finished videos.

`download` is the only function of the platform that follows such a URL; `check_public_url` judges
those that the provider follows for us (images). The source of the rules is issue 2, "What bad
input and bad luck get".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from outbound import guarded_http
from outbound.guarded_http import Deadline, DeadlinePassed
from outbound.public_urls import UrlNotAllowed, check_public_url

__all__ = ["FetchError", "FetchedFile", "UrlNotAllowed", "check_public_url", "download"]

MAX_REDIRECTS = 3
CHUNK_BYTES = 64 * 1024

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Request Timeout, Too Early, Too Many Requests (RFC 9110, 8470, 6585): the same URL may work later.
_PASSING_STATUSES = frozenset({408, 425, 429})


class FetchError(Exception):
    """A file could not be fetched.

    `code` is one of `url_not_allowed`, `unreachable`, `too_large`, `too_slow`, `bad_status`,
    `redirect_loop`, `compressed`. `message` is for the customer: it says what to do and names no
    address. `permanent` is false when the same URL may work later.
    """

    def __init__(self, code: str, message: str, *, permanent: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What arrived: its size, the media type it was declared as (lower case, without parameters,
    "" when undeclared; a claim, not a fact), and the host that sent it in the end."""

    size_bytes: int
    content_type: str
    final_host: str


def download(
    url: str, destination: BinaryIO, *, max_bytes: int, timeout_seconds: float
) -> FetchedFile:
    """Fetch `url` into `destination`, from its current position on.

    At most `MAX_REDIRECTS` redirects, each checked like the first URL; at most `max_bytes`; all of
    it, DNS included, within `timeout_seconds`. After an error `destination` holds whatever had
    come: discard it.

    Raises `FetchError`; errors of `destination` itself pass through.
    """
    with Deadline(timeout_seconds) as deadline:
        for _ in range(MAX_REDIRECTS + 1):
            with _wire_errors(deadline):
                url = check_public_url(url)
                response = guarded_http.get(url, deadline)
            with response:
                location = response.headers.get("Location")
                if response.status_code not in _REDIRECTS or location is None:
                    _check_answer(response)
                    return FetchedFile(
                        size_bytes=_save(response, destination, max_bytes, deadline),
                        content_type=_content_type(response),
                        final_host=urlsplit(url).hostname or "",
                    )
            url = _redirect_target(url, location)
    raise FetchError(
        "redirect_loop",
        f"The URL redirects more than {MAX_REDIRECTS} times. Use the file's final URL.",
        permanent=True,
    )


@contextmanager
def _wire_errors(deadline: Deadline) -> Iterator[None]:
    """Whatever the wire raises becomes a `FetchError`. Nothing but the wire may run inside."""
    try:
        yield
    except UrlNotAllowed as error:
        raise FetchError("url_not_allowed", str(error), permanent=True) from error
    except (DeadlinePassed, requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise _too_slow(deadline) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        # The deadline's shutdown shows itself as a broken connection.
        if deadline.is_over():
            raise _too_slow(deadline) from error
        raise FetchError(
            "unreachable",
            "The file could not be fetched: its server was not reached, or broke off. Check the "
            "URL, and that the server is up and has a valid certificate.",
            permanent=False,
        ) from error


def _check_answer(response: requests.Response) -> None:
    status = response.status_code
    if status != 200:
        raise FetchError(
            "bad_status",
            f"The file's server answered with status {status} instead of the file. "
            "Check that the URL is right and needs no login.",
            permanent=status < 500 and status not in _PASSING_STATUSES,
        )
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        # We asked for the plain file. Not decoding at all is the surest guard against archives
        # that unpack to a thousand times their size, and media hardly shrink anyway.
        raise FetchError(
            "compressed",
            "The file's server sent it compressed (Content-Encoding). Serve it as it is.",
            permanent=True,
        )


def _save(
    response: requests.Response, destination: BinaryIO, max_bytes: int, deadline: Deadline
) -> int:
    # An honest header saves us the trip; a dishonest one, nothing.
    if (response.raw.length_remaining or 0) > max_bytes:
        raise _too_large(max_bytes)
    size_bytes = 0
    while chunk := _read(response, deadline):
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise _too_large(max_bytes)
        destination.write(chunk)
    return size_bytes


def _read(response: requests.Response, deadline: Deadline) -> bytes:
    with _wire_errors(deadline):
        # Not iter_content(): it decodes.
        chunk: bytes = response.raw.read(CHUNK_BYTES, decode_content=False)
        deadline.check()
        return chunk


def _redirect_target(url: str, location: str) -> str:
    try:
        # http.client reads headers as Latin-1; servers write UTF-8.
        return urljoin(url, location.encode("latin-1").decode())
    except ValueError as error:
        raise FetchError(
            "url_not_allowed", "The URL redirects to one that is not valid.", permanent=True
        ) from error


def _content_type(response: requests.Response) -> str:
    declared = response.headers.get("Content-Type", "").partition(";")[0]
    return declared.strip().lower()[:100]


def _too_large(max_bytes: int) -> FetchError:
    return FetchError(
        "too_large",
        f"The file is larger than {max_bytes / 1_000_000:g} MB. Use a smaller one.",
        permanent=True,
    )


def _too_slow(deadline: Deadline) -> FetchError:
    return FetchError(
        "too_slow",
        f"The file did not arrive within {deadline.seconds:g} seconds, or stopped arriving. "
        "Put it on a faster server, or try again.",
        permanent=False,
    )
