"""Telling again: one delivery, or all that an endpoint has missed since a time.

A replay is a new delivery of the same event, so it carries the same `webhook-id` and body, and a
receiver that keeps those ids knows it. One delivery of an event to an endpoint is open at a time
(a unique index), so asking twice sends once. One that waits for its next attempt is due at once.
"""

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import new_id
from backoffice.dated_ids import SLACK, first_id
from webhooks import endpoints
from webhooks.history import DeliveryMissing
from webhooks.models import OPEN_STATES, Delivery
from webhooks.work import DELIVER

MOST_AT_ONCE = 10_000
"""Deliveries made by one call of `missed`; a further call goes on."""

_MISSED = """
      FROM webhooks_endpoint en
      JOIN webhooks_event ev ON ev.organization_id = en.organization_id
      LEFT JOIN LATERAL (
           SELECT d.id FROM webhooks_delivery d
            WHERE d.event_id = ev.id AND d.endpoint_id = en.id
            ORDER BY d.id DESC LIMIT 1) last ON true
     WHERE en.id = %(endpoint)s AND NOT ev.is_direct AND ev.type <> 'ping'
       AND ev.id >= %(from)s
       AND ev.created_at >= %(since)s AND ev.created_at >= en.created_at
       AND (last.id IS NOT NULL
            OR en.event_types @> ARRAY['*']::varchar[]
            OR en.event_types @> ARRAY[ev.type]::varchar[])
       AND NOT EXISTS (
           SELECT FROM webhooks_delivery d
            WHERE d.event_id = ev.id AND d.endpoint_id = en.id
              AND d.state IN ('pending', 'delivering', 'delivered'))
     ORDER BY ev.id LIMIT %(most)s"""
_COUNT = f"SELECT count(*) FROM (SELECT ev.id {_MISSED}) AS missed"  # noqa: S608  # our own text
_DELIVER_MISSED = f"""
    INSERT INTO webhooks_delivery
           (id, organization_id, event_id, event_type, endpoint_id, url, lane, state,
            next_attempt_at, replay_of_id)
    SELECT webhooks_new_id(), ev.organization_id, ev.id, ev.type, en.id, '', en.id, 'pending',
           %(now)s, last.id
    {_MISSED}
        ON CONFLICT DO NOTHING"""  # our own text
_WAITING = """
      FROM webhooks_delivery d
      JOIN webhooks_event ev ON ev.id = d.event_id
     WHERE d.lane = %(endpoint)s AND d.state = 'pending' AND d.next_attempt_at > %(now)s
       AND ev.created_at >= %(since)s AND ev.type <> 'ping'
     LIMIT %(most)s"""
_COUNT_WAITING = f"SELECT count(*) FROM (SELECT d.id {_WAITING}) AS waiting"  # noqa: S608  # ours
_HURRY_WAITING = f"""
    UPDATE webhooks_delivery SET next_attempt_at = %(now)s
     WHERE id IN (SELECT d.id {_WAITING} FOR NO KEY UPDATE OF d SKIP LOCKED)"""  # noqa: S608  # ours


class DeliveryOpen(DomainError):
    code = "delivery_open"


@transaction.atomic
def one(organization_id: uuid.UUID, delivery_id: uuid.UUID) -> Delivery:
    """Deliver once more what has ended, delivered or not; or now what waits for its next attempt.

    Returns:
        The new delivery, or the one that waited.

    Raises:
        DeliveryMissing: the organization has no such delivery.
        DeliveryOpen: it, or another of the same event to the same endpoint, is being sent or due.
        EndpointDisabled: its endpoint is disabled or deleted.
    """
    old = (
        Delivery.objects.select_related("endpoint")
        .select_for_update(no_key=True, of=("self",))
        .filter(pk=delivery_id, organization_id=organization_id)
        .first()
    )
    if old is None:
        raise DeliveryMissing("There is no such webhook delivery.")
    if old.endpoint is not None:
        endpoints.require_enabled(old.endpoint)
    now = timezone.now()
    if (still_open := _open(old)) is not None:
        return _hurried(still_open, now)
    try:
        with transaction.atomic():
            again = Delivery.objects.create(
                id=new_id(),
                organization_id=organization_id,
                event_id=old.event_id,
                event_type=old.event_type,
                endpoint=old.endpoint,
                url=old.url,
                lane=old.lane,
                replay_of=old,
                created_at=now,
                next_attempt_at=now,
            )
    except IntegrityError as error:  # webhooks_one_open_delivery
        raise DeliveryOpen("This is being delivered already.") from error
    DELIVER.nudge()
    return again


def _open(old: Delivery) -> Delivery | None:
    """It, or another of the same event to the same address, locked. Under the old one's lock."""
    return (
        Delivery.objects.select_related("endpoint")
        .select_for_update(no_key=True, of=("self",))
        .filter(event_id=old.event_id, endpoint=old.endpoint, state__in=OPEN_STATES)
        .first()
    )


def _hurried(waiting: Delivery, now: datetime) -> Delivery:
    """Raises: DeliveryOpen."""
    due = waiting.next_attempt_at
    if due is None or due <= now:
        raise DeliveryOpen("This is being delivered already.")
    waiting.next_attempt_at = now
    waiting.save(update_fields=["next_attempt_at"])
    DELIVER.nudge()
    return waiting


@transaction.atomic
def missed(organization_id: uuid.UUID, endpoint_id: uuid.UUID, *, since: datetime) -> int:
    """Deliver every event since a time that this endpoint has not got: failed, canceled, never
    tried because it was disabled, or waiting for its next attempt.

    Returns:
        How many are being sent, at most MOST_AT_ONCE of those that wait and of the others. Asking
        again sends only what is missing then.

    Raises:
        EndpointMissing, EndpointDisabled.
    """
    endpoint = endpoints.one(organization_id, endpoint_id)
    endpoints.require_enabled(endpoint)
    with connection.cursor() as cursor:
        wanted = _wanted(endpoint.pk, since)
        cursor.execute(_DELIVER_MISSED, wanted)
        made = int(cursor.rowcount)
        cursor.execute(_HURRY_WAITING, wanted)
        made += int(cursor.rowcount)
    if made:
        DELIVER.nudge()
    return made


def count_missed(organization_id: uuid.UUID, endpoint_id: uuid.UUID, *, since: datetime) -> int:
    """How many deliveries `missed` would send now.

    Raises: EndpointMissing.
    """
    endpoint = endpoints.one(organization_id, endpoint_id)
    with connection.cursor() as cursor:
        wanted = _wanted(endpoint.pk, since)
        cursor.execute(f"SELECT ({_COUNT}) + ({_COUNT_WAITING})", wanted)
        return int(cursor.fetchone()[0])


def _wanted(endpoint_id: uuid.UUID, since: datetime) -> dict[str, Any]:
    first = first_id(since, later=-SLACK)
    return {
        "endpoint": endpoint_id,
        "since": since,
        "from": first,
        "now": timezone.now(),
        "most": MOST_AT_ONCE,
    }
