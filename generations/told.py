"""What customers were told of one generation, as `telling` and `pixazo_callbacks` record it."""

from generations import pixazo_callbacks
from generations.models import Generation
from webhooks.catalogue import EventType
from webhooks.models import Delivery

MOST = 50
"""Deliveries of one generation that anybody looks at, and progress that is looked for."""
TYPES = (
    EventType.GENERATION_PROCESSING,
    EventType.GENERATION_COMPLETED,
    EventType.GENERATION_FAILED,
    EventType.GENERATION_CANCELED,
)


def deliveries(generation: Generation) -> list[Delivery]:
    """The latest first, with their endpoints. Found through the events' unique keys."""
    keys = [str(generation.pk), *pixazo_callbacks.keys(generation, most=MOST)]
    return list(
        Delivery.objects.select_related("endpoint")
        .filter(
            event__organization=generation.organization_id,
            event__type__in=TYPES,
            event__dedup_key__in=keys,
        )
        .order_by("-pk")[:MOST]
    )
