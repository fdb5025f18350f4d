"""The inbox of Stripe's events: checked, stored once, answered; the work is done from the row.

An event says only that something happened to an object: the object itself is asked for again, so
repeats, old news and any order do nothing wrong. Events that never reached us are found by
asking for them.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing import customers, disputes, fulfilment, payments, refunds, topups
from billing.models import EventState, EventSweep, PaymentCustomer, PaymentEvent, TopUp
from billing.payments import events, intents
from billing.payments.facts import EventFacts
from billing.work import EVENTS

logger = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
GIVEN_TO_DELIVER = timedelta(minutes=5)
"""An event younger than this may still be on its way to us."""
OVERLAP = timedelta(hours=1)
FURTHEST_BACK = timedelta(days=29)
"""Stripe keeps events for 30 days."""


def receive(body: bytes, signature: str) -> bool:
    """Take in an event that was posted to us. One statement; whatever follows is the worker's.

    Args:
        body: as it came: the signature is over these very bytes.

    Returns:
        Whether it is new.

    Raises:
        PaymentRefused: not signed by Stripe for us, or no secret is configured.
        ValueError: signed, and no event.
    """
    facts = events.verified(body, signature)
    is_new = _store([facts], by_sweep=False) > 0
    EVENTS.nudge()
    return is_new


def _store(found: list[EventFacts], *, by_sweep: bool) -> int:
    before = timezone.now()
    PaymentEvent.objects.bulk_create(
        [
            PaymentEvent(
                id=facts.id,
                type=facts.type,
                object_id=facts.object_id,
                livemode=facts.livemode,
                payload=facts.payload,
                happened_at=facts.happened_at,
                received_at=before,
                found_by_sweep=by_sweep,
                next_attempt_at=before,
                **_standing(facts),
            )
            for facts in found
        ],
        ignore_conflicts=True,
    )
    ids = [facts.id for facts in found]
    return PaymentEvent.objects.filter(pk__in=ids, received_at=before).count()


def _standing(facts: EventFacts) -> dict[str, str]:
    """Another mode's or account's events are kept, and not acted upon."""
    if facts.livemode != topups.is_live():
        return {"state": EventState.IGNORED, "note": "of the other mode"}
    if facts.account:
        return {"state": EventState.IGNORED, "note": "of another account"}
    if _worker(facts.type) is None:
        return {"state": EventState.IGNORED, "note": "of no interest"}
    return {}


def process_due() -> None:
    """Work off what is due, oldest first; one event's trouble does not stop the others."""
    while event := _claim():
        try:
            note = _process(event)
        except (payments.PaymentUnknown, payments.PaymentRefused) as error:
            _note(event, error.message)
        except Exception as error:  # ours to mend; the event stays, and comes again
            logger.exception("event %s failed", event.pk)
            _note(event, repr(error))
        else:
            done = EventState.IGNORED if note else EventState.DONE
            PaymentEvent.objects.filter(pk=event.pk, state=EventState.PENDING).update(
                state=done, note=note, done_at=timezone.now()
            )


def next_due() -> datetime | None:
    due: datetime | None = (
        PaymentEvent.objects.filter(state=EventState.PENDING)
        .order_by("next_attempt_at")
        .values_list("next_attempt_at", flat=True)
        .first()
    )
    return due


def _claim() -> PaymentEvent | None:
    """The oldest due event; its attempt is counted, and its next one set, before the work."""
    now = timezone.now()
    with transaction.atomic():
        event = (
            PaymentEvent.objects.select_for_update(skip_locked=True)
            .filter(state=EventState.PENDING, next_attempt_at__lte=now)
            .order_by("next_attempt_at")
            .first()
        )
        if event is not None:
            gap = min(FIRST_RETRY * 2 ** min(event.attempts, 12), LONGEST_RETRY)
            patience = timedelta(seconds=4 * settings.STRIPE_TIMEOUT_SECONDS)
            PaymentEvent.objects.filter(pk=event.pk).update(
                attempts=F("attempts") + 1, next_attempt_at=now + max(gap, patience)
            )
    return event


def _note(event: PaymentEvent, trouble: str) -> None:
    gap = min(FIRST_RETRY * 2 ** min(event.attempts, 12), LONGEST_RETRY)
    PaymentEvent.objects.filter(pk=event.pk, state=EventState.PENDING).update(
        note=trouble[:300], next_attempt_at=timezone.now() + gap
    )


def _process(event: PaymentEvent) -> str:
    """Returns: "" when something was done, else why not."""
    worker = _worker(event.type)
    if worker is None or not event.object_id:
        return "of no interest"
    try:
        return "" if worker(event.object_id) else "not one of ours"
    except payments.NoSuchObject:
        return "Stripe has no such object"


def _session(session_id: str) -> bool:
    top_up = TopUp.objects.filter(session_id=session_id).first()
    if top_up is None:  # one that an unanswered call made: it says itself whose it is
        session = payments.checkouts.retrieve(session_id)
        top_up = _named(session.reference)
    if top_up is None:
        return False
    fulfilment.refresh(top_up.pk)
    return True


def _intent(intent_id: str) -> bool:
    top_up = TopUp.objects.filter(payment_intent_id=intent_id).first()
    top_up = top_up or _named(intents.retrieve(intent_id).top_up_id)
    if top_up is None:
        return False
    fulfilment.refresh(top_up.pk)
    return True


def _named(reference: str) -> TopUp | None:
    try:
        return TopUp.objects.filter(pk=uuid.UUID(reference)).first()
    except ValueError:
        return None


def _refund(refund_id: str) -> bool:
    return refunds.refresh(refund_id) is not None


def _dispute(dispute_id: str) -> bool:
    return disputes.refresh(dispute_id) is not None


def _customer(customer_id: str) -> bool:
    customer = PaymentCustomer.objects.filter(stripe_id=customer_id).first()
    if customer is not None:
        customers.refresh_card(customer)
    return customer is not None


_WORKERS: dict[str, Callable[[str], bool]] = {
    "checkout.session.": _session,
    "payment_intent.": _intent,
    "refund.": _refund,
    "charge.dispute.": _dispute,
    "customer.updated": _customer,
}
TYPES = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "customer.updated",
]
"""What the endpoint at Stripe is set up for (docs/payments.md)."""


def _worker(event_type: str) -> Callable[[str], bool] | None:
    if event_type not in TYPES:
        return None
    return next(work for prefix, work in _WORKERS.items() if event_type.startswith(prefix))


def collect_missed() -> int:
    """Ask Stripe what happened since the last time, and take in what never reached us.

    Returns:
        How many there were.

    Raises:
        PaymentUnknown, PaymentRefused: not asked; the next time goes back as far.
    """
    until = timezone.now() - GIVEN_TO_DELIVER
    sweep, _ = EventSweep.objects.get_or_create(pk=1, defaults={"swept_until": until - OVERLAP})
    since = max(sweep.swept_until - OVERLAP, until - FURTHEST_BACK)
    if until <= since:
        return 0
    found = events.listed(since=since, until=until, types=[f"v1.{name}" for name in TYPES])
    known = set(
        PaymentEvent.objects.filter(pk__in=[facts.id for facts in found]).values_list(
            "pk", flat=True
        )
    )
    missed = [facts for facts in found if facts.id not in known]
    if missed:
        logger.warning("%s events were never delivered to us", len(missed))
        _store(missed, by_sweep=True)
        EVENTS.nudge()
    EventSweep.objects.filter(pk=1, swept_until__lt=until).update(swept_until=until)
    return len(missed)
