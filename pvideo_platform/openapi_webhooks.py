"""The webhooks of the API's description: what customers' endpoints are sent."""

from typing import Any

from webhooks.catalogue import CATALOGUE

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


def _body(event_type: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": event_type},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"type": "object", "additionalProperties": True},
        },
        "required": ["type", "timestamp", "data"],
    }
