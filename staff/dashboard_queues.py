"""What waits for the workers, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from staff.dashboard_rollups import SQL

_QUEUES = (SQL / "queues.sql").read_text()

TITLES = {
    "dispatch": "Jobs to submit",
    "poll": "Jobs to ask after",
    "collect": "Videos to fetch",
    "webhooks": "Webhooks to deliver",
    "payment_events": "Stripe's events",
    "payment_checks": "Payments to check",
    "notices": "E-mails to customers",
    "tasks": "Tasks of the queue",
    "schedules": "Schedules",
}
MOST = 10_000
"""Counted no further."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work.

    Attributes:
        due: how many rows could be worked on now; jobs that wait for a place included.
        oldest: since when the one that is longest due; None when nothing is.
    """

    name: str
    title: str
    due: int
    oldest: datetime | None
    late: timedelta

    @property
    def is_stuck(self) -> bool:
        return self.late >= timedelta(minutes=settings.ALERT_QUEUE_MINUTES)


def queues() -> list[Queue]:
    """Every kind of work, one query."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _QUEUES,
            {
                "now": now,
                "at_once": settings.GENERATIONS_AT_ONCE,
                "per_endpoint": settings.WEBHOOK_IN_FLIGHT_PER_ENDPOINT,
            },
        )
        rows = cursor.fetchall()
    return [_queue(name, due, oldest, now) for name, due, oldest in rows]


def _queue(name: str, due: int, oldest: datetime | None, now: datetime) -> Queue:
    if oldest is not None and oldest > now:
        oldest = None  # due later
    late = now - oldest if oldest else timedelta()
    return Queue(name, TITLES[name], due, oldest, late)
