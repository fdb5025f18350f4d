"""Invitations: an address is asked to join as a role, by a link that only its mailbox sees.

The link's token is 256 random bits, of which the hash is kept. Whoever holds it has read the
mailbox it was sent to, so an account with that address counts as verified (accounts/joining.py).
"""

import hashlib
import secrets
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts import audit, sealing
from accounts.access import Caller, NotAllowed
from accounts.errors import DomainError
from accounts.models import Act, Invitation, Membership, Organization, Role
from accounts.work import INVITATIONS

LASTS = timedelta(days=7)
MOST_A_DAY = 50
"""New invitations of one organization in 24 hours: it is no way to send mail to strangers."""
MOST_SENDS = 5
RESEND_GAP = timedelta(minutes=1)
PURPOSE = "accounts.invitations"


class InvitationMissing(DomainError):
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such invitation.")


class AlreadyMember(DomainError):
    code = "already_member"


class AlreadyInvited(DomainError):
    code = "already_invited"


class TooManyInvitations(DomainError):
    code = "too_many_invitations"


def of(organization_id: uuid.UUID) -> QuerySet[Invitation]:
    """The open invitations of an organization, expired ones too, in no order."""
    return Invitation.objects.filter(
        organization_id=organization_id, accepted_at=None, revoked_at=None
    )


@transaction.atomic
def invite(caller: Caller, *, email: str, role: Role) -> Invitation:
    """Ask an address to join; the e-mail goes out after the commit.

    Locks the organization, so that two at once do not both find a place. An invitation that has
    expired makes room for a new one.

    Raises:
        NotAllowed: not a manager, or an admin who invites an owner.
        AlreadyMember, AlreadyInvited, TooManyInvitations.
    """
    caller.require_manager("invite people")
    _require_role(caller, role)
    address = email.strip().lower()
    now = timezone.now()
    _lock(caller.organization_id)
    if Membership.objects.filter(
        organization_id=caller.organization_id, user__email__iexact=address
    ).exists():
        raise AlreadyMember(f"{address} is a member already.")
    open_ones = of(caller.organization_id).filter(email__iexact=address)
    open_ones.filter(expires_at__lte=now).update(revoked_at=now, **_UNSENT)
    if open_ones.exists():
        raise AlreadyInvited(f"{address} is invited already. Send that invitation again instead.")
    made_today = Invitation.objects.filter(
        organization_id=caller.organization_id, created_at__gt=now - timedelta(days=1)
    ).count()
    if made_today >= MOST_A_DAY:
        raise TooManyInvitations(
            f"An organization invites at most {MOST_A_DAY} people a day. Try again tomorrow."
        )
    token = new_token()
    invitation = Invitation.objects.create(
        organization_id=caller.organization_id,
        email=address,
        role=role,
        invited_by_id=caller.user_id,
        token_hash=_hash(token),
        token_sealed=sealing.seal(token.encode(), purpose=PURPOSE),
        expires_at=now + LASTS,
        next_attempt_at=now,
    )
    audit.record(caller, Act.MEMBER_INVITED, invitation, name=address, role=role)
    INVITATIONS.nudge()
    return invitation


_UNSENT = {"next_attempt_at": None, "token_sealed": b""}


@transaction.atomic
def resend(caller: Caller, invitation_id: uuid.UUID) -> Invitation:
    """Send it once more, with a new link that lasts its full time; the old link ends.

    Raises:
        NotAllowed, InvitationMissing.
        TooManyInvitations: a moment ago, or too often.
    """
    caller.require_manager("invite people")
    invitation = _locked(caller, invitation_id)
    _require_role(caller, Role(invitation.role))
    now = timezone.now()
    token = new_token()
    last_asked_at = Greatest("created_at", "sent_at")
    renewed = (
        of(caller.organization_id)
        .annotate(last_asked_at=last_asked_at)
        .filter(pk=invitation_id, sends__lt=MOST_SENDS, last_asked_at__lt=now - RESEND_GAP)
        .update(
            token_hash=_hash(token),
            token_sealed=sealing.seal(token.encode(), purpose=PURPOSE),
            expires_at=now + LASTS,
            sends=F("sends") + 1,
            attempts=0,
            next_attempt_at=now,
            invited_by_id=caller.user_id,
        )
    )
    if not renewed:
        raise TooManyInvitations(
            f"An invitation is sent at most {MOST_SENDS} times, a minute apart. Revoke it, and "
            "invite the address anew."
            if invitation.sends >= MOST_SENDS
            else "It was sent a moment ago. Wait a minute before sending it again."
        )
    audit.record(caller, Act.INVITATION_RESENT, invitation, name=invitation.email)
    INVITATIONS.nudge()
    return invitation


@transaction.atomic
def revoke(caller: Caller, invitation_id: uuid.UUID) -> Invitation:
    """End it: its link leads nowhere from now on. Raises: NotAllowed, InvitationMissing."""
    caller.require_manager("revoke invitations")
    invitation = _locked(caller, invitation_id)
    _require_role(caller, Role(invitation.role))
    of(caller.organization_id).filter(pk=invitation_id).update(revoked_at=timezone.now(), **_UNSENT)
    audit.record(caller, Act.INVITATION_REVOKED, invitation, name=invitation.email)
    return invitation


def one(organization_id: uuid.UUID, invitation_id: uuid.UUID) -> Invitation:
    """An open invitation. Raises: InvitationMissing, also for another organization's."""
    found = of(organization_id).filter(pk=invitation_id).first()
    if found is None:
        raise InvitationMissing
    return found


def by_token(token: str) -> Invitation | None:
    """The invitation that a link leads to while it can be accepted, else None."""
    return (
        Invitation.objects.filter(
            token_hash=_hash(token),
            accepted_at=None,
            revoked_at=None,
            expires_at__gt=timezone.now(),
            organization__deleted_at=None,
        )
        .select_related("organization", "invited_by")
        .first()
    )


def new_token() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _require_role(caller: Caller, role: Role) -> None:
    if role == Role.OWNER and not caller.is_owner:
        raise NotAllowed("Only an owner may invite an owner.")


def _lock(organization_id: uuid.UUID) -> None:
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)


def _locked(caller: Caller, invitation_id: uuid.UUID) -> Invitation:
    found = (
        of(caller.organization_id).select_for_update(no_key=True).filter(pk=invitation_id).first()
    )
    if found is None:
        raise InvitationMissing
    return found
