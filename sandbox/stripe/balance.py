"""Balance transactions: what each charge, refund and dispute did to the merchant's balance."""

from __future__ import annotations

from sandbox.state import SandboxState
from sandbox.stripe.endpoints import Call, Endpoint, listing, matching, page
from sandbox.stripe.parameters import Text
from sandbox.stripe.store import Object, new_id, now

DISPUTE_FEE_CENTS = 1500
_AVAILABLE_AFTER_SECONDS = 2 * 24 * 3600


def charge_fee_cents(amount: int) -> int:
    """Return what Stripe keeps of a card payment: 2.9 % and 30 cents."""
    return round(amount * 29 / 1000) + 30


def record(
    state: SandboxState,
    *,
    type_: str,
    reporting_category: str,
    amount: int,
    fee: int,
    source: Object,
    description: str | None = None,
) -> Object:
    """Record that `amount` (cents; negative for money that leaves) and `fee` were booked."""
    fee_details = [
        {
            "amount": fee,
            "application": None,
            "currency": source["currency"],
            "description": "Dispute fee" if type_ == "adjustment" else "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return state.stripe.add(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now() + _AVAILABLE_AFTER_SECONDS,
            "balance_type": "payments",
            "created": now(),
            "currency": source["currency"],
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fee_details if fee else [],
            "net": amount - fee,
            "reporting_category": reporting_category,
            "source": source["id"],
            "status": "pending",
            "type": type_,
        }
    )


def retrieve(call: Call) -> Object:
    """GET /v1/balance_transactions/{}."""
    return call.store.named("txn", call.ids[0], param="id", in_path=True)


def list_(call: Call) -> Object:
    """GET /v1/balance_transactions."""
    found = matching(call.store.all("txn"), call.params, "type", "source", "currency")
    return page(call, found, url="/v1/balance_transactions")


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/balance_transactions",
        list_,
        listing({"type": Text(), "source": Text(), "currency": Text()}),
    ),
    Endpoint("GET", "/v1/balance_transactions/{}", retrieve),
)
