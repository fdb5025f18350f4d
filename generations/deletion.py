"""Deleting generations: their customer no longer sees them and their files are removed; the rows
and their money remain, because the ledger only grows.

A program deletes at once. What a person deletes may be taken back for a while, so its files are
removed later, by the sweep.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import audit
from accounts.access import Caller
from accounts.errors import DomainError
from accounts.models import Act
from generations import titles
from generations.errors import GenerationMissing
from generations.models import OPEN_STATES, Generation, Media, State

logger = logging.getLogger(__name__)

LISTEN = timedelta(days=30)
"""A file that comes this long after the deletion, or resists it, is still removed."""
PURGE_AT_ONCE = 200
UNDO = timedelta(minutes=10)
_KEEP = UNDO + timedelta(minutes=5)
"""Longer than UNDO, so that nothing is restored and purged at the same moment."""


class CannotDelete(DomainError):
    code = "cannot_delete"


def delete(
    organization_id: uuid.UUID, generation_id: uuid.UUID, *, by: Caller | None = None
) -> None:
    """Hide a generation that has ended, and remove its files.

    Once only, by compare-and-swap. Not inside a transaction: files are removed. What cannot be
    removed now, the sweep removes.

    Args:
        by: who does it, for the audit log; None for the platform itself.

    Raises:
        GenerationMissing: also when it is another organization's, or was deleted before.
        CannotDelete: it has not ended.
    """
    mine = Generation.objects.filter(
        pk=generation_id, organization_id=organization_id, deleted_at__isnull=True
    )
    with transaction.atomic():
        hidden = mine.exclude(state__in=OPEN_STATES).update(deleted_at=timezone.now())
        if hidden:
            row = Generation.objects.get(pk=generation_id)
            audit.record(by or organization_id, Act.GENERATION_DELETED, row, name=titles.of(row))
    if not hidden:
        if mine.exists():
            raise CannotDelete("A generation can be deleted once it has ended.")
        raise GenerationMissing("There is no such generation.")
    for media in Media.objects.filter(generation_id=generation_id):
        remove_files(media)


@transaction.atomic
def hide(caller: Caller, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Delete those of `ids` that are the organization's and have ended; `restore` undoes it.

    Returns: the ids of those that were deleted by this call.
    """
    rows = list(
        Generation.objects.select_for_update(no_key=True)
        .filter(pk__in=ids, organization_id=caller.organization_id, deleted_at__isnull=True)
        .exclude(state__in=OPEN_STATES)
        .order_by("pk")
    )
    hidden = [row.pk for row in rows]
    Generation.objects.filter(pk__in=hidden).update(deleted_at=timezone.now())
    _record(caller, Act.GENERATION_DELETED, rows)
    return hidden


@transaction.atomic
def restore(caller: Caller, ids: Sequence[uuid.UUID]) -> int:
    """Show again what `hide` deleted less than UNDO ago; how many. What has lost its files stays
    deleted."""
    is_whole = (
        Q(media__isnull=False) | ~Q(state=State.COMPLETED) | Q(media_removed_at__isnull=False)
    )
    rows = list(
        Generation.objects.select_for_update(no_key=True, of=("self",))
        .filter(
            is_whole,
            pk__in=ids,
            organization_id=caller.organization_id,
            deleted_at__gt=timezone.now() - UNDO,
        )
        .order_by("pk")
    )
    Generation.objects.filter(pk__in=[row.pk for row in rows]).update(deleted_at=None)
    _record(caller, Act.GENERATION_RESTORED, rows)
    return len(rows)


def _record(caller: Caller, act: Act, rows: Sequence[Generation]) -> None:
    """One row of the audit log, however many videos there were."""
    if len(rows) == 1:
        audit.record(caller, act, rows[0], name=titles.of(rows[0]))
    elif rows:
        first = titles.of(rows[0]) or "Untitled"
        audit.record(caller, act, name=f"{first} and {len(rows) - 1} more")


def purge() -> int:
    """Files of deleted generations: those that nobody takes back any more, and those that came
    after the deletion. For the sweep."""
    now = timezone.now()
    is_due = Q(generation__deleted_at__lt=now - _KEEP) | Q(
        stored_at__gt=F("generation__deleted_at")
    )
    left = Media.objects.filter(is_due, generation__deleted_at__gt=now - LISTEN)
    return sum(remove_files(media) for media in left[:PURGE_AT_ONCE])


def remove_files(media: Media) -> bool:
    """The files first: without their row nobody would find them again."""
    try:
        for file in (media.preview, media.poster, media.video):
            if file:
                default_storage.delete(str(file.name))
    except Exception:  # a storage has errors of its own, and the sweep tries again
        logger.exception("files of generation %s could not be removed", media.pk)
        return False
    media.delete()
    return True
