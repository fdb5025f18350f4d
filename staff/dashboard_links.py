"""From a figure to the rows that it is made of."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from staff.dashboard_periods import Period
from staff.dashboard_rollups import DAY, start_of

LISTS = {
    "generations": "generations_generation",
    "entries": "billing_entry",
    "holds": "billing_hold",
    "wallets": "billing_wallet",
    "top_ups": "billing_topup",
    "refunds": "billing_refund",
    "disputes": "billing_dispute",
    "events": "billing_paymentevent",
    "deliveries": "webhooks_delivery",
    "callbacks": "generations_providercallback",
}


def listing(name: str, **filters: Any) -> str:
    """The address of an admin's list with filters, as `field__lookup=value`."""
    address = reverse(f"admin:{LISTS[name]}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def within(period: Period, column: str = "created_at") -> dict[str, str]:
    """The filters of a period's days."""
    return days(period.since, period.until, column)


def days(since: date, until: date, column: str = "created_at") -> dict[str, str]:
    return {
        f"{column}__gte": start_of(since).isoformat(),
        f"{column}__lt": (start_of(until) + DAY).isoformat(),
    }
