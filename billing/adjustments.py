"""Staff corrections: entries with a reason and a name, never edits."""

import uuid

from accounts.errors import DomainError
from accounts.models import User, new_id
from billing import ledger, money
from billing.models import Account, EntryKind

LARGEST_ADJUSTMENT_MICROS = 1_000_000 * money.MICROS
"""A million dollars at once: more is a slip of the keyboard."""


class AdjustmentRefused(DomainError):
    """The adjustment itself is not acceptable; nothing was moved."""

    code = "adjustment_refused"


def adjust(
    *,
    organization_id: uuid.UUID,
    amount_micros: int,
    reason: str,
    made_by: User,
    reference: str | None = None,
) -> int:
    """Add credits (positive) or take available ones away (negative). One round trip.

    Takes the wallet's row lock: call it last in a transaction.

    Args:
        amount_micros: signed, not zero, at most `LARGEST_ADJUSTMENT_MICROS` either way.
        reason: for the customer and for auditors; up to 500 characters.
        made_by: an active member of staff; kept with the entry.
        reference: the request's own, so that asking twice moves once; a new one by default.

    Returns:
        What is available afterwards, in micros.

    Raises:
        AdjustmentRefused: not staff, no reason, or an amount out of bounds.
        ledger.AlreadyMoved: this reference was adjusted before.
        ledger.InsufficientCredits: more than is available was to be taken.
        ledger.WalletMissing.
    """
    reason = reason.replace("\x00", "").strip()
    if not (made_by.is_active and made_by.is_staff):
        raise AdjustmentRefused("Only staff may adjust credits.")
    if not reason:
        raise AdjustmentRefused("Give a reason.")
    if len(reason) > ledger.REASON_LENGTH:
        raise AdjustmentRefused(f"The reason has at most {ledger.REASON_LENGTH} characters.")
    if not 0 < abs(amount_micros) <= LARGEST_ADJUSTMENT_MICROS:
        largest = money.display(LARGEST_ADJUSTMENT_MICROS)
        raise AdjustmentRefused(f"The amount is not zero, and at most {largest}.")
    move = ledger.credit if amount_micros > 0 else ledger.debit
    return move(
        organization_id=organization_id,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=abs(amount_micros),
        reference=reference or f"adjustment:{new_id()}",
        reason=reason,
        made_by_id=made_by.pk,
    )
