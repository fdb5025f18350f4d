"""The webhooks of the API's description: what customers' endpoints are sent."""

from typing import Any

from accounts import shapes
from accounts.shapes import CURRENCY, ID, MOMENT, TEXT, Schema, choice, money, record
from billing.models import TopUpKind
from generations.api_shapes import GENERATION
from webhooks.catalogue import CATALOGUE, EventType

_DATA: dict[str, Schema] = {
    EventType.TOP_UP_SUCCEEDED: record(
        "The top-up.",
        id=ID,
        kind=choice(*TopUpKind.values, description="`auto`: by auto top-up."),
        amount=money("What was paid and credited."),
        bonus=money("Free credits that came with it."),
        currency=CURRENCY,
    ),
    EventType.WALLET_LOW_BALANCE: record(
        "How the wallet stands.",
        available=money("What can be spent."),
        threshold=money("What you set."),
        currency=CURRENCY,
    ),
    EventType.AUTO_TOP_UP_FAILED: record(
        "The top-up that failed.",
        id=ID,
        amount=money("What was to be bought."),
        reason=shapes.described(TEXT, "Why, for a person to read."),
        currency=CURRENCY,
    ),
    EventType.PING: record("A greeting.", message=shapes.described(TEXT, "For people.")),
}
"""What an event tells; of a generation, the generation as the API shows it."""

_HEADERS = {
    "webhook-id": "The event's id: the same in each attempt, to know a repetition by.",
    "webhook-timestamp": "The moment of the attempt, in seconds of Unix time.",
    "webhook-signature": "Standard Webhooks: check it with the endpoint's secret before all else.",
}


def described() -> dict[str, Any]:
    """OpenAPI's `webhooks`, from the one table of events."""
    return {
        str(entry.type): {
            "post": {
                "operationId": f"on_{entry.type.replace('.', '_')}",
                "summary": str(entry.type),
                "description": entry.description,
                "tags": ["Webhooks"],
                "parameters": [
                    {
                        "name": name,
                        "in": "header",
                        "required": True,
                        "description": description,
                        "schema": {"type": "string"},
                    }
                    for name, description in _HEADERS.items()
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": _body(str(entry.type)),
                            "example": {
                                "type": str(entry.type),
                                "timestamp": "2026-05-22T13:18:04.420Z",
                                "data": entry.example,
                            },
                        }
                    },
                },
                "responses": {
                    "2XX": {"description": "You have it. Anything else is tried again."},
                    "410": {"description": "You do not want it any more: disables the endpoint."},
                },
            }
        }
        for entry in CATALOGUE
    }


def _body(event_type: str) -> Schema:
    return record(
        "What happened.",
        type={"type": "string", "const": event_type, "description": "What it was."},
        timestamp=shapes.described(MOMENT, "When it was."),
        data=_DATA.get(event_type, GENERATION),
    )
