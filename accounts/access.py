"""Who is asking, for which organization, and what they may do there.

Strangers get 404, members without the right get 403, on the web and in the API alike: every
look-up starts from `Caller.organization_id`, and rights are asked with `Caller.require`.
"""

import uuid
from dataclasses import dataclass

from accounts.errors import DomainError
from accounts.models import Membership, Organization, Role, Scope, User

_READ = frozenset(scope.value for scope in Scope if scope.value.endswith(":read"))
ROLE_SCOPES: dict[str, frozenset[str]] = {
    Role.VIEWER: _READ,
    Role.MEMBER: _READ | {Scope.GENERATIONS_WRITE.value, Scope.UPLOADS_WRITE.value},
    Role.ADMIN: frozenset(Scope.values) - {Scope.BILLING_WRITE},  # an owner pays
    Role.OWNER: frozenset(Scope.values),
}
MANAGERS = frozenset({Role.ADMIN, Role.OWNER})


class NotAllowed(DomainError):
    code = "not_allowed"


@dataclass(frozen=True, slots=True)
class Caller:
    """A member at the web, or a program with a key: always of exactly one organization.

    `address` is where they ask from, for the audit log; None where that is not known.
    """

    organization: Organization
    scopes: frozenset[str]
    user_id: int | None = None
    api_key_id: uuid.UUID | None = None
    role: str = ""
    address: str | None = None

    @property
    def organization_id(self) -> uuid.UUID:
        return self.organization.pk

    @property
    def is_manager(self) -> bool:
        return self.role in MANAGERS

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def require(self, scope: str) -> None:
        """Raises: NotAllowed, naming the scope that is missing."""
        if not self.may(scope):
            if self.api_key_id:
                message = f"This API key may not do this: it needs the scope {scope}."
            else:
                may = [role for role in Role if scope in ROLE_SCOPES[role]]
                who = " or ".join(f"{'an' if role[0] in 'ao' else 'a'} {role}" for role in may)
                message = f"Only {who} may do this."
            raise NotAllowed(message, scope=scope)

    def require_person(self) -> int:
        """The id of the user who asks. Raises: NotAllowed, when a program with a key does."""
        if self.user_id is None:
            raise NotAllowed("Only a member may do this, at the web.")
        return self.user_id

    def require_manager(self, what: str) -> None:
        """Raises: NotAllowed, unless an owner or an admin asks. `what` ends the sentence."""
        if not self.is_manager:
            raise NotAllowed(f"Only an owner or an admin may {what}.")

    def require_owner(self, what: str) -> None:
        """Raises: NotAllowed, unless an owner asks."""
        if not self.is_owner:
            raise NotAllowed(f"Only an owner may {what}.")


def member_caller(
    user: User, organization_id: str | None, *, address: str | None = None
) -> Caller | None:
    """The user's place in the organization asked for, or else in the one that they worked in last,
    or else in the one joined first.

    One query. `organization_id` comes from the session and may be stale or anything else.
    """
    memberships = {
        str(membership.organization_id): membership
        for membership in Membership.objects.filter(user=user, organization__deleted_at=None)
        .select_related("organization")
        .order_by("pk")
    }
    if not memberships:
        return None
    asked, last = str(organization_id), str(user.last_organization_id)
    first = next(iter(memberships.values()))
    membership = memberships.get(asked) or memberships.get(last) or first
    return Caller(
        organization=membership.organization,
        scopes=ROLE_SCOPES[membership.role],
        user_id=user.pk,
        role=membership.role,
        address=address,
    )
