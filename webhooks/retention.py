"""Forgetting: messages that have ended are kept for WEBHOOK_KEEP_DAYS."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from backoffice.dated_ids import first_id

MOST_AT_ONCE = 2000

# By the primary key, whose order is the order of time. Attempts, deliveries and the event go in
# one statement: the foreign keys are checked at its transaction's end.
_FORGET = """
    WITH old AS (
        SELECT e.id FROM webhooks_event e
         WHERE e.id < %s AND NOT EXISTS (
               SELECT FROM webhooks_delivery d
                WHERE d.event_id = e.id AND d.state IN ('pending', 'delivering'))
         ORDER BY e.id LIMIT %s FOR UPDATE SKIP LOCKED),
    deliveries AS (SELECT d.id FROM webhooks_delivery d JOIN old ON d.event_id = old.id),
    attempts_gone AS (
        DELETE FROM webhooks_attempt a USING deliveries d WHERE a.delivery_id = d.id),
    deliveries_gone AS (
        DELETE FROM webhooks_delivery d USING deliveries o WHERE d.id = o.id)
    DELETE FROM webhooks_event e USING old WHERE e.id = old.id"""


def forget_old() -> int:
    """Delete events, with their deliveries and attempts, that are old and have ended.

    Returns:
        How many events, at most MOST_AT_ONCE.
    """
    until = timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [first_id(until), MOST_AT_ONCE])
        return int(cursor.rowcount)
