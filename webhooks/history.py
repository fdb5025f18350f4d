"""Looking back: an organization's deliveries and events."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.errors import DomainError
from backoffice.dated_ids import SLACK, first_id
from webhooks.models import Delivery, Event


class DeliveryMissing(DomainError):
    code = "not_found"


class EventMissing(DomainError):
    code = "not_found"


def deliveries(
    organization_id: uuid.UUID,
    *,
    endpoint: uuid.UUID | None = None,
    event: uuid.UUID | None = None,
    event_type: str = "",
    state: str = "",
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> QuerySet[Delivery]:
    """Deliveries with their endpoints, filtered, in no order yet; also those of deleted ones."""
    wanted = {
        "endpoint": endpoint,
        "event": event,
        "event_type": event_type,
        "state": state,
        **_created(created_after, created_before),
    }
    return (
        Delivery.objects.select_related("endpoint")
        .filter(organization_id=organization_id)
        .filter(**_given(wanted))
    )


def delivery(organization_id: uuid.UUID, delivery_id: uuid.UUID) -> Delivery:
    """Raises: DeliveryMissing."""
    found = deliveries(organization_id).filter(pk=delivery_id).first()
    if found is None:
        raise DeliveryMissing("There is no such webhook delivery.")
    return found


def events(
    organization_id: uuid.UUID,
    *,
    type: str = "",
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> QuerySet[Event]:
    """Events for endpoints, filtered, in no order yet."""
    wanted = {"type": type, **_created(created_after, created_before)}
    return Event.objects.filter(organization_id=organization_id, is_direct=False).filter(
        **_given(wanted)
    )


def event(organization_id: uuid.UUID, key: uuid.UUID) -> Event:
    """One event, also one of an address that a request named itself.

    Raises: EventMissing.
    """
    found = Event.objects.filter(organization_id=organization_id, pk=key).first()
    if found is None:
        raise EventMissing("There is no such event.")
    return found


def _created(after: datetime | None, before: datetime | None) -> dict[str, Any]:
    return {
        "created_at__gte": after,
        "id__gte": after and first_id(after, later=-SLACK),
        "created_at__lt": before,
        "id__lt": before and first_id(before, later=SLACK),
    }


def _given(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value not in (None, "")}
