"""Disputes: a bank takes a payment back, or asks about it."""

from __future__ import annotations

from typing import Any

from sandbox.state import SandboxState
from sandbox.stripe import balance, errors, events
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import Boolean, Group, Kind, Metadata, Text, merged_metadata
from sandbox.stripe.store import Object, new_id, now

CLOSED = ("won", "lost", "warning_closed", "prevented")
_DUE_SECONDS = 9 * 24 * 3600
_EVIDENCE_TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
_EVIDENCE: dict[str, Kind] = {name: Text(20000, clearable=True) for name in _EVIDENCE_TEXTS}


def open_(
    state: SandboxState,
    charge: Object,
    *,
    reason: str,
    status: str,
    withdraw: bool,
    amount: int | None = None,
) -> Object:
    """Open a dispute of `amount` cents (default: the whole charge); `withdraw` takes the funds."""
    details = charge["payment_method_details"].get("card", {})
    dispute: Object = {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": charge["amount"] if amount is None else amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE_TEXTS), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now() + _DUE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": status.startswith("warning"),
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": details.get("brand", "visa"),
                "case_type": "inquiry" if status.startswith("warning") else "chargeback",
                "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
            },
            "type": "card",
        },
        "reason": reason,
        "status": status,
    }
    state.stripe.add(dispute)
    charge["disputed"] = True
    events.emit(state, "charge.dispute.created", dispute)
    if withdraw:
        _withdraw(state, dispute)
    return dispute


def move(state: SandboxState, dispute: Object, status: str) -> None:
    """Give a dispute another status, with the funds and the events that belong to it.

    `won` returns withdrawn funds; a dispute that leaves the `warning_...` statuses for an open one
    becomes a chargeback and withdraws them.
    """
    was_inquiry = dispute["status"].startswith("warning")
    dispute["status"] = status
    if was_inquiry and status in ("needs_response", "under_review", "lost"):
        dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
        if not dispute["balance_transactions"]:
            _withdraw(state, dispute)
    events.emit(state, "charge.dispute.updated", dispute)
    if status in CLOSED:
        dispute["is_charge_refundable"] = status in ("won", "warning_closed")
        events.emit(state, "charge.dispute.closed", dispute)
    if status == "won" and _withdrawn(dispute):
        _book(state, dispute, amount=dispute["amount"], fee=0, category="dispute_reversal")
        events.emit(state, "charge.dispute.funds_reinstated", dispute)


def retrieve(call: Call) -> Object:
    """GET /v1/disputes/{}."""
    return call.store.named("dp", call.ids[0], param="dispute", in_path=True)


def list_(call: Call) -> Object:
    """GET /v1/disputes."""
    found = matching(call.store.all("dp"), call.params, "charge", "payment_intent")
    return page(call, found, url="/v1/disputes")


def update(call: Call) -> Object:
    """POST /v1/disputes/{}: evidence, which is submitted at once unless `submit` is false.

    The texts `winning_evidence` and `losing_evidence` decide the dispute, as in Stripe's test mode.
    """
    dispute = retrieve(call)
    params: dict[str, Any] = call.params
    if "metadata" in params:
        dispute["metadata"] = merged_metadata(dispute["metadata"], params["metadata"])
    if "evidence" not in params:
        events.emit(call.state, "charge.dispute.updated", dispute)
        return dispute
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise errors.unexpected_state("This dispute's evidence can no longer be changed.")
    dispute["evidence"].update(params["evidence"])
    dispute["evidence_details"]["has_evidence"] = True
    if not params.get("submit", True):
        events.emit(call.state, "charge.dispute.updated", dispute)
        return dispute
    dispute["evidence_details"]["submission_count"] += 1
    inquiry = dispute["status"].startswith("warning")
    move(call.state, dispute, "warning_under_review" if inquiry else "under_review")
    text = dispute["evidence"]["uncategorized_text"]
    if text == "winning_evidence":
        move(call.state, dispute, "warning_closed" if inquiry else "won")
    elif text == "losing_evidence":
        move(call.state, dispute, "lost")
    return dispute


def close(call: Call) -> Object:
    """POST /v1/disputes/{}/close: give the dispute up."""
    dispute = retrieve(call)
    if dispute["status"] in CLOSED:
        raise errors.unexpected_state("This dispute is already closed.")
    move(call.state, dispute, "lost")
    return dispute


def _withdraw(state: SandboxState, dispute: Object) -> None:
    _book(
        state,
        dispute,
        amount=-dispute["amount"],
        fee=balance.DISPUTE_FEE_CENTS,
        category="dispute",
    )
    events.emit(state, "charge.dispute.funds_withdrawn", dispute)


def _withdrawn(dispute: Object) -> bool:
    """Whether the funds are with the bank at present."""
    return bool(sum(one["amount"] for one in dispute["balance_transactions"]) < 0)


def _book(state: SandboxState, dispute: Object, *, amount: int, fee: int, category: str) -> None:
    act = "withdrawal" if amount < 0 else "reversal"
    booked = balance.record(
        state,
        type_="adjustment",
        reporting_category=category,
        amount=amount,
        fee=fee,
        source=dispute,
        description=f"Chargeback {act} for {dispute['charge']}",
    )
    dispute["balance_transactions"].append(booked)


ENDPOINTS = (
    Endpoint("GET", "/v1/disputes", list_, listing({"charge": Text(), "payment_intent": Text()})),
    Endpoint("GET", "/v1/disputes/{}", retrieve),
    Endpoint(
        "POST",
        "/v1/disputes/{}",
        update,
        Group({"evidence": Group(_EVIDENCE), "metadata": Metadata(), "submit": Boolean()}),
    ),
    Endpoint("POST", "/v1/disputes/{}/close", close),
)
