"""Bringing deliveries: claim, send, record.

Claim in a short transaction, send outside any, record in another that checks the claim. The
threads only speak HTTP; the database is spoken to by the one thread that drains. At least once: a
worker that dies after sending has its lease run out, and the message goes out again with the same
`webhook-id`.
"""

import logging
import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from queueing.draining import one_by_one, reconnecting, stay
from webhooks import endpoints, sealing, sending
from webhooks.catalogue import EventType
from webhooks.models import Attempt, AttemptError, Delivery, DeliveryState, DisabledReason, Endpoint
from webhooks.sending import Message, Outcome

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 40.0
"""A drain claims nothing new after this; what is left is for the next task."""
LOOK_SECONDS = 0.2
"""How often a drain that waits for answers looks for what has fallen due."""
FAILING_SHARE = 0.5
"""Of all places, what endpoints that are failing may have together."""
ORGANIZATIONS_SHARE = 0.9
"""Of all places, what one organization may have: whoever comes finds one."""
MAX_RETRY_AFTER_SECONDS = 86_400.0
JITTER = 0.2

_OUR_OWN_FAULT = frozenset({AttemptError.INTERNAL, AttemptError.INTERRUPTED})
_CLAIM_LOCK = crc32(b"webhooks.claim")

_RECORD = """
    UPDATE webhooks_delivery d
       SET state = r.state, next_attempt_at = r.next_attempt_at, ended_at = r.ended_at,
           lease_expires_at = NULL, status_code = r.status_code, error = r.error
      FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::timestamptz[], %s::timestamptz[],
                  %s::int[], %s::text[])
           AS r (id, attempts, state, next_attempt_at, ended_at, status_code, error)
     WHERE d.id = r.id AND d.state = 'delivering' AND d.attempts = r.attempts"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one attempt: `attempts`, its number, is the lease's token.

    `message` is None when it cannot be made: the secret cannot be unsealed. `is_last` when no other
    attempt follows, however it ends.
    """

    delivery_id: uuid.UUID
    attempts: int
    endpoint_id: uuid.UUID | None
    message: Message | None
    is_last: bool


def drain(leave: Callable[[], None] = stay) -> int:
    """Make every attempt that is due, many at once. Returns how many were made.

    Args:
        leave: called when nothing more is taken on and some are still under way.
    """
    places: int = settings.WEBHOOK_IN_FLIGHT
    until = time.monotonic() + DRAIN_SECONDS
    made = 0
    flying: dict[Future[Outcome], Claim] = {}
    with ThreadPoolExecutor(places, "webhook") as pool:
        while True:
            if time.monotonic() < until:
                for job in reconnecting(claim, places - len(flying)):
                    flying[pool.submit(_attempt, job)] = job
            else:
                leave()
            if not flying:
                return made
            done, _ = wait(flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            answered = [(flying.pop(future), future.result()) for future in done]
            if answered:
                with one_by_one("recording of", f"{len(answered)} webhook attempts"):
                    reconnecting(record, answered)
                made += len(answered)


def next_due() -> datetime | None:
    """When the next delivery falls due that would be claimed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhooks_next_due(%s)", [settings.WEBHOOK_IN_FLIGHT_PER_ENDPOINT])
        row = cursor.fetchone()
    due: datetime | None = row[0] if row else None
    return due


@transaction.atomic
def claim(limit: int) -> list[Claim]:
    """Take up to `limit` due deliveries: DELIVERING, with a lease, the attempt counted first."""
    if limit <= 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])
        cursor.execute(
            "SELECT delivery_id FROM webhooks_claim(%s, %s, %s, %s, %s)",
            [
                limit,
                int(settings.WEBHOOK_IN_FLIGHT * FAILING_SHARE),
                int(settings.WEBHOOK_IN_FLIGHT * ORGANIZATIONS_SHARE),
                settings.WEBHOOK_IN_FLIGHT_PER_ENDPOINT,
                settings.WEBHOOK_LEASE_SECONDS,
            ],
        )
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    rows = Delivery.objects.select_related("event", "endpoint").filter(pk__in=ids)
    return [_claim_of(row) for row in rows]


def _claim_of(row: Delivery) -> Claim:
    endpoint = row.endpoint
    message = None
    try:
        message = Message(
            url=endpoint.url if endpoint else row.url,
            message_id=row.event.public_id,
            body=row.event.body,
            keys=endpoints.keys_of(endpoint) if endpoint else (),
        )
    except sealing.CannotUnseal:
        logger.exception("the secret of webhook endpoint %s cannot be used", row.endpoint_id)
    return Claim(row.pk, row.attempts, row.endpoint_id, message, _is_last(row))


def _is_last(row: Delivery) -> bool:
    """Progress told to an address of a request's own is told once: there is more of it soon, and
    repeated it could come after the end."""
    planned = len(settings.WEBHOOK_RETRY_SECONDS)
    is_progress = row.event_type == EventType.GENERATION_PROCESSING and row.endpoint_id is None
    return is_progress or row.attempts > planned


def _attempt(job: Claim) -> Outcome:
    """In a thread of its own. Whatever happens there is an outcome, and is written down."""
    if job.message is None:
        return Outcome(timezone.now(), 0, AttemptError.INTERNAL)
    try:
        return sending.send(job.message)
    except Exception:  # a fault of ours, in one message: the others go on
        logger.exception("webhook delivery %s could not be sent", job.delivery_id)
        return Outcome(timezone.now(), 0, AttemptError.INTERNAL)


@transaction.atomic
def record(answered: list[tuple[Claim, Outcome]]) -> None:
    """Write down what came of some attempts, where the claim is still ours.

    Safe to repeat. Locks the endpoints first, then the deliveries, as everyone here does.
    """
    enabled = _locked_endpoints(job.endpoint_id for job, _ in answered if job.endpoint_id)
    now = timezone.now()
    moves = [
        _moved(job, outcome, now, enabled=job.endpoint_id is None or job.endpoint_id in enabled)
        for job, outcome in answered
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [list(column) for column in zip(*moves, strict=True)])
    Attempt.objects.bulk_create(
        [
            Attempt(
                delivery_id=job.delivery_id,
                number=job.attempts,
                started_at=outcome.started_at,
                duration_ms=outcome.duration_ms,
                status_code=outcome.status_code,
                error=outcome.error,
                response_excerpt=outcome.response_excerpt,
            )
            for job, outcome in answered
        ],
        ignore_conflicts=True,
    )
    _note_health(answered, now)


def _locked_endpoints(ids: object) -> set[uuid.UUID]:
    """Those of them that are enabled, locked."""
    rows = (
        Endpoint.objects.select_for_update(no_key=True)
        .filter(pk__in=set(ids))  # type: ignore[call-overload]
        .order_by("pk")
        .only("id", "disabled_at", "deleted_at")
    )
    return {row.pk for row in rows if row.is_enabled}


def _moved(job: Claim, outcome: Outcome, now: datetime, *, enabled: bool) -> tuple[object, ...]:
    """A row for _RECORD: delivered, later, failed for good, or canceled with its endpoint."""
    wait_seconds = _wait_seconds(job, outcome)
    due: datetime | None = None
    ended: datetime | None = now
    if not outcome.error:
        state = DeliveryState.DELIVERED
    elif wait_seconds is None:
        state = DeliveryState.FAILED
    elif not enabled:
        state = DeliveryState.CANCELED
    else:
        state, ended = DeliveryState.PENDING, None
        due = now + timedelta(seconds=wait_seconds)
    status, error = outcome.status_code, outcome.error
    return (job.delivery_id, job.attempts, state.value, due, ended, status, str(error))


def _wait_seconds(job: Claim, outcome: Outcome) -> float | None:
    """How long until the next attempt; None when there is none."""
    if outcome.status_code == sending.GONE or job.is_last:
        return None
    schedule = settings.WEBHOOK_RETRY_SECONDS
    planned = schedule[job.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    return float(max(planned, min(outcome.retry_after_seconds, MAX_RETRY_AFTER_SECONDS)))


def _note_health(answered: list[tuple[Claim, Outcome]], now: datetime) -> None:
    """Since when each endpoint has been failing. One success is enough to count as well."""
    told = [(job.endpoint_id, outcome) for job, outcome in answered if job.endpoint_id]
    well = {pk for pk, outcome in told if not outcome.error}
    ill = {
        pk for pk, outcome in told if outcome.error and outcome.error not in _OUR_OWN_FAULT
    } - well
    gone = {pk for pk, outcome in told if outcome.status_code == sending.GONE}
    if well:
        Endpoint.objects.filter(pk__in=well, failing_since__isnull=False).update(
            failing_since=None, last_failed_at=None
        )
    if ill:
        Endpoint.objects.filter(pk__in=ill, failing_since=None).update(failing_since=now)
        Endpoint.objects.filter(pk__in=ill).update(last_failed_at=now)
    for pk in sorted(gone):
        endpoints.disable(pk, reason=DisabledReason.GONE)


def give_up_leases() -> int:
    """Attempts whose worker died: sent or not, nobody knows, so again. For the sweep."""
    late = Delivery.objects.filter(
        state=DeliveryState.DELIVERING, lease_expires_at__lte=timezone.now()
    ).select_related("endpoint")[:1000]
    lost = [
        (
            Claim(row.pk, row.attempts, row.endpoint_id, None, _is_last(row)),
            Outcome(
                (row.lease_expires_at or timezone.now()).astimezone(UTC)
                - timedelta(seconds=settings.WEBHOOK_LEASE_SECONDS),
                settings.WEBHOOK_LEASE_SECONDS * 1000,
                AttemptError.INTERRUPTED,
            ),
        )
        for row in late
    ]
    if lost:
        record(lost)
    return len(lost)
