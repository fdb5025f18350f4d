"""Deleting a person's account: what that takes along, what stands in its way, and the act.

The row stays, without the person: the ledger, videos and the audit log refer to it for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts import audit, closing
from accounts.access import ROLE_SCOPES, Caller
from accounts.errors import DomainError
from accounts.models import Act, Membership, Organization, Role, User

DELETED_DOMAIN = "deleted.invalid"


class AccountStays(DomainError):
    """It cannot be deleted now: `obstacles` says why."""

    code = "account_stays"

    def __init__(self, obstacles: list[str]) -> None:
        super().__init__(" ".join(obstacles), obstacles=obstacles)


@dataclass
class Consequences:
    """What the deletion takes along.

    Attributes:
        closed: organizations that this person has alone, each with what is lost with it.
        left: organizations that go on without them.
        obstacles: why it cannot be done now; empty when it can.
    """

    closed: list[tuple[Organization, list[str]]] = field(default_factory=list)
    left: list[Organization] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)


def consequences(user: User) -> Consequences:
    """As things stand: a few queries for each organization that would be closed."""
    found = Consequences()
    if user.is_staff:
        found.obstacles.append("Accounts of staff are closed by another administrator.")
    for membership in _memberships(user):
        organization = membership.organization
        others = Membership.objects.filter(organization=organization).exclude(user=user)
        if not others.exists():
            found.closed.append((organization, closing.losses(organization.pk)))
            found.obstacles += [
                f"{organization.name}: {sentence}"
                for sentence in closing.obstacles(organization.pk)
            ]
        elif membership.role != Role.OWNER or others.filter(role=Role.OWNER).exists():
            found.left.append(organization)
        else:
            found.obstacles.append(
                f"You are the only owner of {organization.name}, and it has other members: make "
                "one of them an owner first, or remove them."
            )
    return found


@transaction.atomic
def delete(user: User, *, address: str | None) -> None:
    """Close what the person has alone, leave the rest, and take the person off the row.

    Locks the user, then the organizations in the order of their keys; what is found under the
    locks counts, not what was shown before.

    Args:
        address: where it is asked from, for the audit log.

    Raises:
        AccountStays: nothing is changed.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    mine = [membership.organization_id for membership in _memberships(locked)]
    list(Organization.objects.select_for_update().filter(pk__in=mine).order_by("pk"))
    found = consequences(locked)
    if found.obstacles:
        raise AccountStays(found.obstacles)
    closed = {organization.pk for organization, _ in found.closed}
    for membership in _memberships(locked):
        caller = _caller(membership, address)
        if membership.organization_id in closed:
            closing.close(caller)
        else:
            audit.record(
                caller, Act.MEMBER_LEFT, membership, name=locked.email, role=membership.role
            )
            Membership.objects.filter(pk=membership.pk).delete()
    _take_off(locked)


def _memberships(user: User) -> Iterable[Membership]:
    return list(
        Membership.objects.filter(user=user, organization__deleted_at=None)
        .select_related("organization")
        .order_by("organization_id")
    )


def _caller(membership: Membership, address: str | None) -> Caller:
    return Caller(
        organization=membership.organization,
        scopes=ROLE_SCOPES[membership.role],
        user_id=membership.user_id,
        role=membership.role,
        address=address,
    )


def _take_off(user: User) -> None:
    """Every way in ends, and what says who it was goes."""
    for session in UserSession.objects.filter(user=user):
        session.end()
    for model in (EmailAddress, Authenticator, SocialAccount):
        model.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.email = f"deleted-{user.pk}@{DELETED_DOMAIN}"
    user.name = ""
    user.is_active = False
    user.last_organization = None
    user.set_unusable_password()  # which ends sessions that are not listed, too
    user.save(update_fields=["email", "name", "is_active", "last_organization", "password"])
