"""A wallet's entries as its owner reads them: newest first, with the running balance."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from billing import money
from billing.models import Entry, EntryKind

PAGE_SIZE = 50
LABELS = {
    EntryKind.HOLD: "Held for a video",
    EntryKind.CAPTURE: "Video",
    EntryKind.RELEASE: "Hold released",
    EntryKind.ADJUSTMENT: "Adjustment",
    EntryKind.TOP_UP: "Credits bought",
    EntryKind.BONUS: "Bonus",
    EntryKind.BONUS_REVERSAL: "Bonus taken back",
    EntryKind.PROMOTION: "Promotion code",
    EntryKind.REFUND: "Refund to the card",
    EntryKind.REFUND_REVERSAL: "Refund failed, credits returned",
    EntryKind.DISPUTE: "Payment disputed",
    EntryKind.DISPUTE_REVERSAL: "Dispute decided for you",
    EntryKind.DEBT: "Advanced as debt",
    EntryKind.DEBT_REPAYMENT: "Debt repaid",
}
GROUPS = {
    "purchases": (
        *(EntryKind.TOP_UP, EntryKind.REFUND, EntryKind.REFUND_REVERSAL),
        *(EntryKind.DISPUTE, EntryKind.DISPUTE_REVERSAL),
    ),
    "spending": (EntryKind.CAPTURE,),
    "holds": (EntryKind.HOLD, EntryKind.RELEASE),
    "credits": (
        *(EntryKind.BONUS, EntryKind.BONUS_REVERSAL),
        *(EntryKind.PROMOTION, EntryKind.ADJUSTMENT),
    ),
    "debt": (EntryKind.DEBT, EntryKind.DEBT_REPAYMENT),
}
"""What a customer filters by; the names are part of the page's address."""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first, and the sequences from which to go on either way."""

    entries: list[Entry]
    next_before: int | None
    previous_after: int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: kinds (all when empty), and when they were made: since <= t < until."""

    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def page(
    organization_id: uuid.UUID,
    wanted: Filter,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """One page by keyset: a wallet's sequence is gapless, so a page never moves under the reader.

    One statement.

    Args:
        before: older than this sequence. after: newer than this sequence; at most one of both.
    """
    entries = filtered(organization_id, wanted)
    if after is not None:
        found = list(entries.filter(sequence__gt=after).order_by("sequence")[: limit + 1])
        more = len(found) > limit
        rows = found[:limit][::-1]
        return Page(
            rows,
            next_before=rows[-1].sequence if rows else None,
            previous_after=rows[0].sequence if more else None,
        )
    if before is not None:
        entries = entries.filter(sequence__lt=before)
    found = list(entries.order_by("-sequence")[: limit + 1])
    rows = found[:limit]
    return Page(
        rows,
        next_before=rows[-1].sequence if len(found) > limit else None,
        previous_after=rows[0].sequence if rows and before is not None else None,
    )


def filtered(organization_id: uuid.UUID, wanted: Filter) -> QuerySet[Entry]:
    """The entries, in no order yet."""
    entries = Entry.objects.filter(wallet_id=organization_id)
    if wanted.kinds:
        entries = entries.filter(kind__in=wanted.kinds)
    if wanted.since is not None:
        entries = entries.filter(created_at__gte=wanted.since)
    if wanted.until is not None:
        entries = entries.filter(created_at__lt=wanted.until)
    return entries


def label(entry: Entry) -> str:
    """What kind of movement it was, in a customer's words."""
    if entry.kind == EntryKind.HOLD and entry.reference.startswith("dispute:"):
        return "Held for a disputed payment"
    return LABELS[EntryKind(entry.kind)]


CSV_HEAD = ["sequence", "time", "kind", "description", "amount", "held_change"]
CSV_HEAD += ["balance_after", "held_after", "reference"]


def csv_rows(organization_id: uuid.UUID, wanted: Filter) -> Iterator[list[str]]:
    """Every entry as a row of a spreadsheet, oldest first, without keeping them in memory."""
    yield CSV_HEAD
    for entry in filtered(organization_id, wanted).order_by("sequence").iterator(2000):
        yield [
            str(entry.sequence),
            entry.created_at.isoformat(),
            entry.kind,
            _plain(entry.reason or label(entry)),
            money.dollars(entry.amount_micros),
            money.dollars(entry.held_delta_micros),
            money.dollars(entry.balance_after_micros),
            money.dollars(entry.held_after_micros),
            entry.reference,
        ]


def _plain(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
