"""What staff are told of disputes and of Stripe's events: how urgent, and what to do."""

from datetime import datetime, timedelta

from billing.models import Dispute, EventState, PaymentEvent

TO_ANSWER = ("needs_response", "warning_needs_response")
WITH_THE_BANK = ("under_review", "warning_under_review")
OVER_WELL = ("won", "warning_closed", "prevented")
DECIDED = (*OVER_WELL, "lost")
"""Stripe's words for a dispute that is over; any other is open."""
SOON = timedelta(days=3)
STUCK_AFTER = timedelta(minutes=15)

OVERDUE, DUE_SOON, DUE, WAITS, WELL, LOST, UNKNOWN = (
    "overdue",
    "soon",
    "due",
    "waits",
    "well",
    "lost",
    "unknown",
)


def urgency(dispute: Dispute, now: datetime) -> tuple[str, str]:
    """How urgent, and in words."""
    if dispute.status in TO_ANSWER:
        return _to_answer(dispute.evidence_due_at, now)
    if dispute.status in WITH_THE_BANK:
        return WAITS, "With the bank"
    if dispute.status in OVER_WELL:
        return WELL, "Ended well"
    if dispute.status == "lost":
        return LOST, "Lost"
    return UNKNOWN, "Look at Stripe"


def _to_answer(due: datetime | None, now: datetime) -> tuple[str, str]:
    if due is None:
        return DUE_SOON, "Answer now"
    if due <= now:
        return OVERDUE, f"Overdue for {span(now - due)}"
    return (DUE_SOON if due - now <= SOON else DUE), f"Answer within {span(due - now)}"


def what_to_do(dispute: Dispute) -> str:
    """The next step, in a sentence or two."""
    credits_ = (
        "The customer's credits for it are taken back"
        if dispute.taken
        else "Credits for it are held"
        if dispute.holds
        else "No credits were left to hold"
    )
    if dispute.status in TO_ANSWER:
        return (
            "Answer it in Stripe's dashboard before the deadline, or accept it there. Evidence "
            "that helps: the receipt, what was made with the credits (Generations), and when the "
            "customer bought and used them (Ledger). Without an answer it is lost. "
            f"{credits_}; the organization cannot spend meanwhile, unless staff let it."
        )
    if dispute.status in WITH_THE_BANK:
        return (
            f"Nothing: the bank decides, which may take months. {credits_}. Whatever it decides "
            "is done here by itself."
        )
    if dispute.status in OVER_WELL:
        return "Nothing: what was taken is back, and the freeze of this dispute is lifted."
    if dispute.status == "lost":
        return (
            f"{credits_}; the organization stays frozen. Let it spend again under Freezes, with a "
            "reason, once you are sure of the customer."
        )
    return "A status that is not known here: read it in Stripe's dashboard."


def is_stuck(event: PaymentEvent, now: datetime) -> bool:
    return event.state == EventState.PENDING and now - event.received_at > STUCK_AFTER


def span(length: timedelta) -> str:
    """In its largest unit, rounded down."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' * (count != 1)}"
    return "under a minute"
