"""What a submission must look like: the reference's "Model Validation Errors", in its words.

Texts that the reference shows are used as they are; a field that it does not show gets a text made
alike. A JSON null counts as a field left out, and an unknown field is ignored.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.pixazo import contract


class InvalidSubmission(ValueError):
    """The submission breaks the contract; the exception's text goes into the 400 answer."""


def check(model_id: str, body: Mapping[str, Any]) -> None:
    """Raise InvalidSubmission when `body` is no valid submission to `model_id`."""
    if model_id == contract.P_VIDEO:
        _check_video(body)
    else:
        _check_avatar(body)
    _one_of(body, "resolution", contract.RESOLUTIONS)
    for name in ("disable_safety_filter", *_BOOLEANS[model_id]):
        if not isinstance(_given(body, name, False), bool):
            raise InvalidSubmission(f"{name} must be a boolean")
    seed = body.get("seed")
    if seed is not None and (not _is_integer(seed) or seed < 0):
        raise InvalidSubmission("seed must be a non-negative integer")
    _check_webhook_fields(body)


def check_webhook_headers(url: str | None, mode: str | None) -> None:
    """Raise InvalidSubmission when X-Webhook-URL or X-Webhook-Mode cannot be used."""
    if url is not None and not is_webhook_url(url):
        raise InvalidSubmission("Invalid webhook URL")
    modes = tuple(contract.WebhookMode)
    if mode is not None and mode not in modes:
        raise InvalidSubmission(f"X-Webhook-Mode must be one of: {', '.join(modes)}")


def is_webhook_url(value: object) -> bool:
    """Whether callbacks may go to `value`: https (reference, "HTTPS required"), or this machine.

    That plain http is let through to loopback is the sandbox's own: a developer's machine has no
    certificate.
    """
    if not isinstance(value, str) or not is_url(value):
        return False
    parts = urlsplit(value)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def is_url(value: object) -> bool:
    """Whether `value` is an absolute http or https URL with a host."""
    if not isinstance(value, str) or any(char <= " " for char in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that cannot be read
        return False


_BOOLEANS = {
    contract.P_VIDEO: ("draft", "prompt_upsampling", "save_audio", "no_op"),
    contract.P_VIDEO_AVATAR: ("disable_prompt_upsampling", "no_op"),
}


def _check_video(body: Mapping[str, Any]) -> None:
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise InvalidSubmission("prompt is required and must be a string")
    _optional_url(body, "image")
    _optional_url(body, "audio")
    duration = body.get("duration")
    low, high = contract.MIN_DURATION_SECONDS, contract.MAX_DURATION_SECONDS
    if duration is not None and (not _is_integer(duration) or not low <= duration <= high):
        raise InvalidSubmission(f"duration must be an integer between {low} and {high}")
    _one_of(body, "aspect_ratio", contract.ASPECT_RATIOS)
    _one_of(body, "fps", contract.FRAME_RATES)


def _check_avatar(body: Mapping[str, Any]) -> None:
    if not isinstance(body.get("image"), str) or not body["image"]:
        raise InvalidSubmission("image is required and must be a string URL")
    _optional_url(body, "image")
    _optional_url(body, "audio")
    _one_of(body, "voice", contract.VOICES)
    _one_of(body, "voice_language", contract.LANGUAGES)
    for name in ("voice_script", "voice_prompt", "video_prompt"):
        if not isinstance(_given(body, name, ""), str):
            raise InvalidSubmission(f"{name} must be a string")


def _check_webhook_fields(body: Mapping[str, Any]) -> None:
    webhook = body.get("webhook")
    if webhook is not None and not is_webhook_url(webhook):
        raise InvalidSubmission("Invalid webhook URL")
    events = body.get("webhook_events_filter")
    if events is None:
        return
    if not isinstance(events, list) or any(
        event not in contract.WEBHOOK_EVENTS for event in events
    ):
        allowed = ", ".join(contract.WEBHOOK_EVENTS)
        raise InvalidSubmission(f"webhook_events_filter must be an array of: {allowed}")


def _optional_url(body: Mapping[str, Any], name: str) -> None:
    if body.get(name) is not None and not is_url(body[name]):
        raise InvalidSubmission(f"{name} must be a valid URL")


def _one_of(body: Mapping[str, Any], name: str, allowed: tuple[str, ...] | tuple[int, ...]) -> None:
    value = body.get(name)
    # True == 1 and 24.0 == 24 in Python, neither of which is what was asked for: the type is
    # compared too.
    if value is not None and not any(type(value) is type(one) and value == one for one in allowed):
        raise InvalidSubmission(f"{name} must be one of: {', '.join(map(str, allowed))}")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _given(body: Mapping[str, Any], name: str, default: object) -> object:
    value = body.get(name)
    return default if value is None else value
