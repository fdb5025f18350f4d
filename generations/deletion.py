"""Deleting a generation: its customer no longer sees it and its files are removed; the row and
its money remain, because the ledger only grows."""

import logging
import uuid
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.errors import DomainError
from generations.models import OPEN_STATES, Generation, Media
from generations.submission import GenerationMissing

logger = logging.getLogger(__name__)

LISTEN = timedelta(days=30)
"""A file that comes this long after the deletion, or resists it, is still removed."""
PURGE_AT_ONCE = 200


class CannotDelete(DomainError):
    code = "cannot_delete"


def delete(organization_id: uuid.UUID, generation_id: uuid.UUID) -> None:
    """Hide a generation that has ended, and remove its files.

    Once only, by compare-and-swap. Not inside a transaction: files are removed. What cannot be
    removed now, the sweep removes.

    Raises:
        GenerationMissing: also when it is another organization's, or was deleted before.
        CannotDelete: it has not ended.
    """
    mine = Generation.objects.filter(
        pk=generation_id, organization_id=organization_id, deleted_at__isnull=True
    )
    if not mine.exclude(state__in=OPEN_STATES).update(deleted_at=timezone.now()):
        if mine.exists():
            raise CannotDelete("A generation can be deleted once it has ended.")
        raise GenerationMissing("There is no such generation.")
    for media in Media.objects.filter(generation_id=generation_id):
        remove_files(media)


def purge() -> int:
    """Files of deleted generations that are still there, or came late. For the sweep."""
    left = Media.objects.filter(generation__deleted_at__gt=timezone.now() - LISTEN)[:PURGE_AT_ONCE]
    return sum(remove_files(media) for media in left)


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
