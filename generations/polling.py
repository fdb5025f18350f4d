"""Asking the provider how jobs stand (design, sections 5.3 and 5.4).

The status endpoint, asked with our key, is the only thing that moves state and money. A callback
makes a job due at once; without one it is asked after with growing intervals.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils import timezone

from generations import pixazo_callbacks, provider, provider_tally, settlement, telling
from generations.models import OPEN_STATES, SENT_STATES, Generation, ProviderCallback, State
from generations.work import COLLECT, overdue
from queueing.draining import one_by_one, stay

logger = logging.getLogger(__name__)

IN_FLIGHT = 16
DRAIN_SECONDS = 20.0
LATE_SECONDS = 24 * 3600
"""How long after its deadline an EXPIRED job is still asked after: the customer gets the video."""

Asked = provider.Status | provider.StatusUnavailable


def drain(leave: Callable[[], None] = stay, *, seconds: float = DRAIN_SECONDS) -> int:
    """Ask after every job that is due. Returns how many were asked after.

    A slow answer holds up no other: others are asked after beside it.

    Args:
        leave: called when nothing more is taken on and some are still under way.
        seconds: nothing new is taken on after this; what is left is for the next task.
    """
    until = time.monotonic() + seconds
    asked = 0
    asking: dict[Future[Asked], _Question] = {}
    # The client is closed first: that ends whatever still hangs on a connection.
    with (
        provider_tally.Tally() as tally,
        ThreadPoolExecutor(IN_FLIGHT, "status") as pool,
        provider.Client(tally.hear) as client,
    ):
        while True:
            tally.flush_when_due()
            if time.monotonic() < until:
                for generation in claim(IN_FLIGHT - len(asking)):
                    request_id = _request_id(generation)
                    future = pool.submit(_ask, client, request_id, generation.model)
                    asking[future] = _Question(generation, request_id)
            else:
                leave()
            if not asking:
                return asked
            done, _ = wait(asking, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                question = asking.pop(future)
                with one_by_one("poll of generation", question.generation.pk):
                    apply(question.generation, question.request_id, future.result())
                asked += 1
            for future in overdue(asking, (question.asked_at for question in asking.values())):
                logger.warning("generation %s: no answer in time", asking.pop(future).generation.pk)


@dataclass(frozen=True, slots=True)
class _Question:
    generation: Generation
    request_id: str
    asked_at: float = field(default_factory=time.monotonic)


def next_due() -> datetime | None:
    due: datetime | None = Generation.objects.filter(next_poll_at__isnull=False).aggregate(
        due=Min("next_poll_at")
    )["due"]
    return due


@transaction.atomic
def claim(limit: int) -> list[Generation]:
    """Take due jobs, and set when each is asked after next: that is also the lease."""
    if limit <= 0:
        return []
    now = timezone.now()
    batch = list(
        Generation.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("price")
        .filter(next_poll_at__lte=now)
        .order_by("next_poll_at")[:limit]
    )
    for generation in batch:
        generation.polls += 1
        generation.next_poll_at = _next_poll(generation, now)
    Generation.objects.bulk_update(batch, ["polls", "next_poll_at"])
    return batch


def _next_poll(generation: Generation, now: datetime) -> datetime | None:
    """Growing intervals: 4, 6, 9 ... 60 seconds; after the deadline each hour, for a day."""
    if generation.state in OPEN_STATES:
        seconds = settings.POLL_FIRST_SECONDS * 1.5 ** min(generation.polls, 20)
        at_most = settings.POLL_MAX_SECONDS
        if pixazo_callbacks.is_sync(generation):
            at_most = min(at_most, pixazo_callbacks.SYNC_SECONDS)
        return now + timedelta(seconds=min(seconds, at_most))
    if now - generation.deadline_at < timedelta(seconds=LATE_SECONDS):
        return now + timedelta(hours=1)
    return None


def _request_id(generation: Generation) -> str:
    """The provider's id; for an unconfirmed job the one that its latest genuine callback names."""
    if generation.provider_request_id:
        return generation.provider_request_id
    hint = (
        ProviderCallback.objects.filter(generation=generation)
        .exclude(request_id="")
        .order_by("-pk")
        .first()
    )
    return hint.request_id if hint else ""


def _ask(client: provider.Client, request_id: str, model: str) -> Asked:
    if not request_id:
        return provider.StatusUnavailable("no request id is known")
    try:
        return client.status(request_id, model)
    except provider.StatusUnavailable as unavailable:
        return unavailable


def apply(generation: Generation, request_id: str, answer: Asked) -> None:
    """Let an answer move the job. Safe to repeat, and in any order: every move is a swap."""
    if isinstance(answer, provider.StatusUnavailable):
        logger.info("generation %s: no news: %s", generation.pk, answer)
        return
    if not generation.provider_request_id and not _bind(generation, request_id):
        return
    if generation.state == State.EXPIRED and answer.status in ("FAILED", "ERROR"):
        Generation.objects.filter(pk=generation.pk).update(next_poll_at=None)
        return
    match answer.status:
        case "COMPLETED":
            _note_outcome(generation, answer)
        case "FAILED":
            settlement.fail(generation, message=answer.error)
        case "ERROR":
            settlement.error(
                generation.pk,
                message=answer.error or "The video service had an error. You were not charged.",
                note="Pixazo ended it with ERROR",
            )
        case status:
            Generation.objects.filter(pk=generation.pk, state__in=SENT_STATES).exclude(
                provider_status=status
            ).update(provider_status=status)
            pixazo_callbacks.progressed(generation)


def _bind(generation: Generation, request_id: str) -> bool:
    """An unconfirmed job learns its request id; one that another job has is nobody else's."""
    try:
        with transaction.atomic():
            bound = Generation.objects.filter(
                pk=generation.pk,
                state__in=[*SENT_STATES, State.EXPIRED],
                provider_request_id=None,
            ).update(provider_request_id=request_id, submitted_at=timezone.now())
            confirmed = Generation.objects.filter(pk=generation.pk, state=State.UNCONFIRMED).update(
                state=State.PROCESSING, note="confirmed by its callback"
            )
            if confirmed:
                telling.processing(generation.pk)
    except IntegrityError:
        logger.error("generation %s: its callback names another job", generation.pk)
        return False
    return bool(bound)


def _note_outcome(generation: Generation, answer: provider.Status) -> None:
    """COMPLETED at the provider: fetch the file, then settle. Polling ends here."""
    noted = Generation.objects.filter(
        pk=generation.pk,
        state__in=[State.PROCESSING, State.EXPIRED],
        next_media_at=None,
        provider_media_url="",
    ).update(
        provider_status=answer.status,
        provider_media_url=answer.media_url,
        next_poll_at=None,
        next_media_at=timezone.now(),
    )
    if noted:
        COLLECT.nudge()


def expire_overdue() -> int:
    """End every open job past its deadline. For the sweep; returns how many."""
    now = timezone.now()
    overdue = Generation.objects.filter(
        state__in=OPEN_STATES, deadline_at__lte=now, next_media_at=None
    ).values_list("pk", "attempts")
    return sum(
        # What was never sent can never complete.
        settlement.expire(pk, next_poll_at=now + timedelta(hours=1) if attempts else None)
        for pk, attempts in overdue[:1000]
    )
