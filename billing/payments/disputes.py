"""Payments that the cardholder's bank questions."""

from datetime import datetime
from typing import Any, cast

from billing.payments import wire
from billing.payments.facts import DisputeFacts


@wire.classified
def retrieve(stripe_id: str) -> DisputeFacts:
    return DisputeFacts.read(wire.client().v1.disputes.retrieve(stripe_id))


@wire.classified
def listed(*, since: datetime | None = None) -> list[DisputeFacts]:
    """Disputes, newest first."""
    page = wire.client().v1.disputes.list(cast(Any, {"limit": 100} | wire.scope("", since)))
    return [DisputeFacts.read(one) for one in page.auto_paging_iter()]
