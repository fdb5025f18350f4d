"""Links to stored files: signed, dated, and without a login, so that players and programs can
follow them. Who holds a link has the file until it expires; nobody can make one up."""

import time
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile

from generations.models import Generation, Media

_SALT = "generations.media"
FIELDS = ("video", "poster", "preview")


def video_url(generation: Generation, *, lasts_seconds: int | None = None) -> str:
    """Absolute URL of the finished video, "" when there is none.

    Args:
        lasts_seconds: how long it shall work, by default MEDIA_LINK_SECONDS; S3 signs for at
            most seven days.
    """
    return _url(generation, "video", lasts_seconds)


def poster_url(generation: Generation) -> str:
    return _url(generation, "poster")


def preview_url(generation: Generation) -> str:
    return _url(generation, "preview")


def _url(generation: Generation, field: str, lasts_seconds: int | None = None) -> str:
    media: Media | None = getattr(generation, "media", None)
    file: FieldFile | None = getattr(media, field, None)
    if not file:
        return ""
    if lasts_seconds is None:
        lasts_seconds = settings.MEDIA_LINK_SECONDS
    if settings.MEDIA_S3_BUCKET:
        storage: Any = default_storage
        return str(storage.url(file.name, expire=lasts_seconds))
    # Whole hours, so that a page drawn again has the same links and the browser its posters.
    until = (int(time.time()) // 3600 + 1) * 3600 + lasts_seconds
    token = signing.Signer(salt=_SALT).sign_object([str(generation.pk), field, until])
    file_name = file.name.rpartition("/")[2] if file.name else field
    return f"{settings.PUBLIC_BASE_URL}/media/{token}/{file_name}"


def resolve(token: str) -> tuple[Media, FieldFile] | None:
    """What a link leads to, or None for one that is forged, expired, or whose file is gone."""
    try:
        value: Any = signing.Signer(salt=_SALT).unsign_object(token)
    except signing.BadSignature:
        return None
    generation_id, field, until = value
    if time.time() > until:
        return None
    media = Media.objects.filter(pk=generation_id, generation__deleted_at__isnull=True).first()
    file: FieldFile | None = getattr(media, field, None) if field in FIELDS else None
    if media is None or not file or not default_storage.exists(str(file.name)):
        return None
    return media, file
