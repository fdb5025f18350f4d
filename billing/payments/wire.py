"""The way to Stripe and back: one client, its time-outs, and what its errors mean.

Every call has one of three endings: an answer, a refusal that is certain (`PaymentRefused`), or
`PaymentUnknown`: what was asked for may have been done. After that, look the object up, and ask
again with the same idempotency key, unless Stripe has answered 500: it replays whatever a key was
answered with, so that one is spent (`PaymentUnknown.key_is_spent`).
"""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import stripe
from django.conf import settings

from accounts.errors import DomainError

API_VERSION = "2026-10-28.endive"
CURRENCY = "usd"
MICROS_PER_CENT = 10_000
PRODUCT = "PVideo credits"
HTTP_500 = 500


class PaymentUnknown(DomainError):
    """No answer, or one that says nothing: what was asked for may have been done or not.

    Attributes:
        key_is_spent: Stripe has ended the request with a 500, and would replay that for its
            idempotency key. After anything else the request may still be under way, and only the
            same key is safe: another one could do the same thing a second time.
    """

    code = "payment_unavailable"

    def __init__(self, message: str, *, key_is_spent: bool = False) -> None:
        super().__init__(message)
        self.key_is_spent = key_is_spent


class PaymentRefused(DomainError):
    """Stripe refused for certain: nothing was done. The message is for staff."""

    code = "payment_refused"


class NoSuchObject(PaymentRefused):
    """Stripe has no such object (any more)."""


class AccessRefused(PaymentRefused):
    """Our own key was refused: for whoever runs the platform, and nobody's card is to blame."""


class CardRefused(PaymentRefused):
    """The card was declined, or its owner has to be there.

    Attributes:
        reason: Stripe's decline code or code, such as `authentication_required`.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def cents(micros: int) -> int:
    """Whole cents; raises ValueError for a fraction of one."""
    whole, rest = divmod(micros, MICROS_PER_CENT)
    if rest:
        raise ValueError("an amount at Stripe is in whole cents")
    return whole


@functools.cache
def client() -> stripe.StripeClient:
    """One for the process: it keeps its connections by thread, and retries nothing by itself."""
    return stripe.StripeClient(
        settings.STRIPE_API_KEY,
        stripe_version=API_VERSION,
        base_addresses=cast(Any, {"api": settings.STRIPE_BASE_URL}),
        max_network_retries=0,
        http_client=stripe.RequestsClient(
            timeout=(settings.STRIPE_CONNECT_SECONDS, settings.STRIPE_TIMEOUT_SECONDS)
        ),
    )


def classified[**P, R](call: Callable[P, R]) -> Callable[P, R]:
    """Give every error of the SDK one of our three endings; whatever is not listed is unknown."""

    @functools.wraps(call)
    def classified(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except stripe.CardError as error:
            details = error.error
            reason = (details and (details.decline_code or details.code)) or "card_declined"
            text = error.user_message or "The card was declined."
            raise CardRefused(text, reason=reason) from error
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            raise AccessRefused(_for_staff(error)) from error
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            if error.http_status == 409:
                raise _unknown() from error  # the same key is being worked on
            # 404 for an object in the address, 400 for one that a parameter names.
            if error.http_status == 404 or error.code == "resource_missing":
                raise NoSuchObject(_for_staff(error)) from error
            raise PaymentRefused(_for_staff(error)) from error
        except stripe.StripeError as error:
            raise _unknown(key_is_spent=error.http_status == HTTP_500) from error

    return classified


def _unknown(*, key_is_spent: bool = False) -> PaymentUnknown:
    return PaymentUnknown(
        "The payment service did not answer. Nothing is lost: try again soon.",
        key_is_spent=key_is_spent,
    )


def _for_staff(error: stripe.StripeError) -> str:
    return f"{error.code or error.http_status}: {error.user_message or error}"[:300]


def scope(customer_id: str, since: datetime | None) -> dict[str, Any]:
    """The filters of a list."""
    scope: dict[str, Any] = {}
    if customer_id:
        scope["customer"] = customer_id
    if since is not None:
        scope["created"] = {"gte": int(since.timestamp())}
    return scope
