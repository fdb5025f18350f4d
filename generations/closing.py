"""What generations have to do when an organization is closed (accounts/closing.py)."""

import uuid

from django.db.models import QuerySet
from django.utils import timezone

from accounts import closing
from accounts.models import Organization
from generations.models import OPEN_STATES, Generation


def obstacles(organization_id: uuid.UUID) -> list[str]:
    count = _shown(organization_id).filter(state__in=OPEN_STATES).count()
    if not count:
        return []
    subject = "A video is" if count == 1 else f"{count} videos are"
    return [f"{subject} still being made. Wait until that has ended, or cancel it."]


def losses(organization_id: uuid.UUID) -> list[str]:
    count = _shown(organization_id).count()
    return [f"{count} video{'s' if count > 1 else ''}, for good"] if count else []


def close(organization_id: uuid.UUID) -> None:
    """Its customer sees none of them any more; the sweep removes their files (deletion.purge)."""
    _shown(organization_id).update(deleted_at=timezone.now())


def hide_left() -> int:
    """Videos that were accepted while their organization was being closed. For the sweep."""
    closed = Organization.objects.filter(deleted_at__isnull=False)
    return Generation.objects.filter(organization__in=closed, deleted_at=None).update(
        deleted_at=timezone.now()
    )


def _shown(organization_id: uuid.UUID) -> QuerySet[Generation]:
    return Generation.objects.filter(organization_id=organization_id, deleted_at=None)


PART = closing.Part(obstacles=obstacles, losses=losses, close=close)
