"""One attempt: a POST that is guarded, signed, bounded in time and in what is read.

No database here: this is what the threads do.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3
from django.conf import settings

from outbound import guarded_http
from outbound.guarded_http import Deadline, DeadlinePassed
from outbound.public_urls import UrlNotAllowed
from webhooks import signing, targets
from webhooks.models import MAX_EXCERPT, AttemptError

MAX_RESPONSE_BYTES = 65_536
"""What is read of an answer; the rest is left."""
USER_AGENT = "PVideo-Webhooks/1.0"
GONE = 410
_SPACES = "\t\n\r\u00a0"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, and where. `keys` are the secrets to sign with."""

    url: str
    message_id: str
    body: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `error` is "" when it was delivered."""

    started_at: datetime
    duration_ms: int
    error: str = ""
    status_code: int | None = None
    response_excerpt: str = ""
    retry_after_seconds: float = 0.0


def send(message: Message) -> Outcome:
    """Make one attempt; never raises what the wire raises.

    Delivered means: a complete answer (or its first 64 KB) with a 2xx status within
    WEBHOOK_TIMEOUT_SECONDS, all included. A redirect is a failure.
    """
    started_at, start = datetime.now(UTC), time.monotonic()
    status, excerpt, wait = None, b"", 0.0
    with Deadline(settings.WEBHOOK_TIMEOUT_SECONDS) as deadline:
        try:
            with _post(message, started_at, deadline) as response:
                status = response.status_code
                wait = _retry_after_seconds(response.headers.get("Retry-After", ""), started_at)
                excerpt = guarded_http.read(response, deadline, most_bytes=MAX_RESPONSE_BYTES)
            error = _judged(status)
        except UrlNotAllowed:
            error = AttemptError.URL_NOT_ALLOWED
        except (DeadlinePassed, requests.Timeout, urllib3.exceptions.ReadTimeoutError):
            error = AttemptError.TIMEOUT
        except requests.exceptions.SSLError:
            error = AttemptError.TIMEOUT if deadline.is_over() else AttemptError.TLS
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            # The deadline's shutdown shows itself as a broken connection.
            error = AttemptError.TIMEOUT if deadline.is_over() else AttemptError.CONNECTION
    return Outcome(
        started_at,
        round((time.monotonic() - start) * 1000),
        str(error),
        status,
        _shown(excerpt),
        wait,
    )


def _post(message: Message, now: datetime, deadline: Deadline) -> requests.Response:
    signed = signing.headers(
        message_id=message.message_id, body=message.body, keys=message.keys, now=now
    )
    return guarded_http.post(
        targets.check(message.url),
        deadline,
        body=message.body.encode(),
        headers={"Content-Type": "application/json", "User-Agent": USER_AGENT, **signed},
    )


def _judged(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return AttemptError.REDIRECT if 300 <= status < 400 else AttemptError.STATUS


def _retry_after_seconds(text: str, now: datetime) -> float:
    """What the header asks for (RFC 9110: seconds, or a date), 0 for nothing that makes sense."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _shown(body: bytes) -> str:
    """The beginning of an answer as text that can be stored and shown: nothing in it steers a
    terminal, or turns the direction of what follows."""
    text = body[:MAX_EXCERPT].decode(errors="replace")
    return "".join(one if one.isprintable() or one in _SPACES else "\ufffd" for one in text)
