"""E-mails about endpoints, and the end of those that have failed for days.

An endpoint that has only failed for WEBHOOK_DISABLE_AFTER_DAYS is disabled after its
organization's managers have been told. The notice is a row: found in one transaction, sent outside
any, marked in another. Should the worker die between sending and marking, it is sent again.
"""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import notifications
from accounts.models import Topic
from webhooks import endpoints
from webhooks.models import DisabledReason, Notice

logger = logging.getLogger(__name__)

MOST_SECONDS = 30.0
"""A mail server that hangs holds the sweep up no longer."""
RETRY_SECONDS = 600
MOST_TRIES = 12
"""After two hours without a mail server the endpoint is disabled all the same."""

# Somebody who failed once, long ago, and has not been tried since is not failing.
_FIND = """
    INSERT INTO webhooks_notice (endpoint_id, kind, since, due_at, tries)
    SELECT id, 'failing', failing_since, %(now)s, 0
      FROM webhooks_endpoint
     WHERE failing_since <= %(now)s - %(days)s * interval '1 day'
       AND last_failed_at >= failing_since + %(days)s * interval '1 day'
       AND disabled_at IS NULL AND deleted_at IS NULL
        ON CONFLICT (endpoint_id, kind, since) DO NOTHING"""

_SUBJECT = {
    Notice.Kind.FAILING: "Your webhook endpoint has been disabled after days of failures",
    Notice.Kind.GONE: "Your webhook endpoint has been disabled: it answered 410 Gone",
}
_TEXT = """\
We could not deliver webhooks of {organization} to this endpoint:

    {url}

{reason}
It is now disabled, and nothing is sent to it. Once it works, enable it again, and replay what it
missed:

    {endpoint_url}

Endpoint: {endpoint_id}
"""
_REASON = {
    Notice.Kind.FAILING: "Every attempt has failed since {since:%d %B %Y %H:%M} UTC.",
    Notice.Kind.GONE: "It answered 410 Gone on {since:%d %B %Y %H:%M} UTC, which asks us to stop.",
}


def find_failing() -> int:
    """A due notice for each endpoint that has failed for too long. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"now": timezone.now(), "days": settings.WEBHOOK_DISABLE_AFTER_DAYS})
        return int(cursor.rowcount)


def send_due() -> int:
    """Send what is due, and disable what it says is disabled. Returns how many were sent."""
    until = time.monotonic() + MOST_SECONDS
    sent = 0
    while time.monotonic() < until and (notice := _claim()):
        is_sent = _send(notice)
        if is_sent or notice.tries >= MOST_TRIES:
            _finish(notice, sent=is_sent)
        sent += is_sent
    return sent


@transaction.atomic
def _claim() -> Notice | None:
    """A due notice, counted and put off before it is sent. Outdated ones are dropped."""
    now = timezone.now()
    due = (
        Notice.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("endpoint", "endpoint__organization")
        .filter(due_at__lte=now)
        .order_by("due_at")
    )
    while notice := due.first():
        outdated = _is_outdated(notice)
        notice.tries += 1
        notice.due_at = None if outdated else now + timedelta(seconds=RETRY_SECONDS)
        notice.save(update_fields=["tries", "due_at"])
        if not outdated:
            return notice
    return None


def _is_outdated(notice: Notice) -> bool:
    """It works again, or was switched off or deleted by its owner meanwhile."""
    endpoint = notice.endpoint
    if notice.kind == Notice.Kind.FAILING:
        return not endpoint.is_enabled or endpoint.failing_since != notice.since
    return endpoint.deleted_at is not None


def _send(notice: Notice) -> bool:
    endpoint = notice.endpoint
    kind = Notice.Kind(notice.kind)
    managers = notifications.recipients(endpoint.organization_id, Topic.WEBHOOKS)
    to = [membership.user.email for membership in managers]
    reason = _REASON[kind].format(since=notice.since)
    page = reverse("webhooks_endpoint", args=[endpoint.pk])
    endpoint_url = f"{settings.PUBLIC_BASE_URL}{page}"
    text = _TEXT.format(
        organization=endpoint.organization.name,
        url=endpoint.url,
        reason=reason,
        endpoint_url=endpoint_url,
        endpoint_id=endpoint.pk,
    )
    html = render_to_string(
        "webhooks/mail/endpoint_disabled.html",
        {
            "organization": endpoint.organization,
            "endpoint": endpoint,
            "reason": reason,
            "endpoint_url": endpoint_url,
        },
    )
    try:
        for address in to:  # one each: members need not know each other's addresses
            message = EmailMultiAlternatives(_SUBJECT[kind], text, to=[address])
            message.attach_alternative(html, "text/html")
            message.send()
    except Exception:  # any mail server's trouble: it stays due
        logger.exception("notice %s about webhook endpoint %s not sent", notice.pk, endpoint.pk)
        return False
    return True


@transaction.atomic
def _finish(notice: Notice, *, sent: bool) -> None:
    """Mark it, and do what it says. Locks the endpoint first."""
    if notice.kind == Notice.Kind.FAILING:
        endpoints.disable(notice.endpoint_id, reason=DisabledReason.FAILING)
    Notice.objects.filter(pk=notice.pk).update(
        due_at=None, sent_at=timezone.now() if sent else None
    )
