"""Micro-dollars and how they are written: `accounts.money`, under the name it has in this layer."""

from accounts.money import CURRENCY, LARGEST_MICROS, MICROS, display, dollars, parse

__all__ = ["CURRENCY", "LARGEST_MICROS", "MICROS", "display", "dollars", "parse"]
