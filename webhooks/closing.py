"""What webhooks have to do when an organization is closed (accounts/closing.py)."""

import uuid

from accounts import closing
from webhooks import endpoints


def obstacles(organization_id: uuid.UUID) -> list[str]:
    return []


def losses(organization_id: uuid.UUID) -> list[str]:
    count = endpoints.of(organization_id).count()
    return [f"{count} webhook endpoint{'s' if count > 1 else ''}"] if count else []


def close(organization_id: uuid.UUID) -> None:
    for endpoint in endpoints.of(organization_id):
        endpoints.delete(organization_id, endpoint.pk)


PART = closing.Part(obstacles=obstacles, losses=losses, close=close)
