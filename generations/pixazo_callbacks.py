"""Callbacks of the Pixazo-compatible API: who is told, when, and in which body.

A request names its listeners itself (`X-Webhook-URL` with `X-Webhook-Mode`, `webhook` with
`webhook_events_filter`); they are kept with the job as `{"url", "mode", "events"}`. Delivery is the
webhooks package's: retries, its guard against private addresses, one slow host in nobody's way.

Source: Pixazo's reference, section "Webhook (Optional)".
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from generations import pixazo_answers
from generations.models import OPEN_STATES, Generation, State
from webhooks import events, targets
from webhooks.catalogue import EventType

SYNC_SECONDS = 15.0
"""A job with a `sync` listener is asked after at least this often (reference, X-Webhook-Mode)."""

_EVENTS = {
    State.COMPLETED: "completed",
    State.FAILED: "failed",
    State.ERROR: "failed",
    State.EXPIRED: "failed",
    State.CANCELED: "canceled",
}
"""By which name of `webhook_events_filter` an end is asked for."""


def checked_url(value: object) -> str:
    """The address in the form in which it will be called.

    Raises:
        ValueError: not https, not public, or no URL at all.
    """
    if not isinstance(value, str):
        raise ValueError("no URL")
    return targets.check(value)


def is_sync(generation: Generation) -> bool:
    return any(listener["mode"] == "sync" for listener in generation.listeners)


def ended(generation: Generation) -> None:
    """A job has reached its end: the one callback of `terminal` mode.

    Inside the transaction that ends it, before the wallet's row is locked. "Exactly one POST"
    (reference): not called again when a video comes after its job has expired.

    Args:
        generation: as it is now, with `media` selected.
    """
    for number, listener in enumerate(generation.listeners):
        if listener["mode"] == "sync":
            _withdraw_progress(generation, number)
    announce_end(
        generation.organization_id,
        pixazo_answers.status_body(generation),
        generation.listeners,
        _EVENTS[State(generation.state)],
    )


@transaction.atomic
def progressed(generation: Generation) -> None:
    """A look at the provider found it still open: one callback of `sync` mode.

    It takes the place of an earlier one that was not brought yet, and none comes of an answer that
    was overtaken by the end: nobody hears of progress after that.
    """
    if not is_sync(generation):
        return
    row = (
        Generation.objects.select_for_update(no_key=True)
        .filter(pk=generation.pk, state__in=OPEN_STATES)
        .first()
    )
    if row is None:
        return
    for number, listener in enumerate(row.listeners):
        if listener["mode"] == "sync":
            _withdraw_progress(row, number)
            _record(
                row.organization_id,
                listener["url"],
                EventType.GENERATION_PROCESSING,
                pixazo_answers.status_body(row),
                dedup_key=_progress_key(row, number, generation.polls),
            )


def _withdraw_progress(generation: Generation, number: int) -> None:
    events.withdraw_direct(
        organization_id=generation.organization_id,
        type=EventType.GENERATION_PROCESSING,
        dedup_keys=[_progress_key(generation, number, n) for n in range(1, generation.polls + 1)],
    )


def _progress_key(generation: Generation, number: int, polls: int) -> str:
    return f"{generation.pk}:{number}:{polls}"


def announce_end(
    organization_id: uuid.UUID,
    status: Mapping[str, Any],
    listeners: Iterable[Mapping[str, Any]],
    event: str,
) -> None:
    """Record the final callback to each listener that wants this event.

    Args:
        status: the body of the status endpoint.
        event: completed, failed or canceled. A listener without a filter wants all of them.
    """
    for number, listener in enumerate(listeners):
        if not listener["events"] or event in listener["events"]:
            _record(
                organization_id,
                listener["url"],
                EventType(f"generation.{event}"),
                status,
                dedup_key=f"{status['request_id']}:{number}",
            )


def keys(generation: Generation, *, most: int) -> list[str]:
    """What the events of its end are known by, and those of its latest progress."""
    found = []
    latest = range(max(1, generation.polls - most + 1), generation.polls + 1)
    for number, listener in enumerate(generation.listeners):
        found.append(f"{pixazo_answers.request_id(generation)}:{number}")
        if listener["mode"] == "sync":
            found += [_progress_key(generation, number, polls) for polls in latest]
    return found


def _record(
    organization_id: uuid.UUID,
    url: str,
    type: EventType,
    status: Mapping[str, Any],
    *,
    dedup_key: str,
) -> None:
    events.record_direct(
        organization_id=organization_id,
        url=url,
        type=type,
        body=pixazo_answers.callback_body(dict(status)),
        dedup_key=dedup_key,
    )
