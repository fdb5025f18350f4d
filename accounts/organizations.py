"""Organizations: founded, and entered."""

from django.db import transaction

from accounts.models import Membership, Organization, Role, User


@transaction.atomic
def found(owner: User, *, name: str) -> Organization:
    """Make an organization with its owner. The database opens its wallet with it."""
    organization = Organization.objects.create(name=name)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization


def found_personal(user: User) -> Organization:
    """The organization that each person gets at sign-up."""
    return found(user, name=f"{user.name or user.email.partition('@')[0]}"[:100])
