"""Retention: an organization's videos are removed some days after they were made.

The files and their row go; the generation, its prompt and its cost stay, and say when the video
was removed. Only an owner sets it: what goes cannot be brought back.
"""

import logging
import uuid
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.access import Caller
from accounts.errors import DomainError
from accounts.models import Act, Organization
from generations import deletion
from generations.models import Generation, Media

logger = logging.getLogger(__name__)

MOST_DAYS = 3650
REMOVE_AT_ONCE = 200
"""How many files one sweep removes: it runs each minute, and each is a call of the storage."""

# Of each organization by its index, oldest first, so that a long backlog of one is no long read.
_DUE = """
    SELECT m.generation_id
      FROM accounts_organization o
      JOIN LATERAL (
           SELECT generation_id FROM generations_media
            WHERE organization_id = o.id
              AND stored_at < %(now)s - o.media_retention_days * interval '1 day'
            ORDER BY stored_at LIMIT %(most)s) m ON true
     WHERE o.media_retention_days IS NOT NULL
     LIMIT %(most)s"""


class InvalidRetention(DomainError):
    code = "invalid_retention"


class ContentRemoved(DomainError):
    """There was such a file; the organization's retention has removed it."""

    code = "content_removed"

    def __init__(self, generation: Generation) -> None:
        super().__init__(f"{told(generation)}.")


@transaction.atomic
def keep_for(caller: Caller, *, days: int | None) -> Organization:
    """Remove videos that many days after they were made; None keeps them for ever.

    What is older already goes with the next sweeps.

    Raises:
        NotAllowed: not an owner.
        InvalidRetention: not from 1 to MOST_DAYS.
    """
    caller.require_owner("change the retention of videos")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InvalidRetention(f"Choose from 1 to {MOST_DAYS} days.")
    organization = Organization.objects.select_for_update(no_key=True).get(
        pk=caller.organization_id
    )
    before = organization.media_retention_days
    if before == days:
        return organization
    organization.media_retention_days = days
    organization.save(update_fields=["media_retention_days"])
    audit.record(
        caller, Act.RETENTION_CHANGED, organization, before=_in_words(before), after=_in_words(days)
    )
    return organization


def is_shorter(days: int | None, *, than: int | None) -> bool:
    """Whether something goes earlier than before."""
    return days is not None and (than is None or days < than)


def how_many_would_go(organization_id: uuid.UUID, *, days: int) -> int:
    """The videos that are older than that: one query."""
    until = timezone.now() - timedelta(days=days)
    return Media.objects.filter(organization_id=organization_id, stored_at__lt=until).count()


def remove_old() -> int:
    """Remove files that are older than their organization keeps them, REMOVE_AT_ONCE at most.

    For the sweep; not in a transaction. What resists is tried again by the next one.

    Returns:
        How many videos are gone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": timezone.now(), "most": REMOVE_AT_ONCE})
        due = [row[0] for row in cursor.fetchall()]
    return sum(_remove(media) for media in Media.objects.filter(pk__in=due))


def _remove(media: Media) -> bool:
    """First the word that it was removed: a page must not promise a video that is half gone."""
    Generation.objects.filter(pk=media.pk, media_removed_at=None).update(
        media_removed_at=timezone.now()
    )
    return deletion.remove_files(media)


def told(generation: Generation) -> str:
    """Why there is no video any more: "The video was removed after 30 days"."""
    made, removed = generation.completed_at, generation.media_removed_at
    if made is None or removed is None:
        return "The video was removed"
    return f"The video was removed after {_in_words(max(1, (removed - made).days))}"


def _in_words(days: int | None) -> str:
    if days is None:
        return "kept for ever"
    return f"{days} day{'' if days == 1 else 's'}"
