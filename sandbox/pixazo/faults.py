"""Faults on request: words in a prompt that make the sandbox misbehave.

A word is `sandbox:NAME` or `sandbox:NAME=VALUE`, anywhere in the prompt (avatar: in voice_script,
video_prompt or voice_prompt). Words combine. An unknown word or an unreadable value is answered
with a 400, so that a typing error in a test is seen. `TABLE` below is the whole list, shown on the
sandbox's front page as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.pixazo import contract

TABLE: tuple[tuple[str, str], ...] = (
    ("sandbox:error", "the job ends ERROR"),
    ("sandbox:failed", "the job ends FAILED"),
    ("sandbox:slow=S", "processing takes S seconds (sandbox:late=S is the same)"),
    ("sandbox:stuck", "the job stays in PROCESSING for ever"),
    ("sandbox:lost-callback", "no callback is sent"),
    ("sandbox:duplicate-callback=N", "the terminal callback is sent N times at the same moment"),
    ("sandbox:early-callback", "the terminal callback arrives before the submit is answered"),
    ("sandbox:callback-foreign", "the callback's body carries another job's request_id"),
    ("sandbox:timeout", "accepted and run, but the submit's answer is held back for 120 s"),
    ("sandbox:close", "accepted and run, but the connection is closed without an answer"),
    ("sandbox:garbage", "accepted and run, but the 202 has an unreadable body"),
    ("sandbox:http=NNN", "the submit answers NNN; the job is accepted only with 500, 502 and 504"),
    ("sandbox:http=NNN*K", "the same, for the first K submissions of the same prompt"),
    ("sandbox:retry-after=S", "adds a Retry-After header of S seconds to such an error"),
    ("sandbox:status-http=NNN", "the status endpoint answers NNN for this job"),
    ("sandbox:status-http=NNN*K", "the same, for the first K questions"),
    ("sandbox:status-slow=S", "the status endpoint answers after S seconds"),
    ("sandbox:status-lie=foreign", "the status body carries another job's request_id"),
    ("sandbox:status-lie=no-output", "the status says COMPLETED with output null"),
    ("sandbox:status-unknown", 'the status is "ARCHIVED", which is not documented'),
    ("sandbox:seconds=N.N", "the finished video has this length instead"),
    ("sandbox:media-missing", "the finished video's address answers 404"),
    ("sandbox:media-garbage", "the finished video's address serves bytes that are no video"),
)

# The gateway fell over after it had queued the job: the caller cannot know that it runs.
ACCEPTED_ANYWAY = frozenset({500, 502, 504})

_WORD = re.compile(r"sandbox:([a-z][a-z-]*)(?:=([A-Za-z0-9.*-]*))?")
_HTTP = re.compile(r"([345]\d\d)(?:\*(\d{1,6}))?")
_MAX_SECONDS = 3600.0
_MAX_VIDEO_SECONDS = 120.0


class UnknownFault(ValueError):
    """A `sandbox:` word that the table does not have, or whose value cannot be read."""


@dataclass(frozen=True)
class HttpFault:
    """Answer with `status`, always (`times` None) or only the first `times` times."""

    status: int
    times: int | None


@dataclass(frozen=True)
class Faults:
    """The faults of one submission; the default has none. Lengths of time are seconds."""

    ends: contract.Status | None = None
    processing_seconds: float | None = None
    stuck: bool = False
    lost_callback: bool = False
    callback_copies: int = 1
    early_callback: bool = False
    callback_foreign: bool = False
    hold_answer: bool = False
    close: bool = False
    garbage: bool = False
    http: HttpFault | None = None
    retry_after_seconds: int | None = None
    status_http: HttpFault | None = None
    status_delay_seconds: float = 0.0
    status_foreign: bool = False
    status_no_output: bool = False
    status_unknown: bool = False
    video_seconds: float | None = None
    media_missing: bool = False
    media_garbage: bool = False


def prompt_of(model_id: str, body: Mapping[str, Any]) -> str:
    """Return the text in which fault words are looked for; it also tells what "the same prompt" is.

    `body` is a valid submission to `model_id`.
    """
    if model_id == contract.P_VIDEO:
        return str(body["prompt"])
    parts = (body.get(name) for name in ("voice_script", "video_prompt", "voice_prompt"))
    return "\n".join(part for part in parts if part)


def parse(text: str) -> Faults:
    """Return the faults that `text` asks for; raises UnknownFault."""
    found: dict[str, Any] = {}
    for match in _WORD.finditer(text):
        name, raw = match.group(1).rstrip("-"), match.group(2)
        # A word may end a sentence: "sandbox:slow=2."
        value = None if raw is None else raw.rstrip(".-")
        found.update(_meaning(name, value))
    return Faults(**found)


def _meaning(name: str, value: str | None) -> dict[str, Any]:
    """Return the members of Faults that one word sets."""
    if value is None and name in _PLAIN:
        return _PLAIN[name]
    if value is None or name not in _VALUED:
        raise UnknownFault(
            f"unknown sandbox word: sandbox:{name}{'' if value is None else '=' + value}"
        )
    try:
        return _VALUED[name](value)
    except (ValueError, KeyError):
        raise UnknownFault(f"unreadable value: sandbox:{name}={value}") from None


_PLAIN: dict[str, dict[str, Any]] = {
    "error": {"ends": contract.Status.ERROR},
    "failed": {"ends": contract.Status.FAILED},
    "stuck": {"stuck": True},
    "lost-callback": {"lost_callback": True},
    "early-callback": {"early_callback": True},
    "callback-foreign": {"callback_foreign": True},
    "timeout": {"hold_answer": True},
    "close": {"close": True},
    "garbage": {"garbage": True},
    "status-unknown": {"status_unknown": True},
    "media-missing": {"media_missing": True},
    "media-garbage": {"media_garbage": True},
}
_LIES = {"foreign": {"status_foreign": True}, "no-output": {"status_no_output": True}}
_VALUED: dict[str, Callable[[str], dict[str, Any]]] = {
    "slow": lambda value: {"processing_seconds": _seconds(value)},
    "late": lambda value: {"processing_seconds": _seconds(value)},
    "duplicate-callback": lambda value: {"callback_copies": _count(value, highest=100)},
    "http": lambda value: {"http": _http(value)},
    "retry-after": lambda value: {"retry_after_seconds": _count(value, highest=3600, lowest=0)},
    "status-http": lambda value: {"status_http": _http(value)},
    "status-slow": lambda value: {"status_delay_seconds": _seconds(value)},
    "status-lie": lambda value: _LIES[value],
    "seconds": lambda value: {
        "video_seconds": _seconds(value, lowest=0.1, highest=_MAX_VIDEO_SECONDS)
    },
}


def _seconds(value: str, *, lowest: float = 0.0, highest: float = _MAX_SECONDS) -> float:
    seconds = float(value)
    if not math.isfinite(seconds) or not lowest <= seconds <= highest:
        raise ValueError(value)
    return seconds


def _count(value: str, *, highest: int, lowest: int = 1) -> int:
    if not lowest <= int(value) <= highest:
        raise ValueError(value)
    return int(value)


def _http(value: str) -> HttpFault:
    match = _HTTP.fullmatch(value)
    if match is None:
        raise ValueError(value)
    status, times = match.groups()
    return HttpFault(status=int(status), times=None if times is None else int(times))
