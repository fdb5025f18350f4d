"""Acts that happen once, however often they are asked for with the same Idempotency-Key.

The key's row, with the answer, is written in the transaction of the act: both are there, or
neither. While that transaction runs it holds an advisory lock on the key, so a second request is
told at once and waits for nothing. A refusal leaves no row: the key may be used again, for a
corrected request. The same lock and the same rows serve generations (generations/sql/accept.sql),
so one key is one request of an organization, whichever endpoint it went to.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import sealing
from accounts.errors import DomainError, FieldError, InvalidParameters
from accounts.models import IdempotencyRecord

MAX_KEY = 255
_PURPOSE = "accounts.idempotency"
"""An answer may show a secret (a new API key's), which is kept nowhere else in the open."""


class IdempotencyMismatch(DomainError):
    """The key was used before, for something else."""

    code = "idempotency_mismatch"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request. Use a new key.")


class IdempotencyKeyInUse(DomainError):
    """The first request with this key has not ended yet."""

    code = "idempotency_key_in_use"
    retry_after_seconds = 1

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still running. Try again.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request was answered with."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Act:
    """One use of a key: what it was answered before, or the place for its first answer."""

    def __init__(self, replay: Answer | None) -> None:
        self.replay = replay
        self.answer: Answer | None = None


@contextmanager
def once(organization_id: uuid.UUID, key: str, request_hash: bytes) -> Iterator[Act]:
    """The transaction of one act.

        with idempotency.once(organization_id, key, request_hash) as act:
            if act.replay:
                return act.replay
            act.answer = do_it()

    An exception, or no answer set, rolls everything back and leaves the key unused. Nothing in
    it may speak to a network (it is a transaction).

    Args:
        key: what the client sent; scoped to the organization.
        request_hash: of everything that makes it the same request (`fingerprint`).

    Raises:
        InvalidParameters: the key is too long, or not printable.
        IdempotencyMismatch.
        IdempotencyKeyInUse: the first request is running; this does not wait for it.
    """
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        message = f"Idempotency-Key must be 1 to {MAX_KEY} printable characters"
        raise InvalidParameters([FieldError("Idempotency-Key", "invalid", message)])
    with transaction.atomic():
        if not _locked(organization_id, key):
            raise IdempotencyKeyInUse
        act = Act(_answered(organization_id, key, request_hash))
        yield act
        if act.replay:
            return
        if act.answer is None:
            transaction.set_rollback(True)
            return
        IdempotencyRecord.objects.create(
            organization_id=organization_id,
            key=key,
            request_hash=request_hash,
            status=act.answer.status,
            body=sealing.seal(act.answer.body, purpose=_PURPOSE),
            content_type=act.answer.content_type,
            headers=dict(act.answer.headers),
        )


def reserve(organization_id: uuid.UUID, key: str, request_hash: bytes) -> None:
    """Take a key for an act that keeps its answer on a row of its own.

    In the transaction that makes that row; the key stays taken when it commits.

    Raises:
        IdempotencyMismatch: the key was used for another act.
        IdempotencyKeyInUse: another act with the key is running.
    """
    if not _locked(organization_id, key):
        raise IdempotencyKeyInUse
    if IdempotencyRecord.objects.filter(organization_id=organization_id, key=key).exists():
        raise IdempotencyMismatch
    IdempotencyRecord.objects.create(
        organization_id=organization_id, key=key, request_hash=request_hash
    )


def fingerprint(*parts: Any) -> bytes:
    """The hash of a request, from the texts and bytes that make it up, in order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.digest()


def _locked(organization_id: uuid.UUID, key: str) -> bool:
    """Until the end of the transaction. A statement of its own: the next one sees what the last
    holder has committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(accounts_act_lock(%s, %s))", [organization_id, key]
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _answered(organization_id: uuid.UUID, key: str, request_hash: bytes) -> Answer | None:
    known = IdempotencyRecord.objects.filter(organization_id=organization_id, key=key).first()
    if known is None:
        return None
    if known.status is None or bytes(known.request_hash) != request_hash:
        raise IdempotencyMismatch
    body = sealing.unseal(known.body, purpose=_PURPOSE)
    return Answer(known.status, body, known.content_type, known.headers)


def forget_old(limit: int = 10_000) -> int:
    """Delete what was kept long enough (IDEMPOTENCY_KEEP_SECONDS). For the sweep."""
    before = timezone.now() - timedelta(seconds=settings.IDEMPOTENCY_KEEP_SECONDS)
    old = IdempotencyRecord.objects.filter(created_at__lt=before).order_by("created_at")
    pks = list(old.values_list("pk", flat=True)[:limit])
    return IdempotencyRecord.objects.filter(pk__in=pks).delete()[0]
