"""Links to customers' uploads: signed, without a login, as long-lived as the upload itself.

The provider follows them while it works on a job, so an upload that no new job may use any more
is still served until every job that took it has met its deadline.
"""

import uuid
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.utils import timezone

from generations.upload_models import Upload

PATH = "/uploads/"
_signer = signing.Signer(sep=".", salt="generations.uploads")


def url(upload: Upload) -> str:
    """Absolute, and the same each time: what a customer writes as `image` or `audio`."""
    extension = upload.file.name.rpartition(".")[2] if upload.file.name else ""
    token = _signer.sign(upload.pk.hex)
    return f"{settings.PUBLIC_BASE_URL}{PATH}{token}/{upload.kind}.{extension}"


def beginning(upload: Upload) -> str:
    """What every link to it begins with: what stands after the token is not looked at."""
    return f"{settings.PUBLIC_BASE_URL}{PATH}{upload.pk.hex}{_signer.sep}"


def is_ours(link: str) -> bool:
    """Whether a link claims to lead to an upload. Only `named_by` says whether it does."""
    return link.startswith(f"{settings.PUBLIC_BASE_URL}{PATH}")


def named_by(link: str) -> uuid.UUID | None:
    """The upload that one of our links names, or None for one that we did not write."""
    token = urlsplit(link).path.removeprefix(urlsplit(settings.PUBLIC_BASE_URL).path + PATH)
    return _read(token.partition("/")[0])


def _read(token: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(_signer.unsign(token))
    except (signing.BadSignature, ValueError):
        return None


def resolve(token: str) -> Upload | None:
    """What a link leads to, or None for one that is forged or whose upload is gone."""
    upload_id = _read(token)
    if upload_id is None:
        return None
    return Upload.objects.filter(
        pk=upload_id, ready_at__isnull=False, expires_at__gt=timezone.now() - grace()
    ).first()


def grace() -> timedelta:
    """How long a file outlives its last use as an input: a job's whole life, and a little."""
    return timedelta(seconds=settings.GENERATION_DEADLINE_SECONDS) + timedelta(hours=1)
