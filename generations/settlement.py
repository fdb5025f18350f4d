"""Ending a job: its state and its money move in one transaction, once.

Every way to an end goes through `_end`: a compare-and-swap on the state, then the hold. Whoever
loses the swap does nothing. Lock order: generation, month's limits, hold, wallet (the last one just
before commit).
"""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import ledger, pricing
from generations import places, telling
from generations.models import OPEN_STATES, SENT_STATES, Generation, State

_RESOLVE = ledger.statement("generations_resolve", "uuid", "bigint", "text")

NO_MORE_WORK: dict[str, Any] = {
    "next_attempt_at": None,
    "lease_expires_at": None,
    "next_poll_at": None,
    "next_media_at": None,
}


def complete(
    generation: Generation, *, duration_ms: int | None, attention: str = "", error: str = ""
) -> bool:
    """COMPLETED: capture what was used, at most what was held (promise 1).

    Args:
        duration_ms: the finished video's own length; None when it cannot be had, which charges
            the estimate that was held.
        attention: why staff should look at this job, "" for no reason.
        error: what the customer is told when there is no file.

    Returns:
        Whether this call ended it.
    """
    seconds = _used_seconds(generation, duration_ms)
    if seconds > generation.quoted_seconds:
        attention = f"{seconds} s made, {generation.quoted_seconds} s held: we pay the rest"
    amount_micros = min(pricing.cost_micros(generation.price, seconds), generation.quoted_micros)
    if _end(
        generation.pk,
        State.COMPLETED,
        from_states=SENT_STATES,
        charge_micros=amount_micros,
        charged_seconds=min(seconds, generation.quoted_seconds),
        note="completed",
        error=error,
        needs_attention=attention,
    ):
        return True
    return _complete_late(generation)


def _used_seconds(generation: Generation, duration_ms: int | None) -> int:
    """The requested length where one was asked for; else the finished video's own."""
    asked = generation.model == "p-video" and not generation.input.get("audio")
    if asked or duration_ms is None:
        return generation.quoted_seconds
    return pricing.billable_seconds(duration_ms)


@transaction.atomic
def _complete_late(generation: Generation) -> bool:
    """Completed after we gave up and released the hold: a gift to the customer, a loss to us."""
    swapped = Generation.objects.filter(pk=generation.pk, state=State.EXPIRED).update(
        state=State.COMPLETED,
        note="completed after its deadline: not charged",
        error="",
        needs_attention="completed late: the provider bills us, the customer pays nothing",
        **NO_MORE_WORK,
    )
    if swapped:
        telling.ended(generation.pk, again=True)
    return bool(swapped)


def fail(generation: Generation, *, message: str) -> bool:
    """FAILED: released, unless this price charges for it (promise 2)."""
    charged = generation.quoted_micros if generation.price.charge_on_failed else 0
    return _end(
        generation.pk,
        State.FAILED,
        from_states=SENT_STATES,
        charge_micros=charged,
        charged_seconds=generation.quoted_seconds if charged else 0,
        note="the model failed",
        error=message or "The model could not make this video.",
    )


def error(
    generation_id: uuid.UUID,
    *,
    message: str,
    note: str,
    from_states: Collection[str] = SENT_STATES,
    **also: Any,
) -> bool:
    """ERROR: a system error, always free (promise 2)."""
    return _end(
        generation_id, State.ERROR, from_states=from_states, note=note, error=message, **also
    )


def cancel(generation_id: uuid.UUID, *, organization_id: uuid.UUID) -> bool:
    """CANCELED by the customer, only while QUEUED: the provider has no way to stop a job."""
    return _end(
        generation_id,
        State.CANCELED,
        from_states=[State.QUEUED],
        organization_id=organization_id,
        note="canceled by the customer",
    )


def expire(generation_id: uuid.UUID, *, next_poll_at: Any) -> bool:
    """EXPIRED: no outcome by the deadline. The hold is released; we go on listening a while.

    A job whose outcome is known and whose file is being fetched does not expire: that ends by
    itself after a few tries.
    """
    return _end(
        generation_id,
        State.EXPIRED,
        from_states=OPEN_STATES,
        next_media_at__isnull=True,
        deadline_at__lte=timezone.now(),
        note="no outcome by the deadline",
        needs_attention=None,
        error="The video was not ready in time. You were not charged.",
        changes={"next_poll_at": next_poll_at},
    )


def release(generation_id: uuid.UUID, *, because: str, next_poll_at: Any) -> bool:
    """EXPIRED before its deadline, because staff say so. The hold is released; we go on listening.

    Not while it is being sent, nor once its outcome is known: those end by themselves.
    """
    return _end(
        generation_id,
        State.EXPIRED,
        from_states=(State.QUEUED, *SENT_STATES),
        next_media_at__isnull=True,
        note=f"released by staff: {because}"[:500],
        needs_attention=None,
        error="We stopped waiting for this video. You were not charged.",
        changes={"next_poll_at": next_poll_at},
    )


@transaction.atomic
def _end(
    generation_id: uuid.UUID,
    state: State,
    *,
    from_states: Collection[str],
    charge_micros: int = 0,
    charged_seconds: int = 0,
    note: str,
    error: str = "",
    needs_attention: str | None = "",
    changes: dict[str, Any] | None = None,
    **condition: Any,
) -> bool:
    """Move to an end state by compare-and-swap, and resolve the hold with it.

    Args:
        from_states: where it must be now.
        condition: what else must hold of the row at that moment.
        needs_attention: None leaves what it says.
        changes: columns that differ from "nothing more to do".
    """
    if needs_attention is not None:
        changes = {**(changes or {}), "needs_attention": needs_attention}
    swapped = Generation.objects.filter(
        pk=generation_id, state__in=from_states, **condition
    ).update(
        state=state,
        charged_micros=charge_micros,
        charged_seconds=charged_seconds,
        completed_at=timezone.now(),
        note=note,
        error=error[:2000],
        **{**NO_MORE_WORK, **(changes or {})},
    )
    if not swapped:
        return False
    telling.ended(generation_id)
    ledger.call(_RESOLVE, [generation_id, ledger.bounded(charge_micros), ledger.storable(note)])
    places.leave(generation_id)
    return True
