"""Holds: credits set aside, then captured or released. One round trip each."""

import uuid
from datetime import datetime

from billing import ledger

_PLACE = ledger.statement("billing_place_hold", "uuid", "uuid", "bigint", "text", "timestamptz")
_RESOLVE = ledger.statement("billing_resolve_hold", "uuid", "bigint", "text")


def place(
    *,
    hold_id: uuid.UUID,
    organization_id: uuid.UUID,
    amount_micros: int,
    reference: str,
    expires_at: datetime,
) -> int:
    """Set credits aside. Last in its transaction: takes the wallet's row lock.

    Args:
        hold_id: the caller's own id for the work; asking twice is a conflict, not a second hold.
        reference: what it is for, opaque to billing, such as `generation:<uuid>`.
        expires_at: when the work should have resolved it (a fact for staff, not a timer).

    Returns:
        What is still available, in micros.

    Raises:
        InsufficientCredits, WalletInDebt, WalletFrozen, WalletMissing, AmountNotPositive,
        AmountTooLarge: nothing was moved, and the surrounding transaction must roll back.
        AlreadyMoved: there is a hold with this id.
    """
    return ledger.call(
        _PLACE,
        [
            hold_id,
            organization_id,
            ledger.bounded(amount_micros),
            ledger.referenced(reference),
            expires_at,
        ],
    )


def capture(*, hold_id: uuid.UUID, amount_micros: int, reason: str = "") -> int:
    """Charge `amount_micros` of a hold and give the rest back. Zero is a release.

    Takes the hold's row lock, then the wallet's. Debt is paid from what comes back.

    Args:
        reason: for staff; what does not fit its 500 characters is cut off.

    Returns:
        What is available now, in micros.

    Raises:
        HoldNotActive: it was resolved before, or does not exist.
        CaptureAboveHold: promise 1: a capture never exceeds its hold (nor is it negative).
        AmountTooLarge: above any hold.
    """
    return ledger.call(_RESOLVE, [hold_id, ledger.bounded(amount_micros), ledger.storable(reason)])


def release(*, hold_id: uuid.UUID, reason: str) -> int:
    """Give the whole hold back. Returns what is available; raises HoldNotActive."""
    return ledger.call(_RESOLVE, [hold_id, 0, ledger.storable(reason)])
