"""Telling customers how their jobs move: their endpoints, and the address that a request named.

Written down in the transaction that moves the job, before the wallet's row is locked; `webhooks`
brings it. A job that nobody wants to hear of costs one look at its own row.
"""

import uuid

from django.db.models import Q
from django.utils import timezone

from generations import answers, pixazo_callbacks
from generations.models import Generation, State
from webhooks import events
from webhooks.catalogue import EventType

_ENDS = {
    State.COMPLETED: EventType.GENERATION_COMPLETED,
    State.FAILED: EventType.GENERATION_FAILED,
    State.ERROR: EventType.GENERATION_FAILED,
    State.EXPIRED: EventType.GENERATION_FAILED,
    State.CANCELED: EventType.GENERATION_CANCELED,
}


def processing(generation_id: uuid.UUID) -> None:
    """The model has taken the job on."""
    row = (
        Generation.objects.select_related("media")
        .filter(events.listened(), pk=generation_id)
        .first()
    )
    if row is not None:
        _tell_endpoints(row, EventType.GENERATION_PROCESSING)


def ended(generation_id: uuid.UUID, *, again: bool = False) -> None:
    """The job has reached its end, which its row says already; so does its media's row.

    Args:
        again: it had ended before (EXPIRED). Pixazo's API promises one callback, so its callers
            are told of the first end only.
    """
    row = (
        Generation.objects.select_related("media")
        .filter(
            Q(events.listened()) | Q(input__has_key="webhook") | ~Q(listeners=[]), pk=generation_id
        )
        .first()
    )
    if row is None:
        return
    type = _ENDS[State(row.state)]
    _tell_endpoints(row, type)
    if row.input.get("webhook"):
        _tell_webhook(row, type)
    if row.listeners and not again:
        pixazo_callbacks.ended(row)


def _tell_endpoints(row: Generation, type: EventType) -> None:
    events.record(
        organization_id=row.organization_id,
        type=type,
        data=answers.generation(row),
        dedup_key=str(row.pk),
    )


def _tell_webhook(row: Generation, type: EventType) -> None:
    """`webhook` of the request, if its `webhook_events_filter` lets this end pass."""
    wanted = row.input.get("webhook_events_filter")
    if wanted and type.value.removeprefix("generation.") not in wanted:
        return
    events.record_direct(
        organization_id=row.organization_id,
        url=row.input["webhook"],
        type=type,
        body=events.envelope(type, answers.generation(row), timezone.now()),
        dedup_key=str(row.pk),
    )
