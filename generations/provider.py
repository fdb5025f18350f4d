"""Pixazo over HTTP: the only importer of the HTTP client for it.

Failures are classified closed by default (design, section 5.2): only what is known never to have
reached the model may be sent again, and what is not listed is "outcome unknown".
"""

import functools
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx2
from django.conf import settings

MODEL_PATHS = {
    "p-video": "/p-video/v1/p-video/generate",
    "p-video-avatar": "/p-video-avatar/v1/p-video-avatar/generate",
}
MAX_ANSWER_BYTES = 1_000_000
MAX_RETRY_AFTER_SECONDS = 300
TERMINAL = frozenset({"COMPLETED", "FAILED", "ERROR"})
OPEN = frozenset({"QUEUED", "PROCESSING"})
UNREACHED, SILENCE = "unreached", "silence"
"""Answers that were none: no connection, and nothing readable on one."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """202: the provider has the job."""

    request_id: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """Certainly not taken on; may be sent again. `wallet_empty`: our own provider wallet is."""

    reason: str
    retry_after_seconds: float | None = None
    wallet_empty: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not taken on, and never will be. `message` may be shown to the customer."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been taken on: never send again."""

    reason: str


SubmitAnswer = Submitted | TryLater | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Status:
    """What the status endpoint says of one job, checked to be of this job and this model."""

    status: str
    error: str = ""
    media_url: str = ""
    created_at: datetime | None = None
    completed_at: datetime | None = None


class StatusUnavailable(Exception):
    """No trustworthy news. `gone`: the provider does not know the request id."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.gone = gone


Heard = Callable[[str, str, float], None]
"""Told of each answer, from any thread: the call, the answer in a word, seconds that it took."""


@functools.cache
def _trusted() -> ssl.SSLContext:
    """One for the process: reading all authorities takes longer than a call."""
    return httpx2.create_ssl_context(trust_env=False)


class Client:
    """Speaks to one gateway. Thread-safe; close it after use.

    Submissions never reuse a connection: on one that the far end is closing, "was it sent?" has
    no answer, and a job would be left unconfirmed for nothing.
    """

    def __init__(self, heard: Heard = lambda call, answer, seconds: None) -> None:
        self._heard = heard
        timeout = httpx2.Timeout(settings.PIXAZO_TIMEOUT_SECONDS, connect=5.0)
        common: dict[str, Any] = {
            "base_url": settings.PIXAZO_BASE_URL,
            "headers": {
                "Ocp-Apim-Subscription-Key": settings.PIXAZO_API_KEY or "sandbox",
                "Cache-Control": "no-cache",
            },
            "timeout": timeout,
            "follow_redirects": False,
            "trust_env": False,
            "verify": _trusted(),
        }
        self._submitting = httpx2.Client(
            limits=httpx2.Limits(max_keepalive_connections=0), **common
        )
        self._asking = httpx2.Client(**common)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._submitting.close()
        self._asking.close()

    def submit(self, model: str, body: Mapping[str, Any], *, webhook_url: str) -> SubmitAnswer:
        """Send one job, once. Never raises for what the network or the provider does."""
        begun = time.monotonic()
        try:
            response = self._submitting.post(
                MODEL_PATHS[model],
                json=body,
                headers={"X-Webhook-URL": webhook_url, "X-Webhook-Mode": "terminal"},
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            self._heard("submit", UNREACHED, time.monotonic() - begun)
            return TryLater(f"Pixazo was not reached ({type(error).__name__})")
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            self._heard("submit", SILENCE, time.monotonic() - begun)
            return Unknown(f"no answer after sending ({type(error).__name__})")
        self._heard("submit", str(response.status_code), time.monotonic() - begun)
        return _classify(response)

    def status(self, request_id: str, model: str) -> Status:
        """Ask the universal status endpoint.

        Raises:
            StatusUnavailable: no answer, an error, or one that cannot be about this job.
        """
        begun = time.monotonic()
        try:
            response = self._asking.get(f"/v2/requests/status/{quote(request_id, safe='')}")
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            self._heard("status", SILENCE, time.monotonic() - begun)
            raise StatusUnavailable(f"no answer ({type(error).__name__})") from error
        self._heard("status", str(response.status_code), time.monotonic() - begun)
        if response.status_code == 404:
            raise StatusUnavailable("unknown request id", gone=True)
        if response.status_code != 200:
            raise StatusUnavailable(f"answered {response.status_code}")
        return _read_status(_json(response), request_id, model)


def _classify(response: httpx2.Response) -> SubmitAnswer:
    code = response.status_code
    body = _json(response)
    match code:
        case 202 | 200 | 201:
            if request_id := request_id_in(body):
                return Submitted(request_id)
            return Unknown(f"answered {code} without a request id")
        case 402:
            return TryLater("our own wallet at Pixazo is empty", 30.0, wallet_empty=True)
        case 429 | 503:
            return TryLater(f"answered {code}", _retry_after(response))
        case 400:
            message = body.get("message") or body.get("error") or "The request was refused."
            return Refused("answered 400", _words(message))
        case 401 | 403 | 404:
            return Refused(f"answered {code}", "The video service is not available at the moment.")
    return Unknown(f"answered {code}")


def request_id_in(body: Mapping[str, Any]) -> str:
    """The request id that a body names, or "" when it names none that can be kept."""
    request_id = body.get("request_id")
    if not isinstance(request_id, str) or not request_id.isascii() or not request_id.isprintable():
        return ""
    return request_id if len(request_id) <= 100 else ""


def _words(said: Any) -> str:
    """What the provider said, as text that can be stored: JSON may name half a character."""
    return str(said)[:1000].replace("\x00", "").encode(errors="replace").decode()


def _json(response: httpx2.Response) -> dict[str, Any]:
    """The body as an object, or an empty one: an unreadable body is no news."""
    if len(response.content) > MAX_ANSWER_BYTES:
        return {}
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _read_status(body: dict[str, Any], request_id: str, model: str) -> Status:
    status = body.get("status")
    if body.get("request_id") != request_id or body.get("model_id", model) != model:
        raise StatusUnavailable("the answer is about another job")
    if not isinstance(status, str) or status not in TERMINAL | OPEN:
        # Unknown is not failed: ask again later (new-api #5045).
        raise StatusUnavailable(f"unknown status {str(status)[:40]!r}")
    media_url = _media_url(body.get("output"))
    if status == "COMPLETED" and not media_url:
        raise StatusUnavailable("completed without an output")
    error = body.get("error")
    return Status(
        status=status,
        error=_words(error) if error else "",
        media_url=media_url,
        created_at=timestamp(body.get("created_at")),
        completed_at=timestamp(body.get("completed_at")),
    )


def _media_url(output: Any) -> str:
    urls = output.get("media_url") if isinstance(output, dict) else None
    first = urls[0] if isinstance(urls, list) and urls else urls
    if not isinstance(first, str) or not first.isprintable():
        return ""
    return first if len(first) <= 2048 else ""


def timestamp(text: Any) -> datetime | None:
    """Both formats of the reference: `2026-05-22T13:17:32.110Z` and `2026-05-22 13:19:23` (UTC)."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds to wait as the answer asks, in either form of RFC 9110, bounded."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        seconds = (
            float(text)
            if text.isdecimal()
            else (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        )
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
