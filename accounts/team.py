"""Members: their roles, their limits, and how they go.

An organization with members has an owner. The acts here lock the organization's row first, so
that two owners who step down at once are seen one after the other; a trigger refuses what comes
by another path (accounts/sql/team.sql). An admin never touches an owner.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from accounts import api_keys, audit
from accounts.access import Caller, NotAllowed
from accounts.errors import DomainError
from accounts.models import Act, ApiKey, Membership, Organization, Role

MOST_LIMIT_MICROS = 1_000_000_000_000
"""A million dollars a month: whoever types more has mistyped."""


class MemberMissing(DomainError):
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such member.")


class LastOwner(DomainError):
    code = "last_owner"

    def __init__(self) -> None:
        super().__init__(
            "An organization needs an owner, and this is the only one. Transfer the ownership "
            "first."
        )


class InvalidLimit(DomainError):
    code = "invalid_limit"


def of(caller: Caller) -> QuerySet[Membership]:
    """The members of the caller's organization, in no order."""
    return Membership.objects.filter(organization_id=caller.organization_id).select_related("user")


def one(caller: Caller, membership_id: int) -> Membership:
    """Raises: MemberMissing, also for another organization's."""
    found = of(caller).filter(pk=membership_id).first()
    if found is None:
        raise MemberMissing
    return found


def may_touch(caller: Caller, membership: Membership) -> bool:
    """Whether the caller may change or remove that member: an admin no owner."""
    return caller.is_owner or (caller.is_manager and membership.role != Role.OWNER)


def roles_to_give(caller: Caller) -> list[Role]:
    """The roles that the caller may give to others."""
    if not caller.is_manager:
        return []
    return [role for role in Role if caller.is_owner or role != Role.OWNER]


def keys_made_by(caller: Caller, user_id: int | None) -> list[ApiKey]:
    """Keys that still work: they are the organization's, and stay when their maker goes."""
    keys = api_keys.of(caller.organization_id).filter(created_by_id=user_id, revoked_at=None)
    return [key for key in keys.order_by("-id") if not key.has_ended]


@transaction.atomic
def change_role(caller: Caller, membership_id: int, *, role: Role) -> Membership:
    """Make a member something else, from their next request on.

    Raises:
        NotAllowed: not a manager, or an admin at an owner, or to make one.
        MemberMissing, LastOwner.
    """
    membership = _to_be_changed(caller, membership_id)
    if role not in roles_to_give(caller):
        raise NotAllowed("Only an owner may make somebody an owner.")
    before = membership.role
    if before == role:
        return membership
    _require_other_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    name = membership.user.email
    audit.record(caller, Act.ROLE_CHANGED, membership, name=name, before=before, after=role)
    return membership


@transaction.atomic
def set_limit(caller: Caller, membership_id: int, *, limit_micros: int | None) -> Membership:
    """What a member may spend at the web in a calendar month (UTC); None for no limit.

    Raises:
        NotAllowed, MemberMissing.
        InvalidLimit: below zero, or beyond what anybody means.
    """
    if limit_micros is not None and not 0 <= limit_micros <= MOST_LIMIT_MICROS:
        raise InvalidLimit("A limit is zero or more, and at most $1,000,000.")
    membership = _to_be_changed(caller, membership_id)
    before = membership.monthly_limit_micros
    if before == limit_micros:
        return membership
    membership.monthly_limit_micros = limit_micros
    membership.save(update_fields=["monthly_limit_micros"])
    audit.record(
        caller,
        Act.LIMIT_CHANGED,
        membership,
        name=membership.user.email,
        before_micros=before,
        after_micros=limit_micros,
    )
    return membership


@transaction.atomic
def remove(caller: Caller, membership_id: int) -> Membership:
    """End somebody's membership at once. Their videos, and the keys they made, stay.

    Raises:
        NotAllowed: also of oneself, which is `leave`.
        MemberMissing, LastOwner.
    """
    membership = _to_be_changed(caller, membership_id)
    if membership.user_id == caller.user_id:
        raise NotAllowed("To go yourself, leave the organization.")
    _require_other_owner(membership)
    audit.record(
        caller, Act.MEMBER_REMOVED, membership, name=membership.user.email, role=membership.role
    )
    Membership.objects.filter(pk=membership.pk).delete()
    return membership


@transaction.atomic
def leave(caller: Caller) -> Membership:
    """End one's own membership. Raises: MemberMissing, LastOwner."""
    membership = _locked(caller, user_id=caller.require_person())
    _require_other_owner(membership)
    audit.record(
        caller, Act.MEMBER_LEFT, membership, name=membership.user.email, role=membership.role
    )
    Membership.objects.filter(pk=membership.pk).delete()
    return membership


@transaction.atomic
def transfer(caller: Caller, membership_id: int) -> Membership:
    """Make another member an owner and oneself an admin.

    Raises:
        NotAllowed: not an owner, or to oneself.
        MemberMissing.
    """
    caller.require_owner("transfer the ownership")
    heir = _locked(caller, pk=membership_id)
    own = of(caller).get(user_id=caller.require_person())
    if own.role != Role.OWNER:  # no longer: another owner was quicker
        raise NotAllowed("Only an owner may transfer the ownership.")
    if heir.pk == own.pk:
        raise NotAllowed("You own it already.")
    _set_role([heir], Role.OWNER)
    _set_role([own], Role.ADMIN)
    audit.record(caller, Act.OWNERSHIP_TRANSFERRED, heir, name=heir.user.email)
    return heir


def _set_role(memberships: Iterable[Membership], role: Role) -> None:
    for membership in memberships:
        membership.role = role
        membership.save(update_fields=["role"])


def _to_be_changed(caller: Caller, membership_id: int) -> Membership:
    """A member whom the caller may change, under the organization's lock."""
    membership = _locked(caller, pk=membership_id)
    caller.require_manager("change members")
    if not may_touch(caller, membership):
        raise NotAllowed("Only an owner may change an owner.")
    return membership


def _locked(caller: Caller, **which: object) -> Membership:
    """A member as they stand once every act before this one is committed."""
    Organization.objects.select_for_update(no_key=True).get(pk=caller.organization_id)
    found = of(caller).filter(**which).first()
    if found is None:
        raise MemberMissing
    return found


def _require_other_owner(membership: Membership) -> None:
    """Before an owner steps down, under the organization's lock. Raises: LastOwner."""
    if membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(
        organization_id=membership.organization_id, role=Role.OWNER
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise LastOwner
