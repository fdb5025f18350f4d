"""An organization as Stripe's customer: made once, with the card that it saved."""

import uuid

from django.db import transaction
from django.db.models import F

from accounts.access import Caller
from accounts.models import Membership, Organization, Role, Scope
from billing import payments
from billing.models import PaymentCustomer


def lock(organization_id: uuid.UUID) -> PaymentCustomer:
    """The organization's row, locked: all that payments do to its credits happens one by one.

    First in its transaction. Lock order: this, top-ups, refunds and disputes, hold, wallet.
    """
    PaymentCustomer.objects.bulk_create(
        [PaymentCustomer(organization_id=organization_id)], ignore_conflicts=True
    )
    return PaymentCustomer.objects.select_for_update().get(pk=organization_id)


def ensure(organization: Organization) -> PaymentCustomer:
    """The organization's customer at Stripe, made when there is none. Not in a transaction.

    Two at once, and a call that was not answered, make one customer: the idempotency key is the
    organization's own, and counts up only when Stripe has ended the request for certain. A 500
    that did make one leaves a customer at Stripe that is never used.

    Raises:
        PaymentUnknown, PaymentRefused.
    """
    customer, _ = PaymentCustomer.objects.get_or_create(pk=organization.pk)
    if customer.stripe_id:
        return customer
    mine = PaymentCustomer.objects.filter(pk=organization.pk)
    try:
        stripe_id = payments.customers.create(
            organization_id=str(organization.pk),
            name=organization.name,
            email=_billing_email(organization),
            key=f"customer:{organization.pk}:{customer.attempts}",
        )
    except (payments.PaymentRefused, payments.PaymentUnknown) as error:
        if isinstance(error, payments.PaymentRefused) or error.key_is_spent:
            mine.filter(attempts=customer.attempts).update(attempts=F("attempts") + 1)
        raise
    mine.filter(stripe_id="").update(stripe_id=stripe_id)
    customer.refresh_from_db()
    return customer


def _billing_email(organization: Organization) -> str:
    """The owner who has been there longest gets Stripe's receipts."""
    owner = (
        Membership.objects.filter(organization=organization, role=Role.OWNER)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    return owner.user.email if owner else ""


def refresh_card(customer: PaymentCustomer) -> PaymentCustomer:
    """Ask Stripe which card is saved, and keep what a page shows of it.

    Raises:
        PaymentUnknown, PaymentRefused.
    """
    if not customer.stripe_id:
        return customer
    card = payments.customers.card(customer.stripe_id)
    customer.card_id = card.id if card else ""
    customer.card_brand = card.brand if card else ""
    customer.card_last4 = card.last4 if card else ""
    customer.card_expires = card.expires if card else ""
    customer.save(update_fields=["card_id", "card_brand", "card_last4", "card_expires"])
    return customer


def keep_card(organization_id: uuid.UUID, card_id: str) -> None:
    """Make a card that was just paid with the one for auto top-ups.

    Raises:
        PaymentUnknown, PaymentRefused.
    """
    customer = PaymentCustomer.objects.get(pk=organization_id)
    payments.customers.make_default(customer.stripe_id, card_id)
    refresh_card(customer)


def portal_url(caller: Caller, *, return_url: str) -> str:
    """Stripe's own page for saved cards and invoices; a link that is good for minutes.

    Raises:
        NotAllowed, PaymentUnknown, PaymentRefused.
    """
    caller.require(Scope.BILLING_WRITE)
    try:
        return payments.customers.portal_url(
            ensure(caller.organization).stripe_id, return_url=return_url
        )
    except payments.NoSuchObject:
        forget(caller.organization_id)
        raise payments.PaymentUnknown(
            "Please try again: your payment details were reset."
        ) from None


def forget(organization_id: uuid.UUID) -> None:
    """Stripe says that the customer is gone: the next purchase makes another."""
    with transaction.atomic():
        lock(organization_id)
        PaymentCustomer.objects.filter(pk=organization_id).update(
            stripe_id="",
            attempts=F("attempts") + 1,
            card_id="",
            card_brand="",
            card_last4="",
            card_expires="",
        )
