"""Events: thin notifications, kept, signed and delivered."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

from sandbox.state import SandboxState
from sandbox.stripe import faults
from sandbox.stripe.store import KINDS, Object, new_id, prefix_of

_TIMEOUT_SECONDS = 20.0


@dataclass
class Delivery:
    """One POST of an event; `status` is the answer's, or None with an `error`."""

    url: str
    signed_at: int
    status: int | None = None
    error: str | None = None
    ms: int | None = None


@dataclass
class Event:
    """One event as the API tells it, with what happened to its delivery.

    `fate` is the fault that struck it, if any.
    """

    body: Object
    deliveries: list[Delivery] = field(default_factory=list)
    fate: str | None = None

    @property
    def id(self) -> str:
        """The event's id."""
        return str(self.body["id"])

    @property
    def type(self) -> str:
        """The event's type, such as `v1.refund.created`."""
        return str(self.body["type"])


def emit(state: SandboxState, snapshot_type: str, item: Object) -> None:
    """Record that something happened to `item`, and begin to deliver it in the background."""
    store = state.stripe
    kind, path = KINDS[prefix_of(item["id"])]
    body: Object = {
        "id": new_id("evt"),
        "object": "v2.core.event",
        "type": f"v1.{snapshot_type}",
        "created": iso(time.time()),
        "livemode": False,
        "context": None,
        "related_object": {"id": item["id"], "type": kind, "url": path.format(item["id"])},
        "snapshot_event": new_id("evt"),
        "reason": None,
    }
    if store.cause is not None:
        request_id, key = store.cause
        body["reason"] = {"type": "request", "request": {"id": request_id, "idempotency_key": key}}
    event = Event(body)
    store.events[event.id] = event
    wanted = state.settings.stripe_webhook_events
    if wanted and event.type not in wanted:
        event.fate = "not subscribed"
        return
    rule = faults.struck(store, f"event {event.type}")
    event.fate = rule.fault if rule else None
    if event.fate == "hold":
        store.held_events.append(event)
    elif event.fate != "lost":
        pause = rule.seconds if rule and rule.fault == "delay" else 0.0
        copies = rule.copies if rule and rule.fault == "duplicate" else 1
        for _ in range(copies):
            state.spawn(_deliver(state, event, pause_seconds=pause))


def release(state: SandboxState, *, reverse: bool) -> int:
    """Deliver the held events one after the other; return how many they are."""
    held, state.stripe.held_events = state.stripe.held_events, []
    if reverse:
        held.reverse()
    state.spawn(_deliver_in_turn(state, held))
    return len(held)


async def resend(
    state: SandboxState,
    event: Event,
    *,
    copies: int = 1,
    secret: str | None = None,
    timestamp: int | None = None,
) -> list[Delivery]:
    """Deliver `event` again, `copies` times at once and without retries; return what came of it.

    `secret` signs in place of the configured ones, `timestamp` is the moment that is signed.
    """
    secrets = state.settings.stripe_webhook_secrets if secret is None else (secret,)
    attempts = (_attempt(state, event, secrets=secrets, timestamp=timestamp) for _ in range(copies))
    return [one for one in await asyncio.gather(*attempts) if one is not None]


def signature(payload: bytes, secrets: tuple[str, ...], timestamp: int) -> str:
    """Return the `Stripe-Signature` header: one v1 for each secret."""
    parts = [f"t={timestamp}"]
    for secret in secrets:
        signed = hmac.new(secret.encode(), b"%d." % timestamp + payload, "sha256").hexdigest()
        parts.append(f"v1={signed}")
    return ",".join(parts)


def iso(moment: float) -> str:
    """Return a moment as API v2 writes it, in UTC with milliseconds."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


async def _deliver(state: SandboxState, event: Event, *, pause_seconds: float) -> None:
    """Deliver until a 2xx, with growing pauses."""
    await asyncio.sleep(pause_seconds)
    for pause in (*state.settings.stripe_retry_seconds, None):
        delivery = await _attempt(state, event, secrets=state.settings.stripe_webhook_secrets)
        if delivery is None or (delivery.status is not None and 200 <= delivery.status < 300):
            return
        if pause is not None:
            await asyncio.sleep(pause)


async def _deliver_in_turn(state: SandboxState, held: list[Event]) -> None:
    for event in held:
        await _deliver(state, event, pause_seconds=0)


async def _attempt(
    state: SandboxState,
    event: Event,
    *,
    secrets: tuple[str, ...],
    timestamp: int | None = None,
) -> Delivery | None:
    """POST once and record it; None when no address is configured."""
    url = state.settings.stripe_webhook_url
    if url is None:
        return None
    payload = json.dumps(event.body, indent=2).encode()
    signed_at = int(time.time()) if timestamp is None else timestamp
    delivery = Delivery(url=url, signed_at=signed_at)
    event.deliveries.append(delivery)
    began = time.monotonic()
    headers: dict[str, Any] = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(payload, secrets, signed_at),
    }
    try:
        answer = await state.client.post(
            url, content=payload, headers=headers, timeout=_TIMEOUT_SECONDS
        )
        delivery.status = answer.status_code
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
        delivery.error = f"{type(error).__name__}: {error}"
    delivery.ms = round((time.monotonic() - began) * 1000)
    return delivery
