"""API keys: made, recognised, revoked.

A key is `pv_` and 256 random bits. It is shown once; what is stored is its SHA-256, which is
enough for a secret that cannot be guessed and lets the look-up go through a unique index.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.access import Caller
from accounts.errors import DomainError
from accounts.models import ApiKey, Organization, Scope, User

PREFIX = "pv_"
_SHAPE = re.compile(r"pv_[A-Za-z0-9_-]{43}")
LAST_USED_GRAIN = timedelta(minutes=1)
"""`last_used_at` is written at most this often, so that a busy key does not cost a write a call."""


class InvalidScopes(DomainError):
    code = "invalid_scopes"


def create(
    organization: Organization,
    *,
    name: str,
    scopes: Iterable[str] = tuple(Scope.values),
    created_by: User | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key.

    Returns:
        The row, and the secret: the only time that anybody sees it.

    Raises:
        InvalidScopes: no scope, or one that does not exist.
    """
    wanted = list(dict.fromkeys(scopes))
    if not wanted or not set(wanted) <= set(Scope.values):
        raise InvalidScopes(f"scopes must be one or more of: {', '.join(Scope.values)}")
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        organization=organization,
        name=name,
        prefix=secret[:10],
        secret_hash=_hash(secret),
        scopes=wanted,
        created_by=created_by,
        expires_at=expires_at,
    )
    return key, secret


def recognise(secret: str) -> Caller | None:
    """The caller behind a secret, or None for one that is unknown, expired or revoked.

    One query, and once a minute a second one that notes the use.
    """
    if not _SHAPE.fullmatch(secret):
        return None
    now = timezone.now()
    key = (
        ApiKey.objects.select_related("organization")
        .filter(
            Q(expires_at=None) | Q(expires_at__gt=now), secret_hash=_hash(secret), revoked_at=None
        )
        .first()
    )
    if key is None:
        return None
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_GRAIN:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Caller(organization=key.organization, scopes=frozenset(key.scopes), api_key_id=key.pk)


def revoke(key: ApiKey) -> None:
    """End a key at once. Revoking twice keeps the first time."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
