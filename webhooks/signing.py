"""Signatures as Standard Webhooks has them: anyone can check them with its libraries."""

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"


def new_secret() -> str:
    """`whsec_` and 256 random bits in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(*, message_id: str, body: str, keys: Iterable[str], now: datetime) -> dict[str, str]:
    """The headers of one attempt.

    Args:
        message_id: the same in each attempt, so that a receiver can know a repetition.
        keys: the endpoint's secret, and while a rotation overlaps the previous one too. None at
            all for an address that knows no secret: then there is no signature.
        now: the moment of the attempt; receivers refuse what is more than minutes old.
    """
    now = now.astimezone(UTC)
    found = {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp()))}
    signatures = [Webhook(key).sign(message_id, now, body) for key in keys]
    if signatures:
        found["webhook-signature"] = " ".join(signatures)
    return found
