"""API keys: made, recognised, rotated, revoked.

A key is `pv_` and 256 random bits. It is shown once; what is stored is its SHA-256, which is
enough for a secret that cannot be guessed and lets the look-up go through a unique index.
"""

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import addresses, audit
from accounts.access import Caller, NotAllowed
from accounts.errors import DomainError, InvalidMember
from accounts.models import Act, ApiKey, Organization, Scope, User

PREFIX = "pv_"
_SHAPE = re.compile(r"pv_[A-Za-z0-9_-]{43}")
LAST_USED_GRAIN = timedelta(minutes=1)
"""The last use is written at most this often, so that a busy key does not cost a write a call."""
LONGEST_OVERLAP = timedelta(days=30)


class InvalidScopes(InvalidMember):
    code = "invalid_scopes"
    member = "scopes"


class InvalidOverlap(InvalidMember):
    code = "invalid_overlap"
    member = "overlap_seconds"


class KeyMissing(DomainError):
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such API key.")


class KeyEnded(DomainError):
    """It is revoked or has expired: a new secret would not work either."""

    code = "key_ended"


@transaction.atomic
def create(
    organization: Organization,
    *,
    name: str,
    scopes: Iterable[str] = tuple(Scope.values),
    created_by: User | None = None,
    by: Caller | None = None,
    expires_at: datetime | None = None,
    monthly_budget_micros: int | None = None,
    allowed_networks: Iterable[str] = (),
) -> tuple[ApiKey, str]:
    """Make a key.

    Args:
        by: who makes it, for the audit log; None for the platform itself.
        monthly_budget_micros: what it may spend in a calendar month (UTC); None for no limit.
        allowed_networks: CIDR networks that it may be used from; empty for anywhere.

    Returns:
        The row, and the secret: the only time that anybody sees it.

    Raises:
        InvalidScopes: no scope, or one that does not exist.
        InvalidNetworks.
    """
    secret = _new_secret()
    key = ApiKey.objects.create(
        organization=organization,
        name=name,
        prefix=_prefix(secret),
        secret_hash=_hash(secret),
        scopes=known_scopes(scopes),
        created_by=created_by,
        expires_at=expires_at,
        monthly_budget_micros=monthly_budget_micros,
        allowed_networks=addresses.networks(allowed_networks),
    )
    audit.record(by or organization.pk, Act.KEY_CREATED, key, scopes=key.scopes)
    return key, secret


def known_scopes(wanted: Iterable[str]) -> list[str]:
    """The scopes, each once. Raises InvalidScopes: none, or one that does not exist."""
    found = list(dict.fromkeys(wanted))
    if not found or not set(found) <= set(Scope.values):
        raise InvalidScopes(f"scopes must be one or more of: {', '.join(Scope.values)}")
    return found


def require_within(
    caller: Caller,
    *,
    scopes: Iterable[str],
    expires_at: datetime | None,
    monthly_budget_micros: int | None,
    allowed_networks: Iterable[str],
) -> None:
    """A caller hands out no more than it has: nothing that ends later or may do more.

    A key with a budget hands out no key that can spend: two of them could spend it twice.

    Raises:
        NotAllowed: says which.
    """
    if beyond := sorted(set(scopes) - caller.scopes):
        raise NotAllowed(f"You cannot give a key scopes that you lack: {', '.join(beyond)}.")
    if caller.api_key_id is None:
        return
    own = ApiKey.objects.get(pk=caller.api_key_id)
    if own.expires_at and (expires_at is None or expires_at > own.expires_at):
        raise NotAllowed("This key expires, so it cannot make or rotate one that outlives it.")
    if own.monthly_budget_micros is not None and Scope.GENERATIONS_WRITE in set(scopes):
        raise NotAllowed("This key has a budget, so it cannot make or rotate keys that spend.")
    if not addresses.covers(own.allowed_networks, list(allowed_networks)):
        raise NotAllowed("This key is bound to networks, so the keys it makes must be as well.")


def of(organization_id: uuid.UUID) -> QuerySet[ApiKey]:
    """An organization's keys, revoked ones too, in no order."""
    return ApiKey.objects.filter(organization_id=organization_id).select_related("created_by")


def one(organization_id: uuid.UUID, key_id: uuid.UUID) -> ApiKey:
    """One of an organization's keys. Raises KeyMissing, also for another organization's."""
    key = of(organization_id).filter(pk=key_id).first()
    if key is None:
        raise KeyMissing
    return key


@transaction.atomic
def rotate(key: ApiKey, *, overlap_seconds: int, by: Caller | None = None) -> tuple[ApiKey, str]:
    """Give a key a new secret; the present one works for `overlap_seconds` more.

    A secret before the present one ends at once: a key has two at most. Concurrent rotations
    follow each other (the row's own lock), and the last one's secret is the key's.

    Args:
        by: who does it, for the audit log; None for the platform itself.

    Returns:
        The row, and the new secret: the only time that anybody sees it.

    Raises:
        InvalidOverlap: below zero or above LONGEST_OVERLAP.
        KeyEnded: it is revoked or has expired.
    """
    most = int(LONGEST_OVERLAP.total_seconds())
    if not 0 <= overlap_seconds <= most:
        raise InvalidOverlap(f"overlap_seconds must be between 0 and {most}.")
    secret = _new_secret()
    now = timezone.now()
    rotated = ApiKey.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), pk=key.pk, revoked_at=None
    ).update(
        previous_secret_hash=F("secret_hash"),
        previous_expires_at=now + timedelta(seconds=overlap_seconds),
        secret_hash=_hash(secret),
        prefix=_prefix(secret),
        rotated_at=now,
    )
    if not rotated:
        raise KeyEnded("This key is revoked or has expired. Make a new one.")
    audit.record(by or key.organization_id, Act.KEY_ROTATED, key, overlap_seconds=overlap_seconds)
    key.refresh_from_db()
    return key, secret


@transaction.atomic
def update(caller: Caller, key_id: uuid.UUID, **changes: Any) -> ApiKey:
    """Change what a key is called, may do and is bound to; its secrets and its spending stay.

    Under the row's own lock, so that what is checked is what comes of it.

    Args:
        changes: `name`, `scopes`, `expires_at`, `monthly_budget_micros`, `allowed_networks`, as in
            `create`; what is left out stays.

    Raises:
        KeyMissing.
        KeyEnded: it is revoked or has expired.
        InvalidScopes, InvalidNetworks.
        NotAllowed: as `require_within`, of the key as it would be.
    """
    key = of(caller.organization_id).select_for_update(of=("self",)).filter(pk=key_id).first()
    if key is None:
        raise KeyMissing
    if key.has_ended:
        raise KeyEnded("This key is revoked or has expired. Make a new one.")
    if "scopes" in changes:
        changes["scopes"] = known_scopes(changes["scopes"])
    if "allowed_networks" in changes:
        changes["allowed_networks"] = addresses.networks(changes["allowed_networks"])
    for name, value in changes.items():
        setattr(key, name, value)
    require_within(
        caller,
        scopes=key.scopes,
        expires_at=key.expires_at,
        monthly_budget_micros=key.monthly_budget_micros,
        allowed_networks=key.allowed_networks,
    )
    key.save(update_fields=[*changes])
    audit.record(caller, Act.KEY_CHANGED, key, changed=sorted(changes))
    return key


@transaction.atomic
def end_previous_secret(key: ApiKey, *, by: Caller) -> None:
    """End the overlap of a rotation now: only the present secret works on. Twice is once."""
    ended = ApiKey.objects.filter(pk=key.pk, previous_secret_hash__isnull=False).update(
        previous_secret_hash=None, previous_expires_at=None
    )
    if ended:
        audit.record(by, Act.KEY_CHANGED, key, changed=["previous secret"])


def recognise(secret: str, *, address: str | None = None) -> Caller | None:
    """The caller behind a secret, or None for one that is unknown, expired or revoked.

    One query, and once a minute a second one that notes the use.

    Args:
        address: where it is used from, None where that is not known.

    Raises:
        NetworkNotAllowed: the key is good, but not for use from there.
    """
    if not _SHAPE.fullmatch(secret):
        return None
    now = timezone.now()
    digest = _hash(secret)
    found = ApiKey.objects.select_related("organization").filter(
        Q(secret_hash=digest) | Q(previous_secret_hash=digest, previous_expires_at__gt=now),
        Q(expires_at=None) | Q(expires_at__gt=now),
        revoked_at=None,
    )
    key = next(iter(found), None)  # one at most, and to sort it would mislead the planner
    if key is None:
        return None
    if not addresses.is_within(address, key.allowed_networks):
        raise addresses.NetworkNotAllowed("This API key may not be used from this address.")
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_GRAIN:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now, last_used_address=address)
    return Caller(
        organization=key.organization,
        scopes=frozenset(key.scopes),
        api_key_id=key.pk,
        address=address,
    )


@transaction.atomic
def revoke(key: ApiKey, *, by: Caller | None = None) -> None:
    """End a key at once, with all its secrets. Revoking twice keeps the first time.

    Args:
        by: who does it, for the audit log; None for the platform itself.
    """
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(by or key.organization_id, Act.KEY_REVOKED, key)


def _new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _prefix(secret: str) -> str:
    return secret[:10]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
