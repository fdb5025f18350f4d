"""Refunds, whole and partial."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe import balance, charges, errors, events, page_layout
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import Choice, Group, Integer, Kind, Metadata, Text, merged_metadata
from sandbox.stripe.store import Object, new_id, now

_REASONS = Choice(("duplicate", "fraudulent", "requested_by_customer"))
_CREATE: dict[str, Kind] = {
    "amount": Integer(minimum=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": _REASONS,
}


def create(call: Call) -> Object:
    """POST /v1/refunds: what is left of the charge, or `amount` of it."""
    params = call.params
    charge = charges.of_request(call)
    return new(
        call.state,
        charge,
        amount=_checked(call.state, charge, params.get("amount")),
        reason=params.get("reason"),
        metadata=merged_metadata({}, params.get("metadata")),
    )


def new(
    state: SandboxState,
    charge: Object,
    *,
    amount: int,
    reason: str | None,
    metadata: dict[str, str],
) -> Object:
    """Refund `amount` cents; the card decides whether at once, late, or not for good."""
    card = state.stripe.instruments[charge["payment_method"]].card
    fate = card.refund if card is not None else "pending"
    refund: Object = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "destination_details": _destination(card is not None, pending=fate == "pending"),
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if fate == "pending" else "succeeded",
        "transfer_reversal": None,
    }
    if fate == "pending":
        refund["pending_reason"] = "processing"
    state.stripe.add(refund)
    booked = balance.record(
        state,
        type_="refund",
        reporting_category="refund",
        amount=-amount,
        fee=0,
        source=refund,
        description=f"REFUND FOR {charge['id']}",
    )
    refund["balance_transaction"] = booked["id"]
    _count(charge, amount)
    events.emit(state, "refund.created", refund)
    events.emit(state, "charge.refunded", charge)
    if fate:
        state.spawn(_end_later(state, refund, fails=fate == "fails"))
    return refund


def succeed(state: SandboxState, refund: Object) -> None:
    """A pending refund has reached the customer."""
    refund["status"] = "succeeded"
    refund.pop("pending_reason", None)
    _updated(state, refund)


def fail(state: SandboxState, refund: Object, *, reason: str = "unknown") -> None:
    """The customer's bank has sent the money back: the merchant has it again."""
    booked = balance.record(
        state,
        type_="refund_failure",
        reporting_category="refund_failure",
        amount=refund["amount"],
        fee=0,
        source=refund,
        description=f"REFUND FAILURE FOR {refund['charge']}",
    )
    refund.update(status="failed", failure_reason=reason, failure_balance_transaction=booked["id"])
    refund.pop("pending_reason", None)
    _count(state.stripe.existing(refund["charge"]), -refund["amount"])
    _updated(state, refund)
    events.emit(state, "refund.failed", refund)


def from_dashboard(state: SandboxState, intent_id: str, *, amount: int | None) -> Object:
    """Refund as a person does on Stripe's own pages; raises StripeError as the API does."""
    charge = charges.of_intent(state, intent_id)
    amount = _checked(state, charge, amount)
    return new(state, charge, amount=amount, reason="requested_by_customer", metadata={})


def retrieve(call: Call) -> Object:
    """GET /v1/refunds/{}."""
    return call.store.named("re", call.ids[0], param="refund", in_path=True)


def update(call: Call) -> Object:
    """POST /v1/refunds/{}: its metadata."""
    refund = retrieve(call)
    if "metadata" in call.params:
        refund["metadata"] = merged_metadata(refund["metadata"], call.params["metadata"])
    _updated(call.state, refund)
    return refund


def cancel(call: Call) -> Object:
    """POST /v1/refunds/{}/cancel: only while it waits for the customer, which ours never do."""
    raise errors.unexpected_state(f"Refund {retrieve(call)['id']} cannot be canceled.")


def list_(call: Call) -> Object:
    """GET /v1/refunds."""
    found = matching(call.store.all("re"), call.params, "charge", "payment_intent")
    return page(call, found, url="/v1/refunds")


def _refuse_disputed(state: SandboxState, charge: Object) -> None:
    for dispute in state.stripe.all("dp"):
        if dispute["charge"] == charge["id"] and not dispute["is_charge_refundable"]:
            raise errors.unexpected_state(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.",
                code="charge_disputed",
            )


def _checked(state: SandboxState, charge: Object, amount: int | None) -> int:
    """Return how much is refunded (None: the rest), or raise where the charge does not allow it."""
    if charge["status"] != "succeeded":
        raise errors.unexpected_state(
            f"Charge {charge['id']} has not succeeded and cannot be refunded."
        )
    _refuse_disputed(state, charge)
    if charge["refunded"]:
        raise errors.unexpected_state(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    left: int = charge["amount"] - charge["amount_refunded"]
    if amount is None:
        return left
    if not 1 <= amount <= left:
        wanted, rest = (page_layout.money(one, charge["currency"]) for one in (amount, left))
        raise errors.StripeError(
            400,
            f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({rest})",
            param="amount",
            started=True,
        )
    return amount


def _count(charge: Object, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def _updated(state: SandboxState, refund: Object) -> None:
    events.emit(state, "refund.updated", refund)
    events.emit(state, "charge.refund.updated", refund)


async def _end_later(state: SandboxState, refund: Object, *, fails: bool) -> None:
    await asyncio.sleep(state.settings.stripe_delayed_seconds)
    # A test may have ended it in the meantime.
    if refund["status"] not in ("pending", "succeeded"):
        return
    if fails:
        fail(state, refund)
    elif refund["status"] == "pending":
        succeed(state, refund)


def _destination(is_card: bool, *, pending: bool) -> dict[str, Any]:
    if not is_card:
        return {"type": "us_bank_transfer", "us_bank_transfer": {"reference_status": "pending"}}
    return {
        "card": {
            "reference_status": "pending" if pending else "available",
            "reference_type": "acquirer_reference_number",
            "type": "pending" if pending else "refund",
        },
        "type": "card",
    }


ENDPOINTS = (
    Endpoint("POST", "/v1/refunds", create, Group(_CREATE)),
    Endpoint("GET", "/v1/refunds", list_, listing({"charge": Text(), "payment_intent": Text()})),
    Endpoint("GET", "/v1/refunds/{}", retrieve),
    Endpoint("POST", "/v1/refunds/{}", update, Group({"metadata": Metadata()})),
    Endpoint("POST", "/v1/refunds/{}/cancel", cancel),
)
