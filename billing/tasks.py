"""Doors for the task queue: each drains one kind of work. The sweep re-nudges what is due."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from billing import auto_topup, due_checks, notices, payment_events, watching
from billing import payments as stripe_calls
from billing.work import CHECKS, EVENTS, NOTICES, WATCH

logger = logging.getLogger(__name__)
NEAR = timedelta(minutes=1)


def events() -> None:
    EVENTS.drain(lambda leave: payment_events.process_due(), payment_events.next_due)


def checks() -> None:
    CHECKS.drain(lambda leave: due_checks.run(), due_checks.next_due)


def watch() -> None:
    WATCH.drain(lambda leave: _look_at_balances(), lambda: None)


def send_notices() -> None:
    NOTICES.drain(lambda leave: notices.send_due(), notices.next_due)


def sweep() -> None:
    """Each minute: balances, missed events, and a nudge for whatever is due."""
    _look_at_balances()
    for work, due in (
        (EVENTS, payment_events.next_due()),
        (CHECKS, due_checks.next_due()),
        (NOTICES, notices.next_due()),
    ):
        if _is_near(due):
            work.nudge()
    if settings.STRIPE_API_KEY:
        try:
            payment_events.collect_missed()
        except (stripe_calls.PaymentUnknown, stripe_calls.PaymentRefused) as error:
            logger.warning("Stripe was not asked for missed events: %s", error.message)


def _look_at_balances() -> None:
    watching.rearm()
    watching.tell_low()
    auto_topup.begin_due()


def _is_near(due: datetime | None) -> bool:
    return due is not None and due - timezone.now() < NEAR
