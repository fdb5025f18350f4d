"""Prices per second of output, and what a length costs."""

import uuid
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from accounts.errors import DomainError
from billing import ledger
from billing.models import Price

PADDING_MS = 100
"""What a container may add to the asked length: never billed (design, section 4)."""


class PriceMissing(DomainError):
    """No price, no work: never a price of zero."""

    code = "price_missing"


# As the ORM would write it, but written once: building it costs four times as much as running it,
# and every accepted job needs it.
_FIELDS = [field.attname for field in Price._meta.concrete_fields]
_IN_FORCE = f"""
    SELECT {", ".join(_FIELDS)} FROM billing_price
     WHERE (organization_id = %s OR organization_id IS NULL)
       AND model = %s AND resolution = %s AND draft = %s AND effective_from <= %s
     ORDER BY organization_id ASC NULLS LAST, effective_from DESC
     LIMIT 1"""  # noqa: S608  # our own names


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
    wanted: list[Any] = [organization_id, model, resolution, draft, at or timezone.now()]
    with ledger.cursor() as cursor:
        cursor.execute(_IN_FORCE, wanted)
        row = cursor.fetchone()
    if row is None:
        mode = "draft mode" if draft else "full quality"
        raise PriceMissing(f"{model} at {resolution} in {mode} is not on sale.")
    return Price.from_db(DEFAULT_DB_ALIAS, _FIELDS, row)


_ALL_IN_FORCE = f"""
    SELECT DISTINCT ON (model, resolution, draft) {", ".join(_FIELDS)} FROM billing_price
     WHERE (organization_id = %s OR organization_id IS NULL) AND effective_from <= %s
     ORDER BY model, resolution, draft, organization_id ASC NULLS LAST, effective_from DESC"""  # noqa: S608


def all_in_force(*, organization_id: uuid.UUID | None) -> list[Price]:
    """What `in_force` would say of everything on sale to the organization (None: the list prices).

    One query.
    """
    with ledger.cursor() as cursor:
        cursor.execute(_ALL_IN_FORCE, [organization_id, timezone.now()])
        rows = cursor.fetchall()
    return [Price.from_db(DEFAULT_DB_ALIAS, _FIELDS, row) for row in rows]


def billable_seconds(duration_ms: int) -> int:
    """Whole seconds, rounded up, after taking off the container's padding; at least one.

    Args:
        duration_ms: length of the media in milliseconds.
    """
    return max(1, -(-(duration_ms - PADDING_MS) // 1000))


def cost_micros(price: Price, seconds: int) -> int:
    """What the customer pays for `seconds` whole seconds."""
    return price.customer_micros_per_second * seconds
