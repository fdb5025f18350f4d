"""Stripe: the only importer of its SDK. What its objects say comes back as plain facts."""

from billing.payments import checkouts, customers, disputes, events, intents, invoices, refunds
from billing.payments.wire import (
    AccessRefused,
    CardRefused,
    NoSuchObject,
    PaymentRefused,
    PaymentUnknown,
    cents,
)

__all__ = [
    "AccessRefused",
    "CardRefused",
    "NoSuchObject",
    "PaymentRefused",
    "PaymentUnknown",
    "cents",
    "checkouts",
    "customers",
    "disputes",
    "events",
    "intents",
    "invoices",
    "refunds",
]
