"""What was sold of one price's combination in a period: read for the preview of a new price."""

import uuid
from datetime import datetime

from django.db.models import Count, F, Sum

from billing import price_effects
from generations.models import Generation


@price_effects.register
def sold(
    model: str,
    resolution: str,
    draft: bool,
    organization_id: uuid.UUID | None,
    since: datetime,
    until: datetime,
) -> price_effects.Sold:
    """Goes through the index on the end. The cost is the provider's, for the seconds charged."""
    rows = Generation.objects.filter(
        completed_at__gte=since,
        completed_at__lt=until,
        charged_seconds__gt=0,
        price__model=model,
        price__resolution=resolution,
        price__draft=draft,
    )
    if organization_id is None:
        rows = rows.filter(price__organization=None)
    else:
        rows = rows.filter(organization=organization_id)
    found = rows.aggregate(
        videos=Count("pk"),
        seconds=Sum("charged_seconds", default=0),
        revenue=Sum("charged_micros", default=0),
        cost=Sum(F("charged_seconds") * F("price__provider_micros_per_second"), default=0),
    )
    return price_effects.Sold(**{name: int(value) for name, value in found.items()})
