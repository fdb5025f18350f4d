"""Refunds: made by staff here or in Stripe's dashboard, they take the credits back.

Ours are a row with the credits taken before Stripe is asked, so that nothing can be spent and
refunded. One that fails puts the credits back.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import User, new_id
from backoffice import acts, approvals
from billing import customers, fulfilment, money, payments, returning, topups
from billing.models import Refund, RefundState, TopUp, TopUpState
from billing.models.promotion import CENT
from billing.payments import refunds
from billing.payments.facts import RefundFacts

logger = logging.getLogger(__name__)

GONE = (RefundState.FAILED, RefundState.CANCELED, RefundState.REFUSED)
"""States in which the money did not go."""
FIRST_CHECK = timedelta(minutes=1)


class RefundNotPossible(DomainError):
    """The refund itself is not acceptable; nothing was moved."""

    code = "refund_not_possible"


def left_micros(top_up: TopUp) -> int:
    """How much of a payment can still be refunded, in micros."""
    refunded = top_up.refunds.exclude(state__in=GONE).aggregate(sum=Sum("amount_micros"))["sum"]
    disputed = top_up.disputes.filter(taken=True).aggregate(sum=Sum("amount_micros"))["sum"]
    return max(0, top_up.amount_micros - (refunded or 0) - (disputed or 0))


def request(
    top_up_id: uuid.UUID,
    *,
    amount_micros: int,
    reason: str,
    made_by: User,
    into_debt: bool = False,
    left_micros: int | None = None,
) -> Refund:
    """Give money back to the card: take the credits, then ask Stripe. Not in a transaction.

    Args:
        amount_micros: whole cents, at most what is left of the payment.
        reason: for the customer's statement.
        into_debt: also when the credits have been spent.
        left_micros: what was left when it was asked for; anything else now is refused.

    Returns:
        The refund; REQUESTED when Stripe has not answered yet: the sweep goes on with it.

    Raises:
        RefundNotPossible: not paid, no such amount left, not staff, or so much that a second
            person has to approve it.
        InsufficientCredits: they have been spent, and `into_debt` is not set.
        PaymentRefused: Stripe refused; the credits are back.
    """
    if approvals.needed(amount_micros):
        raise RefundNotPossible("So much is refunded only when a second person approves it.")
    refund = begin(
        top_up_id,
        amount_micros=amount_micros,
        reason=reason,
        made_by=made_by,
        into_debt=into_debt,
        left_micros=left_micros,
    )
    return ask_stripe(refund)


@transaction.atomic
def begin(
    top_up_id: uuid.UUID,
    *,
    amount_micros: int,
    reason: str,
    made_by: User,
    into_debt: bool = False,
    refund_id: uuid.UUID | None = None,
    left_micros: int | None = None,
) -> Refund:
    """Take the credits, and record the act: the first half of `request`. The sweep would go on.

    Takes payment customer and wallet: call it last in a transaction.

    Args:
        refund_id: the approval's, so that it happens once; a new one by default.
    """
    if not (made_by.is_active and made_by.is_staff):
        raise RefundNotPossible("Only staff may refund.")
    if not reason.strip():
        raise RefundNotPossible("Give a reason.")
    owner_id = TopUp.objects.values_list("organization_id", flat=True).get(pk=top_up_id)
    customers.lock(owner_id)
    top_up = TopUp.objects.get(pk=top_up_id)
    left = check(top_up, amount_micros)
    if left_micros is not None and left != left_micros:
        raise RefundNotPossible("Something was refunded meanwhile. Look at what is left.")
    refund = Refund.objects.create(
        id=refund_id or new_id(),
        top_up=top_up,
        state=RefundState.REQUESTED,
        amount_micros=amount_micros,
        reason=reason.strip()[:300],
        made_by=made_by,
        next_check_at=timezone.now() + FIRST_CHECK,
    )
    acts.record(
        "refund_payment",
        top_up,
        organization_id=owner_id,
        reason=reason,
        before={"left_micros": left},
        after={"amount_micros": amount_micros, **({"into_debt": True} if into_debt else {})},
        actor_id=made_by.pk,
    )
    returning.take(refund, into_debt=into_debt)
    return refund


def check(top_up: TopUp, amount_micros: int) -> int:
    """Whether so much of a payment can be refunded, as things stand.

    Returns:
        How much is left of it, in micros.

    Raises:
        RefundNotPossible.
    """
    left = left_micros(top_up)
    if top_up.state != TopUpState.PAID:
        raise RefundNotPossible("This top-up is not paid, so there is nothing to refund.")
    if amount_micros % CENT or not 0 < amount_micros <= left:
        raise RefundNotPossible(
            f"Refund whole cents, at most the {money.display(left)} that are left."
        )
    return left


def ask_stripe(refund: Refund) -> Refund:
    """The second half: what has begun is sent. Not in a transaction.

    Raises:
        PaymentRefused: Stripe refused; the credits are back.
    """
    try:
        return send(refund)
    except payments.PaymentUnknown:
        logger.warning("refund %s: no answer yet", refund.pk)
        return refund


def send(refund: Refund) -> Refund:
    """Ask Stripe for a refund of ours, once. Not in a transaction.

    Raises:
        PaymentUnknown: no answer; ask again. PaymentRefused: refused; the credits are back.
    """
    asked_at = topups.database_time()
    intent_id = refund.top_up.payment_intent_id
    try:
        facts = refunds.create(
            refund_id=str(refund.pk),
            payment_intent_id=intent_id,
            amount_micros=refund.amount_micros,
            key=f"refund:{refund.pk}:{refund.attempts}",
        )
    except payments.PaymentUnknown as error:
        found = refunds.listed(payment_intent_id=intent_id)
        mine = next((one for one in found if one.refund_id == str(refund.pk)), None)
        if mine is None:
            if error.key_is_spent:
                Refund.objects.filter(pk=refund.pk).update(attempts=F("attempts") + 1)
            raise
        facts = mine
    except payments.PaymentRefused as error:
        _refused(refund, error.message)
        raise
    return _settle(refund.top_up, facts, asked_at)


def _refused(refund: Refund, why: str) -> None:
    with transaction.atomic():
        customers.lock(refund.top_up.organization_id)
        row = Refund.objects.select_for_update().get(pk=refund.pk)
        if row.state != RefundState.REQUESTED:
            return
        row.state, row.failure, row.next_check_at = RefundState.REFUSED, why[:300], None
        row.save(update_fields=["state", "failure", "next_check_at"])
        returning.put_back(row)


def refresh(stripe_id: str) -> Refund | None:
    """Ask Stripe about a refund, whoever made it, and act on the answer. Not in a transaction.

    Returns:
        The refund; None when its payment is none of ours.

    Raises:
        PaymentUnknown, PaymentRefused: Stripe could not be asked.
    """
    asked_at = topups.database_time()
    facts = refunds.retrieve(stripe_id)
    top_up = fulfilment.paid_by(facts.payment_intent_id)
    return _settle(top_up, facts, asked_at) if top_up else None


def _settle(top_up: TopUp, facts: RefundFacts, asked_at: datetime) -> Refund:
    """Bring the row and the credits to what Stripe says. Takes payment customer and wallet."""
    with transaction.atomic():
        customers.lock(top_up.organization_id)
        refund = _row(top_up, facts)
        if refund.as_of is not None and refund.as_of >= asked_at:
            return refund  # someone who asked later has been here
        refund.stripe_id, refund.stripe_status = facts.id, facts.status[:30]
        # A status that we do not know is one under way.
        known = facts.status in RefundState.values
        refund.state = RefundState(facts.status) if known else RefundState.PENDING
        refund.failure, refund.as_of, refund.next_check_at = facts.failure[:300], asked_at, None
        refund.save()
        if refund.state in GONE:
            returning.put_back(refund)
        else:
            returning.take(refund)
    return refund


def _row(top_up: TopUp, facts: RefundFacts) -> Refund:
    found = Refund.objects.filter(stripe_id=facts.id).first()
    if found is None and facts.refund_id:
        ours = top_up.refunds.filter(stripe_id="")
        found = next((one for one in ours if str(one.pk) == facts.refund_id), None)
    return found or Refund(
        id=new_id(), top_up=top_up, amount_micros=facts.amount_micros, state=RefundState.PENDING
    )


def send_due() -> None:
    """Go on with refunds of ours that Stripe has not answered."""
    while refund := _claim():
        try:
            send(refund)
        except payments.PaymentRefused as error:
            logger.warning("refund %s was refused: %s", refund.pk, error.message)
        except payments.PaymentUnknown:
            logger.warning("refund %s: still no answer", refund.pk)


def _claim() -> Refund | None:
    now = timezone.now()
    with transaction.atomic():
        refund = (
            Refund.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("top_up")
            .filter(next_check_at__lte=now, state=RefundState.REQUESTED)
            .first()
        )
        if refund is not None:
            gap = FIRST_CHECK * 2 ** min(refund.attempts, 6)
            Refund.objects.filter(pk=refund.pk).update(next_check_at=now + gap)
    return refund
