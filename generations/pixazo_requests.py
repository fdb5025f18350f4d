"""What a submission to the Pixazo-compatible API asks for, judged in the reference's words.

As at Pixazo (and in `sandbox/pixazo/validation.py`): the Content-Type does not matter, a null is a
field left out, a field that the reference does not name is ignored, the last of a repeated name
counts, and the first thing that is wrong is the answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Never

from accounts.errors import FieldError, InvalidParameters
from generations import parameters, pixazo_callbacks
from generations.parameters import PARAMETERS

MODES = ("terminal", "sync")


@dataclass(frozen=True, slots=True)
class Submission:
    """A checked submission.

    `input` is complete with the reference's defaults; `listeners` are who is called back;
    `no_op` asks for a health check in the place of a video.
    """

    model: str
    input: dict[str, Any]
    listeners: list[dict[str, Any]]
    no_op: bool


def read(
    model: str, raw: bytes, *, webhook_url: str | None, webhook_mode: str | None
) -> Submission:
    """Judge a submission: the body first, then the headers.

    Args:
        model: one of the two.
        raw: the request's body.
        webhook_url: the header X-Webhook-URL, None when it was not sent.
        webhook_mode: the header X-Webhook-Mode.

    Raises:
        InvalidParameters: its message is the text of the answer.
    """
    body = {name: value for name, value in _decoded(raw).items() if value is not None}
    no_op = body.pop("no_op", False)
    webhook, events = body.pop("webhook", None), body.pop("webhook_events_filter", None)
    clean = _parameters(model, body, no_op=no_op)
    if not isinstance(no_op, bool):
        raise _wrong("no_op", "no_op must be a boolean")
    listeners = _listeners(webhook, events, webhook_url=webhook_url, webhook_mode=webhook_mode)
    return Submission(model, clean, listeners, no_op)


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _wrong("input", "Invalid JSON in request body") from None
    if not isinstance(body, dict):
        raise _wrong("input", "Request body must be a JSON object")
    return body


def _no_constant(name: str) -> Never:
    raise ValueError(name)


def _parameters(model: str, body: Mapping[str, Any], *, no_op: object) -> dict[str, Any]:
    known = {parameter.name for parameter in PARAMETERS[model]}
    given = {name: value for name, value in body.items() if name in known}
    script = given.get("voice_script", "")
    if no_op is True and "voice_script" in known and isinstance(script, str) and not script.strip():
        given["voice_script"] = "no_op"  # nothing will be said, so it needs no length
    try:
        return parameters.validate(model, given)
    except InvalidParameters as error:
        first = error.errors[0]
        # Pixazo tells a URL of the wrong type and of the wrong form apart only where it must
        # be given.
        if first.message == f"{first.field} must be a string URL":
            raise _wrong(first.field, f"{first.field} must be a valid URL") from None
        raise


def _listeners(
    webhook: object, events: object, *, webhook_url: str | None, webhook_mode: str | None
) -> list[dict[str, Any]]:
    """Both ways to be called back, side by side: the header has a mode, the field a filter."""
    if webhook is not None:
        webhook = _url(webhook)
    if events is not None and (
        not isinstance(events, list) or any(one not in parameters.WEBHOOK_EVENTS for one in events)
    ):
        text = f"must be an array of: {', '.join(parameters.WEBHOOK_EVENTS)}"
        raise _wrong("webhook_events_filter", f"webhook_events_filter {text}")
    if webhook_url is not None:
        # A header's bytes come as Latin-1: what looks like another script is not what was meant.
        webhook_url = _url(webhook_url if webhook_url.isascii() else None)
    if webhook_mode is not None and webhook_mode not in MODES:
        raise _wrong("X-Webhook-Mode", f"X-Webhook-Mode must be one of: {', '.join(MODES)}")
    found: list[dict[str, Any]] = []
    if webhook_url is not None:
        found.append({"url": webhook_url, "mode": webhook_mode or "terminal", "events": []})
    if webhook is not None:
        wanted = sorted(set(events)) if isinstance(events, list) else []
        found.append({"url": webhook, "mode": "terminal", "events": wanted})
    return found


def _url(value: object) -> str:
    try:
        return pixazo_callbacks.checked_url(value)
    except ValueError:
        raise _wrong("webhook", "Invalid webhook URL") from None


def _wrong(name: str, text: str) -> InvalidParameters:
    return InvalidParameters([FieldError(name, "invalid", text)])
