"""What the API's description says of API keys."""

from typing import Any

from accounts.addresses import MOST_NETWORKS
from accounts.api_keys import LONGEST_OVERLAP
from accounts.models import Scope
from accounts.shapes import (
    CURRENCY,
    ID,
    INTEGER,
    MOMENT,
    TEXT,
    array,
    choice,
    component,
    described,
    money,
    nullable,
    page_of,
    record,
)

SCOPE = component("Scope", choice(*Scope.values, description="What a key may do."))
_NETWORKS = array(
    described(TEXT, "In CIDR notation.", maxLength=100, examples=["203.0.113.0/24"]),
    "Networks that it may be used from; empty for anywhere.",
)
_FACTS: dict[str, Any] = {
    "id": ID,
    "name": described(TEXT, "What uses it.", maxLength=100),
    "prefix": described(TEXT, "The secret's first characters, to know it by.", maxLength=12),
    "scopes": array(SCOPE, "What it may do."),
    "allowed_networks": _NETWORKS,
    "monthly_budget": nullable(money("What it may spend in a calendar month (UTC); null: all.")),
    "spent_this_month": money("Charged in this month so far, or held."),
    "currency": CURRENCY,
    "created_at": described(MOMENT, "When it was made."),
    "expires_at": described(nullable(MOMENT), "When it ends; null: when it is revoked."),
    "rotated_at": described(nullable(MOMENT), "When it got its present secret."),
    "previous_secret_expires_at": described(
        nullable(MOMENT), "Until when the secret before the present one works."
    ),
    "last_used_at": described(nullable(MOMENT), "To the minute."),
    "last_used_address": described(nullable(TEXT), "From which network address.", maxLength=45),
    "revoked_at": described(nullable(MOMENT), "When it was revoked, for good; null: it was not."),
}
KEY = component("ApiKey", record("A program's key to the API.", **_FACTS))
NEW_KEY = component(
    "ApiKeyWithSecret",
    record(
        "An API key with its new secret.",
        **_FACTS,
        secret=described(
            TEXT,
            "Shown only here.",
            pattern="^pv_[A-Za-z0-9_-]{43}$",
            examples=[f"pv_{'x' * 43}"],
        ),
    ),
)
KEY_PAGE = page_of("ApiKeyPage", KEY, "API keys")
_SETTABLE: dict[str, Any] = {
    "name": described(TEXT, "What will use it.", minLength=1, maxLength=100),
    "scopes": array(SCOPE, "What it may do.", minItems=1),
    "expires_at": described(nullable(MOMENT), "When it ends; in the future."),
    "monthly_budget": described(
        nullable(TEXT),
        "What it may spend in a calendar month (UTC), in dollars. Null: no limit.",
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$",
        examples=["100.00"],
    ),
    "allowed_networks": {**_NETWORKS, "maxItems": MOST_NETWORKS},
}
KEY_REQUEST = component(
    "ApiKeyRequest",
    record(
        "A key to make.",
        optional=("expires_at", "monthly_budget", "allowed_networks"),
        **_SETTABLE,
    ),
)
KEY_CHANGES = component(
    "ApiKeyChanges",
    record("What to change; members that are left out stay.", optional=(*_SETTABLE,), **_SETTABLE),
)
ROTATION_REQUEST = component(
    "RotationRequest",
    record(
        "How to rotate.",
        optional=("overlap_seconds",),
        overlap_seconds=described(
            INTEGER,
            "How long the present secret works beside the new one. A day, when not given.",
            minimum=0,
            maximum=int(LONGEST_OVERLAP.total_seconds()),
        ),
    ),
)
