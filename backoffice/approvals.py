"""Acts that need a second person: asked for by one, decided by another, done once."""

import uuid

from django.utils import timezone

from backoffice.models import Approval, ApprovalState


class Undecidable(Exception):
    """The one who asked, or a request that has been decided."""


def ask(
    act: str,
    *,
    request_id: uuid.UUID,
    organization_id: uuid.UUID,
    amount_micros: int,
    reason: str,
    asked_by_id: int,
) -> tuple[Approval, bool]:
    """Write the request down; asking again with the same `request_id` gives the first one.

    Returns:
        The request, and whether it is new.
    """
    return Approval.objects.get_or_create(
        pk=request_id,
        defaults={
            "act": act,
            "organization_id": organization_id,
            "amount_micros": amount_micros,
            "reason": reason,
            "asked_by_id": asked_by_id,
        },
    )


def decide(approval: Approval, *, approve: bool, decided_by_id: int, because: str) -> None:
    """Approve or reject, by compare-and-swap. What is approved is done in the same transaction.

    Raises:
        Undecidable: nothing was decided.
    """
    if approval.asked_by_id == decided_by_id:
        raise Undecidable("Whoever asks does not decide: a second person has to.")
    decided = Approval.objects.filter(pk=approval.pk, state=ApprovalState.WAITING).update(
        state=ApprovalState.APPROVED if approve else ApprovalState.REJECTED,
        decided_by_id=decided_by_id,
        decided_at=timezone.now(),
        decided_because=because,
    )
    if not decided:
        raise Undecidable("This has been decided already.")
