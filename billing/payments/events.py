"""What Stripe tells us: posted and signed, or asked for."""

from datetime import UTC, datetime

import stripe
from django.conf import settings

from billing.payments import wire
from billing.payments.facts import EventFacts


def verified(body: bytes, signature: str) -> EventFacts:
    """An event as it was posted to us. The signature is over the raw body.

    The SDK refuses a secret that is empty: anybody could sign with that.

    Raises:
        PaymentRefused: no secret is configured, the signature is none of ours, or the time in it
            is more than five minutes from now, in the past or in the future.
    """
    if not signature.isascii():
        raise wire.PaymentRefused("The signature is none.")  # nor can it be compared
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
        except (stripe.SignatureVerificationError, ValueError, IndexError):
            continue
        _refuse_the_future(signature)
        return EventFacts.parse(body)
    raise wire.PaymentRefused("The signature is not ours.")


TOLERANCE_SECONDS = 300
PAGE = 100
"""Events in one answer: the most that Stripe gives."""


def _refuse_the_future(signature: str) -> None:
    """The SDK refuses what is too old, and takes whatever claims to be from the future."""
    moment = next(
        int(part.partition("=")[2]) for part in signature.split(",") if part.startswith("t=")
    )
    if moment - datetime.now(tz=UTC).timestamp() > TOLERANCE_SECONDS:
        raise wire.PaymentRefused("The signature's time lies in the future.")


@wire.classified
def listed(*, since: datetime, until: datetime, types: list[str]) -> list[EventFacts]:
    """What happened between two times, whether it was delivered to us or not.

    Args:
        types: at most 20 names, such as `v1.refund.created`. Stripe keeps events for 30 days.
    """
    page = wire.client().v2.core.events.list(
        {
            "created": {"gte": since.isoformat(), "lt": until.isoformat()},
            "types": types,
            "limit": PAGE,
        }
    )
    return [EventFacts.read(event) for event in page.auto_paging_iter()]
