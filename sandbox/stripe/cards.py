"""Stripe's documented test cards (docs.stripe.com/testing), and the check of what was typed."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Decline:
    """How a charge is refused."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True)
class TestCard:
    """One number and what becomes of its payments.

    `authentication`: "" never, "unless_ready" until it was set up for off-session use, "always".
    `attaches` says whether it can be saved although `decline` refuses its charges.
    `token` is the name under which Stripe offers it as a payment method.
    """

    number: str
    does: str
    token: str
    brand: str = "visa"
    decline: Decline | None = None
    attaches: bool = False
    authentication: str = ""
    dispute: str = ""
    refund: str = ""

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        """The number in groups of four, for people."""
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))

    @property
    def fingerprint(self) -> str:
        """What tells that two payment methods are the same card."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]


_GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)

CARDS = (
    TestCard("4242424242424242", "Succeeds", "pm_card_visa"),
    TestCard("5555555555554444", "Succeeds (Mastercard)", "pm_card_mastercard", brand="mastercard"),
    TestCard(
        "4000002500003155",
        "Asks for 3-D Secure; once saved, later payments succeed",
        "pm_card_authenticationRequiredOnSetup",
        authentication="unless_ready",
    ),
    TestCard(
        "4000002760003184",
        "Asks for 3-D Secure every time; later payments without you fail",
        "pm_card_authenticationRequired",
        authentication="always",
    ),
    TestCard("4000000000000002", "Declined", "pm_card_chargeDeclined", decline=_GENERIC),
    TestCard(
        "4000000000009995",
        "Declined: insufficient funds",
        "pm_card_chargeDeclinedInsufficientFunds",
        decline=Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    ),
    TestCard(
        "4000000000000069",
        "Declined: expired card",
        "pm_card_chargeDeclinedExpiredCard",
        decline=Decline("expired_card", "expired_card", "Your card has expired."),
    ),
    TestCard(
        "4000000000000341",
        "Succeeds on this page and can be saved; every later charge is declined",
        "pm_card_chargeCustomerFail",
        decline=_GENERIC,
        attaches=True,
    ),
    TestCard(
        "4000000000000259",
        "Succeeds, then is disputed as fraudulent",
        "pm_card_createDispute",
        dispute="needs_response",
    ),
    TestCard(
        "4000000000001976",
        "Succeeds, then the bank inquires (no funds withdrawn)",
        "pm_card_createDisputeInquiry",
        dispute="warning_needs_response",
    ),
    TestCard(
        "4000000000007726",
        "Succeeds; a refund is pending first, then succeeds",
        "pm_card_pendingRefund",
        refund="pending",
    ),
    TestCard(
        "4000000000005126",
        "Succeeds; a refund succeeds first, then fails",
        "pm_card_refundFail",
        refund="fails",
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}


class FieldProblem(Exception):
    """A typed field is not acceptable; `field` is number, expiry or cvc."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True)
class TypedCard:
    """A card as a person typed it, checked."""

    card: TestCard
    exp_month: int
    exp_year: int


def typed(number: str, expiry: str, cvc: str) -> TypedCard:
    """Return the test card that was typed; raises FieldProblem for the first field in error."""
    digits = re.sub(r"[\s-]", "", number)
    if not re.fullmatch(r"[0-9]{12,19}", digits):
        raise FieldProblem("number", "Your card number is incomplete.")
    if not passes_luhn(digits):
        raise FieldProblem("number", "Your card number is invalid.")
    if digits not in BY_NUMBER:
        raise FieldProblem("number", "Only test card numbers are taken here. Use one of the list.")
    month, year = _expiry(expiry)
    if not re.fullmatch(r"[0-9]{3,4}", cvc.strip()):
        raise FieldProblem("cvc", "Your card's security code is incomplete.")
    return TypedCard(BY_NUMBER[digits], month, year)


def passes_luhn(digits: str) -> bool:
    """Whether the check digit is right."""
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _expiry(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(\d{4}|\d{2})\s*", text, re.ASCII)
    if match is None:
        raise FieldProblem("expiry", "Your card's expiration date is incomplete.")
    month, year = int(match[1]), int(match[2])
    year += 2000 if year < 100 else 0
    today = time.gmtime()
    if not 1 <= month <= 12:
        raise FieldProblem("expiry", "Your card's expiration date is invalid.")
    if (year, month) < (today.tm_year, today.tm_mon):
        raise FieldProblem("expiry", "Your card's expiration date is in the past.")
    if year > today.tm_year + 50:
        raise FieldProblem("expiry", "Your card's expiration year is invalid.")
    return month, year
