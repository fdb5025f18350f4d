"""Balances that somebody watches: alerts by e-mail, and what starts auto top-ups.

`Wallet.watch_micros` is the highest figure below which anybody wants something to happen; a hold
that goes below it nudges `WATCH`, and the sweep finds whatever else does.
"""

import uuid

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import audit
from accounts.access import Caller
from accounts.models import Act, Scope
from billing import money, notices, telling
from billing.models import BalanceAlert, NoticeKind
from billing.topups import InvalidTopUp

_AVAILABLE = F("organization__wallet__balance_micros") - F("organization__wallet__held_micros")


def set_alert(caller: Caller, *, threshold_micros: int | None) -> None:
    """Tell the organization's managers when less than this is available; None: do not.

    Raises:
        NotAllowed, InvalidTopUp.
    """
    caller.require(Scope.BILLING_WRITE)
    if threshold_micros is not None and not 0 < threshold_micros <= money.LARGEST_MICROS:
        raise InvalidTopUp("threshold", "Choose an amount above zero.")
    with transaction.atomic():
        audit.record(caller, Act.ALERT_CHANGED, amount_micros=threshold_micros)
        if threshold_micros is None:
            BalanceAlert.objects.filter(pk=caller.organization_id).delete()
            return
        BalanceAlert.objects.update_or_create(
            pk=caller.organization_id,
            defaults={"threshold_micros": threshold_micros, "told_at": None},
        )


def tell_low() -> None:
    """Write the notice of each alert whose balance has fallen, once a fall."""
    due = BalanceAlert.objects.filter(told_at=None, threshold_micros__gt=_AVAILABLE).select_related(
        "organization__wallet"
    )
    for alert in due.iterator():
        now = timezone.now()
        with transaction.atomic():
            if not BalanceAlert.objects.filter(pk=alert.pk, told_at=None).update(told_at=now):
                continue
            notices.write_once(
                alert.pk,
                NoticeKind.LOW_BALANCE,
                reference=f"{alert.pk}:{now.timestamp():.6f}",
                facts={
                    "available": money.display(alert.organization.wallet.available_micros),
                    "threshold": money.display(alert.threshold_micros),
                },
            )
            telling.low_balance(alert, told_at=now)


def rearm(organization_id: uuid.UUID | None = None) -> None:
    """Alerts whose balance has risen again may tell again: of one organization, or of all."""
    told = BalanceAlert.objects.filter(told_at__isnull=False, threshold_micros__lte=_AVAILABLE)
    if organization_id is not None:
        told = told.filter(pk=organization_id)
    told_ids = list(told.values_list("pk", flat=True))
    if told_ids:
        BalanceAlert.objects.filter(pk__in=told_ids).update(told_at=None)
