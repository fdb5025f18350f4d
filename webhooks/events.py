"""Recording what happened, with its deliveries, in the transaction in which it happens.

One statement, and no network: no path can move the state and forget the message, and what is
rolled back is told to nobody.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import new_id
from webhooks.catalogue import EventType
from webhooks.models import Delivery, DeliveryState, Endpoint
from webhooks.work import DELIVER

DIRECT_LANES = 256
"""Of one organization, so that however many hosts its requests name, a claim looks at few lanes."""

# An event is kept when the organization has an endpoint, enabled or not, so that what a disabled
# one missed can be replayed. Who has none costs one look into an index.
_RECORD = """
    WITH listening AS (
        SELECT id, disabled_at IS NULL
                   AND (event_types @> ARRAY['*']::varchar[]
                        OR event_types @> ARRAY[%(type)s]::varchar[]) AS wants
          FROM webhooks_endpoint
         WHERE organization_id = %(organization)s AND deleted_at IS NULL),
    happened AS (
        INSERT INTO webhooks_event
               (id, organization_id, type, dedup_key, body, is_direct, created_at)
        SELECT %(id)s, %(organization)s, %(type)s, %(dedup_key)s, %(body)s, false, %(now)s
         WHERE EXISTS (SELECT FROM listening)
            ON CONFLICT (organization_id, type, dedup_key) DO NOTHING
        RETURNING id)
    INSERT INTO webhooks_delivery
           (id, organization_id, event_id, event_type, endpoint_id, url, lane, state,
            next_attempt_at)
    SELECT webhooks_new_id(), %(organization)s, happened.id, %(type)s, listening.id, '',
           listening.id, 'pending', %(now)s
      FROM happened CROSS JOIN listening
     WHERE listening.wants"""

_RECORD_DIRECT = """
    WITH happened AS (
        INSERT INTO webhooks_event
               (id, organization_id, type, dedup_key, body, is_direct, created_at)
        VALUES (%(id)s, %(organization)s, %(type)s, %(dedup_key)s, %(body)s, true, %(now)s)
            ON CONFLICT (organization_id, type, dedup_key) DO NOTHING
        RETURNING id)
    INSERT INTO webhooks_delivery
           (id, organization_id, event_id, event_type, endpoint_id, url, lane, state,
            next_attempt_at)
    SELECT webhooks_new_id(), %(organization)s, id, %(type)s, NULL, %(url)s, %(lane)s,
           'pending', %(now)s
      FROM happened"""


def record(
    *, organization_id: uuid.UUID, type: str, data: Mapping[str, Any], dedup_key: str
) -> int:
    """Write down that something happened, and a delivery to each endpoint that wants to know.

    Call it inside the transaction of the change itself, before the wallet's row is locked. One
    statement; the workers are nudged after the commit when there is something to deliver.

    Args:
        type: one of `catalogue.EventType`.
        data: what the event is about, JSON-serialisable; customers see it as `data`.
        dedup_key: at most 200 characters; the same for the same thing happening. A second record
            of the same organization, type and key does nothing.

    Returns:
        How many deliveries were made; 0 when it was known already or nobody listens.
    """
    now = timezone.now()
    text = json.dumps(envelope(type, data, now), allow_nan=False)
    return _insert(_RECORD, organization_id, type, dedup_key, text, now)


def record_direct(
    *, organization_id: uuid.UUID, url: str, type: str, body: Mapping[str, Any], dedup_key: str
) -> int:
    """Write down a message to one address that a request named, which belongs to no endpoint.

    As `record`, but `body` is sent as it is, without an envelope and without a signature: there
    is no secret that such an address could know.

    Args:
        url: as `targets.check` returned it.
        type: one of `catalogue.EventType`; for the list of deliveries.
        dedup_key: at most 190 characters. One address may be told the same thing once.
    """
    return _insert(
        _RECORD_DIRECT,
        organization_id,
        type,
        f"direct:{dedup_key}",
        json.dumps(body, allow_nan=False),
        timezone.now(),
        url=url,
        lane=direct_lane(organization_id, url),
    )


def direct_lane(organization_id: uuid.UUID, url: str) -> uuid.UUID:
    """The lane of a direct message: an organization's hosts share some, with nobody else."""
    host = urlsplit(url).hostname or ""
    return uuid.uuid5(organization_id, f"{crc32(host.encode()) % DIRECT_LANES}")


def withdraw_direct(*, organization_id: uuid.UUID, type: str, dedup_keys: Sequence[str]) -> int:
    """Call off what `record_direct` wrote down and nobody has taken on yet: it is out of date.

    Returns:
        How many messages will not be sent, or not again.
    """
    return Delivery.objects.filter(
        event__organization_id=organization_id,
        event__type=type,
        event__dedup_key__in=[f"direct:{key}" for key in dedup_keys],
        state=DeliveryState.PENDING,
    ).update(state=DeliveryState.CANCELED, next_attempt_at=None, ended_at=timezone.now())


def envelope(type: str, data: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    """The body that endpoints get, as Standard Webhooks recommends it."""
    stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": EventType(type).value, "timestamp": stamp, "data": data}


def listened() -> Exists:
    """Whether the organization of an outer row has an endpoint: a filter for querysets of rows
    with an `organization_id`, so that nothing is built that nobody wants to hear."""
    return Exists(
        Endpoint.objects.filter(organization_id=OuterRef("organization_id"), deleted_at=None)
    )


def _insert(
    statement: str,
    organization_id: uuid.UUID,
    type: str,
    dedup_key: str,
    body: str,
    now: datetime,
    **more: Any,
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "id": new_id(),
                "organization": organization_id,
                "type": EventType(type).value,
                "dedup_key": dedup_key,
                "body": body,
                "now": now,
                **more,
            },
        )
        made = int(cursor.rowcount)
    if made:
        DELIVER.nudge()
    return made
