"""Organizations: founded, entered, renamed, deleted."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts import audit, closing
from accounts.access import ROLE_SCOPES, Caller
from accounts.errors import DomainError
from accounts.models import Act, Membership, Organization, Role, User

MOST_OWNED = 25
MOST_A_DAY = 5
"""How many organizations one person may own, and found in 24 hours."""
LONGEST_NAME = 100


class TooManyOrganizations(DomainError):
    code = "too_many_organizations"


class InvalidName(DomainError):
    code = "invalid_name"


class NameMistyped(DomainError):
    code = "name_mistyped"


class CannotClose(DomainError):
    """Work or money is on its way: `obstacles` says what."""

    code = "cannot_close"

    def __init__(self, obstacles: list[str]) -> None:
        super().__init__(" ".join(obstacles), obstacles=obstacles)


@transaction.atomic
def found(owner: User, *, name: str, address: str | None = None) -> Organization:
    """Make an organization with its owner. The database opens its wallet with it.

    Args:
        address: where it is asked from, for the audit log.
    """
    organization = Organization.objects.create(name=name)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    founder = Caller(
        organization=organization,
        scopes=ROLE_SCOPES[Role.OWNER],
        user_id=owner.pk,
        role=Role.OWNER,
        address=address,
    )
    audit.record(founder, Act.ORGANIZATION_FOUNDED, organization)
    return organization


def found_personal(user: User, *, name: str = "") -> Organization:
    """The organization that each person gets at sign-up; without a name, it is called like them."""
    return found(user, name=(name or user.name or user.email.partition("@")[0])[:LONGEST_NAME])


@transaction.atomic
def found_another(owner: User, *, name: str, address: str | None) -> Organization:
    """One more, within limits. The person's row is locked, so that two at once are counted.

    Raises:
        InvalidName, TooManyOrganizations.
    """
    wanted = _checked(name)
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    owned = Membership.objects.filter(user=owner, role=Role.OWNER)
    today = owned.filter(created_at__gt=timezone.now() - timedelta(days=1))
    if owned.count() >= MOST_OWNED:
        raise TooManyOrganizations(f"One person owns at most {MOST_OWNED} organizations.")
    if today.count() > MOST_A_DAY:  # the one of the sign-up is not counted
        raise TooManyOrganizations(
            f"One person creates at most {MOST_A_DAY} organizations a day. Try again tomorrow."
        )
    return found(owner, name=wanted, address=address)


@transaction.atomic
def rename(caller: Caller, *, name: str) -> Organization:
    """Raises: NotAllowed, InvalidName."""
    caller.require_manager("rename the organization")
    wanted = _checked(name)
    organization = Organization.objects.select_for_update(no_key=True).get(
        pk=caller.organization_id
    )
    if (before := organization.name) == wanted:
        return organization
    organization.name = wanted
    organization.save(update_fields=["name"])
    audit.record(
        caller, Act.ORGANIZATION_RENAMED, organization, name=wanted, before=before, after=wanted
    )
    return organization


@transaction.atomic
def delete(caller: Caller, *, typed_name: str) -> None:
    """Close the caller's organization for good; its ledger stays (accounts/closing.py).

    Locks its row, against what would be begun in it meanwhile.

    Raises:
        NotAllowed: not an owner.
        NameMistyped: not the organization's name.
        CannotClose.
    """
    caller.require_owner("delete the organization")
    organization = Organization.objects.select_for_update().get(pk=caller.organization_id)
    if organization.deleted_at:
        return
    if " ".join(typed_name.split()) != " ".join(organization.name.split()):
        raise NameMistyped("This is not the organization's name.")
    if obstacles := closing.obstacles(organization.pk):
        raise CannotClose(obstacles)
    closing.close(caller)


def enter(user: User, organization: Organization) -> None:
    """Work there from now on, also after the next sign-in."""
    user.last_organization = organization
    user.save(update_fields=["last_organization"])


def _checked(name: str) -> str:
    wanted = " ".join(name.split())
    if not 1 <= len(wanted) <= LONGEST_NAME or not wanted.isprintable():
        raise InvalidName(f"A name has 1 to {LONGEST_NAME} characters that can be seen.")
    return wanted
