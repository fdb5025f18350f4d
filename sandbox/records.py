"""The record of what reached the sandbox and what it sent, so that a test can count."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Submission:
    """One POST to a generate endpoint, accepted or not.

    `answered_status` stays None while no answer has been sent, and for ever when the connection was
    closed instead. `prompt` is the text in which fault words were looked for.
    """

    model: str
    body: Any
    headers: dict[str, str]
    key_hash: str | None
    prompt: str = ""
    request_id: str | None = None
    answered_status: int | None = None
    received_at: str = field(default_factory=_now)


@dataclass
class CallbackAttempt:
    """One POST to a callback address; `answer` is its status code, or None with an `error`."""

    request_id: str
    url: str
    attempt: int
    body: dict[str, Any]
    answer: int | None = None
    error: str | None = None
    sent_at: str = field(default_factory=_now)


@dataclass
class Records:
    """Everything since the start or the last reset, in order."""

    submissions: list[Submission] = field(default_factory=list)
    callbacks: list[CallbackAttempt] = field(default_factory=list)
    # How often a prompt with `sandbox:http=NNN*K` has been answered with its error.
    errors_given: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    in_flight_max: int = 0

    def enter(self) -> None:
        """Count a submission as in flight."""
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)

    def leave(self) -> None:
        """Count a submission as answered."""
        self.in_flight -= 1


def key_hash(key: str) -> str | None:
    """Return a short fingerprint of a subscription key, None for no key.

    Keys themselves are not kept.
    """
    return hashlib.sha256(key.encode()).hexdigest()[:16] if key else None
