"""People and organizations, as the admin's search box finds them: e-mail, name, Stripe's ids."""

import uuid
from collections.abc import Iterable, Mapping

from django.db.models.functions import Lower

from accounts.models import Membership, Organization, User
from backoffice import finding


@finding.finder
def people(term: str, found: finding.Found) -> None:
    """A whole e-mail address names a user, and the organizations he is a member of."""
    if "@" not in term:
        return
    users = list(
        User.objects.annotate(lowered=Lower("email"))
        .filter(lowered=term.lower())
        .values_list("pk", flat=True)
    )
    memberships = Membership.objects.filter(user__in=users)
    found.add(finding.USER, users)
    found.add(
        finding.ORGANIZATION, memberships.values_list("organization", flat=True)[: finding.MOST]
    )


@finding.finder
def organizations(term: str, found: finding.Found) -> None:
    """Its id, or the beginning of its name in any case."""
    if "@" in term or len(term) < 2:
        return
    try:
        its_own = Organization.objects.filter(pk=uuid.UUID(term))
    except ValueError:
        pass
    else:
        found.add(finding.ORGANIZATION, its_own.values_list("pk", flat=True))
        return
    named = Organization.objects.filter(name__istartswith=term).order_by()
    found.add(finding.ORGANIZATION, named.values_list("pk", flat=True)[: finding.MOST])


@finding.namer(finding.ORGANIZATION)
def named(keys: Iterable[object]) -> Mapping[object, str]:
    return dict(Organization.objects.filter(pk__in=list(keys)).values_list("pk", "name"))
