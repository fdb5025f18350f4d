"""Doors for the task queue: deliver what is due, and each minute what nobody else ends."""

from datetime import timedelta

from django.utils import timezone

from webhooks import delivering, endpoints, notices, retention
from webhooks.work import DELIVER


def deliver() -> None:
    DELIVER.drain(delivering.drain, delivering.next_due)


def sweep() -> None:
    """Each minute. Losing every queued task loses nothing: this finds it in the rows."""
    delivering.give_up_leases()
    endpoints.cancel_strays()
    due = delivering.next_due()
    if due is not None and due < timezone.now() + timedelta(minutes=1):
        DELIVER.nudge()
    notices.find_failing()
    notices.send_due()
    retention.forget_old()
