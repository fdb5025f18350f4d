"""Idempotency keys (API reference, "Idempotent requests").

The first answer to a key is kept for 24 hours, whatever its status, as soon as the endpoint has
begun to execute; a request that failed validation keeps nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import Pairs
from sandbox.stripe.store import Store

_KEPT_SECONDS = 24 * 3600
_MAX_KEY_CHARACTERS = 255


@dataclass
class Kept:
    """What a key was used for; `answer` (status and body) is None while that is under way."""

    method: str
    path: str
    params: Pairs
    answer: tuple[int, bytes] | None = None
    at: float = field(default_factory=time.time)


def begin(store: Store, key: str, *, method: str, path: str, params: Pairs) -> Kept:
    """Return the entry of `key`: a new one, or the one whose answer is to be replayed.

    Raises StripeError when the key is in use at this moment, or was used for another request.
    """
    if len(key) > _MAX_KEY_CHARACTERS:
        raise StripeError(400, "Idempotency key too long", type_="idempotency_error")
    params = sorted(params)
    kept = store.kept.get(key)
    if kept is None or kept.at < time.time() - _KEPT_SECONDS:
        store.kept[key] = kept = Kept(method=method, path=path, params=params)
        return kept
    if (kept.method, kept.path) != (method, path):
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used for the same endpoint they were first "
            f"used for ('{path}' vs '{kept.path}'). Try using a key other than '{key}' if you "
            "meant to execute a different request.",
            type_="idempotency_error",
        )
    if kept.params != params:
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            type_="idempotency_error",
        )
    if kept.answer is None:
        raise StripeError(
            409,
            "There is currently another in-progress request using this Idempotent Key (that "
            "probably means you submitted twice, and the other request is still going through): "
            f"{key}. Please try again later.",
            type_="idempotency_error",
            code="idempotency_key_in_use",
        )
    return kept


def forget(store: Store, key: str) -> None:
    """Keep nothing under `key`: its request did not begin to execute."""
    store.kept.pop(key, None)
