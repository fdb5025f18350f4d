"""Prices per second of output, and what a length costs."""

import uuid
from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone

from accounts.errors import DomainError
from billing.models import Price

PADDING_MS = 100
"""What a container may add to the asked length: never billed (design, section 4)."""


class PriceMissing(DomainError):
    """No price, no work: never a price of zero."""

    code = "price_missing"


def in_force(
    *,
    organization_id: uuid.UUID,
    model: str,
    resolution: str,
    draft: bool,
    at: datetime | None = None,
) -> Price:
    """The price that applies: the organization's own row, else the list price; the latest of it.

    One query.

    Raises:
        PriceMissing: nothing is on sale under this combination.
    """
    price = (
        Price.objects.filter(
            Q(organization_id=organization_id) | Q(organization_id=None),
            model=model,
            resolution=resolution,
            draft=draft,
            effective_from__lte=at or timezone.now(),
        )
        .order_by(F("organization_id").asc(nulls_last=True), "-effective_from")
        .first()
    )
    if price is None:
        mode = "draft mode" if draft else "full quality"
        raise PriceMissing(f"{model} at {resolution} in {mode} is not on sale.")
    return price


def billable_seconds(duration_ms: int) -> int:
    """Whole seconds, rounded up, after taking off the container's padding; at least one.

    Args:
        duration_ms: length of the media in milliseconds.
    """
    return max(1, -(-(duration_ms - PADDING_MS) // 1000))


def cost_micros(price: Price, seconds: int) -> int:
    """What the customer pays for `seconds` whole seconds."""
    return price.customer_micros_per_second * seconds
