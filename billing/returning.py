"""Credits that follow a payment on its way back to the card, and forward again.

A refund or a dispute takes the payment's credits and its share of the bonus; one that failed or
was won puts both back. Each movement has its own number, so doing one twice is a conflict.
"""

import uuid

from django.db.models import F

from billing import bonuses, ledger
from billing.models import Account, Dispute, EntryKind, Refund, TopUp

_KINDS = {
    Refund: (EntryKind.REFUND, EntryKind.REFUND_REVERSAL),
    Dispute: (EntryKind.DISPUTE, EntryKind.DISPUTE_REVERSAL),
}


def take(cause: Refund | Dispute, *, into_debt: bool = True) -> None:
    """Take the credits back. Does nothing when they are taken.

    Assumes the lock on the organization's payment customer; takes the wallet's.

    Args:
        into_debt: what is not available becomes debt; else too few credits are a refusal.

    Raises:
        InsufficientCredits: only without `into_debt`; nothing was moved, roll back.
    """
    if cause.taken:
        return
    top_up = TopUp.objects.get(pk=cause.top_up_id)
    cause.bonus_micros = bonuses.share_micros(top_up, cause)
    _note(cause, taken=True)
    TopUp.objects.filter(pk=top_up.pk).update(
        bonus_taken_micros=F("bonus_taken_micros") + cause.bonus_micros
    )
    for kind, account, amount in (
        (_KINDS[type(cause)][0], Account.STRIPE, cause.amount_micros),
        (EntryKind.BONUS_REVERSAL, Account.PROMOTIONS, cause.bonus_micros),
    ):
        if amount:
            ledger.debit(
                organization_id=top_up.organization_id,
                kind=kind,
                account=account,
                amount_micros=amount,
                reference=_reference(cause),
                reason=_reason(cause),
                made_by_id=cause.made_by_id if isinstance(cause, Refund) else None,
                into_debt=into_debt,
            )


def put_back(cause: Refund | Dispute) -> None:
    """The money did not go after all. Does nothing when the credits are not taken.

    Assumes the lock on the organization's payment customer; takes the wallet's.
    """
    if not cause.taken:
        return
    top_up = TopUp.objects.get(pk=cause.top_up_id)
    bonus_micros, cause.bonus_micros = cause.bonus_micros, 0
    _note(cause, taken=False)
    TopUp.objects.filter(pk=top_up.pk).update(
        bonus_taken_micros=F("bonus_taken_micros") - bonus_micros
    )
    for kind, account, amount in (
        (_KINDS[type(cause)][1], Account.STRIPE, cause.amount_micros),
        (EntryKind.BONUS, Account.PROMOTIONS, bonus_micros),
    ):
        if amount:
            ledger.credit(
                organization_id=top_up.organization_id,
                kind=kind,
                account=account,
                amount_micros=amount,
                reference=_reference(cause),
                reason=_reason(cause),
            )
    _take_missing_bonus(top_up.pk)


def _take_missing_bonus(top_up_id: uuid.UUID) -> None:
    """The rest of the bonus goes with another that still stands, and had found it taken."""
    top_up = TopUp.objects.get(pk=top_up_id)
    missing = bonuses.missing_micros(top_up)
    if not missing:
        return
    cause = bonuses.taken(top_up)[0]
    cause.bonus_micros += missing
    _note(cause, taken=True)
    TopUp.objects.filter(pk=top_up.pk).update(bonus_taken_micros=F("bonus_taken_micros") + missing)
    ledger.debit(
        organization_id=top_up.organization_id,
        kind=EntryKind.BONUS_REVERSAL,
        account=Account.PROMOTIONS,
        amount_micros=missing,
        reference=_reference(cause),
        reason=_reason(cause),
        into_debt=True,
    )


def _note(cause: Refund | Dispute, *, taken: bool) -> None:
    cause.taken = taken
    cause.movements += 1
    cause.save(update_fields=["taken", "movements", "bonus_micros"])


def _reference(cause: Refund | Dispute) -> str:
    return f"{'refund' if isinstance(cause, Refund) else 'dispute'}:{cause.pk}:{cause.movements}"


def _reason(cause: Refund | Dispute) -> str:
    if isinstance(cause, Refund):
        return cause.reason or "Refund to the card"
    return "Payment disputed" if cause.taken else "Dispute decided for you"
