"""How a request of the Pixazo-compatible API stands, asked by its id in Pixazo's form."""

import uuid
from typing import Any

from generations import gallery, health_checks, pixazo_answers
from generations.errors import GenerationMissing


def find(organization_id: uuid.UUID, request_id: str) -> dict[str, Any] | None:
    """The status body, or None for an id that is malformed, unknown or another organization's."""
    parsed = pixazo_answers.parse_request_id(request_id)
    if parsed is None:
        return None
    model, key = parsed
    try:
        generation = gallery.one(organization_id, key)
    except GenerationMissing:
        return _health_check(organization_id, model, key)
    if generation.model != model:
        return None
    return pixazo_answers.status_body(generation)


def _health_check(organization_id: uuid.UUID, model: str, key: uuid.UUID) -> dict[str, Any] | None:
    try:
        check = health_checks.one(organization_id, key)
    except GenerationMissing:
        return None
    return pixazo_answers.health_body(check) if check.model == model else None
