"""What keeps a wallet from being spent: each cause is a row, and the wallet is frozen while any
stands. A trigger keeps `Wallet.frozen_at` in step. Running work still settles."""

import uuid

from django.utils import timezone

from billing.models import Freeze, FreezeCause


def place(
    organization_id: uuid.UUID,
    cause: FreezeCause,
    *,
    reference: str,
    reason: str,
    placed_by_id: int | None = None,
) -> bool:
    """Freeze spending for one cause. Takes the wallet's lock: late in a transaction.

    Returns:
        Whether it was not frozen for this reference before.
    """
    if Freeze.objects.filter(cause=cause, reference=reference, lifted_at=None).exists():
        return False
    Freeze.objects.create(
        organization_id=organization_id,
        cause=cause,
        reference=reference,
        reason=reason,
        placed_by_id=placed_by_id,
    )
    return True


def lift(
    cause: FreezeCause, *, reference: str, because: str, lifted_by_id: int | None = None
) -> bool:
    """Take one cause away; the wallet thaws when it was the last. Takes the wallet's lock.

    Returns:
        Whether there was such a freeze.
    """
    freeze = Freeze.objects.filter(cause=cause, reference=reference, lifted_at=None)
    return bool(
        freeze.update(lifted_at=timezone.now(), lifted_by_id=lifted_by_id, lifted_because=because)
    )


def was_lifted_by_staff(reference: str) -> bool:
    """Staff have decided about this cause: it does not freeze again by itself."""
    return Freeze.objects.filter(reference=reference, lifted_by__isnull=False).exists()
