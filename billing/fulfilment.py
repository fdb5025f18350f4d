"""What a top-up came to: asked of Stripe, compared with our row, and credited once.

`payment_status` (Checkout) or the intent's `status` decides; nothing read from Stripe is ever
credited: the row's own amount is. An answer that does not fit the row credits nothing and is
shown to staff.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from billing import (
    auto_topup,
    bonuses,
    customers,
    findings,
    ledger,
    notices,
    telling,
    topups,
    watching,
)
from billing.findings import Finding
from billing.models import Account, EntryKind, NoticeKind, TopUp, TopUpKind, TopUpState
from billing.payments import checkouts, intents, invoices, wire
from billing.payments.facts import CheckoutFacts
from billing.work import CHECKS

logger = logging.getLogger(__name__)

LONGEST_GAP = timedelta(hours=1)
AFTERCARE_TRIES = 12
LOOKING_AGAIN = timedelta(seconds=2)


def refresh(top_up_id: uuid.UUID) -> TopUp:
    """Ask Stripe about a top-up and act on the answer. Not in a transaction.

    Safe at any time and any number at once: the credit is a compare-and-swap under the
    organization's lock, and an entry of its own reference.

    Raises:
        PaymentUnknown, PaymentRefused: Stripe could not be asked; nothing has changed.
    """
    top_up = TopUp.objects.get(pk=top_up_id)
    if top_up.state == TopUpState.PAID:
        return top_up
    asked_at = topups.database_time()
    if top_up.kind == TopUpKind.AUTO:
        finding = auto_topup.look(top_up, asked_at)
    else:
        finding = _look(top_up, asked_at)
    return settle(top_up_id, finding)


def refresh_now_and_then(top_up: TopUp) -> TopUp:
    """As `refresh`, for who looks again and again: Stripe is asked every few seconds at most.

    Raises:
        PaymentUnknown, PaymentRefused.
    """
    asked_lately = top_up.as_of and timezone.now() - top_up.as_of < LOOKING_AGAIN
    return top_up if asked_lately or not top_up.is_open else refresh(top_up.pk)


def paid_by(payment_intent_id: str) -> TopUp | None:
    """The paid top-up that a refund or a dispute is about; credited first, if news came late.

    Returns:
        None: the payment is none of ours.

    Raises:
        PaymentUnknown, PaymentRefused: Stripe could not be asked, or the payment is not credited
            yet: to be tried again.
    """
    if not payment_intent_id:
        return None
    top_up = TopUp.objects.filter(payment_intent_id=payment_intent_id).first()
    if top_up is None:
        try:
            named = uuid.UUID(intents.retrieve(payment_intent_id).top_up_id)
        except (wire.NoSuchObject, ValueError):
            return None
        top_up = TopUp.objects.filter(pk=named).first()
    if top_up is None:
        return None
    if top_up.state != TopUpState.PAID:
        top_up = refresh(top_up.pk)
        if top_up.state != TopUpState.PAID:
            raise wire.PaymentUnknown("The payment is not credited yet.")
    # Another payment may name it, made by hand or never charged: that one bought nothing.
    return top_up if top_up.payment_intent_id == payment_intent_id else None


def _look(top_up: TopUp, asked_at: datetime) -> Finding:
    if top_up.session_id:
        session = checkouts.retrieve(top_up.session_id)
    elif found := topups.find_checkout(top_up):
        session = found
    else:
        late = timezone.now() > topups.expires_at(top_up)
        state = TopUpState.EXPIRED if late and top_up.is_open else TopUpState(top_up.state)
        return Finding(state, asked_at)
    return Finding(
        _state(session, top_up),
        asked_at,
        wrong=findings.wrong_session(top_up, session),
        failure=_failure(session),
        intent=session.intent,
        session=session,
    )


def _state(session: CheckoutFacts, top_up: TopUp) -> TopUpState:
    if session.payment_status == "paid":
        return TopUpState.PAID
    if session.status == "expired":
        return TopUpState.EXPIRED
    if session.status == "complete":  # a delayed method: the intent says how it goes
        status = session.intent.status if session.intent else ""
        lost = status in ("requires_payment_method", "canceled")
        return TopUpState.FAILED if lost else TopUpState.PROCESSING
    return TopUpState.OPEN


def _failure(session: CheckoutFacts) -> str:
    reason = session.intent.failure if session.intent else ""
    return reason[:300] or "The payment did not go through. You were not charged."


def settle(top_up_id: uuid.UUID, finding: Finding) -> TopUp:
    """Record what was found, and credit the top-up if that is what it means; once.

    Locks the organization's payment customer, the top-up, then the wallet.
    """
    with transaction.atomic():
        owner_id = TopUp.objects.values_list("organization_id", flat=True).get(pk=top_up_id)
        customers.lock(owner_id)
        top_up = TopUp.objects.select_for_update().get(pk=top_up_id)
        stale = top_up.as_of is not None and top_up.as_of >= finding.asked_at
        if top_up.state == TopUpState.PAID or (stale and finding.state != TopUpState.PAID):
            return top_up
        if finding.state == TopUpState.CREATED and top_up.state != TopUpState.CREATED:
            return top_up  # nothing was found, and it has been made since
        if finding.wrong and finding.state in (TopUpState.PAID, TopUpState.PROCESSING):
            logger.error("top-up %s does not fit its payment: %s", top_up.pk, finding.wrong)
            top_up.as_of = finding.asked_at
            top_up.attention = f"Not credited. {finding.wrong}"[:300]
            top_up.save(update_fields=["as_of", "attention"])
            return top_up
        top_up.as_of = finding.asked_at
        if not finding.wrong:  # else its ids may be those of another top-up
            _note(top_up, finding)
        before, top_up.state = top_up.state, finding.state
        if finding.state == TopUpState.PAID:
            _credit(top_up)
        else:
            _wait_or_end(top_up, finding, before=before)
    if top_up.state == TopUpState.PAID:
        # By itself: an alert's row comes before the wallet that its trigger writes.
        watching.rearm(owner_id)
    return top_up


def _note(top_up: TopUp, finding: Finding) -> None:
    if finding.session:
        top_up.session_id = finding.session.id
        top_up.checkout_url = finding.session.url
        if invoice := finding.session.invoice:
            top_up.invoice_id = invoice.id
            top_up.invoice_number, top_up.invoice_pdf = invoice.number, invoice.pdf
    if finding.intent:
        top_up.payment_intent_id = finding.intent.id
        top_up.receipt_url = finding.intent.receipt_url


def _credit(top_up: TopUp) -> None:
    """Assumes the locks of `settle`. The wallet comes last."""
    now = timezone.now()
    top_up.bonus_micros = bonuses.due_micros(top_up)
    top_up.paid_at, top_up.failure, top_up.checks, top_up.attention = now, "", 0, ""
    top_up.next_check_at = now  # the card, the invoice: see `look_after`
    top_up.save()
    if top_up.kind == TopUpKind.AUTO:
        notices.write(top_up, NoticeKind.AUTO_TOP_UP_PAID)
    telling.top_up_succeeded(top_up)
    ledger.credit(
        organization_id=top_up.organization_id,
        kind=EntryKind.TOP_UP,
        account=Account.STRIPE,
        amount_micros=top_up.amount_micros,
        reference=top_up.reference,
        reason="Automatic top-up" if top_up.kind == TopUpKind.AUTO else "Credits bought",
    )
    bonuses.give(top_up)
    auto_topup.answered(top_up.organization_id)
    CHECKS.nudge()


def _wait_or_end(top_up: TopUp, finding: Finding, *, before: str) -> None:
    if top_up.is_open:
        top_up.next_check_at = timezone.now() + gap(top_up)
    else:
        top_up.next_check_at = None
        if top_up.state == TopUpState.FAILED and before != TopUpState.FAILED:
            top_up.failure = finding.failure
    top_up.save()
    if top_up.state == TopUpState.FAILED and before != TopUpState.FAILED:
        if top_up.kind == TopUpKind.AUTO:
            auto_topup.stop(top_up, finding.failure)
        else:
            notices.write(top_up, NoticeKind.TOP_UP_FAILED)


def gap(top_up: TopUp) -> timedelta:
    """Two minutes, then longer and longer, at most an hour."""
    doublings = min(top_up.checks, 10)
    return min(topups.FIRST_CHECK * (1 << doublings), LONGEST_GAP)


def look_after(top_up: TopUp) -> None:
    """What follows a payment and moves no money: the card that is kept, and the invoice.

    Raises:
        PaymentUnknown, PaymentRefused: to be tried again.
    """
    if top_up.saves_card and top_up.kind == TopUpKind.CHECKOUT:
        session = checkouts.retrieve(top_up.session_id)
        if session.intent and session.intent.card_id:
            customers.keep_card(top_up.organization_id, session.intent.card_id)
    if top_up.kind == TopUpKind.AUTO:
        _make_invoice(top_up)
    elif not top_up.invoice_pdf:
        session = checkouts.retrieve(top_up.session_id)
        if session.invoice is None or not session.invoice.pdf:
            raise wire.PaymentUnknown("The invoice is not there yet.")
        top_up.invoice_id = session.invoice.id
        top_up.invoice_number, top_up.invoice_pdf = session.invoice.number, session.invoice.pdf
        top_up.save(update_fields=["invoice_id", "invoice_number", "invoice_pdf"])


def _make_invoice(top_up: TopUp) -> None:
    """An auto top-up was paid without a page: its invoice is made afterwards, and marked paid."""
    if not top_up.invoice_id:
        made = invoices.create(
            top_up_id=str(top_up.pk),
            customer_id=top_up.stripe_customer_id,
            key=f"{top_up.reference}:invoice",
        )
        top_up.invoice_id = made.id
        top_up.save(update_fields=["invoice_id"])
    made = invoices.complete(
        top_up.invoice_id,
        customer_id=top_up.stripe_customer_id,
        amount_micros=top_up.amount_micros,
        intent_id=top_up.payment_intent_id,
        key=f"{top_up.reference}:invoice",
    )
    top_up.invoice_number, top_up.invoice_pdf = made.number, made.pdf
    top_up.save(update_fields=["invoice_number", "invoice_pdf"])
