"""Accepting an invitation: the link's holder becomes a member, once."""

import enum

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts import audit, invitations
from accounts.access import ROLE_SCOPES, Caller
from accounts.errors import DomainError
from accounts.models import Act, Invitation, Membership, User


class InvitationForOther(DomainError):
    """It was sent to an address that is not this person's."""

    code = "invitation_for_other"


class Reader(enum.Enum):
    """How the person who reads an invitation stands to it."""

    STRANGER = "not signed in"
    OTHER = "signed in with another address"
    INVITED = "may join"
    MEMBER = "is a member already"


def reader(invitation: Invitation, user: User | None) -> Reader:
    """At most two queries."""
    if user is None:
        return Reader.STRANGER
    if Membership.objects.filter(user=user, organization_id=invitation.organization_id).exists():
        return Reader.MEMBER
    return Reader.INVITED if _is_of(invitation, user) else Reader.OTHER


@transaction.atomic
def accept(user: User, token: str, *, address: str | None) -> Membership:
    """Make the user a member as what they were invited as.

    A member keeps their role. The invitation's own row is locked: it is accepted once.

    Args:
        address: where it is asked from, for the audit log.

    Raises:
        InvitationMissing: unknown, expired, revoked or accepted before.
        InvitationForOther: it was sent to an address that is not the user's.
    """
    found = invitations.by_token(token)
    if found is None or not _is_open_still(found):
        raise invitations.InvitationMissing
    if not _is_of(found, user):
        raise InvitationForOther(f"This invitation is for {found.email}.")
    membership, is_new = Membership.objects.get_or_create(
        user=user, organization_id=found.organization_id, defaults={"role": found.role}
    )
    Invitation.objects.filter(pk=found.pk).update(
        accepted_at=timezone.now(), accepted_by=user, next_attempt_at=None, token_sealed=b""
    )
    # The link was in this address's mailbox: it needs no other proof.
    EmailAddress.objects.filter(user=user, email__iexact=found.email).update(verified=True)
    if is_new:
        joined = Caller(
            organization=found.organization,
            scopes=ROLE_SCOPES[membership.role],
            user_id=user.pk,
            role=membership.role,
            address=address,
        )
        audit.record(joined, Act.MEMBER_JOINED, membership, name=user.email, role=membership.role)
    return membership


def _is_open_still(found: Invitation) -> bool:
    """Under its lock, which ends races with a revocation and with itself."""
    return (
        invitations.of(found.organization_id)
        .select_for_update(no_key=True)
        .filter(pk=found.pk, token_hash=found.token_hash)
        .first()
        is not None
    )


def _is_of(invitation: Invitation, user: User) -> bool:
    """The address that they sign in with, or another one of theirs that is verified."""
    if user.email.lower() == invitation.email.lower():
        return True
    return bool(
        EmailAddress.objects.filter(
            user=user, email__iexact=invitation.email, verified=True
        ).exists()
    )
