"""How the API shows top-ups and ledger entries, and how its description tells of them."""

from datetime import datetime
from typing import Any

from accounts.shapes import (
    CURRENCY,
    ID,
    INTEGER,
    MOMENT,
    TEXT,
    URL,
    choice,
    component,
    described,
    nullable,
    page_of,
    record,
)
from accounts.shapes import money as amount
from billing import money
from billing.models import Entry, EntryKind, TopUp, TopUpKind, TopUpState

TOP_UP = component(
    "TopUp",
    record(
        "A purchase of credits.",
        id=ID,
        status=choice(
            "open",
            "processing",
            "paid",
            "failed",
            "expired",
            description="`open`: to be paid at `checkout_url`. `processing`: on its way, such as a "
            "bank debit. `paid`: the credits are in the wallet.",
        ),
        kind=choice(*TopUpKind.values, description="`auto`: by auto top-up."),
        amount=amount("What is paid and credited."),
        bonus=amount("Free credits that came with it."),
        currency=CURRENCY,
        checkout_url=described(
            nullable(URL), "Where to pay by card: open it in a browser. Null once that is over."
        ),
        error=described(nullable(TEXT), "Why it failed."),
        invoice_url=described(nullable(URL), "The invoice as a PDF, soon after it was paid."),
        created_at=described(MOMENT, "When it was asked for."),
        paid_at=described(nullable(MOMENT), "When its credits came."),
    ),
)
TOP_UP_PAGE = page_of("TopUpPage", TOP_UP, "top-ups")
TOP_UP_REQUEST = component(
    "TopUpRequest",
    record(
        "How many credits to buy.",
        amount={
            "type": "string",
            "pattern": r"^[0-9]{1,7}(\.[0-9]{1,2}0{0,4})?$",
            "description": "US dollars, in whole cents, between the least and the most that may be "
            "bought at once; a problem document says which.",
            "examples": ["20.00"],
        },
    ),
)
ENTRY = component(
    "Entry",
    record(
        "A movement of the wallet. Entries are only ever added.",
        sequence=described(INTEGER, "1, 2, 3 ... without a gap.", minimum=1),
        kind=choice(*EntryKind.values, description="What moved."),
        amount=amount("The balance's change."),
        held_change=amount("The change of what is held."),
        balance_after=amount("The balance afterwards."),
        held_after=amount("What was held afterwards."),
        currency=CURRENCY,
        reference=described(TEXT, "What it is about, such as `generation:<id>` or `top_up:<id>`."),
        reason=described(TEXT, "In words; may be empty."),
        created_at=described(MOMENT, "When it was posted."),
    ),
)
ENTRY_PAGE = page_of("EntryPage", ENTRY, "ledger entries")


def top_up(row: TopUp, *, first: bool = False) -> dict[str, Any]:
    """A top-up as the API shows it.

    Args:
        first: as it was when it was begun, to answer a repeated request alike.
    """
    payable = first or row.state in (TopUpState.CREATED, TopUpState.OPEN)
    failed = row.state in (TopUpState.FAILED, TopUpState.EXPIRED) and not first
    return {
        "id": str(row.pk),
        "status": TopUpState.OPEN.value if payable else row.state,
        "kind": row.kind,
        "amount": money.dollars(row.amount_micros),
        "bonus": money.dollars(0 if first else row.bonus_micros),
        "currency": money.CURRENCY,
        "checkout_url": (row.checkout_url or None) if payable else None,
        "error": (row.failure or None) if failed else None,
        "invoice_url": None if first else row.invoice_pdf or None,
        "created_at": _moment(row.created_at),
        "paid_at": None if first else _moment(row.paid_at),
    }


def entry(row: Entry) -> dict[str, Any]:
    """A ledger entry as the API shows it."""
    return {
        "sequence": row.sequence,
        "kind": row.kind,
        "amount": money.dollars(row.amount_micros),
        "held_change": money.dollars(row.held_delta_micros),
        "balance_after": money.dollars(row.balance_after_micros),
        "held_after": money.dollars(row.held_after_micros),
        "currency": money.CURRENCY,
        "reference": row.reference,
        "reason": row.reason,
        "created_at": _moment(row.created_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
