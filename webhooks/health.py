"""How endpoints are doing: their latest delivery, and how much has arrived within a day."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from backoffice.dated_ids import first_id

WINDOW = timedelta(hours=24)
MOST_COUNTED = 1_000
"""Of each endpoint, so that a busy one is as quick to look at as a quiet one."""

# By the primary key, whose order is the order of time. BETWEEN, and the order by both columns,
# leave no index but webhooks_delivery_of_endpoint: for an endpoint without deliveries the planner
# would else walk through everybody's, backwards.
_OF = """
    SELECT en.id, last.id, last.event_type, last.state, last.created_at,
           recent.delivered, recent.tried
      FROM webhooks_endpoint en
      LEFT JOIN LATERAL (
           SELECT d.id, d.event_type, d.state, d.created_at FROM webhooks_delivery d
            WHERE d.endpoint_id BETWEEN en.id AND en.id
            ORDER BY d.endpoint_id, d.id DESC LIMIT 1) last ON true
     CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE state = 'delivered') AS delivered,
                  count(*) FILTER (WHERE attempts > 0 AND state <> 'canceled') AS tried
             FROM (SELECT d.state, d.attempts FROM webhooks_delivery d
                    WHERE d.endpoint_id BETWEEN en.id AND en.id AND d.id >= %s
                    ORDER BY d.endpoint_id, d.id DESC LIMIT %s) counted) recent
     WHERE en.id = ANY(%s)"""


@dataclass(frozen=True, slots=True)
class Health:
    """Of one endpoint. `tried` counts deliveries of the last day with at least one attempt, those
    that are still being retried too; the `last_...` are None without any delivery."""

    delivered: int
    tried: int
    last_id: uuid.UUID | None = None
    last_event_type: str | None = None
    last_state: str | None = None
    last_at: datetime | None = None

    @property
    def success_percent(self) -> int | None:
        """Rounded down: 100 means all."""
        return 100 * self.delivered // self.tried if self.tried else None


def of(endpoint_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Health]:
    """The health of each of some endpoints: one query."""
    since = first_id(timezone.now() - WINDOW)
    with connection.cursor() as cursor:
        cursor.execute(_OF, [since, MOST_COUNTED, list(endpoint_ids)])
        return {
            endpoint: Health(
                delivered=delivered,
                tried=tried,
                last_id=last_id,
                last_event_type=event_type,
                last_state=state,
                last_at=at,
            )
            for endpoint, last_id, event_type, state, at, delivered, tried in cursor.fetchall()
        }
