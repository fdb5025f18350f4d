"""Links by which anyone may watch a video, until they are revoked or the video is deleted."""

import hashlib
import secrets
import uuid

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import audit, sealing
from accounts.access import Caller
from accounts.models import Act
from generations import gallery, titles
from generations.models import Generation
from generations.share_models import ShareLink

TOKEN_BYTES = 24
_PURPOSE = "generations.sharing"


def share(caller: Caller, generation_id: uuid.UUID, *, shows_prompt: bool) -> ShareLink:
    """The generation's link: a new one, or the one there is, showing what is asked for now.

    Raises:
        GenerationMissing: also when it is another organization's.
        NoContentYet: it has no video.
    """
    with transaction.atomic():
        generation = gallery.locked(caller.organization_id, generation_id)
        if not gallery.has_media(generation):
            raise gallery.NoContentYet("A video can be shared once it is completed.")
        link = active(generation)
        if link is None:
            token = secrets.token_urlsafe(TOKEN_BYTES)
            link = ShareLink.objects.create(
                organization_id=caller.organization_id,
                generation=generation,
                created_by_id=caller.user_id,
                token_hash=_hash(token),
                token_sealed=sealing.seal(token.encode(), purpose=_PURPOSE),
                shows_prompt=shows_prompt,
            )
            title = titles.of(generation)
            audit.record(caller, Act.SHARE_LINK_CREATED, generation, name=title)
        elif link.shows_prompt != shows_prompt:
            link.shows_prompt = shows_prompt
            link.save(update_fields=["shows_prompt"])
    return link


@transaction.atomic
def revoke(caller: Caller, generation_id: uuid.UUID) -> bool:
    """End the generation's link for good; whether there was one.

    Raises: GenerationMissing, also when it is another organization's.
    """
    generation = gallery.locked(caller.organization_id, generation_id)
    links = ShareLink.objects.filter(generation=generation, revoked_at__isnull=True)
    if not links.update(revoked_at=timezone.now()):
        return False
    audit.record(caller, Act.SHARE_LINK_REVOKED, generation, name=titles.of(generation))
    return True


def active(generation: Generation) -> ShareLink | None:
    """The generation's link that works, if it has one."""
    return ShareLink.objects.filter(generation=generation, revoked_at__isnull=True).first()


def url(link: ShareLink) -> str:
    """Absolute; "" when SECRET_KEY has been replaced since and its token cannot be read again."""
    try:
        token = sealing.unseal(link.token_sealed, purpose=_PURPOSE).decode()
    except InvalidToken:
        return ""
    return f"{settings.PUBLIC_BASE_URL}{reverse('shared', args=[token])}"


def shared(token: str) -> ShareLink | None:
    """What a visitor's token leads to: its link with the generation and its media, or None for one
    that is unknown or revoked, or whose video is gone. One query."""
    return (
        ShareLink.objects.select_related("generation__media")
        .filter(
            token_hash=_hash(token),
            revoked_at__isnull=True,
            generation__deleted_at__isnull=True,
            generation__media__isnull=False,
        )
        .first()
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
