"""Top-ups and refunds that somebody has to ask Stripe about, whether an event tells of them or
not: a webhook outage only delays."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing import fulfilment, payments, refunds
from billing.models import Refund, RefundState, TopUp, TopUpState

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)


def run() -> None:
    """Look at each that is due, one by one; what fails is looked at again later."""
    while top_up := _claim():
        try:
            if top_up.state == TopUpState.PAID:
                _look_after(top_up)
            else:
                fulfilment.refresh(top_up.pk)
        except (payments.PaymentUnknown, payments.PaymentRefused) as error:
            logger.warning("top-up %s: %s", top_up.pk, error.message)
        except Exception:  # ours to mend; the others must go on
            logger.exception("top-up %s could not be looked at", top_up.pk)
    refunds.send_due()


def _claim() -> TopUp | None:
    """The next due top-up; the look is counted, and the next one set, before the work."""
    now = timezone.now()
    with transaction.atomic():
        top_up = (
            TopUp.objects.select_for_update(skip_locked=True)
            .filter(next_check_at__lte=now)
            .order_by("next_check_at")
            .first()
        )
        if top_up is not None:
            gap = max(LEASE, fulfilment.gap(top_up))
            TopUp.objects.filter(pk=top_up.pk).update(
                checks=F("checks") + 1, next_check_at=now + gap
            )
            top_up.checks += 1
    return top_up


def _look_after(top_up: TopUp) -> None:
    try:
        fulfilment.look_after(top_up)
    except payments.PaymentRefused as error:
        # The money is credited; a card or an invoice that Stripe refuses is for staff to see.
        logger.warning("top-up %s: %s", top_up.pk, error.message)
        if top_up.checks < fulfilment.AFTERCARE_TRIES:
            return
    TopUp.objects.filter(pk=top_up.pk).update(next_check_at=None)


def next_due() -> datetime | None:
    """When the next top-up or refund is due."""
    times = [
        TopUp.objects.filter(next_check_at__isnull=False)
        .order_by("next_check_at")
        .values_list("next_check_at", flat=True)
        .first(),
        Refund.objects.filter(next_check_at__isnull=False, state=RefundState.REQUESTED)
        .order_by("next_check_at")
        .values_list("next_check_at", flat=True)
        .first(),
    ]
    return min((moment for moment in times if moment is not None), default=None)
