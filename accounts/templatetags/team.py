"""What every page shows of one's organizations."""

from django import template

from accounts.models import Membership, User

register = template.Library()


@register.simple_tag
def memberships_of(user: User) -> list[Membership]:
    """The organizations to switch between, with one's role in each: one query."""
    return list(
        Membership.objects.filter(user=user, organization__deleted_at=None)
        .select_related("organization")
        .order_by("organization__name", "organization_id")
    )
