"""What the API says of endpoints, events, deliveries and attempts."""

import json
from datetime import datetime
from typing import Any

from webhooks.models import Attempt, Delivery, Endpoint, Event, event_id


def endpoint(row: Endpoint) -> dict[str, Any]:
    """An endpoint, without its secret."""
    return {
        "id": str(row.pk),
        "url": row.url,
        "description": row.description,
        "event_types": row.event_types,
        "enabled": row.is_enabled,
        "disabled_at": moment(row.disabled_at),
        "disabled_reason": row.disabled_reason or None,
        "failing_since": moment(row.failing_since),
        "previous_secret_until": moment(row.previous_secret_until),
        "created_at": moment(row.created_at),
    }


def endpoint_with_secret(row: Endpoint, secret: str) -> dict[str, Any]:
    return {**endpoint(row), "secret": secret}


def delivery(row: Delivery) -> dict[str, Any]:
    """A delivery, with `endpoint` selected."""
    return {
        "id": str(row.pk),
        "event": event_id(row.event_id),
        "event_type": row.event_type,
        "endpoint": str(row.endpoint_id) if row.endpoint_id else None,
        "url": row.endpoint.url if row.endpoint else row.url,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": moment(row.next_attempt_at),
        "status_code": row.status_code,
        "error": row.error or None,
        "replay_of": str(row.replay_of_id) if row.replay_of_id else None,
        "created_at": moment(row.created_at),
        "ended_at": moment(row.ended_at),
    }


def delivery_with_attempts(row: Delivery) -> dict[str, Any]:
    """One query for the attempts."""
    attempts = [attempt(one) for one in row.attempt_rows.order_by("number")]
    return {**delivery(row), "attempt_log": attempts}


def attempt(row: Attempt) -> dict[str, Any]:
    return {
        "number": row.number,
        "started_at": moment(row.started_at),
        "duration_ms": row.duration_ms,
        "status_code": row.status_code,
        "error": row.error or None,
        "response": row.response_excerpt,
    }


def event(row: Event) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "type": row.type,
        "created_at": moment(row.created_at),
        "payload": json.loads(row.body),
    }


def moment(when: datetime | None) -> str | None:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z") if when else None
