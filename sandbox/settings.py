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

    Events of Stripe's part go to `stripe_webhook_url` (None: they are only recorded), signed with
    each of `stripe_webhook_secrets`; `stripe_webhook_events` limits their types (`v1...`, empty for
    all) and `stripe_retry_seconds` are the pauses before a refused one is sent again.
    `stripe_delayed_seconds` is how long bank debits and slow refunds take. `stripe_tax_percent` is
    what `automatic_tax` adds.
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
    stripe_webhook_url: str | None = None
    stripe_webhook_secrets: tuple[str, ...] = ()
    stripe_webhook_events: tuple[str, ...] = ()
    stripe_retry_seconds: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0)
    stripe_delayed_seconds: float = 2.0
    stripe_tax_percent: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return every setting with its present value, but none of the secrets."""
        shown = dataclasses.asdict(self)
        shown["stripe_webhook_secrets"] = ["***"] * len(self.stripe_webhook_secrets)
        return shown


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
    if name == "stripe_webhook_url":
        return _address(name, value)
    if name in ("stripe_webhook_secrets", "stripe_webhook_events"):
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise ValueError(f"{name} must be an array of non-empty strings")
        return tuple(value)
    if name in ("callback_retry_seconds", "stripe_retry_seconds"):
        if not isinstance(value, list):
            raise ValueError(f"{name} must be an array of seconds")
        return tuple(_seconds(name, item) for item in value)
    if name == "stripe_tax_percent":
        return _number(name, value, maximum=100, unit="percent")
    return _seconds(name, value)


def _address(name: str, value: object) -> str | None:
    """Return `value` as an http address or None, or raise ValueError."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise ValueError(f"{name} must be null or an http address")
    return value


def _seconds(name: str, value: object) -> float:
    """Return `value` as seconds, or raise ValueError."""
    return _number(name, value, maximum=MAX_SECONDS, unit="seconds")


def _number(name: str, value: object, *, maximum: float, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number of {unit}")
    if not math.isfinite(value) or not 0 <= value <= maximum:
        raise ValueError(f"{name} must be between 0 and {maximum:.0f} {unit}")
    return float(value)
