"""Closing an organization: nobody works in it any more; its rows stay, above all its ledger.

The packages above say what they have to do for it: each registers a Part in its AppConfig.ready.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from accounts import audit, invitations
from accounts.access import Caller
from accounts.models import Act, ApiKey, Membership, Organization


@dataclass(frozen=True, slots=True)
class Part:
    """What a package has to do with it. Each is given the organization's id.

    Attributes:
        obstacles: sentences that say why it cannot be closed now.
        losses: what its members lose, as items of a list ("12 videos").
        close: the act itself, in the caller's transaction, under the organization's lock.
    """

    obstacles: Callable[[uuid.UUID], list[str]]
    losses: Callable[[uuid.UUID], list[str]]
    close: Callable[[uuid.UUID], None]


_parts: list[Part] = []


def register(part: Part) -> None:
    if part not in _parts:
        _parts.append(part)


def obstacles(organization_id: uuid.UUID) -> list[str]:
    return [sentence for part in _parts for sentence in part.obstacles(organization_id)]


def losses(organization_id: uuid.UUID) -> list[str]:
    keys = ApiKey.objects.filter(organization_id=organization_id, revoked_at=None).count()
    own = [f"{keys} API key{'s' if keys > 1 else ''}"] if keys else []
    return [item for part in _parts for item in part.losses(organization_id)] + own


def close(caller: Caller) -> None:
    """Close the caller's organization, whatever it loses by that: keys, members, invitations.

    Assumes the organization's row lock (FOR UPDATE, which also stops rows that refer to it from
    being added), that it may be closed by this caller, and that there are no obstacles.
    """
    organization_id, now = caller.organization_id, timezone.now()
    audit.record(caller, Act.ORGANIZATION_DELETED, caller.organization)
    ApiKey.objects.filter(organization_id=organization_id, revoked_at=None).update(revoked_at=now)
    invitations.of(organization_id).update(revoked_at=now, next_attempt_at=None, token_sealed=b"")
    for part in _parts:
        part.close(organization_id)
    Membership.objects.filter(organization_id=organization_id).delete()
    Organization.objects.filter(pk=organization_id).update(deleted_at=now)
