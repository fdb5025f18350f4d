"""Alerts: a condition is told of once, by e-mail and on the dashboard, until it is gone.

`look` brings the rows to what stands now; a partial unique index keeps one row a condition,
however many look at once. The e-mail is due from the row's own commit on, and sent afterwards.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from backoffice import acts
from queueing.draining import one_by_one
from staff import alert_conditions
from staff.alert_conditions import Condition
from staff.models import Alert, AlertKind

logger = logging.getLogger(__name__)

RETRY = timedelta(minutes=2)
MOST_TRIES = 10
FINANCE = "finance"
"""The group that gets the e-mails beside superusers, unless STAFF_ALERT_EMAILS says who does."""


def look() -> None:
    """Look at every condition: open what is new, resolve what is gone. For the sweep.

    One look's trouble resolves nothing of its kind and stops no other.
    """
    for kind, conditions in alert_conditions.LOOKS.items():
        with one_by_one("looking for", kind):
            bring(kind, list(conditions()))


@transaction.atomic
def bring(kind: AlertKind, conditions: list[Condition]) -> None:
    """Bring the rows of a kind to the conditions that stand now."""
    now = timezone.now()
    standing = {
        row.key: row
        for row in Alert.objects.select_for_update()
        .filter(kind=kind, resolved_at=None)
        .order_by("pk")
    }
    seen = {condition.key[:150]: condition for condition in conditions}
    for key, condition in seen.items():
        facts = {
            "severity": condition.severity,
            "summary": condition.summary[:300],
            "details": condition.details,
            "last_seen_at": now,
        }
        if key in standing:
            Alert.objects.filter(pk=standing[key].pk).update(**facts)
        else:
            row = Alert(kind=kind, key=key, opened_at=now, mail_due_at=now, **facts)
            Alert.objects.bulk_create([row], ignore_conflicts=True)  # another look was quicker
            logger.error("alert: %s: %s", kind, condition.summary)
    gone = [row.pk for key, row in standing.items() if key not in seen]
    if gone:
        Alert.objects.filter(pk__in=gone, resolved_at=None).update(
            resolved_at=now, mail_due_at=None
        )


def send_due() -> None:
    """Send the e-mails that are due, one by one; what fails is tried again later."""
    for alert in _claimed():
        with one_by_one("the e-mail of alert", alert.pk):
            _message(alert).send()
            Alert.objects.filter(pk=alert.pk).update(mailed_at=timezone.now(), mail_due_at=None)


def _claimed() -> Iterator[Alert]:
    """Each due alert; its try is counted, and its next one set, before the work."""
    while True:
        now = timezone.now()
        with transaction.atomic():
            alert = (
                Alert.objects.select_for_update(skip_locked=True)
                .filter(mail_due_at__lte=now)
                .order_by("mail_due_at")
                .first()
            )
            if alert is None:
                return
            last = alert.mail_tries + 1 >= MOST_TRIES
            Alert.objects.filter(pk=alert.pk).update(
                mail_tries=F("mail_tries") + 1,
                mail_due_at=None if last else now + RETRY * 2 ** min(alert.mail_tries, 6),
            )
        yield alert


def _message(alert: Alert) -> EmailMessage:
    """One message to all of them: they are colleagues."""
    context = {
        "alert": alert,
        "kind": AlertKind(alert.kind).label,
        "lines": detail_lines(alert),
        "url": f"{settings.PUBLIC_BASE_URL}{reverse('admin:staff_alert_changelist')}",
    }
    summary = " ".join(alert.summary.split())  # a header is one line
    return EmailMessage(
        subject=f"[{alert.severity}] {summary}"[:200],
        body=render_to_string("staff/mail/alert.txt", context),
        to=recipients(),
    )


def detail_lines(alert: Alert) -> list[str]:
    """Its details as lines of text."""
    lines: list[str] = []
    for name, value in alert.details.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  {one}" for one in value)]
        elif value not in ("", None):
            lines.append(f"{name}: {value}")
    return lines


def recipients() -> list[str]:
    """Who is told: the addresses that the settings name, else superusers and finance."""
    if settings.STAFF_ALERT_EMAILS:
        return list(settings.STAFF_ALERT_EMAILS)
    people = User.objects.filter(
        Q(is_superuser=True) | Q(groups__name=FINANCE), is_active=True, is_staff=True
    )
    return list(people.order_by("pk").values_list("email", flat=True).distinct())


@transaction.atomic
def acknowledge(alert_id: int, *, by_id: int) -> bool:
    """Somebody says that they are at it. Returns whether nobody had, and it stands."""
    taken = Alert.objects.filter(pk=alert_id, acknowledged_at=None, resolved_at=None).update(
        acknowledged_at=timezone.now(), acknowledged_by_id=by_id
    )
    if taken:
        row = Alert.objects.get(pk=alert_id)
        acts.record(
            "acknowledge_alert", row, organization_id=None, reason=row.summary, actor_id=by_id
        )
    return bool(taken)


def open_alerts() -> list[Alert]:
    """Those that stand: critical ones first, then the latest."""
    rows = Alert.objects.filter(resolved_at=None).select_related("acknowledged_by")
    return list(rows.order_by("severity", "-opened_at"))
