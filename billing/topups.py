"""Top-ups: a purchase of credits, from the row to the credit.

The row is made before Stripe is called, and says what is credited. One function looks a top-up
up at Stripe and acts on what it finds: `refresh`, called by events, the success page and the
sweep, safe when all of them do so at once.
"""

import hashlib
import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.access import Caller
from accounts.errors import DomainError, FieldError, InvalidParameters
from accounts.idempotency import IdempotencyKeyInUse, IdempotencyMismatch, reserve
from accounts.models import Act, Scope, new_id
from billing import customers, money, payments
from billing.models import TopUp, TopUpKind, TopUpState, TopUpTerms
from billing.models.promotion import CENT
from billing.payments.facts import CheckoutFacts
from billing.work import CHECKS

logger = logging.getLogger(__name__)

FIRST_CHECK = timedelta(minutes=2)
"""Sooner than that the event or the success page has told."""
MAX_IDEMPOTENCY_KEY = 255
NO_PAGE = "The payment page could not be opened. You were not charged."


class InvalidTopUp(InvalidParameters):
    """The request cannot be a purchase.

    Attributes:
        field: which part of it is wrong; the message says how to mend it.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__([FieldError(field, "invalid", message, pointer=f"/{field}")])
        self.field, self.message = field, message


class AmountNotForSale(InvalidTopUp):
    """An amount, but not one that staff let buy at once."""

    code = "amount_not_for_sale"


class TopUpMissing(DomainError):
    code = "not_found"


class PaymentsNotSetUp(DomainError):
    code = "payments_not_set_up"


def terms() -> TopUpTerms:
    """What may be bought at once."""
    return TopUpTerms.objects.get(pk=1)


def checked_amount(text: str) -> int:
    """Dollars as typed, in micros.

    Raises:
        InvalidTopUp: no amount in whole cents.
        AmountNotForSale: beyond the limits that staff have set.
    """
    try:
        micros = money.parse(text)
    except ValueError as error:
        raise InvalidTopUp("amount", str(error)) from None
    limits = terms()
    if micros % CENT:
        raise InvalidTopUp("amount", "Use whole cents, such as 12.50.")
    if not limits.least_micros <= micros <= limits.most_micros:
        least, most = money.display(limits.least_micros), money.display(limits.most_micros)
        raise AmountNotForSale("amount", f"Choose an amount from {least} to {most}.")
    return micros


def start(
    caller: Caller, *, amount_micros: int, saves_card: bool = False, idempotency_key: str = ""
) -> tuple[TopUp, bool]:
    """Begin a purchase: the row, then Stripe's hosted page for it. Not in a transaction.

    Args:
        amount_micros: from `checked_amount`.
        saves_card: the customer agrees that the card is kept for auto top-ups.
        idempotency_key: "" for none; scoped to the organization. Asking again gives the same
            top-up, and goes on where a failure of Stripe's had left it.

    Returns:
        The top-up, whose `checkout_url` is where to pay, and whether it was asked for before.

    Raises:
        NotAllowed, InvalidTopUp, IdempotencyMismatch, IdempotencyKeyInUse, PaymentsNotSetUp.
        PaymentUnknown, PaymentRefused: the row is kept; the sweep looks after it.
    """
    caller.require(Scope.BILLING_WRITE)
    if not settings.STRIPE_API_KEY:
        raise PaymentsNotSetUp("Credits cannot be bought here yet: payments are not set up.")
    if len(idempotency_key) > MAX_IDEMPOTENCY_KEY or not idempotency_key.isprintable():
        raise InvalidParameters(
            [FieldError("Idempotency-Key", "invalid", "It has 1 to 255 printable characters.")]
        )
    customer = customers.ensure(caller.organization)
    request_hash = hashlib.sha256(f"{amount_micros} {saves_card}".encode()).digest()
    top_up = TopUp(
        id=new_id(),
        organization_id=caller.organization_id,
        created_by_id=caller.user_id,
        kind=TopUpKind.CHECKOUT,
        amount_micros=amount_micros,
        saves_card=saves_card,
        livemode=is_live(),
        stripe_customer_id=customer.stripe_id,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        next_check_at=timezone.now() + FIRST_CHECK,
        created_at=timezone.now(),
    )
    replayed = False
    try:
        with transaction.atomic():
            top_up.save(force_insert=True)
            audit.record(caller, Act.TOP_UP_STARTED, top_up, amount_micros=amount_micros)
            if idempotency_key:
                reserve(caller.organization_id, idempotency_key, request_hash)
    except IntegrityError:
        found = TopUp.objects.filter(
            organization_id=caller.organization_id, idempotency_key=idempotency_key
        ).first()
        if not idempotency_key or found is None:
            raise
        if bytes(found.request_hash) != request_hash:
            raise IdempotencyMismatch from None
        top_up, replayed = found, True
    if top_up.state == TopUpState.CREATED:
        try:
            open_checkout(top_up)
        except payments.PaymentUnknown:
            if replayed:  # the first request may still be waiting for the same answer
                raise IdempotencyKeyInUse from None
            raise
    return top_up, replayed


def is_live() -> bool:
    """Whether our key moves real money."""
    return str(settings.STRIPE_API_KEY).startswith(("sk_live_", "rk_live_"))


def open_checkout(top_up: TopUp) -> None:
    """Have Stripe make the hosted page, once. Not in a transaction.

    The same idempotency key is used until Stripe has ended it. Two at once get the same page.

    Raises:
        PaymentUnknown, PaymentRefused.
    """
    base = f"{settings.PUBLIC_BASE_URL}/billing"
    try:
        session = payments.checkouts.create(
            top_up_id=str(top_up.pk),
            customer_id=top_up.stripe_customer_id,
            amount_micros=top_up.amount_micros,
            saves_card=top_up.saves_card,
            success_url=f"{base}/top-ups/{top_up.pk}",
            cancel_url=f"{base}?canceled={top_up.pk}",
            expires_at=expires_at(top_up),
            key=f"{top_up.reference}:{top_up.stripe_attempts}",
        )
    except payments.PaymentUnknown as error:
        found = find_checkout(top_up)
        if found is None:
            if error.key_is_spent:
                TopUp.objects.filter(pk=top_up.pk, stripe_attempts=top_up.stripe_attempts).update(
                    stripe_attempts=top_up.stripe_attempts + 1
                )
            raise
        session = found
    except payments.NoSuchObject:
        customers.forget(top_up.organization_id)
        _give_up(top_up, "Stripe no longer has this customer")
        raise payments.PaymentUnknown(
            "Please try again: your payment details were reset."
        ) from None
    except payments.PaymentRefused as error:
        logger.error("top-up %s has no page: %s", top_up.pk, error.message)
        _give_up(top_up, error.message)
        raise payments.PaymentRefused(NO_PAGE) from error
    _note_checkout(top_up, session)


def _give_up(top_up: TopUp, why: str) -> None:
    """Nothing can have been paid: there never was a page. The key may be used again."""
    TopUp.objects.filter(pk=top_up.pk, state=TopUpState.CREATED).update(
        state=TopUpState.FAILED,
        idempotency_key="",
        failure=NO_PAGE,
        attention=why[:300],
        next_check_at=None,
    )


def find_checkout(top_up: TopUp) -> CheckoutFacts | None:
    """The page that an unanswered call has made. Raises PaymentUnknown, PaymentRefused."""
    return payments.checkouts.find(top_up.stripe_customer_id, str(top_up.pk))


def _note_checkout(top_up: TopUp, session: CheckoutFacts) -> None:
    TopUp.objects.filter(pk=top_up.pk, state=TopUpState.CREATED).update(
        state=TopUpState.OPEN, session_id=session.id, checkout_url=session.url
    )
    top_up.refresh_from_db()


def expires_at(top_up: TopUp) -> datetime:
    return top_up.created_at + timedelta(seconds=settings.CHECKOUT_SECONDS)


def find(caller: Caller, top_up_id: uuid.UUID) -> TopUp:
    """One of the organization's top-ups; a stranger's is none. Raises TopUpMissing."""
    caller.require(Scope.WALLET_READ)
    found = TopUp.objects.filter(organization_id=caller.organization_id, pk=top_up_id).first()
    if found is None:
        raise TopUpMissing("There is no such top-up.")
    return found


def database_time() -> datetime:
    """The one clock that all our processes share; read before Stripe is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def check_soon(top_up: TopUp) -> None:
    """Have the worker look at it now: somebody knows that something happened."""
    TopUp.objects.filter(pk=top_up.pk, next_check_at__isnull=False).update(
        next_check_at=timezone.now()
    )
    CHECKS.nudge()
