"""What we read of Stripe's objects. Amounts in micro-dollars, times in UTC.

An object that lacks a member which we need is an error of ours (`AttributeError`), never a guess.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

MICROS_PER_CENT = 10_000


def _id(reference: Any) -> str:
    """The id of what may be expanded, an id, or null."""
    if not reference:
        return ""
    return str(reference if isinstance(reference, str) else reference.id)


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None


def _metadata(thing: Any, name: str) -> str:
    metadata = getattr(thing, "metadata", None)
    return str(metadata[name]) if metadata and name in metadata else ""


def _word(value: Any) -> str:
    """An id or a type. Raises TypeError for what could be none."""
    if not isinstance(value, str) or len(value) > 100 or (value and not value.isprintable()):
        raise TypeError("no word")
    return value


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    brand: str
    last4: str
    expires: str

    @classmethod
    def read(cls, method: Any) -> Self:
        """Any payment method; what is no card has only a kind."""
        if method.type != "card":
            return cls(id=method.id, brand=method.type, last4="", expires="")
        card = method.card
        return cls(
            id=method.id,
            brand=card.brand,
            last4=card.last4,
            expires=f"{card.exp_month:02}/{card.exp_year}",
        )


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """A payment. `succeeded` is the only status that means that money came."""

    id: str
    status: str
    amount_micros: int
    currency: str
    livemode: bool
    customer_id: str
    top_up_id: str
    card_id: str
    receipt_url: str
    failure: str
    created_at: datetime | None

    @classmethod
    def read(cls, intent: Any) -> Self:
        charge = intent.latest_charge
        expanded = charge if charge and not isinstance(charge, str) else None
        problem = intent.last_payment_error
        return cls(
            id=intent.id,
            status=intent.status,
            amount_micros=intent.amount * MICROS_PER_CENT,
            currency=intent.currency,
            livemode=intent.livemode,
            customer_id=_id(intent.customer),
            top_up_id=_metadata(intent, "top_up"),
            card_id=_id(intent.payment_method),
            receipt_url=(expanded.receipt_url or "") if expanded else "",
            failure=(getattr(problem, "message", "") or "") if problem else "",
            created_at=_moment(intent.created),
        )


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    id: str
    number: str
    pdf: str
    status: str

    @classmethod
    def read(cls, invoice: Any) -> Self:
        return cls(
            id=invoice.id,
            number=invoice.number or "",
            pdf=invoice.invoice_pdf or "",
            status=invoice.status or "",
        )


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """A hosted page. `payment_status` decides whether money came, not `status`."""

    id: str
    url: str
    mode: str
    status: str
    payment_status: str
    amount_micros: int
    currency: str
    livemode: bool
    customer_id: str
    reference: str
    intent: IntentFacts | None
    invoice: InvoiceFacts | None
    created_at: datetime | None

    @classmethod
    def read(cls, session: Any) -> Self:
        intent, invoice = session.payment_intent, session.invoice
        return cls(
            id=session.id,
            url=session.url or "",
            mode=session.mode,
            status=session.status or "",
            payment_status=session.payment_status,
            amount_micros=(session.amount_total or 0) * MICROS_PER_CENT,
            currency=session.currency or "",
            livemode=session.livemode,
            customer_id=_id(session.customer),
            reference=session.client_reference_id or "",
            intent=IntentFacts.read(intent) if intent and not isinstance(intent, str) else None,
            invoice=InvoiceFacts.read(invoice)
            if invoice and not isinstance(invoice, str)
            else None,
            created_at=_moment(session.created),
        )


@dataclass(frozen=True, slots=True)
class RefundFacts:
    id: str
    status: str
    amount_micros: int
    currency: str
    payment_intent_id: str
    refund_id: str
    failure: str
    created_at: datetime | None

    @classmethod
    def read(cls, refund: Any) -> Self:
        return cls(
            id=refund.id,
            status=refund.status or "",
            amount_micros=refund.amount * MICROS_PER_CENT,
            currency=refund.currency,
            payment_intent_id=_id(refund.payment_intent),
            refund_id=_metadata(refund, "refund"),
            failure=getattr(refund, "failure_reason", None) or "",
            created_at=_moment(refund.created),
        )


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A dispute, and whether Stripe has taken the money or given it back.

    Only the direction of its balance transactions counts: their amounts may be in the currency
    that Stripe settles in.
    """

    id: str
    status: str
    reason: str
    amount_micros: int
    currency: str
    livemode: bool
    payment_intent_id: str
    withdrawn: bool
    reinstated: bool
    evidence_due_at: datetime | None
    created_at: datetime | None

    @classmethod
    def read(cls, dispute: Any) -> Self:
        moves = [transaction.amount for transaction in dispute.balance_transactions]
        details = dispute.evidence_details
        return cls(
            id=dispute.id,
            status=dispute.status,
            reason=dispute.reason,
            amount_micros=dispute.amount * MICROS_PER_CENT,
            currency=dispute.currency,
            livemode=dispute.livemode,
            payment_intent_id=_id(dispute.payment_intent),
            withdrawn=any(amount < 0 for amount in moves),
            reinstated=any(amount > 0 for amount in moves),
            evidence_due_at=_moment(details.due_by if details else None),
            created_at=_moment(dispute.created),
        )


@dataclass(frozen=True, slots=True)
class EventFacts:
    """An event: what kind of thing happened, and to which object. Nothing else in it is believed.

    Attributes:
        account: of a connected account, which is none of ours; "" for our own.
        payload: as it came, for the inbox.
    """

    id: str
    type: str
    object_id: str
    livemode: bool
    account: str
    happened_at: datetime
    payload: str

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Thin (`v2.core.event`) or, from an endpoint set up for them, snapshot.

        Raises:
            ValueError: it is no event.
        """
        try:
            text = body.decode()
            event = json.loads(text)
            thin = event["object"] == "v2.core.event"
            related = (event.get("related_object") or {}) if thin else event["data"]["object"]
            return cls(
                id=_word(event["id"]),
                type=_word(event["type"]).removeprefix("v1."),
                object_id=_word(related.get("id") or ""),
                livemode=event["livemode"] is True,
                account=str(event.get("context" if thin else "account") or ""),
                happened_at=datetime.fromisoformat(event["created"])
                if thin
                else datetime.fromtimestamp(event["created"], tz=UTC),
                payload=text,
            )
        except (
            *(KeyError, TypeError, AttributeError, UnicodeDecodeError),
            *(RecursionError, OverflowError, OSError),  # depths and dates beyond all bounds
        ) as error:
            raise ValueError("This is no event of Stripe's.") from error

    @classmethod
    def read(cls, event: Any) -> Self:
        """One that was asked for instead of posted."""
        return cls.parse(json.dumps(event.to_dict()).encode())
