"""Files that customers send us, to be inputs of their videos.

A file is read to its end before it is taken: what is no picture or sound is refused here, and not
by the provider after a hold. Its length is measured once, so a job that uses it fetches nothing.
"""

import hashlib
import logging
import math
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from PIL import Image, UnidentifiedImageError

from accounts.access import Caller
from accounts.errors import Busy, DomainError, FieldError, InvalidParameters
from generations import probing, upload_links
from generations.models import OPEN_STATES, Generation
from generations.upload_models import Upload, UploadKind

logger = logging.getLogger(__name__)

MAX_PIXELS = 50_000_000
MIN_SIDE = 16
_PICTURE_SIZE = (
    f"The picture must have {MIN_SIDE} pixels or more to each side, and at most {MAX_PIXELS:,} in "
    "all."
)
MAX_FILENAME = 200
IMAGE_TYPES = {"JPEG": ("jpg", "image/jpeg"), "PNG": ("png", "image/png")} | {
    "WEBP": ("webp", "image/webp")
}
AUDIO_TYPES = {
    "flac": ("flac", "audio/flac"),
    "mp3": ("mp3", "audio/mpeg"),
    "wav": ("wav", "audio/wav"),
}
_PICTURE, _SOUND = "jpg, png or webp picture", "flac, mp3 or wav sound"
_TAKEN: dict[UploadKind | None, tuple[str, ...]] = {
    UploadKind.IMAGE: (_PICTURE,),
    UploadKind.AUDIO: (_SOUND,),
    None: (_PICTURE, _SOUND),
}
READS_AT_ONCE = 2
READ_WAIT_SECONDS = 5.0
_reading = threading.BoundedSemaphore(READS_AT_ONCE)
"""Decoding works the processor: the web server's other threads shall have some of it."""
PURGE_AT_ONCE = 500


class UploadMissing(DomainError):
    code = "not_found"


class UploadInUse(DomainError):
    code = "upload_in_use"


class FileTooLarge(DomainError):
    code = "body_too_large"


class TooManyUploads(DomainError):
    code = "upload_quota_exceeded"


@dataclass(frozen=True, slots=True)
class _Facts:
    kind: UploadKind
    extension: str
    content_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None


def store(caller: Caller, path: Path, *, filename: str, wanted: UploadKind | None = None) -> Upload:
    """Take a file in; it can be used once `keep` is called.

    Not inside a transaction: the file is decoded and stored. The row comes first, so that what a
    crash leaves in the storage is found by `purge`.

    Args:
        path: where the file lies now; the caller removes it.
        filename: as the customer calls it, for display only.
        wanted: what it was sent as; what is no file of ours is told what this kind takes. The
            caller compares the kind.

    Raises:
        InvalidParameters: it is no picture or sound that the models take, or it is too large.
        TooManyUploads: the organization keeps as much as it may.
        Busy: many files are being read at the moment.
    """
    size_bytes = path.stat().st_size
    facts = _read(path, size_bytes, wanted)
    _check_quota(caller.organization_id, size_bytes)
    now = timezone.now()
    upload = Upload(
        organization_id=caller.organization_id,
        created_by_id=caller.user_id,
        api_key_id=caller.api_key_id,
        kind=facts.kind,
        filename=_shown(filename),
        content_type=facts.content_type,
        size_bytes=size_bytes,
        sha256=_sha256(path),
        width=facts.width,
        height=facts.height,
        duration_ms=facts.duration_ms,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.UPLOAD_KEEP_SECONDS),
    )
    upload.file.name = f"{caller.organization_id}/uploads/{upload.pk}.{facts.extension}"
    upload.save(force_insert=True)
    with path.open("rb") as file:
        default_storage.save(upload.file.name, File(file))
    return upload


def keep(upload: Upload) -> None:
    """From now on it is one of the organization's uploads."""
    upload.ready_at = timezone.now()
    upload.save(update_fields=["ready_at"])


def discard(upload: Upload) -> None:
    """Remove one that was stored and not kept."""
    _remove(upload)


def owned(organization_id: uuid.UUID) -> QuerySet[Upload]:
    """The organization's uploads that can be used."""
    return Upload.objects.filter(
        organization_id=organization_id, ready_at__isnull=False, expires_at__gt=timezone.now()
    )


def one(organization_id: uuid.UUID, upload_id: uuid.UUID) -> Upload:
    """Raises: UploadMissing, also when it is another organization's or has expired."""
    upload = owned(organization_id).filter(pk=upload_id).first()
    if upload is None:
        raise UploadMissing("There is no such upload.")
    return upload


def delete(organization_id: uuid.UUID, upload_id: uuid.UUID) -> None:
    """Remove an upload and its file.

    A job accepted in this very moment may lose its input: it ends as an error, which is free.

    Raises:
        UploadMissing: also when it is another organization's.
        UploadInUse: an open job may still need it.
    """
    upload = one(organization_id, upload_id)
    link = upload_links.beginning(upload)
    open_jobs = Generation.objects.filter(organization_id=organization_id, state__in=OPEN_STATES)
    uses = Q(input__image__startswith=link) | Q(input__audio__startswith=link)
    if open_jobs.filter(uses).exists():
        raise UploadInUse("A generation that has not ended uses this upload.")
    _remove(upload)


def kept_days() -> int:
    """For how long an upload can be used, in days begun."""
    seconds: int = settings.UPLOAD_KEEP_SECONDS
    return math.ceil(seconds / 86_400)


def inputs(organization_id: uuid.UUID, params: Mapping[str, Any]) -> dict[str, Upload]:
    """The uploads among a validated input's `image` and `audio`, by parameter: at most one query.

    Raises:
        InvalidParameters: a link of ours that leads to no upload of this organization, or to one
            of the wrong kind. A link is the organization's own: another's cannot use it.
    """
    named = {
        name: upload_links.named_by(params[name])
        for name in UploadKind.values
        if params.get(name) and upload_links.is_ours(params[name])
    }
    if not named:
        return {}
    ids = [upload_id for upload_id in named.values() if upload_id]
    known = {upload.pk: upload for upload in owned(organization_id).filter(pk__in=ids)}
    found, errors = {}, []
    for name, upload_id in named.items():
        upload = known.get(upload_id) if upload_id else None
        if upload is None:
            message = f"{name} is an upload that does not exist, or no longer"
            errors.append(FieldError(name, "upload_missing", message))
        elif upload.kind != name:
            errors.append(FieldError(name, "wrong_kind", f"{name} is an upload of {upload.kind}"))
        else:
            found[name] = upload
    if errors:
        raise InvalidParameters(errors)
    return found


def purge() -> int:
    """Remove what has expired and no job can need any more. For the sweep."""
    gone = list(
        Upload.objects.filter(expires_at__lte=timezone.now() - upload_links.grace()).order_by(
            "expires_at"
        )[:PURGE_AT_ONCE]
    )
    for upload in gone:
        try:
            _remove(upload)
        except Exception:  # a storage has errors of its own; the others are still to be removed
            logger.exception("upload %s could not be removed", upload.pk)
    return len(gone)


def _remove(upload: Upload) -> None:
    """The file first: without its row nobody would find it again."""
    default_storage.delete(str(upload.file.name))
    upload.delete()


def _check_quota(organization_id: uuid.UUID, size_bytes: int) -> None:
    """Uploads cost nothing, so there is an end to them. Parallel ones may pass it by a few."""
    kept = Upload.objects.filter(organization_id=organization_id).aggregate(
        count=Count("*"), size=Sum("size_bytes", default=0)
    )
    if (
        kept["count"] >= settings.UPLOADS_MAX_COUNT
        or kept["size"] + size_bytes > settings.UPLOADS_MAX_BYTES
    ):
        raise TooManyUploads(
            f"An organization keeps at most {settings.UPLOADS_MAX_COUNT} uploads and "
            f"{settings.UPLOADS_MAX_BYTES // 1_000_000} MB of them. Delete some, or wait until "
            "they expire.",
        )


def _read(path: Path, size_bytes: int, wanted: UploadKind | None) -> _Facts:
    if not size_bytes:
        raise _refused("empty", "The file is empty.")
    if not _reading.acquire(timeout=READ_WAIT_SECONDS):
        raise Busy("Many files are being read at the moment. Try again in a few seconds.")
    try:
        return _image(path, size_bytes) or _audio(path, size_bytes, wanted)
    finally:
        _reading.release()


def _image(path: Path, size_bytes: int) -> _Facts | None:
    """None when it is no picture of a known kind at all."""
    try:
        with Image.open(path, formats=tuple(IMAGE_TYPES)) as image:
            extension, content_type = IMAGE_TYPES[str(image.format)]
            width, height = image.size
            if width * height > MAX_PIXELS or min(width, height) < MIN_SIDE:
                raise _refused("unsupported", _PICTURE_SIZE)
            if size_bytes > settings.UPLOAD_IMAGE_MAX_BYTES:
                raise _too_large(settings.UPLOAD_IMAGE_MAX_BYTES)
            if getattr(image, "is_animated", False):
                raise _refused("unsupported", "The picture must not be animated.")
            image.load()
    except UnidentifiedImageError:
        return None
    except InvalidParameters:
        raise
    except Image.DecompressionBombError as error:  # Pillow does not even tell its size
        raise _refused("unsupported", _PICTURE_SIZE) from error
    except Exception as error:  # Pillow's readers raise whatever a damaged file makes them
        raise _refused("not_media", "The picture cannot be read.") from error
    return _Facts(UploadKind.IMAGE, extension, content_type, width=width, height=height)


def _audio(path: Path, size_bytes: int, wanted: UploadKind | None) -> _Facts:
    limit_ms = settings.AUDIO_MAX_SECONDS * 1000
    try:
        extension, content_type = AUDIO_TYPES[probing.audio_format(path)]
        if size_bytes > settings.AUDIO_MAX_BYTES:
            raise _too_large(settings.AUDIO_MAX_BYTES)
        duration_ms = probing.audio_duration_ms(path, max_duration_ms=limit_ms)
    except probing.NotMedia as error:
        message = error.message
        if error.code == "not_media":
            message = f"The file must be a {' or a '.join(_TAKEN[wanted])}."
        raise _refused(error.code, message) from error
    return _Facts(UploadKind.AUDIO, extension, content_type, duration_ms=duration_ms)


def _refused(code: str, message: str) -> InvalidParameters:
    return InvalidParameters([FieldError("file", code, message, pointer="/file")])


def _too_large(limit: int) -> InvalidParameters:
    return _refused("too_large", f"The file is larger than {limit / 1_000_000:g} MB.")


def _shown(filename: str) -> str:
    """A name of the customer's own, fit to be stored and shown; nothing is opened by it."""
    plain = "".join(letter for letter in filename if letter.isprintable())
    return plain.encode(errors="replace").decode()[-MAX_FILENAME:] or "file"


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
