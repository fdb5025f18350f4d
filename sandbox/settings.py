"""The settings that `POST /_sandbox/settings` changes while the sandbox runs."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

MAX_SECONDS = 3600.0


@dataclass
class Settings:
    """How the sandbox behaves for every job; a fault word in a prompt wins over it.

    `callback_retry_seconds` are the pauses before the second and later attempts at one callback.
    `held_answer_seconds` is how long `sandbox:timeout` keeps the submit's answer back.
    """

    submit_latency_seconds: float = 0.0
    queued_seconds: float = 0.3
    processing_seconds: float = 1.0
    sync_interval_seconds: float = 1.0
    callback_retry_seconds: tuple[float, ...] = (1.0, 2.0, 4.0)
    held_answer_seconds: float = 120.0
    shared_render: bool = False
    drop_callbacks: bool = False
    submit_http: int | None = None
    status_http: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return every setting with its present value."""
        return dataclasses.asdict(self)


def changed(settings: Settings, wanted: object) -> Settings:
    """Return a copy of `settings` with the members of `wanted` in place.

    `wanted` is the decoded JSON body. Raises ValueError with a readable text for anything that is
    no setting or has the wrong type, so that a typing error in a test fails there and not much
    later.
    """
    if not isinstance(wanted, dict):
        raise ValueError("settings must be a JSON object")
    known = {field.name for field in dataclasses.fields(Settings)}
    unknown = sorted(set(map(str, wanted)) - known)
    if unknown:
        raise ValueError(
            f"unknown settings: {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    checked: dict[str, Any] = {name: _checked(name, value) for name, value in wanted.items()}
    return dataclasses.replace(settings, **checked)


def _checked(name: str, value: object) -> object:
    """Return `value` in the type that the setting `name` has, or raise ValueError."""
    if name in ("shared_render", "drop_callbacks"):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be a boolean")
        return value
    if name in ("submit_http", "status_http"):
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 300 <= value <= 599:
            raise ValueError(f"{name} must be null or an integer between 300 and 599")
        return value
    if name == "callback_retry_seconds":
        if not isinstance(value, list):
            raise ValueError(f"{name} must be an array of seconds")
        return tuple(_seconds(name, item) for item in value)
    return _seconds(name, value)


def _seconds(name: str, value: object) -> float:
    """Return `value` as seconds, or raise ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number of seconds")
    if not math.isfinite(value) or not 0 <= value <= MAX_SECONDS:
        raise ValueError(f"{name} must be between 0 and {MAX_SECONDS:.0f} seconds")
    return float(value)
