"""What staff may do about how a person signs in: end the sessions, take a lost second factor off.

Nobody signs in as somebody else by these, and no secret is shown. The person is told by e-mail.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts.errors import DomainError
from accounts.models import User
from backoffice import acts

RESET, END = "accounts.reset_second_factor", "accounts.end_sessions"
"""The permissions."""


class CannotHelp(DomainError):
    """Not to this person, or there is nothing to end; nothing was done."""

    code = "cannot_help"


def may_help(user: User, *, by: User) -> bool:
    """Whether `by` may act on this person at all: colleagues' sign-in is superusers' alone, and
    one's own is changed at one's own account, where it asks for password and factor."""
    if user.pk == by.pk:
        return False
    return by.is_superuser or not (user.is_staff or user.is_superuser)


@transaction.atomic
def reset_second_factor(user_id: int, *, by: User, reason: str) -> int:
    """Remove every second factor and the recovery codes, and end the sessions. Locks the user.

    Staff whose factor is gone set up a new one before any page of the admin opens.

    Returns:
        How many sessions ended.

    Raises:
        CannotHelp: not to this person, or they have no second factor.
    """
    user = _locked(user_id, by)
    found = Authenticator.objects.filter(user=user)
    kinds = sorted(found.values_list("type", flat=True))
    if not kinds:
        raise CannotHelp("They have no second factor.")
    found.delete()
    ended = _end(user)
    acts.record(
        "reset_second_factor",
        user,
        organization_id=None,
        reason=reason,
        before={"second_factors": kinds},
        after={"second_factors": [], "sessions_ended": ended},
    )
    return ended


@transaction.atomic
def end_sessions(user_id: int, *, by: User, reason: str) -> int:
    """Sign the person out everywhere. API keys go on. Locks the user.

    Returns:
        How many sessions ended.

    Raises:
        CannotHelp: not to this person, or they are signed in nowhere.
    """
    user = _locked(user_id, by)
    ended = _end(user)
    if not ended:
        raise CannotHelp("They are signed in nowhere.")
    acts.record(
        "end_sessions",
        user,
        organization_id=None,
        reason=reason,
        after={"sessions_ended": ended},
    )
    return ended


def told_at(user: User) -> list[str]:
    """Every address that is known to be the person's: a thief may have changed the first."""
    verified = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk")
    return list(dict.fromkeys([user.email, *verified.values_list("email", flat=True)]))


def _locked(user_id: int, by: User) -> User:
    user = User.objects.select_for_update().get(pk=user_id)
    if not may_help(user, by=by):
        raise CannotHelp("Only a superuser may do this to staff, and nobody to themselves.")
    return user


def _end(user: User) -> int:
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)
