"""Pixazo's callbacks: check, record, ask for the truth, answer (design, section 5.3).

They are not signed. Only who knows the random token of the URL that we handed out is heard, and
even then the body is a hint: it makes us ask the status endpoint, with our key, right away.
"""

import hmac
import json
import uuid

from django.db import transaction
from django.utils import timezone

from generations import provider
from generations.dispatch import token_hash
from generations.models import SENT_STATES, Generation, ProviderCallback, State
from generations.work import POLL

MAX_BODY_BYTES = 65_536
"""What is kept of a body. The rest is cut: it is only a hint."""


def receive(generation_id: uuid.UUID, token: str, body: bytes, body_bytes: int) -> bool:
    """Record one callback.

    Args:
        token: the secret part of the URL.
        body: at most MAX_BODY_BYTES of what was sent.
        body_bytes: how long it claimed to be.

    Returns:
        Whether it was genuine. The caller's answer must not tell.
    """
    generation = Generation.objects.filter(pk=generation_id).first()
    expected = bytes(generation.callback_token_hash) if generation else b""
    genuine = hmac.compare_digest(token_hash(token), expected or bytes(32))
    if generation is None or not expected or not genuine:
        return False
    with transaction.atomic():
        ProviderCallback.objects.create(
            generation=generation,
            organization_id=generation.organization_id,
            body=body[:MAX_BODY_BYTES],
            body_bytes=body_bytes,
            request_id=_request_id(body),
        )
        # SUBMITTING is not asked after: the answer that is on its way will see this row.
        due = Generation.objects.filter(
            pk=generation_id, state__in=[*SENT_STATES, State.EXPIRED], next_media_at=None
        ).update(next_poll_at=timezone.now())
        if due:
            POLL.nudge()
    return True


def _request_id(body: bytes) -> str:
    """The request id that the body names, or "": anything may be in it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return provider.request_id_in(value) if isinstance(value, dict) else ""
