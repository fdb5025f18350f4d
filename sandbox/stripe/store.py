"""What the sandbox's Stripe holds in memory, and how it is looked up."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.stripe import errors

if TYPE_CHECKING:
    from sandbox.stripe.cards import TestCard
    from sandbox.stripe.events import Event
    from sandbox.stripe.faults import Rule
    from sandbox.stripe.idempotency import Kept
    from sandbox.stripe.requests import Request

Object = dict[str, Any]

_LETTERS = string.ascii_letters + string.digits
# Ids begin with a prefix that tells the kind: its `object`, and where it is retrieved.
KINDS = {
    "cus": ("customer", "/v1/customers/{}"),
    "pm": ("payment_method", "/v1/payment_methods/{}"),
    "cs": ("checkout.session", "/v1/checkout/sessions/{}"),
    "pi": ("payment_intent", "/v1/payment_intents/{}"),
    "seti": ("setup_intent", "/v1/setup_intents/{}"),
    "ch": ("charge", "/v1/charges/{}"),
    "re": ("refund", "/v1/refunds/{}"),
    "dp": ("dispute", "/v1/disputes/{}"),
    "in": ("invoice", "/v1/invoices/{}"),
    "ii": ("invoiceitem", "/v1/invoiceitems/{}"),
    "inpay": ("invoice_payment", "/v1/invoice_payments/{}"),
    "txn": ("balance_transaction", "/v1/balance_transactions/{}"),
    "bps": ("billing_portal.session", "/v1/billing_portal/sessions/{}"),
    "bpc": ("billing_portal.configuration", "/v1/billing_portal/configurations/{}"),
}


@dataclass
class Instrument:
    """What no answer tells about a payment method.

    `card` is None for a bank debit, whose payments settle or fail (`debit_fails`) later.
    """

    card: TestCard | None = None
    debit_fails: bool = False
    ready_off_session: bool = False


@dataclass
class Challenge:
    """A 3-D Secure step that waits for the cardholder.

    `session` is the Checkout session it belongs to, `portal` the portal session, `return_url` where
    a PaymentIntent confirmed through the API sends the browser. `save` and `make_default` are what
    the customer chose for the card.
    """

    method: str
    session: str | None = None
    portal: str | None = None
    return_url: str | None = None
    save: bool = False
    make_default: bool = False


@dataclass
class Store:
    """All objects by prefix and id in the order of their creation, and the records for tests."""

    objects: dict[str, dict[str, Object]] = field(
        default_factory=lambda: {prefix: {} for prefix in KINDS}
    )
    instruments: dict[str, Instrument] = field(default_factory=dict)
    challenges: dict[str, Challenge] = field(default_factory=dict)
    # The parameters that a Checkout session was created with, by session id.
    session_params: dict[str, dict[str, Any]] = field(default_factory=dict)
    line_items: dict[str, list[Object]] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    held_events: list[Event] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    fault_rules: list[Rule] = field(default_factory=list)
    # The request that is being executed: its id and idempotency key, for the events it causes.
    cause: tuple[str, str] | None = None
    invoices_numbered: int = 0

    def add(self, item: Object) -> Object:
        """Keep a new object and return it."""
        self.objects[prefix_of(item["id"])][item["id"]] = item
        return item

    def all(self, prefix: str) -> list[Object]:
        """Return the objects of one kind, newest first."""
        return list(reversed(self.objects[prefix].values()))

    def get(self, prefix: str, object_id: str | None) -> Object | None:
        """Return an object, or None."""
        return self.objects[prefix].get(object_id or "")

    def existing(self, object_id: str) -> Object:
        """Return an object that is known to exist."""
        return self.objects[prefix_of(object_id)][object_id]

    def named(self, prefix: str, object_id: str, *, param: str, in_path: bool = False) -> Object:
        """Return the object that a request named, or raise the refusal for one that is missing."""
        found = self.get(prefix, object_id)
        if found is None or found.get("deleted"):
            raise errors.missing(
                KINDS[prefix][0].replace(".", " "), object_id, param=param, in_path=in_path
            )
        return found


def prefix_of(object_id: str) -> str:
    """Return the prefix that tells the kind of an id."""
    return object_id.split("_", 1)[0]


def new_id(prefix: str) -> str:
    """Return a new id."""
    mark = "test_a1" if prefix == "cs" else ""
    return f"{prefix}_{mark}{''.join(secrets.choice(_LETTERS) for _ in range(24))}"


def now() -> int:
    """Return the present moment in whole seconds, as Stripe's objects tell it."""
    return int(time.time())
