"""What billing has to do when an organization is closed (accounts/closing.py)."""

import uuid

from accounts import closing
from billing import money
from billing.models import AutoTopUp, BalanceAlert, TopUp, TopUpState, Wallet


def obstacles(organization_id: uuid.UUID) -> list[str]:
    """A payment that the bank is working on would arrive where nobody is."""
    coming = TopUp.objects.filter(organization_id=organization_id, state=TopUpState.PROCESSING)
    return ["A payment is on its way. Wait until it has arrived."] if coming.exists() else []


def losses(organization_id: uuid.UUID) -> list[str]:
    available = Wallet.objects.get(pk=organization_id).available_micros
    return [f"{money.display(available)} in credits, which are not paid out"] if available else []


def close(organization_id: uuid.UUID) -> None:
    """Nothing is charged from now on. The balance stays as it is, so that a refund or a dispute
    that comes later finds books that agree."""
    AutoTopUp.objects.filter(pk=organization_id).update(enabled=False, refused_at=None)
    BalanceAlert.objects.filter(pk=organization_id).delete()


PART = closing.Part(obstacles=obstacles, losses=losses, close=close)
