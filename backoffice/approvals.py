"""Acts that need a second person: asked for by one, decided by another, done once.

What may be asked for is a `Kind`, registered by the package that does it.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from backoffice.models import Approval, ApprovalState

VALID = timedelta(days=7)
"""What was asked for longer ago is not approved any more: the case has to be looked at anew."""


class Undecidable(Exception):
    """The one who asked, or a request that has been decided, or is too old."""


class AskedAlready(Exception):
    """The same waits for a second person; `approval` is it."""

    def __init__(self, approval: Approval) -> None:
        super().__init__("It waits for a second person already.")
        self.approval = approval


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that may be asked for.

    Attributes:
        act: the name under which it is asked for.
        noun: what is approved or rejected, for the record.
        asks: what stands between the person and the amount: "to adjust its credits by".
        permission: whoever asked must still have it when it is done.
        row: what it is done to.
        do: does it, in the decision's transaction; what it raises undoes the decision.
        finish: what needs the network, after the commit; answers what to tell.
    """

    act: str
    noun: str
    asks: str
    permission: str
    row: Callable[[Approval], Model]
    do: Callable[[Approval], None]
    finish: Callable[[Approval], str]


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.act] = kind


def kind_of(approval: Approval) -> Kind:
    return _kinds[approval.act]


def needed(amount_micros: int) -> bool:
    """Whether so much needs a second person, whatever the act."""
    return abs(amount_micros) > int(settings.STAFF_APPROVAL_ABOVE_MICROS)


def ask(
    act: str,
    *,
    request_id: uuid.UUID,
    organization_id: uuid.UUID,
    amount_micros: int,
    reason: str,
    asked_by_id: int,
    row: Model | None = None,
    details: Mapping[str, Any] | None = None,
) -> tuple[Approval, bool]:
    """Write the request down; asking again with the same `request_id` gives the first one.

    Args:
        row: what can wait for this act only once at a time.
        details: what else the act needs to know.

    Returns:
        The request, and whether it is new.

    Raises:
        AskedAlready: this act waits for `row`. One that waited too long gives way.
    """
    subject = {"subject": row._meta.label_lower, "subject_id": str(row.pk)} if row else {}
    with transaction.atomic():
        if row is not None:
            _waiting(act, row).filter(asked_at__lte=timezone.now() - VALID).update(
                state=ApprovalState.EXPIRED, decided_at=timezone.now()
            )
        try:
            with transaction.atomic():
                return Approval.objects.get_or_create(
                    pk=request_id,
                    defaults={
                        "act": act,
                        "organization_id": organization_id,
                        "amount_micros": amount_micros,
                        "reason": reason.replace("\x00", "").strip(),
                        "asked_by_id": asked_by_id,
                        "details": dict(details or {}),
                        **subject,
                    },
                )
        except IntegrityError:
            found = _waiting(act, row).first() if row is not None else None
            if found is None:
                raise
            raise AskedAlready(found) from None


def waiting(act: str, row: Model) -> Approval | None:
    """What was asked for about a row, and can be approved."""
    return _waiting(act, row).filter(asked_at__gt=timezone.now() - VALID).first()


def _waiting(act: str, row: Model) -> QuerySet[Approval]:
    return Approval.objects.filter(
        act=act,
        subject=row._meta.label_lower,
        subject_id=str(row.pk),
        state=ApprovalState.WAITING,
    )


def is_old(approval: Approval) -> bool:
    return approval.asked_at <= timezone.now() - VALID


def decide(approval: Approval, *, approve: bool, decided_by_id: int, because: str) -> None:
    """Approve or reject, by compare-and-swap. What is approved is done in the same transaction.

    Raises:
        Undecidable: nothing was decided.
    """
    if approval.asked_by_id == decided_by_id:
        raise Undecidable("Whoever asks does not decide: a second person has to.")
    if approve and is_old(approval):
        raise Undecidable(f"It was asked for more than {VALID.days} days ago: ask again.")
    decided = Approval.objects.filter(pk=approval.pk, state=ApprovalState.WAITING).update(
        state=ApprovalState.APPROVED if approve else ApprovalState.REJECTED,
        decided_by_id=decided_by_id,
        decided_at=timezone.now(),
        decided_because=because,
    )
    if not decided:
        raise Undecidable("This has been decided already.")
