"""The shapes of what this layer's API takes and gives."""

from accounts.shapes import (
    BOOLEAN,
    COUNT,
    ID,
    MOMENT,
    TEXT,
    URL,
    Schema,
    array,
    choice,
    component,
    described,
    nullable,
    page_of,
    record,
)
from webhooks import endpoints
from webhooks.catalogue import ALL, CATALOGUE, SUBSCRIBABLE
from webhooks.models import EVENT_ID_PATTERN, AttemptError, DeliveryState, DisabledReason

_TYPES = [*(entry.type for entry in CATALOGUE)]
EVENT_TYPE = component(
    "WebhookEventType",
    choice(
        *_TYPES,
        description="What happened:\n"
        + "\n".join(f"- `{entry.type}`: {entry.description}" for entry in CATALOGUE),
    ),
)
EVENT_ID: Schema = {
    "type": "string",
    "pattern": f"^{EVENT_ID_PATTERN}$",
    "description": "An event's id; also the header `webhook-id` of each of its deliveries.",
    "examples": ["evt_0199a6c4-7c1e-7d30-9f6b-1a2b3c4d5e6f"],
}
_WANTED = array(
    choice(ALL, *SUBSCRIBABLE),
    'Which types are sent; `["*"]` is all, also those that come later.',
    minItems=1,
    examples=[["generation.completed", "generation.failed"]],
)
_ADDRESS = described(
    URL,
    "Public, over HTTPS. A redirect is a failure.",
    maxLength=2048,
    examples=["https://example.com/webhooks/pvideo"],
)
_DESCRIPTION = described(TEXT, "A note of your own.", maxLength=200)
SECRET = described(
    TEXT,
    "Signs the messages (Standard Webhooks). Keep it where your server keeps secrets.",
    examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
)

_ENDPOINT: dict[str, Schema] = {
    "id": ID,
    "url": _ADDRESS,
    "description": _DESCRIPTION,
    "event_types": _WANTED,
    "enabled": described(BOOLEAN, "Whether anything is sent to it."),
    "disabled_at": described(nullable(MOMENT), "Since when nothing is sent to it."),
    "disabled_reason": nullable(
        choice(
            *DisabledReason.values,
            description="`customer`: you did; `gone`: it answered 410; `failing`: every attempt "
            "failed for five days.",
        )
    ),
    "failing_since": described(nullable(MOMENT), "First failure since the last success."),
    "previous_secret_until": described(
        nullable(MOMENT), "Until then messages are signed with the previous secret too."
    ),
    "created_at": MOMENT,
}
ENDPOINT = component("WebhookEndpoint", record("Where we send webhooks.", optional=(), **_ENDPOINT))
ENDPOINT_WITH_SECRET = component(
    "WebhookEndpointWithSecret",
    record("A webhook endpoint and its new secret.", optional=(), **_ENDPOINT, secret=SECRET),
)
ENDPOINT_PAGE = page_of("WebhookEndpointPage", ENDPOINT, "webhook endpoints")
ENDPOINT_REQUEST = component(
    "WebhookEndpointRequest",
    record(
        "A new webhook endpoint.",
        optional=("event_types", "description"),
        url=_ADDRESS,
        event_types=_WANTED,
        description=_DESCRIPTION,
    ),
)
ENDPOINT_CHANGES = component(
    "WebhookEndpointChanges",
    record(
        "What to change; members that are left out stay.",
        optional=("url", "event_types", "description", "enabled"),
        url=_ADDRESS,
        event_types=_WANTED,
        description=_DESCRIPTION,
        enabled=described(BOOLEAN, "false cancels what waits; true forgets past failures."),
    ),
)
SECRET_ANSWER = component(
    "WebhookSecret",
    record(
        "The secret of a webhook endpoint.",
        secret=SECRET,
        previous_secret_until=_ENDPOINT["previous_secret_until"],
    ),
)
ROTATION = component(
    "WebhookSecretRotation",
    record(
        "How to change over.",
        optional=("overlap_seconds",),
        overlap_seconds={
            "type": "integer",
            "minimum": 0,
            "maximum": endpoints.MAX_OVERLAP_SECONDS,
            "default": endpoints.OVERLAP_SECONDS,
            "description": "How long both secrets sign; 0 ends the old one at once.",
        },
    ),
)
REPLAY = component(
    "WebhookReplay",
    record("What to send again.", since=described(MOMENT, "Events from this moment on.")),
)
REPLAYED = component(
    "WebhookReplayed",
    record(
        "What is being sent again.",
        replayed=described(COUNT, "How many; of more than 10,000, ask again."),
    ),
)

DELIVERY_STATE = component(
    "WebhookDeliveryState",
    choice(
        *DeliveryState.values,
        description="`pending` waits for its (next) attempt; `failed` has had its last one; "
        "`canceled`: its endpoint was disabled or deleted.",
    ),
)
_STATUS = described(
    nullable({"type": "integer", "minimum": 100, "maximum": 999}), "What your server answered."
)
_ERROR = nullable(
    choice(
        *AttemptError.values,
        description="\n".join(f"- `{one.value}`: {one.label}" for one in AttemptError),
    )
)
_DELIVERY: dict[str, Schema] = {
    "id": ID,
    "event": EVENT_ID,
    "event_type": EVENT_TYPE,
    "endpoint": described(nullable(ID), "Null for an address that a request named itself."),
    "url": described(TEXT, "Where it is sent."),
    "state": DELIVERY_STATE,
    "attempts": described(COUNT, "How many there have been."),
    "next_attempt_at": described(nullable(MOMENT), "When the next one is due."),
    "status_code": _STATUS,
    "error": _ERROR,
    "replay_of": described(nullable(ID), "The delivery that this one repeats."),
    "created_at": MOMENT,
    "ended_at": nullable(MOMENT),
}
DELIVERY = component(
    "WebhookDelivery",
    record("A message to one address, and how it went.", optional=(), **_DELIVERY),
)
DELIVERY_PAGE = page_of("WebhookDeliveryPage", DELIVERY, "deliveries")
DELIVERY_DETAILS = component(
    "WebhookDeliveryDetails",
    record(
        "A delivery with each of its attempts.",
        optional=(),
        **_DELIVERY,
        attempt_log=array(
            component(
                "WebhookAttempt",
                record(
                    "One request that we made.",
                    number=described(COUNT, "1 is the first."),
                    started_at=MOMENT,
                    duration_ms=described(COUNT, "Milliseconds."),
                    status_code=_STATUS,
                    error=_ERROR,
                    response=described(TEXT, "The first kilobyte of your server's answer."),
                ),
            ),
            "In order.",
        ),
    ),
)
EVENT = component(
    "WebhookEvent",
    record(
        "Something that happened.",
        id=EVENT_ID,
        type=EVENT_TYPE,
        created_at=MOMENT,
        payload={
            "type": "object",
            "additionalProperties": True,
            "description": "The body as it is sent: `type`, `timestamp` and `data`.",
        },
    ),
)
EVENT_PAGE = page_of("WebhookEventPage", EVENT, "events")
