"""E-mails about money: a row in the transaction of the fact, sent afterwards by the worker."""

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import notifications
from accounts.models import Membership, Topic
from billing import money
from billing.models import Notice, NoticeKind, TopUp
from billing.work import NOTICES

logger = logging.getLogger(__name__)

RETRY = timedelta(minutes=2)
MOST_ATTEMPTS = 12
_SUBJECTS = {
    NoticeKind.LOW_BALANCE: "Your credits are running low",
    NoticeKind.AUTO_TOP_UP_FAILED: "Auto top-up did not go through and is off",
    NoticeKind.AUTO_TOP_UP_CAPPED: "Auto top-up has reached its monthly cap",
    NoticeKind.AUTO_TOP_UP_PAID: "Credits added by auto top-up",
    NoticeKind.TOP_UP_FAILED: "Your payment did not go through",
    NoticeKind.SPENDING_FROZEN: "Spending is frozen: a payment is disputed",
}
_TOPICS = {
    NoticeKind.LOW_BALANCE: Topic.LOW_BALANCE,
    NoticeKind.AUTO_TOP_UP_FAILED: Topic.PAYMENT_PROBLEMS,
    NoticeKind.AUTO_TOP_UP_CAPPED: Topic.PAYMENT_PROBLEMS,
    NoticeKind.AUTO_TOP_UP_PAID: Topic.AUTO_TOP_UPS,
    NoticeKind.TOP_UP_FAILED: Topic.PAYMENT_PROBLEMS,
    NoticeKind.SPENDING_FROZEN: None,
}
"""What a manager may do without; None: nobody does."""


def write(top_up: TopUp, kind: NoticeKind) -> None:
    """Tell the organization's managers of a top-up, once."""
    facts = {"amount": money.display(top_up.amount_micros), "failure": top_up.failure}
    write_once(top_up.organization_id, kind, reference=str(top_up.pk), facts=facts)


def write_once(
    organization_id: uuid.UUID, kind: NoticeKind, *, reference: str, facts: dict[str, Any]
) -> None:
    """Note down an e-mail, in the caller's transaction; the same kind and reference is one."""
    Notice.objects.bulk_create(
        [Notice(organization_id=organization_id, kind=kind, reference=reference, facts=facts)],
        ignore_conflicts=True,
    )
    NOTICES.nudge()


def send_due() -> None:
    """Send what is due, one by one; what fails is tried again later."""
    while notice := _claim():
        try:
            _send(notice)
        except Exception:  # whatever the mail server says, the next notice must go on
            logger.exception("notice %s was not sent", notice.pk)
            continue
        Notice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), next_attempt_at=None)


def next_due() -> datetime | None:
    due: datetime | None = (
        Notice.objects.filter(next_attempt_at__isnull=False)
        .order_by("next_attempt_at")
        .values_list("next_attempt_at", flat=True)
        .first()
    )
    return due


def _claim() -> Notice | None:
    """The next due notice; its attempt is counted, and its next one set, before the work."""
    now = timezone.now()
    with transaction.atomic():
        notice = (
            Notice.objects.select_for_update(skip_locked=True)
            .filter(next_attempt_at__lte=now)
            .order_by("next_attempt_at")
            .first()
        )
        if notice is not None:
            last = notice.attempts + 1 >= MOST_ATTEMPTS
            Notice.objects.filter(pk=notice.pk).update(
                attempts=F("attempts") + 1,
                next_attempt_at=None if last else now + RETRY * 2 ** min(notice.attempts, 8),
            )
    return notice


def _send(notice: Notice) -> None:
    """Each manager gets a message of their own; nobody's address is shown to another.

    One whose address fails keeps no other from theirs, and is tried again alone.
    """
    managers = notifications.recipients(
        notice.organization_id, _TOPICS[NoticeKind(notice.kind)]
    ).exclude(user__in=notice.told)
    trouble: list[Exception] = []
    for membership in managers:
        try:
            _message(notice, membership).send()
        except Exception as error:  # noqa: BLE001  # whatever the mail server says
            trouble.append(error)
            continue
        notice.told.append(membership.user_id)
        notice.save(update_fields=["told"])
    if trouble:
        raise trouble[0]


def _message(notice: Notice, membership: Membership) -> EmailMultiAlternatives:
    context = {
        **notice.facts,
        "organization": membership.organization,
        "billing_url": f"{settings.PUBLIC_BASE_URL}/billing",
    }
    name = " ".join(membership.organization.name.split())  # a header is one line
    message = EmailMultiAlternatives(
        subject=f"{_SUBJECTS[NoticeKind(notice.kind)]} · {name}",
        body=render_to_string(f"billing/mail/{notice.kind}.txt", context),
        to=[membership.user.email],
    )
    message.attach_alternative(
        render_to_string(f"billing/mail/{notice.kind}.html", context), "text/html"
    )
    return message
