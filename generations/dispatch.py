"""Sending jobs to the provider (design, section 5.2).

Claim in a short transaction, send outside any, record in another that checks the claim. The
threads only speak HTTP; the database is spoken to by this one thread, so no connection is shared.
"""

import hashlib
import json
import logging
import random
import secrets
import time
import uuid
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from generations import provider, provider_tally, settlement, telling
from generations.models import Generation, ProviderCallback, State
from generations.work import POLL, overdue
from queueing.draining import one_by_one, reconnecting, stay

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 40.0
"""A drain claims nothing new after this; what is left is for the next task."""
RETRY_BASE_SECONDS = 1.0
RETRY_MAX_SECONDS = 60.0
NOT_SENT_ON = frozenset({"webhook", "webhook_events_filter", "no_op"})
"""Between our customer and us; the provider is given our own webhook."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to submit one job once: `attempts` is the lease's token."""

    generation_id: uuid.UUID
    attempts: int
    model: str
    body: dict[str, object]
    token: str
    claimed_at: float = field(default_factory=time.monotonic)

    @property
    def webhook_url(self) -> str:
        return f"{settings.PUBLIC_BASE_URL}/callbacks/pixazo/{self.generation_id}/{self.token}"


def drain(leave: Callable[[], None] = stay) -> int:
    """Submit everything that is due, many at once. Returns how many were submitted.

    Args:
        leave: called when nothing more is taken on and some are still under way.
    """
    slots = settings.PIXAZO_SUBMISSIONS_IN_FLIGHT
    until = time.monotonic() + DRAIN_SECONDS
    sent = 0
    flying: dict[Future[provider.SubmitAnswer], Claim] = {}
    # The client is closed first: that ends whatever still hangs on a connection.
    with (
        provider_tally.Tally() as tally,
        ThreadPoolExecutor(slots, "submit") as pool,
        provider.Client(tally.hear) as client,
    ):
        while True:
            tally.flush_when_due()
            if time.monotonic() < until:
                for job in reconnecting(claim, slots - len(flying)):
                    future = pool.submit(
                        client.submit, job.model, job.body, webhook_url=job.webhook_url
                    )
                    flying[future] = job
            else:
                leave()
            if not flying:
                return sent
            done, _ = wait(flying, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done | overdue(flying, (job.claimed_at for job in flying.values())):
                job = flying.pop(future)
                with one_by_one("dispatch of generation", job.generation_id):
                    late = provider.Unknown("no answer in time")
                    reconnecting(record, job, future.result() if future in done else late)
                sent += 1


def next_due() -> datetime | None:
    """When the next queued job can be sent: what waits for a place is not due."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generations_next_claim(%s, %s)",
            [timezone.now(), settings.GENERATIONS_AT_ONCE],
        )
        row = cursor.fetchone()
    due: datetime | None = row[0] if row else None
    return due


def claim(limit: int) -> list[Claim]:
    """Take up to `limit` due jobs: SUBMITTING, with a lease, the attempt counted before the work.

    One statement, a transaction by itself (generations/sql/claim.sql): no organization gets more
    than its places at the model, however many claim at once, and those with the fewest there are
    served first. Nothing while another claim runs. A job's deadline counts from its first claim.

    From this commit on a job may have been sent: should we die, it is never sent again.
    """
    if limit <= 0:
        return []
    now = timezone.now()
    tokens = {
        token_hash(token): token for token in (secrets.token_urlsafe(32) for _ in range(limit))
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM generations_claim(%s::bytea[], %s, %s, %s, %s)",
            [
                list(tokens),
                now,
                now + timedelta(seconds=settings.SUBMISSION_LEASE_SECONDS),
                now + timedelta(seconds=settings.GENERATION_DEADLINE_SECONDS),
                settings.GENERATIONS_AT_ONCE,
            ],
        )
        rows = {bytes(row[-1]): row for row in cursor.fetchall()}
    return [
        Claim(
            generation_id,
            attempts,
            model,
            {name: value for name, value in json.loads(given).items() if name not in NOT_SENT_ON},
            token,
        )
        # The function gives the first hash to whoever is first in turn, but the rows as they come.
        for hashed, token in tokens.items()
        if hashed in rows
        for generation_id, attempts, model, given, _ in [rows[hashed]]
    ]


def token_hash(token: str) -> bytes:
    """What is stored of a callback's token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def record(job: Claim, answer: provider.SubmitAnswer) -> None:
    """Write down what the provider said, if the claim is still ours."""
    match answer:
        case provider.Submitted(request_id=request_id):
            _confirm(job, request_id)
        case provider.TryLater(reason=reason):
            _put_back(job, answer)
        case provider.Refused(reason=reason, message=message):
            logger.warning("generation %s refused: Pixazo %s", job.generation_id, reason)
            settlement.error(
                job.generation_id,
                message=message,
                note=f"Pixazo {reason}",
                from_states=[State.SUBMITTING],
                attempts=job.attempts,
            )
        case provider.Unknown(reason=reason):
            logger.warning("generation %s unconfirmed: Pixazo %s", job.generation_id, reason)
            due = timezone.now() + timedelta(seconds=settings.POLL_FIRST_SECONDS)
            if _move(job, state=State.UNCONFIRMED, note=f"Pixazo {reason}", next_poll_at=due):
                POLL.nudge()


def _confirm(job: Claim, request_id: str) -> None:
    """PROCESSING. After a callback that came before this answer the outcome is asked at once."""
    now = timezone.now()
    early = ProviderCallback.objects.filter(generation_id=job.generation_id).exists()
    wait_seconds = 0 if early else settings.POLL_FIRST_SECONDS
    with transaction.atomic():
        confirmed = _move(
            job,
            # The lease may have run out while the answer was on its way: UNCONFIRMED is ours too.
            from_states=(State.SUBMITTING, State.UNCONFIRMED),
            state=State.PROCESSING,
            note="accepted by Pixazo",
            provider_request_id=request_id,
            submitted_at=now,
            next_poll_at=now + timedelta(seconds=wait_seconds),
        )
        if confirmed:
            telling.processing(job.generation_id)
    if not confirmed:
        logger.warning("generation %s was answered too late", job.generation_id)
        # It expired meanwhile; should it complete, the customer gets the video (design, 5.7).
        _move(
            job,
            from_states=(State.EXPIRED,),
            provider_request_id=request_id,
            submitted_at=now,
            next_poll_at=now + timedelta(seconds=wait_seconds),
        )
    POLL.nudge()


def _put_back(job: Claim, answer: provider.TryLater) -> None:
    """QUEUED again, later: it certainly did not reach the model."""
    if answer.wallet_empty:
        logger.error("Pixazo answered 402: our own wallet there is empty")
    backoff = min(RETRY_BASE_SECONDS * 2 ** (job.attempts - 1), RETRY_MAX_SECONDS)
    seconds = (
        answer.retry_after_seconds
        if answer.retry_after_seconds is not None
        else backoff * random.uniform(0.75, 1.25)  # noqa: S311  # jitter
    )
    _move(
        job,
        state=State.QUEUED,
        note=f"Pixazo {answer.reason}; will try again",
        next_attempt_at=timezone.now() + timedelta(seconds=seconds),
        needs_attention="our wallet at Pixazo is empty" if answer.wallet_empty else "",
    )


def _move(
    job: Claim, *, from_states: tuple[State, ...] = (State.SUBMITTING,), **changes: object
) -> bool:
    """Compare-and-swap out of SUBMITTING, for the holder of the lease."""
    return bool(
        Generation.objects.filter(
            pk=job.generation_id, state__in=from_states, attempts=job.attempts
        ).update(lease_expires_at=None, **changes)
    )


def give_up_leases() -> int:
    """Jobs whose sender died: sent or not, nobody knows, so UNCONFIRMED. For the sweep."""
    return Generation.objects.filter(
        state=State.SUBMITTING, lease_expires_at__lte=timezone.now()
    ).update(
        state=State.UNCONFIRMED,
        note="the worker died while sending",
        lease_expires_at=None,
        next_poll_at=timezone.now(),
    )
