"""Links to stored files: signed, dated, and without a login, so that players and programs can
follow them. Who holds a link has the file until it expires; nobody can make one up."""

import time
import uuid
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile

from generations.models import Generation, Media
from generations.shown import Shown

_signer = signing.Signer(salt="generations.media_links")
FIELDS = ("video", "poster", "preview")


def video_url(generation: Generation | Shown, *, lasts_seconds: int | None = None) -> str:
    """Absolute URL of the finished video, "" when there is none.

    Args:
        lasts_seconds: how long it shall work, by default MEDIA_LINK_SECONDS; S3 signs for at
            most seven days.
    """
    return _urls(generation, ("video",), lasts_seconds)[0]


def poster_url(generation: Generation | Shown) -> str:
    return _urls(generation, ("poster",))[0]


def preview_url(generation: Generation | Shown) -> str:
    return _urls(generation, ("preview",))[0]


def urls(generation: Generation | Shown) -> list[str]:
    """Of video, poster and preview, each "" when there is none."""
    return _urls(generation, FIELDS)


def _urls(
    generation: Generation | Shown, fields: tuple[str, ...], lasts_seconds: int | None = None
) -> list[str]:
    media = getattr(generation, "media", None)
    names = [str(getattr(media, field, "")) for field in fields]  # of a FieldFile, its name
    if not any(names):
        return names
    if lasts_seconds is None:
        lasts_seconds = settings.MEDIA_LINK_SECONDS
    if settings.MEDIA_S3_BUCKET:
        storage: Any = default_storage
        return [name and str(storage.url(name, expire=lasts_seconds)) for name in names]
    # Whole hours, so that a page drawn again has the same links and the browser its posters.
    until = (int(time.time()) // 3600 + 1) * 3600 + lasts_seconds
    base, generation_id = f"{settings.PUBLIC_BASE_URL}/media", generation.pk.hex
    return [
        name and f"{base}/{_token(generation_id, field, until)}/{name.rpartition('/')[2]}"
        for field, name in zip(fields, names, strict=True)
    ]


@lru_cache(maxsize=10_000)
def _token(generation_id: str, field: str, until: int) -> str:
    """Kept, because who polls a list is given the same links again, 300 on a page."""
    return _signer.sign(f"{generation_id}.{field}.{until}")


def resolve(token: str) -> tuple[Media, FieldFile] | None:
    """What a link leads to, or None for one that is forged, expired, or whose file is gone."""
    try:
        written_id, field, until = _signer.unsign(token).split(".")
    except signing.BadSignature:
        return None
    if time.time() > int(until):
        return None
    generation_id = uuid.UUID(written_id)
    media = Media.objects.filter(pk=generation_id, generation__deleted_at__isnull=True).first()
    file: FieldFile | None = getattr(media, field, None) if field in FIELDS else None
    if media is None or not file or not default_storage.exists(str(file.name)):
        return None
    return media, file
