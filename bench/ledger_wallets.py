"""The wallets of `bench.ledger`, as Python and pgbench both name them."""

import uuid
from collections.abc import Callable

WALLETS = 1000
FIRST = 100_000_000_000
CREDIT_MICROS = 10**13
PRICE_MICROS = 20_000
Contestant = Callable[[int, int], float]  # wallets, seconds -> commits per second


def wallet_id(number: int) -> uuid.UUID:
    """Twelve digits at the end, so that pgbench can write them too."""
    return uuid.UUID(f"00000000-0000-7000-8000-{FIRST + number}")
