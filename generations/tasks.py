"""Doors for the task queue: each drains one kind of work. The sweep re-nudges what is due."""

from datetime import datetime

from django.utils import timezone

from accounts import idempotency, invitation_mail, rate_limits
from accounts.work import INVITATIONS
from generations import (
    closing,
    deletion,
    health_checks,
    media,
    polling,
    provider_tally,
    retention,
    uploads,
)
from generations import dispatch as dispatching
from generations.work import COLLECT, DISPATCH, POLL


def dispatch() -> None:
    DISPATCH.drain(dispatching.drain, dispatching.next_due)


def poll() -> None:
    POLL.drain(polling.drain, polling.next_due)


def collect() -> None:
    COLLECT.drain(media.drain, media.next_due)


def sweep() -> None:
    """Each minute: what nobody else ends, and a nudge for whatever is due.

    Losing every queued task loses nothing: this finds it in the rows.
    """
    dispatching.give_up_leases()
    polling.expire_overdue()
    for work, due in (
        (DISPATCH, dispatching.next_due()),
        (POLL, polling.next_due()),
        (COLLECT, media.next_due()),
        (INVITATIONS, invitation_mail.next_due()),
    ):
        if _is_near(due):
            work.nudge()
    uploads.purge()
    closing.hide_left()
    deletion.purge()
    provider_tally.forget_old()
    retention.remove_old()
    health_checks.forget_old()
    idempotency.forget_old()
    rate_limits.forget_full()


def _is_near(due: datetime | None) -> bool:
    return due is not None and (due - timezone.now()).total_seconds() < 60
