"""Disputes: a cardholder's bank questions a payment.

Each look at Stripe is brought to the state that it implies, whatever came before, so events may
repeat and come in any order. Open: spending is frozen and the credits are held. Money withdrawn:
the credits are taken, into debt where they are gone. Won or reinstated: all is undone. Lost: it
stays as it is, frozen until staff say otherwise. A status that we do not know counts as open.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from billing import (
    bonuses,
    customers,
    freezing,
    fulfilment,
    holds,
    ledger,
    money,
    notices,
    returning,
    topups,
)
from billing.models import Dispute, FreezeCause, Hold, NoticeKind, TopUp
from billing.payments import disputes
from billing.payments.facts import DisputeFacts

logger = logging.getLogger(__name__)

_GOOD = frozenset({"won", "warning_closed", "prevented"})
_HOLD_DAYS = timedelta(days=120)
"""Longer than banks take to decide; a fact for staff, not a timer."""
_RESERVE = ledger.statement("billing_reserve", "uuid", "uuid", "bigint", "text", "timestamptz")


def refresh(stripe_id: str) -> Dispute | None:
    """Ask Stripe about a dispute and act on the answer. Not in a transaction.

    Returns:
        The dispute; None when its payment is none of ours.

    Raises:
        PaymentUnknown, PaymentRefused: Stripe could not be asked.
    """
    asked_at = topups.database_time()
    facts = disputes.retrieve(stripe_id)
    top_up = fulfilment.paid_by(facts.payment_intent_id)
    if top_up is None or facts.livemode != top_up.livemode:
        return None
    with transaction.atomic():
        customers.lock(top_up.organization_id)
        dispute = Dispute.objects.filter(stripe_id=stripe_id).first() or Dispute(
            stripe_id=stripe_id, top_up=top_up, amount_micros=facts.amount_micros
        )
        if dispute.as_of is not None and dispute.as_of >= asked_at:
            return dispute  # someone who asked later has been here
        _note(dispute, facts, asked_at)
        _bring(dispute, facts, top_up)
    return dispute


def _note(dispute: Dispute, facts: DisputeFacts, asked_at: datetime) -> None:
    dispute.as_of = asked_at
    dispute.status, dispute.reason = facts.status[:50], facts.reason[:100]
    dispute.withdrawn = facts.withdrawn and not facts.reinstated
    dispute.evidence_due_at = facts.evidence_due_at
    dispute.save()


def _bring(dispute: Dispute, facts: DisputeFacts, top_up: TopUp) -> None:
    """Assumes the lock on the payment customer; takes hold and wallet."""
    good, gone = is_good(facts), is_gone(facts)
    if dispute.holds and (gone or good):
        dispute.holds = False
        dispute.save(update_fields=["holds"])
        holds.release(hold_id=dispute.pk, reason="The dispute has moved on")
    if gone:
        returning.take(dispute)
    else:
        returning.put_back(dispute)
    if not gone and not good:
        _reserve(dispute, top_up)
    if good:
        freezing.lift(FreezeCause.DISPUTE, reference=dispute.stripe_id, because=facts.status)
    elif not freezing.was_lifted_by_staff(dispute.stripe_id) and freezing.place(
        top_up.organization_id,
        FreezeCause.DISPUTE,
        reference=dispute.stripe_id,
        reason=f"Payment disputed: {dispute.reason}",
    ):
        _tell(dispute, top_up)


def is_good(facts: DisputeFacts) -> bool:
    """It ended well for us, or the money is back."""
    if facts.status == "prevented" and facts.withdrawn and not facts.reinstated:
        return False  # prevented by paying it back at once
    return facts.status in _GOOD or (facts.reinstated and facts.status != "lost")


def is_gone(facts: DisputeFacts) -> bool:
    """The money is with the cardholder."""
    return facts.status == "lost" or (facts.withdrawn and not is_good(facts))


def _reserve(dispute: Dispute, top_up: TopUp) -> None:
    """Hold what is there of the payment's credits, once."""
    if dispute.holds or Hold.objects.filter(pk=dispute.pk).exists():
        return
    wanted = dispute.amount_micros + bonuses.share_micros(top_up, dispute)
    expires_at = timezone.now() + _HOLD_DAYS
    reference = f"dispute:{dispute.stripe_id}"
    held = ledger.call(
        _RESERVE, [dispute.pk, top_up.organization_id, wanted, reference, expires_at]
    )
    if held:
        dispute.holds = True
        dispute.save(update_fields=["holds"])


def _tell(dispute: Dispute, top_up: TopUp) -> None:
    notices.write_once(
        top_up.organization_id,
        NoticeKind.SPENDING_FROZEN,
        reference=dispute.stripe_id,
        facts={"amount": money.display(dispute.amount_micros)},
    )


def unfreeze(dispute_id: uuid.UUID, *, because: str, by_id: int) -> bool:
    """Staff let a customer spend again although a dispute was lost or is open."""
    dispute = Dispute.objects.select_related("top_up").get(pk=dispute_id)
    return freezing.lift(
        FreezeCause.DISPUTE, reference=dispute.stripe_id, because=because, lifted_by_id=by_id
    )
