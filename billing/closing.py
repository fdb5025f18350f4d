"""What billing has to do when an organization is closed (accounts/closing.py)."""

import uuid

from accounts import closing
from billing import money
from billing.models import AutoTopUp, BalanceAlert, TopUp, TopUpState, Wallet


def obstacles(organization_id: uuid.UUID) -> list[str]:
    """A debt has to be settled first; and a payment that the bank is working on, or that is
    disputed, would end where nobody is."""
    found = []
    wallet = Wallet.objects.get(pk=organization_id)
    if wallet.debt_micros:
        owed = money.display(wallet.debt_micros)
        found.append(f"{owed} is owed: a payment was taken back. Buy credits to settle it.")
    if wallet.frozen_at:
        found.append("Spending is frozen: a payment is disputed. Wait until that is over.")
    if TopUp.objects.filter(organization_id=organization_id, state=TopUpState.PROCESSING).exists():
        found.append("A payment is on its way. Wait until it has arrived.")
    return found


def losses(organization_id: uuid.UUID) -> list[str]:
    available = Wallet.objects.get(pk=organization_id).available_micros
    return [f"{money.display(available)} in credits, which are not paid out"] if available else []


def close(organization_id: uuid.UUID) -> None:
    """Nothing is charged from now on. The balance stays as it is, so that a refund or a dispute
    that comes later finds books that agree."""
    AutoTopUp.objects.filter(pk=organization_id).update(enabled=False, refused_at=None)
    BalanceAlert.objects.filter(pk=organization_id).delete()


PART = closing.Part(obstacles=obstacles, losses=losses, close=close)
