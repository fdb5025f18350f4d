"""Auto top-up: below a threshold, charge the saved card, within a monthly cap.

A hold that leaves little, or that is refused, nudges; the worker begins the top-up and charges.
The intent is made first and charged second: an intent succeeds at most once, so nothing that
crashes or repeats charges twice.
"""

import logging
import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts import audit
from accounts.access import Caller
from accounts.errors import DomainError
from accounts.models import Act, Scope, new_id
from billing import customers, findings, money, notices, telling, topups
from billing.findings import Finding
from billing.models import (
    OPEN_TOP_UPS,
    AutoTopUp,
    NoticeKind,
    PaymentCustomer,
    TopUp,
    TopUpKind,
    TopUpState,
)
from billing.models.promotion import CENT
from billing.payments import AccessRefused, CardRefused, PaymentRefused, PaymentUnknown, intents
from billing.payments.facts import IntentFacts
from billing.work import CHECKS, WATCH

logger = logging.getLogger(__name__)

DECLINED = "The card was declined."
NO_CARD = "There is no saved card that can be charged."


class CardMissing(DomainError):
    code = "card_missing"


def consent_text(*, threshold_micros: int, amount_micros: int, monthly_cap_micros: int) -> str:
    """What an organization agrees to, in words; kept with its consent."""
    return (
        f"Whenever our available credits fall below {money.display(threshold_micros)}, or do not "
        f"suffice for a video, charge our saved card {money.display(amount_micros)} and add the "
        f"credits, at most {money.display(monthly_cap_micros)} a calendar month (UTC). We can "
        "switch this off at any time."
    )


def switch_on(
    caller: Caller, *, threshold_micros: int, amount_micros: int, monthly_cap_micros: int
) -> AutoTopUp:
    """Agree to auto top-ups with the saved card.

    Raises:
        NotAllowed, CardMissing.
        InvalidTopUp: an amount that is none; its `field` says which.
    """
    caller.require(Scope.BILLING_WRITE)
    limits = topups.terms()
    if amount_micros % CENT:
        raise topups.InvalidTopUp("amount", "Use whole cents, such as 12.50.")
    if not limits.least_micros <= amount_micros <= limits.most_micros:
        least, most = money.display(limits.least_micros), money.display(limits.most_micros)
        raise topups.InvalidTopUp("amount", f"Choose an amount from {least} to {most}.")
    if not 0 < threshold_micros <= limits.most_micros:
        most = money.display(limits.most_micros)
        raise topups.InvalidTopUp("threshold", f"Choose a threshold above zero, at most {most}.")
    if not amount_micros <= monthly_cap_micros <= 100 * limits.most_micros:
        raise topups.InvalidTopUp("monthly_cap", "The monthly cap is at least one top-up.")
    with transaction.atomic():
        if not customers.lock(caller.organization_id).card_id:
            raise CardMissing("Save a card first: there is none to charge.")
        wanted = {
            "threshold_micros": threshold_micros,
            "amount_micros": amount_micros,
            "monthly_cap_micros": monthly_cap_micros,
        }
        row, _ = AutoTopUp.objects.update_or_create(
            organization_id=caller.organization_id,
            defaults={
                **wanted,
                "enabled": True,
                "consented_at": timezone.now(),
                "consented_by_id": caller.user_id,
                "consent": consent_text(**wanted),
                "refused_at": None,
                "stopped_at": None,
                "stopped_because": "",
            },
        )
        audit.record(
            caller,
            Act.AUTO_TOP_UP_ON,
            row,
            amount_micros=amount_micros,
            threshold_micros=threshold_micros,
            monthly_cap_micros=monthly_cap_micros,
        )
    WATCH.nudge()
    return row


def switch_off(caller: Caller) -> None:
    """Withdraw the consent. What has not been charged yet is not charged. Raises NotAllowed."""
    caller.require(Scope.BILLING_WRITE)
    row = AutoTopUp.objects.filter(organization_id=caller.organization_id)
    with transaction.atomic():
        was_on = row.filter(enabled=True).exists()
        row.update(enabled=False, refused_at=None, stopped_at=None, stopped_because="")
        if was_on:
            audit.record(caller, Act.AUTO_TOP_UP_OFF)


def refused(organization_id: uuid.UUID) -> None:
    """A hold was refused for want of credits: one cheap statement, then a nudge if it matters."""
    if AutoTopUp.objects.filter(organization_id=organization_id, enabled=True).update(
        refused_at=timezone.now()
    ):
        WATCH.nudge()


def answered(organization_id: uuid.UUID) -> None:
    """Credits have come: whatever was refused before has been seen to."""
    AutoTopUp.objects.filter(organization_id=organization_id, refused_at__isnull=False).update(
        refused_at=None
    )


def begin_due() -> None:
    """Begin a top-up for each organization that agreed to one and needs it."""
    for organization_id in _due().values_list("pk", flat=True).iterator():
        _begin(organization_id)


def _due() -> QuerySet[AutoTopUp]:
    available = F("organization__wallet__balance_micros") - F("organization__wallet__held_micros")
    attempts = TopUp.objects.filter(
        organization=OuterRef("pk"), kind=TopUpKind.AUTO, state__in=OPEN_TOP_UPS
    )
    return AutoTopUp.objects.annotate(available=available).filter(
        ~Exists(attempts),
        Q(available__lt=F("threshold_micros")) | Q(refused_at__isnull=False),
        enabled=True,
        organization__wallet__frozen_at=None,
    )


def _begin(organization_id: uuid.UUID) -> None:
    """The row of one attempt: a unique index allows one open at a time."""
    with transaction.atomic():
        customer = customers.lock(organization_id)
        # Looked at again under the lock: another attempt may have been paid since.
        row = _due().filter(pk=organization_id).first()
        if row is None:
            return
        AutoTopUp.objects.filter(pk=organization_id).update(refused_at=None)
        if this_month_micros(organization_id) + row.amount_micros > row.monthly_cap_micros:
            month = timezone.now().strftime("%Y-%m")
            notices.write_once(
                organization_id,
                NoticeKind.AUTO_TOP_UP_CAPPED,
                reference=f"{organization_id}:{month}:{row.monthly_cap_micros}",
                facts={"monthly_cap": money.display(row.monthly_cap_micros)},
            )
            return
        try:
            with transaction.atomic():
                TopUp.objects.create(
                    id=new_id(),
                    organization_id=organization_id,
                    created_by_id=row.consented_by_id,
                    kind=TopUpKind.AUTO,
                    amount_micros=row.amount_micros,
                    livemode=topups.is_live(),
                    stripe_customer_id=customer.stripe_id,
                    next_check_at=timezone.now(),
                )
        except IntegrityError:
            return  # one is open
    CHECKS.nudge()


def this_month_micros(organization_id: uuid.UUID) -> int:
    """What auto top-ups have charged, or may yet, in this calendar month (UTC)."""
    start = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    spent = TopUp.objects.filter(
        organization_id=organization_id,
        kind=TopUpKind.AUTO,
        created_at__gte=start,
        state__in=[*OPEN_TOP_UPS, TopUpState.PAID],
    ).aggregate(total=Sum("amount_micros"))
    return int(spent["total"] or 0)


def look(top_up: TopUp, asked_at: datetime) -> Finding:
    """Bring one attempt on: make its intent, charge, and say how it stands.

    Raises:
        PaymentUnknown, PaymentRefused: to be looked at again.
    """
    if not top_up.is_open:
        intent = intents.retrieve(top_up.payment_intent_id) if top_up.payment_intent_id else None
        return _finding(top_up, intent, asked_at)
    try:
        if not _is_wanted(top_up):
            return _called_off(top_up, asked_at, state=TopUpState.EXPIRED)
        intent = _intent(top_up)
        if intent.status == "requires_confirmation":
            intent = intents.confirm(intent.id, key=f"{top_up.reference}:confirm:{top_up.checks}")
    except AccessRefused:
        raise
    except CardRefused as error:
        return _called_off(top_up, asked_at, failure=_told(error))
    except PaymentRefused as error:
        logger.warning("auto top-up %s found no card: %s", top_up.pk, error.message)
        return _called_off(top_up, asked_at, failure=NO_CARD)
    if intent.status in ("requires_payment_method", "requires_action"):
        return _called_off(top_up, asked_at, failure=intent.failure)
    return _finding(top_up, intent, asked_at)


def _is_wanted(top_up: TopUp) -> bool:
    """Whether the organization still agrees to a charge, and may spend what it buys."""
    return AutoTopUp.objects.filter(
        organization_id=top_up.organization_id,
        enabled=True,
        organization__wallet__frozen_at=None,
    ).exists()


def _called_off(
    top_up: TopUp, asked_at: datetime, *, state: TopUpState = TopUpState.FAILED, failure: str = ""
) -> Finding:
    """End an attempt so that it cannot succeed later, when nobody expects it.

    One that cannot be called off has been charged, or is being: it stands as Stripe says.
    """
    intent = None
    if top_up.payment_intent_id:
        try:
            intents.cancel(top_up.payment_intent_id)
        except AccessRefused:
            raise
        except PaymentRefused:
            intent = intents.retrieve(top_up.payment_intent_id)
            if intent.status != "canceled":
                return _finding(top_up, intent, asked_at)
    return Finding(state, asked_at, failure=failure[:300] or DECLINED)


def _intent(top_up: TopUp) -> IntentFacts:
    """The attempt's intent, made when there is none; its id is kept before anything is charged."""
    if top_up.payment_intent_id:
        return intents.retrieve(top_up.payment_intent_id)
    customer = customers.refresh_card(PaymentCustomer.objects.get(pk=top_up.organization_id))
    if not customer.card_id:
        raise PaymentRefused("no card is saved")
    try:
        intent = intents.create(
            top_up_id=str(top_up.pk),
            customer_id=top_up.stripe_customer_id,
            card_id=customer.card_id,
            amount_micros=top_up.amount_micros,
            key=f"{top_up.reference}:{top_up.stripe_attempts}:{customer.card_id}",
        )
    except PaymentUnknown as error:
        found = intents.find(top_up.stripe_customer_id, str(top_up.pk))
        if found is None:
            if error.key_is_spent:
                TopUp.objects.filter(pk=top_up.pk).update(stripe_attempts=F("stripe_attempts") + 1)
            raise
        intent = found
    kept = TopUp.objects.filter(pk=top_up.pk, payment_intent_id="").update(
        payment_intent_id=intent.id
    )
    top_up.refresh_from_db()
    return intent if kept else intents.retrieve(top_up.payment_intent_id)


def _finding(top_up: TopUp, intent: IntentFacts | None, asked_at: datetime) -> Finding:
    if intent is None:
        return Finding(TopUpState(top_up.state), asked_at)
    match intent.status:
        case "succeeded":
            state = TopUpState.PAID
        case "requires_payment_method" | "canceled":
            state = TopUpState.FAILED
        case _:
            state = TopUpState.PROCESSING
    failure = intent.failure or DECLINED
    wrong = findings.wrong_intent(top_up, intent)
    return Finding(state, asked_at, wrong=wrong, failure=failure[:300], intent=intent)


def _told(error: CardRefused) -> str:
    if error.reason == "authentication_required":
        return "Your bank wants you to confirm the payment in person."
    return error.message


def stop(top_up: TopUp, why: str) -> None:
    """Switch auto top-up off after a refusal, and say so. Assumes the payment customer's lock."""
    AutoTopUp.objects.filter(pk=top_up.organization_id, enabled=True).update(
        enabled=False, refused_at=None, stopped_at=timezone.now(), stopped_because=why
    )
    notices.write(top_up, NoticeKind.AUTO_TOP_UP_FAILED)
    telling.auto_top_up_failed(top_up, why)
