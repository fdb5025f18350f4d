"""The e-mails of invitations: due rows, sent by the worker, outside of any transaction."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import sealing
from accounts.invitations import PURPOSE
from accounts.models import Invitation

logger = logging.getLogger(__name__)

RETRY = timedelta(minutes=2)
MOST_ATTEMPTS = 8


def send_due() -> None:
    """Send what is due, one by one; what fails is tried again later."""
    while invitation := _claim():
        try:
            _message(invitation).send()
        except Exception:  # whatever the mail server says, the next one must go on
            logger.exception("invitation %s was not sent", invitation.pk)
            continue
        # Only this sending is done: it may have been asked to go again meanwhile, by a new link.
        Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).update(
            sent_at=timezone.now(), next_attempt_at=None, token_sealed=b""
        )


def next_due() -> datetime | None:
    due: datetime | None = (
        Invitation.objects.filter(next_attempt_at__isnull=False)
        .order_by("next_attempt_at")
        .values_list("next_attempt_at", flat=True)
        .first()
    )
    return due


@transaction.atomic
def _claim() -> Invitation | None:
    """The next due one; its attempt is counted, and its next one set, before the work."""
    now = timezone.now()
    found = (
        Invitation.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("organization", "invited_by")
        .filter(next_attempt_at__lte=now)
        .order_by("next_attempt_at")
        .first()
    )
    if found is not None:
        last = found.attempts + 1 >= MOST_ATTEMPTS
        Invitation.objects.filter(pk=found.pk).update(
            attempts=F("attempts") + 1,
            next_attempt_at=None if last else now + RETRY * 2**found.attempts,
        )
    return found


def _message(invitation: Invitation) -> EmailMultiAlternatives:
    token = sealing.unseal(invitation.token_sealed, purpose=PURPOSE).decode()
    inviter = invitation.invited_by
    context = {
        "organization": invitation.organization,
        "inviter": (inviter.name or inviter.email) if inviter else "Someone",
        "inviter_email": inviter.email if inviter else "",
        "role": invitation.role,
        "email": invitation.email,
        "expires_at": invitation.expires_at,
        "url": f"{settings.PUBLIC_BASE_URL}{reverse('invitation', args=[token])}",
    }
    name = " ".join(invitation.organization.name.split())  # a header is one line
    message = EmailMultiAlternatives(
        subject=f"You are invited to join {name} on PVideo",
        body=render_to_string("accounts/mail/invitation.txt", context),
        to=[invitation.email],
    )
    html = render_to_string("accounts/mail/invitation.html", context)
    message.attach_alternative(html, "text/html")
    return message
