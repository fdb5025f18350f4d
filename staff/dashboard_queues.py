"""What waits for the workers, and for how long."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from staff.dashboard_rollups import SQL

logger = logging.getLogger(__name__)

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
REDIS_SECONDS = 1.0
"""A page of staff waits no longer for the queue in Redis."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work.

    Attributes:
        due: how many rows could be worked on now; jobs that wait for a place included. None when
            it cannot be known.
        oldest: since when the one that is longest due; None when nothing is, and of tasks in
            Redis, which keeps no time.
    """

    name: str
    title: str
    due: int | None
    oldest: datetime | None
    late: timedelta

    @property
    def is_stuck(self) -> bool:
        return self.late >= timedelta(minutes=settings.ALERT_QUEUE_MINUTES)


def queues() -> list[Queue]:
    """Every kind of work, one query; and one to Redis where the queue's tasks are there."""
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
    found = [_queue(name, due, oldest, now) for name, due, oldest in rows]
    if not settings.Q_CLUSTER.get("redis"):
        return found
    in_redis = _queue("tasks", _tasks_in_redis(), None, now)
    return [in_redis if queue.name == "tasks" else queue for queue in found]


def _tasks_in_redis() -> int | None:
    """How many wait there; None when Redis does not answer."""
    key = f"django_q:{settings.Q_CLUSTER['name']}:q"
    try:
        with redis.Redis.from_url(
            settings.Q_CLUSTER["redis"],
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        ) as server:
            return int(server.llen(key))
    except redis.RedisError as error:
        logger.warning("the queue in Redis could not be asked: %s", error)
        return None


def _queue(name: str, due: int | None, oldest: datetime | None, now: datetime) -> Queue:
    if oldest is not None and oldest > now:
        oldest = None  # due later
    late = now - oldest if oldest else timedelta()
    return Queue(name, TITLES[name], due, oldest, late)
