"""What staff may do about one generation. Nothing here edits money: a hold is released as the trip
releases it, and what was captured goes back as an entry."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import User, new_id
from backoffice import acts, approvals
from backoffice.models import Approval
from billing import adjustments, ledger
from billing.models import Entry, EntryKind
from generations import settlement, told
from generations.models import SENT_STATES, Generation, Media, State
from generations.work import COLLECT, POLL
from webhooks import replaying
from webhooks.models import OPEN_STATES as OPEN_DELIVERIES

LISTEN = timedelta(hours=1)
REFUND = "refund_generation"
"""The act that a second person approves."""


class CannotCorrect(DomainError):
    """The generation is not in a state for this; nothing was done."""

    code = "cannot_correct"


def may_ask(generation: Generation) -> bool:
    """Whether the provider may know more than we do."""
    return generation.state in (*SENT_STATES, State.EXPIRED)


def may_release(generation: Generation) -> bool:
    return generation.state in (State.QUEUED, *SENT_STATES) and generation.next_media_at is None


def may_refund(generation: Generation) -> bool:
    return bool(generation.charged_micros)


def may_fetch(generation: Generation) -> bool:
    """Whether there is a file to be had that we do not have, and its customer still wants it."""
    waits = generation.state in (*SENT_STATES, State.EXPIRED) and generation.next_media_at
    lacks = (
        generation.state == State.COMPLETED
        and generation.deleted_at is None
        and generation.media_removed_at is None
        and not Media.objects.filter(pk=generation.pk).exists()
    )
    return bool(generation.provider_media_url and (waits or lacks))


def may_tell(generation: Generation) -> bool:
    """Whether anybody was told of it."""
    return bool(told.deliveries(generation))


@transaction.atomic
def ask_now(generation: Generation, *, reason: str) -> None:
    """Make it due: the worker asks Pixazo at once.

    Raises:
        CannotCorrect: its outcome is known.
    """
    swapped = Generation.objects.filter(
        pk=generation.pk, state__in=(*SENT_STATES, State.EXPIRED)
    ).update(next_poll_at=timezone.now())
    if not swapped:
        raise CannotCorrect("Pixazo has nothing more to say about it.")
    _record("ask_provider", generation, reason)
    POLL.nudge()


@transaction.atomic
def release(generation: Generation, *, reason: str) -> None:
    """End it without a charge. Should Pixazo still complete it, the customer gets the video.

    Raises:
        CannotCorrect: it has ended, is being sent, or its file is being fetched.
    """
    _record("release_hold", generation, reason, held_micros=0)
    listen = timezone.now() + LISTEN
    if not settlement.release(generation.pk, because=reason, next_poll_at=listen):
        raise CannotCorrect("Only what waits or is at the model can be released.")


@transaction.atomic
def refund(generation: Generation, *, reason: str, made_by: User) -> int:
    """Give back what it cost, once: an entry of its own, never a change of the capture.

    Returns:
        What went back, in micros.

    Raises:
        CannotCorrect: it cost nothing, was given back before, or cost so much that a second person
            has to approve it.
    """
    amount_micros = _cost(generation)
    if approvals.needed(amount_micros):
        raise CannotCorrect("So much is given back only when a second person approves it.")
    _record(REFUND, generation, reason, refunded_micros=amount_micros)
    _give_back(generation, amount_micros, reason, made_by)
    return amount_micros


@transaction.atomic
def ask_to_refund(generation: Generation, *, reason: str, asked_by: User) -> Approval:
    """Have a second person decide whether to give back what it cost. No money moves.

    Raises:
        CannotCorrect: it cost nothing, was given back before, or waits for a decision already.
    """
    amount_micros = _cost(generation)
    try:
        approval, _ = approvals.ask(
            REFUND,
            request_id=new_id(),
            organization_id=generation.organization_id,
            amount_micros=amount_micros,
            reason=reason,
            asked_by_id=asked_by.pk,
            row=generation,
        )
    except approvals.AskedAlready as error:
        raise CannotCorrect(str(error)) from error
    _record("ask_to_refund_generation", generation, reason, asked_micros=amount_micros)
    return approval


@transaction.atomic
def refund_approved(approval: Approval) -> None:
    """Give back what was asked for. Call it last in the decision's transaction.

    Raises:
        CannotCorrect: given back before, or no longer what it cost when it was asked for.
    """
    generation = Generation.objects.get(pk=approval.subject_id)
    if generation.charged_micros != approval.amount_micros:
        raise CannotCorrect("What it cost has changed since: reject this, and ask again.")
    assert isinstance(approval.asked_by, User)
    _give_back(generation, approval.amount_micros, approval.reason, approval.asked_by)


def _cost(generation: Generation) -> int:
    """What there is to give back, in micros."""
    if not generation.charged_micros:
        raise CannotCorrect("It cost nothing.")
    gone = Entry.objects.filter(
        wallet_id=generation.organization_id,
        kind=EntryKind.ADJUSTMENT,
        reference=refund_reference(generation),
    )
    if gone.exists():
        raise CannotCorrect(_GIVEN_BACK)
    return generation.charged_micros


_GIVEN_BACK = "What it cost was given back before."


def _give_back(generation: Generation, amount_micros: int, reason: str, made_by: User) -> None:
    """Once, whoever asks: the entry's reference is the generation's."""
    try:
        adjustments.adjust(
            organization_id=generation.organization_id,
            amount_micros=amount_micros,
            reason=reason,
            made_by=made_by,
            reference=refund_reference(generation),
        )
    except ledger.AlreadyMoved as error:
        raise CannotCorrect(_GIVEN_BACK) from error


@transaction.atomic
def fetch_again(generation: Generation, *, reason: str) -> None:
    """Make its file due, with as many tries as at first. No money moves: it has moved already.

    Raises:
        CannotCorrect: we have the file, or there is none to be had.
    """
    generation = Generation.objects.select_for_update(no_key=True).get(pk=generation.pk)
    if not may_fetch(generation):
        raise CannotCorrect("There is no file that could be fetched.")
    Generation.objects.filter(pk=generation.pk).update(
        next_media_at=timezone.now(), media_attempts=0
    )
    _record("fetch_media_again", generation, reason)
    COLLECT.nudge()


@transaction.atomic
def tell_again(generation: Generation, *, reason: str) -> int:
    """Send the latest delivery of each of its events once more, to each address that was told.

    Returns:
        How many are being sent.

    Raises:
        CannotCorrect: nobody was told of it, or nobody can be told now.
    """
    latest = {
        (delivery.event_id, delivery.lane): delivery
        for delivery in reversed(told.deliveries(generation))
    }
    sent = []
    refused = "Nobody was told of it."
    for delivery in latest.values():
        if delivery.state in OPEN_DELIVERIES:
            refused = "It is being sent already."
            continue
        try:
            sent.append(str(replaying.one(generation.organization_id, delivery.pk).pk))
        except DomainError as error:
            refused = error.message
    if not sent:
        raise CannotCorrect(refused)
    _record("send_webhooks_again", generation, reason, deliveries=sent)
    return len(sent)


def refund_reference(generation: Generation) -> str:
    return f"generation_refund:{generation.pk}"


def _record(act: str, generation: Generation, reason: str, **after: object) -> None:
    acts.record(
        act,
        generation,
        organization_id=generation.organization_id,
        reason=reason,
        before={"state": generation.state, "charged_micros": generation.charged_micros},
        after=after,
    )
