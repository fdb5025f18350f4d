"""Micro-dollars and how they are written. No floats."""

import re

CURRENCY = "USD"
MICROS = 1_000_000
LARGEST_MICROS = 10**15
"""A thousand million dollars: far above any use, far below where a bigint would wrap."""


def dollars(micros: int) -> str:
    """25_000 -> "0.025000": the API's way to write money."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), MICROS)
    return f"{sign}{whole}.{part:06d}"


def display(micros: int) -> str:
    """25_000 -> "$0.025"; 50_000_000 -> "$50.00": exact, and at least cents."""
    whole, _, part = dollars(abs(micros)).partition(".")
    part = part.rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}${int(whole):,}.{part}"


_WRITTEN = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]*))?")


def parse(text: str) -> int:
    """ "12.50" -> 12_500_000. Digits and one point: no exponent, no separator, no other script.

    Raises:
        ValueError: not a number, finer than a micro-dollar, or too large. Its text is for people.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise ValueError("Enter an amount in dollars, such as 12.50.")
    sign, whole, part = written[1], written[2], (written[3] or "").rstrip("0")
    if len(part) > 6:
        raise ValueError("Use at most six decimal places.")
    micros = int(whole) * MICROS + int(part.ljust(6, "0"))
    if micros > LARGEST_MICROS:
        raise ValueError("This amount is too large.")
    return -micros if sign == "-" else micros
