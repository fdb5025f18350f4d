"""What a new price would have done to the last month's sales.

What was sold is the upper layer's to know; it registers who reads it.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from billing.models import Price

MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold of one combination in a period. Money in micros."""

    videos: int = 0
    seconds: int = 0
    revenue: int = 0
    cost: int = 0


Reader = Callable[[str, str, bool, uuid.UUID | None, datetime, datetime], Sold]
"""Of a model, resolution, draft and organization, from a moment until another. Without an
organization: what was sold at list prices."""
_readers: list[Reader] = []


def register(reader: Reader) -> Reader:
    """Make a reader known, at import."""
    _readers.append(reader)
    return reader


@dataclass(frozen=True, slots=True)
class Effect:
    """The last month as it was, and as it had been at the new price.

    Attributes:
        before: the price that the new one follows; for an organization's first own price that is
            the list price.
        next: the row that ends the new one, if one is planned already.
        own: how many organizations have a price of their own, which this one does not reach.
    """

    sold: Sold
    new_revenue: int
    new_cost: int
    before: Price | None
    next: Price | None
    own: int

    @property
    def margin(self) -> int:
        return self.sold.revenue - self.sold.cost

    @property
    def new_margin(self) -> int:
        return self.new_revenue - self.new_cost


def of(price: Price) -> Effect:
    """The effect of a price that is not saved."""
    now = timezone.now()
    sold = Sold()
    for read in _readers:
        sold = read(
            *(price.model, price.resolution, price.draft, price.organization_id),
            *(now - MONTH, now),
        )
    same = Price.objects.filter(model=price.model, resolution=price.resolution, draft=price.draft)
    begun = same.filter(effective_from__lte=price.effective_from)
    mine = Q(organization=price.organization_id) | Q(organization=None)
    later = same.filter(organization=price.organization_id, effective_from__gt=price.effective_from)
    return Effect(
        sold=sold,
        new_revenue=sold.seconds * price.customer_micros_per_second,
        new_cost=sold.seconds * price.provider_micros_per_second,
        # Of an organization's rows and the list's, its own win: NULL comes last.
        before=begun.filter(mine)
        .select_related("organization")
        .order_by("organization_id", "-effective_from")
        .first(),
        next=later.order_by("effective_from").first(),
        own=0
        if price.organization_id
        else begun.exclude(organization=None).values("organization").distinct().count(),
    )
