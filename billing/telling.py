"""What customers' webhook endpoints are told of money, in the transaction in which it happens."""

from datetime import datetime

from billing import money
from billing.models import BalanceAlert, TopUp
from webhooks import events
from webhooks.catalogue import EventType


def top_up_succeeded(top_up: TopUp) -> None:
    """Before the wallet's lock."""
    events.record(
        organization_id=top_up.organization_id,
        type=EventType.TOP_UP_SUCCEEDED,
        data={
            "id": str(top_up.pk),
            "kind": top_up.kind,
            "amount": money.dollars(top_up.amount_micros),
            "bonus": money.dollars(top_up.bonus_micros),
            "currency": money.CURRENCY,
        },
        dedup_key=str(top_up.pk),
    )


def auto_top_up_failed(top_up: TopUp, why: str) -> None:
    """Auto top-up has been switched off."""
    events.record(
        organization_id=top_up.organization_id,
        type=EventType.AUTO_TOP_UP_FAILED,
        data={
            "id": str(top_up.pk),
            "amount": money.dollars(top_up.amount_micros),
            "reason": why,
            "currency": money.CURRENCY,
        },
        dedup_key=str(top_up.pk),
    )


def low_balance(alert: BalanceAlert, *, told_at: datetime) -> None:
    """What is available has fallen below the threshold that the organization set."""
    events.record(
        organization_id=alert.pk,
        type=EventType.WALLET_LOW_BALANCE,
        data={
            "available": money.dollars(alert.organization.wallet.available_micros),
            "threshold": money.dollars(alert.threshold_micros),
            "currency": money.CURRENCY,
        },
        dedup_key=f"{told_at.timestamp():.6f}",
    )
