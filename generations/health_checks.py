"""`no_op` requests: "health-check mode - returns status without running inference" (reference).

The whole way through the platform except for the job itself: key, scope, limits, validation and
callbacks are real; nothing is held, sent or made.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import idempotency
from accounts.access import Caller
from backoffice.dated_ids import first_id
from generations import pixazo_answers, pixazo_callbacks
from generations.errors import GenerationMissing
from generations.models import HealthCheck

KEPT_DAYS = 30
"""How long its status can be asked for."""


def record(
    caller: Caller,
    *,
    model: str,
    input: dict[str, Any],
    listeners: Sequence[dict[str, Any]],
    idempotency_key: str,
) -> tuple[dict[str, str], bool]:
    """Answer a health check: it is over with the row, and so its callbacks are due.

    Returns:
        The body of the answer, and whether it is that of an earlier request with the same key.

    Raises:
        InvalidIdempotencyKey, IdempotencyMismatch, IdempotencyKeyInUse.
    """
    if not idempotency_key:
        return pixazo_answers.accepted(_made(caller, model, listeners)), False
    asked = json.dumps(["no_op", model, input, *listeners], sort_keys=True)
    request_hash = idempotency.fingerprint(asked)
    with idempotency.once(caller.organization_id, idempotency_key, request_hash) as act:
        if act.replay:
            return json.loads(act.replay.body), True
        body = pixazo_answers.accepted(_made(caller, model, listeners))
        act.answer = idempotency.Answer(202, json.dumps(body).encode(), "application/json")
        return body, False


@transaction.atomic
def _made(caller: Caller, model: str, listeners: Sequence[dict[str, Any]]) -> HealthCheck:
    check = HealthCheck.objects.create(
        organization_id=caller.organization_id, created_at=timezone.now(), model=model
    )
    body = pixazo_answers.health_body(check)
    pixazo_callbacks.announce_end(check.organization_id, body, listeners, "completed")
    return check


def one(organization_id: uuid.UUID, check_id: uuid.UUID) -> HealthCheck:
    """Raises: GenerationMissing, also when it is another organization's."""
    check = HealthCheck.objects.filter(pk=check_id, organization_id=organization_id).first()
    if check is None:
        raise GenerationMissing("There is no such request.")
    return check


def forget_old(limit: int = 10_000) -> int:
    """Delete what was kept long enough. For the sweep. Returns how many are gone."""
    until = first_id(timezone.now() - timedelta(days=KEPT_DAYS))
    old = HealthCheck.objects.filter(pk__lt=until).order_by("pk").values_list("pk", flat=True)
    return HealthCheck.objects.filter(pk__in=list(old[:limit])).delete()[0]
