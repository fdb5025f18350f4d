"""The one thin door to the ledger's SQL functions. Each call is one round trip.

The wallet's row lock is taken inside the function and held to the caller's commit: call these
last in a transaction. Lock order everywhere: generation, hold, wallet.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

from accounts.errors import DomainError
from billing import money
from billing.models import Account, EntryKind
from billing.work import WATCH


class LedgerRefusal(DomainError):
    """The ledger said no; nothing was moved. The surrounding transaction must roll back."""


class InsufficientCredits(LedgerRefusal):
    code = "insufficient_credits"

    def __init__(self, *, required_micros: int, available_micros: int) -> None:
        required, available = money.dollars(required_micros), money.dollars(available_micros)
        super().__init__(
            f"This needs ${required}, and ${available} is available. Add credits and try again.",
            required=required,
            available=available,
            currency=money.CURRENCY,
        )
        self.required_micros = required_micros
        self.available_micros = available_micros


class WalletInDebt(LedgerRefusal):
    code = "wallet_in_debt"


class WalletFrozen(LedgerRefusal):
    code = "wallet_frozen"


class WalletMissing(LedgerRefusal):
    code = "wallet_missing"


class HoldNotActive(LedgerRefusal):
    """The hold is resolved already, or there is none."""

    code = "hold_not_active"


class CaptureAboveHold(LedgerRefusal):
    code = "capture_above_hold"


class AmountNotPositive(LedgerRefusal):
    code = "amount_not_positive"


class AmountTooLarge(LedgerRefusal):
    """Beyond `money.LARGEST_MICROS`, or a balance that a bigint would not hold."""

    code = "amount_too_large"


class AlreadyMoved(LedgerRefusal):
    """The same thing again: an entry of this kind and reference, or a hold of this id, exists."""

    code = "already_moved"


REFERENCE_LENGTH = 100
REASON_LENGTH = 500


PREPARE_AFTER = 5
"""Calls on one connection after which a statement is prepared: parsed and planned once. Behind a
pooler that does not keep prepared statements (PgBouncer before 1.21 in transaction mode), set
`DATABASES["default"]["OPTIONS"]["prepare_threshold"]` to None."""


def statement(function: str, *types: str) -> str:
    """SQL that calls one of our functions. The casts let the server tell the values' types.

    Args:
        function: a name of ours, such as `billing_place_hold`.
        types: the PostgreSQL types of its parameters, in order.
    """
    arguments = ", ".join(f"%s::{kind}" for kind in types)
    return f"SELECT * FROM {function}({arguments})"  # noqa: S608  # our own names


_CREDIT = statement("billing_credit", "uuid", "text", "text", "bigint", "text", "text", "bigint")
_DEBIT = statement(
    "billing_debit", "uuid", "text", "text", "bigint", "text", "text", "bigint", "boolean"
)


def call(sql: str, arguments: Sequence[Any]) -> int:
    """Run one of the functions of `billing/sql/ledger.sql`, or one that ends in one of them.

    Whoever watches the balance is nudged when a hold took it below what they watch.

    Args:
        sql: from `statement`.

    Returns:
        What the wallet has available afterwards, in micros.

    Raises:
        LedgerRefusal: one of its subclasses, by the SQLSTATE that the function raised.
    """
    try:
        with cursor() as statements:
            statements.execute(sql, arguments)
            row = statements.fetchone()
    except DatabaseError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from None
    assert row is not None
    available, *is_low = row
    if any(is_low):
        WATCH.nudge()
    return int(available)


def cursor() -> CursorWrapper:
    """As `connection.cursor()`, but bound by the server, which may then keep the plan.

    Django's own cursors write the values into the text, to be parsed and planned each time: one
    and a half times the work of both sides for each movement.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_thread_sharing()
    driver: Any = connection.connection
    if "prepare_threshold" not in connection.settings_dict["OPTIONS"]:
        driver.prepare_threshold = PREPARE_AFTER  # Django's own cursors never prepare
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    bound: Any = psycopg.Cursor(driver)
    return wrap(bound)


def _refusal(error: DatabaseError) -> LedgerRefusal | None:
    diagnostics = getattr(error.__cause__, "diag", None)
    state = getattr(diagnostics, "sqlstate", None)
    detail = getattr(diagnostics, "message_detail", None)
    facts: dict[str, Any] = (
        json.loads(detail) if state and state.startswith("PV") and detail else {}
    )
    match state:
        case "PV001":
            return InsufficientCredits(**facts)
        case "PV002":
            owed = money.dollars(facts["debt_micros"])
            return WalletInDebt(f"The wallet owes ${owed}. Add credits to settle it first.")
        case "PV003":
            return WalletFrozen("Spending is frozen on this wallet. Please contact support.")
        case "PV004":
            return WalletMissing("There is no such wallet.")
        case "PV005":
            return HoldNotActive("The hold is not active.", state=facts.get("state"))
        case "PV006":
            return CaptureAboveHold("A capture is between zero and its hold.")
        case "PV007":
            return AmountNotPositive("The amount must be positive.")
        case "22003":  # numeric_value_out_of_range
            return too_large()
        case "23505" if getattr(diagnostics, "constraint_name", "") in _ONCE:
            return AlreadyMoved("This has been posted before.")
    return None


_ONCE = ("billing_entry_moves_once", "billing_hold_pkey")


def too_large() -> AmountTooLarge:
    return AmountTooLarge("The amount is too large.")


def bounded(amount_micros: int) -> int:
    """The amount, when a ledger can hold it. Raises AmountTooLarge."""
    if abs(amount_micros) > money.LARGEST_MICROS:
        raise too_large()
    return amount_micros


def referenced(reference: str) -> str:
    """The reference, when it fits. Raises ValueError: references are made by code, not by people.

    PostgreSQL itself would take ten more characters, until the day that the wallet is in debt.
    """
    if not 0 < len(reference) <= REFERENCE_LENGTH:
        raise ValueError(f"A reference has 1 to {REFERENCE_LENGTH} characters.")
    return reference


def storable(reason: str) -> str:
    """The reason as PostgreSQL can keep it: a movement never fails for the words beside it."""
    text = reason.replace("\x00", "").encode("utf-8", "replace").decode()
    return text[:REASON_LENGTH]


def credit(
    *,
    organization_id: uuid.UUID,
    kind: EntryKind,
    account: Account,
    amount_micros: int,
    reference: str,
    reason: str = "",
    made_by_id: int | None = None,
) -> int:
    """Add credits; debt is paid first. Returns what is available, in micros.

    Raises:
        AlreadyMoved: this `kind` and `reference` was posted before.
        WalletMissing, AmountNotPositive, AmountTooLarge.
    """
    return call(
        _CREDIT,
        [
            organization_id,
            kind,
            account,
            bounded(amount_micros),
            referenced(reference),
            storable(reason),
            made_by_id,
        ],
    )


def debit(
    *,
    organization_id: uuid.UUID,
    kind: EntryKind,
    account: Account,
    amount_micros: int,
    reference: str,
    reason: str = "",
    made_by_id: int | None = None,
    into_debt: bool = False,
) -> int:
    """Take credits that are not held. Returns what is available, in micros.

    Args:
        into_debt: take what is missing as debt (a payment that went back) instead of refusing.

    Raises:
        InsufficientCredits: fewer are available, and `into_debt` is not set.
        AlreadyMoved: this `kind` and `reference` was posted before.
        WalletMissing, AmountNotPositive, AmountTooLarge.
    """
    return call(
        _DEBIT,
        [
            organization_id,
            kind,
            account,
            bounded(amount_micros),
            referenced(reference),
            storable(reason),
            made_by_id,
            into_debt,
        ],
    )
