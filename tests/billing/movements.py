"""Short words for the movements that these tests make."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Organization, new_id
from billing import holds, ledger
from billing.models import Account, EntryKind, Wallet

DOLLAR = 1_000_000


def credit(organization: Organization, micros: int, reference: str = "", **more: Any) -> int:
    return ledger.credit(
        organization_id=organization.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=micros,
        reference=reference or f"test:{new_id()}",
        **more,
    )


def debit(organization: Organization, micros: int, reference: str = "", **more: Any) -> int:
    return ledger.debit(
        organization_id=organization.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.ADJUSTMENTS,
        amount_micros=micros,
        reference=reference or f"test:{new_id()}",
        **more,
    )


def place(organization: Organization, micros: int, hold_id: uuid.UUID | None = None) -> uuid.UUID:
    hold_id = hold_id or new_id()
    holds.place(
        hold_id=hold_id,
        organization_id=organization.pk,
        amount_micros=micros,
        reference=f"work:{hold_id}",
        expires_at=timezone.now() + timedelta(hours=1),
    )
    return hold_id


def money_of(organization: Organization) -> tuple[int, int, int]:
    """Balance, held and debt, in micros."""
    wallet = Wallet.objects.get(pk=organization.pk)
    return wallet.balance_micros, wallet.held_micros, wallet.debt_micros


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run each act in a thread with a connection of its own, all from one start.

    Returns what each returned, or the exception that it raised.
    """
    start = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(10)
            answers[number] = act()
        except Exception as error:
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers
