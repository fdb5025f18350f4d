"""Which e-mails about an organization its managers want. Nobody else gets any."""

import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.access import MANAGERS, Caller
from accounts.models import Membership, Topic


def recipients(organization_id: uuid.UUID, topic: Topic | None) -> QuerySet[Membership]:
    """The managers who want e-mails about a topic, with `user` and `organization` selected.

    Args:
        topic: None for what nobody can do without.
    """
    managers = Membership.objects.filter(
        organization_id=organization_id, role__in=MANAGERS, user__is_active=True
    ).select_related("user", "organization")
    return managers if topic is None else managers.exclude(muted__contains=[topic])


def wanted(caller: Caller) -> list[str]:
    """The topics that the caller gets e-mails about, if they are a manager."""
    muted = _own(caller).values_list("muted", flat=True).first() or []
    return [topic for topic in Topic.values if topic not in muted]


def mute(caller: Caller, topics: Iterable[str]) -> None:
    """Want no e-mail about these any more, and about all others again."""
    _own(caller).update(muted=[Topic(topic) for topic in topics])


def _own(caller: Caller) -> QuerySet[Membership]:
    return Membership.objects.filter(
        organization_id=caller.organization_id, user_id=caller.require_person()
    )
