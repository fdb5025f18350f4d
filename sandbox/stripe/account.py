"""The one account that every key belongs to."""

from __future__ import annotations

from sandbox.stripe.endpoints import Call, Endpoint
from sandbox.stripe.store import Object

ID = "acct_sandbox"
NAME = "Sandbox merchant"


def retrieve(_call: Call) -> Object:
    """GET /v1/account."""
    return {
        "id": ID,
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


ENDPOINTS = (Endpoint("GET", "/v1/account", retrieve),)
