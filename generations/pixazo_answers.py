"""What the Pixazo-compatible API says: bodies, ids and error texts, to the letter.

Source: Pixazo's reference, sections "Output", "Callback Payload", "Response (Completed)", "Status
Values" and "Error Responses". Where it names only a status (401, 403, 404, 429, 500) the shape is
that of its gateway, Azure API Management, as in `sandbox/answers.py`.
"""

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Max

from accounts.errors import DomainError
from accounts.spending import SpendingLimitExceeded
from billing import money
from billing.ledger import InsufficientCredits
from generations import media_links, retention
from generations.models import Generation, GenerationEvent, HealthCheck, State, VideoModel

STATUS = {
    State.QUEUED: "QUEUED",
    State.SUBMITTING: "QUEUED",
    State.UNCONFIRMED: "PROCESSING",
    State.PROCESSING: "PROCESSING",
    State.COMPLETED: "COMPLETED",
    State.FAILED: "FAILED",
    State.ERROR: "ERROR",
    # Its deadline passed: "System error - not charged" (reference, "Status Values").
    State.EXPIRED: "ERROR",
    # Pixazo has no such status. Not ERROR: programs repeat what failed by a system error, and a
    # person has called this off.
    State.CANCELED: "FAILED",
}
MEDIA_TYPES = {
    VideoModel.P_VIDEO: "application/octet-stream",
    VideoModel.P_VIDEO_AVATAR: "video/mp4",
}
"""As the reference's two status examples have them; both are MP4 files."""
MEDIA_LINK_SECONDS = 7 * 24 * 3600
"""How long a link to a video works: the longest that S3 can sign, and longer than any callback is
repeated. Each look at the status gives a fresh one."""

_CANCELED = "The request was canceled before it was sent. You were not charged."
_NO_FILE = "The video was made, but its file could not be had."
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_REQUEST_ID = re.compile(rf"({'|'.join(VideoModel.values)})_({_UUID})")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer's parts."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


# --- Requests -------------------------------------------------------------------------------


def request_id(job: Generation | HealthCheck) -> str:
    """`p-video_019d...`: the model and our own UUIDv7, as the reference's examples."""
    return f"{job.model}_{job.pk}"


def parse_request_id(text: str) -> tuple[str, uuid.UUID] | None:
    """The model and the id, or None for what this API never gave out."""
    found = _REQUEST_ID.fullmatch(text)
    return (found[1], uuid.UUID(found[2])) if found else None


def accepted(job: Generation | HealthCheck) -> dict[str, str]:
    """The body of a 202 (reference, "Output")."""
    return {
        "request_id": request_id(job),
        "status": "QUEUED",
        "polling_url": f"{settings.PUBLIC_BASE_URL}/v2/requests/status/{request_id(job)}",
    }


def status_of(generation: Generation) -> str:
    """One of the reference's five. COMPLETED always has a file to download."""
    if generation.state == State.COMPLETED and not _has_video(generation):
        return "FAILED"
    return STATUS[State(generation.state)]


def status_body(generation: Generation) -> dict[str, Any]:
    """The body of the status endpoint (reference, "Response (Completed)").

    One query while it is open: when it last moved.

    Args:
        generation: with `media` selected.
    """
    ended = not generation.is_open
    updated_at = generation.completed_at or _moved_at(generation)
    return {
        "request_id": request_id(generation),
        "status": status_of(generation),
        "model_id": generation.model,
        "error": _error(generation) if ended else None,
        "output": _output(generation),
        "created_at": _iso(generation.created_at),
        "updated_at": _iso(updated_at),
        "completed_at": _iso(updated_at) if ended else None,
    }


def health_body(check: HealthCheck) -> dict[str, Any]:
    """The status of a `no_op` request: it ended where it began, with nothing made."""
    moment = _iso(check.created_at)
    return {
        "request_id": request_id(check),
        "status": "COMPLETED",
        "model_id": check.model,
        "error": None,
        "output": None,
        "created_at": moment,
        "updated_at": moment,
        "completed_at": moment,
    }


def callback_body(status: dict[str, Any]) -> dict[str, Any]:
    """The status body as a callback has it (reference, "Callback Payload"): two of its times
    without the T, the fraction and the Z, and for both models the file's true type."""
    changed = {
        name: status[name] and status[name][:19].replace("T", " ")
        for name in ("updated_at", "completed_at")
    }
    if output := status["output"]:
        changed["output"] = {**output, "media_type": "video/mp4"}
    return {**status, **changed}


def _moved_at(generation: Generation) -> datetime:
    events = GenerationEvent.objects.filter(generation=generation)
    moved: datetime | None = events.aggregate(at=Max("created_at"))["at"]
    return moved or generation.created_at


def _has_video(generation: Generation) -> bool:
    return getattr(generation, "media", None) is not None


def _output(generation: Generation) -> dict[str, Any] | None:
    if status_of(generation) != "COMPLETED":
        return None
    return {
        "media_url": [media_links.video_url(generation, lasts_seconds=MEDIA_LINK_SECONDS)],
        "media_type": MEDIA_TYPES[VideoModel(generation.model)],
    }


def _error(generation: Generation) -> str | None:
    match generation.state:
        case State.CANCELED:
            return generation.error or _CANCELED
        case State.COMPLETED:
            if generation.media_removed_at:
                return f"{retention.told(generation)}."
            return None if _has_video(generation) else generation.error or _NO_FILE
    return generation.error or "The video could not be made."


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- Refusals -------------------------------------------------------------------------------

_GATE_MESSAGES = {
    400: "Bad request",
    401: "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription.",
    403: "Forbidden. The subscription does not permit this operation.",
    404: "Resource not found",
    405: "Method not allowed",
    503: "The service is unavailable. Try again in a few minutes.",
}


def gate(status: int) -> Answer:
    """A refusal in the gateway's shape: 400, 401 (a key that opens nothing), 403, 404 (no such
    address), 405, 503 (maintenance), or another 4xx."""
    message = _GATE_MESSAGES.get(status, _GATE_MESSAGES[400])
    return Answer(status, {"statusCode": status, "message": message})


def missing_key() -> Answer:
    text = (
        "Access denied due to missing subscription key. "
        "Make sure to include subscription key when making requests to an API."
    )
    return Answer(401, {"statusCode": 401, "message": text})


def rate_limited(seconds: int) -> Answer:
    text = f"Rate limit is exceeded. Try again in {seconds} seconds."
    return Answer(429, {"statusCode": 429, "message": text}, {"Retry-After": str(seconds)})


def unknown_request(text: str) -> Answer:
    """404: never given out, or another organization's; nobody can tell which."""
    body = {"error": "Request not found", "message": f"Request '{text}' not found"}
    return Answer(404, body)


def unknown_model(model: str) -> Answer:
    """400 (reference, "Queue System Errors")."""
    message = f"Model '{model}' not found or is disabled"
    return Answer(400, {"error": "Model not found", "message": message})


def insufficient_balance(required_micros: int | None) -> Answer:
    """402 (reference, "Queue System Errors"), with the required amount when it is known."""
    message = "Your wallet does not have enough balance."
    if required_micros is not None:
        message += f" Required: {money.display(required_micros)}"
    return Answer(402, {"error": "Insufficient Balance", "message": message})


def internal_error() -> Answer:
    message = "Something went wrong while queuing the request"
    return Answer(500, {"error": "Internal Server Error", "message": message})


_NO_MONEY = frozenset(
    {"insufficient_credits", "wallet_in_debt", "key_budget_exceeded", "member_limit_exceeded"}
)
_NOT_ALLOWED = frozenset({"not_allowed", "network_not_allowed", "wallet_frozen"})
_ELSEWHERE = {
    "idempotency_key_in_use": 409,
    "length_required": 411,
    "body_too_large": 413,
    "idempotency_mismatch": 422,
}
"""What the reference says nothing of: the native API's status, with the reference's `error`."""


def refused(error: DomainError, *, model: str) -> Answer:
    """A refusal of the platform's in the reference's words.

    Args:
        model: what was asked for, "" where nothing was submitted.
    """
    seconds = error.retry_after_seconds
    retry = {} if seconds is None else {"Retry-After": str(seconds)}
    match error.code:
        case "rate_limited":
            return rate_limited(seconds or 1)
        case "insufficient_credits" if isinstance(error, InsufficientCredits):
            return insufficient_balance(error.required_micros)
        case _ if isinstance(error, SpendingLimitExceeded):
            return insufficient_balance(error.required_micros)
        case code if code in _NO_MONEY:
            return insufficient_balance(None)
        case code if code in _NOT_ALLOWED:
            return gate(403)
        case "price_missing":
            return unknown_model(model)
        case "busy":
            return Answer(503, {"error": "Service Unavailable", "message": error.message}, retry)
    return Answer(_ELSEWHERE.get(error.code, 400), {"error": error.message}, retry)
