"""What an organization used: counts, seconds and money over a span of days, grouped as asked.

Summed from the generations themselves, never from counters beside them: a refund cannot be missed.
A generation counts on the day on which it was accepted; deleted ones count too.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from accounts.errors import DomainError
from generations.models import OPEN_STATES, Generation, State

MAX_DAYS = 366
MAX_ROWS = 10_000
GROUPS: dict[str, dict[str, Any]] = {
    "day": {},
    "model": {},
    "resolution": {"resolution": F("price__resolution")},
    "api_key": {"api_key_name": F("api_key__name")},
    "member": {"member_email": F("created_by__email")},
}
"""What can be grouped by, with the columns that are not a generation's own."""
_COLUMNS = {
    "day": ("day",),
    "model": ("model",),
    "resolution": ("resolution",),
    "api_key": ("api_key_id", "api_key_name"),
    "member": ("created_by_id", "member_email"),
}
SUMS = ("generations", "completed", "seconds", "quoted", "held", "charged", "refunded")


class UsageTooLarge(DomainError):
    code = "usage_too_large"


@dataclass(frozen=True, slots=True)
class Usage:
    """Rows of sums, each with its group's columns; money in micros."""

    rows: Sequence[Mapping[str, Any]]
    total: Mapping[str, int]


def summed(
    organization_id: uuid.UUID, *, since: date, until: date, zone: ZoneInfo, groups: Sequence[str]
) -> Usage:
    """Sum up the generations that were accepted on the days `since` to `until`: one query.

    Args:
        since, until: the first and the last day, both included, as days of `zone`; at most
            MAX_DAYS of them.
        groups: names in GROUPS, one or more, none twice.

    Raises:
        UsageTooLarge: there would be more than MAX_ROWS rows.
    """
    extra: dict[str, Any] = {}
    for group in groups:
        extra |= GROUPS[group]
    if "day" in groups:
        extra["day"] = TruncDate("created_at", tzinfo=zone)
    columns = [column for group in groups for column in _COLUMNS[group]]
    rows = (
        Generation.objects.filter(
            organization_id=organization_id,
            created_at__gte=datetime.combine(since, time.min, zone),
            created_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone),
        )
        .annotate(**extra)
        .values(*columns)
        .annotate(**_SUMS)
        .order_by(*columns)
    )
    found = list(rows[: MAX_ROWS + 1])
    if len(found) > MAX_ROWS:
        raise UsageTooLarge(
            f"This is more than {MAX_ROWS} rows. Ask for fewer days, or group by less."
        )
    return Usage(found, {name: sum(row[name] for row in found) for name in SUMS})


_OPEN = Q(state__in=OPEN_STATES)
_SUMS: dict[str, Any] = {
    "generations": Count("pk"),
    "completed": Count("pk", filter=Q(state=State.COMPLETED)),
    "seconds": Sum("charged_seconds", default=0),
    "quoted": Sum("quoted_micros", default=0),
    "held": Sum("quoted_micros", filter=_OPEN, default=0),
    "charged": Sum("charged_micros", default=0),
    "refunded": Sum(F("quoted_micros") - F("charged_micros"), filter=~_OPEN, default=0),
}
