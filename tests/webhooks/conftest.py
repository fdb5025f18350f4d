"""What the tests of webhooks share: endpoints, a receiver, and things that happen."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization
from tests.webhooks.receiver import Receiver, receiving
from webhooks import events, sealing
from webhooks.models import Delivery, DisabledReason, Endpoint

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def listen(acme: Organization) -> Callable[..., Endpoint]:
    """Makes an endpoint, of Acme's unless said otherwise."""

    def make(
        organization: Organization = acme,
        url: str = "https://example.com/hook",
        *,
        enabled: bool = True,
        **values: Any,
    ) -> Endpoint:
        return Endpoint.objects.create(
            organization=organization,
            url=url,
            event_types=values.pop("event_types", ["*"]),
            secret_sealed=sealing.seal(SECRET),
            disabled_at=None if enabled else timezone.now(),
            disabled_reason="" if enabled else DisabledReason.CUSTOMER,
            **values,
        )

    return make


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A customer's server that the settings let us reach, although it is on this machine."""
    with receiving() as running:
        settings.FETCH_ALLOWED_NETLOCS = [running.netloc]
        yield running


def happen(organization: Organization, number: int = 1, **changes: Any) -> list[uuid.UUID]:
    """Things happen; returns the ids of the deliveries."""
    before = set(Delivery.objects.values_list("pk", flat=True))
    for _ in range(number):
        events.record(
            **{
                "organization_id": organization.pk,
                "type": "generation.completed",
                "data": {"id": "a", "status": "completed"},
                "dedup_key": str(uuid.uuid4()),
                **changes,
            }
        )
    made = Delivery.objects.exclude(pk__in=before).order_by("pk")
    return list(made.values_list("pk", flat=True))


def hurry() -> None:
    """Time passes: every delivery that waits is due now."""
    Delivery.objects.filter(state="pending").update(next_attempt_at=timezone.now())


def the(delivery_id: uuid.UUID) -> Delivery:
    return Delivery.objects.select_related("endpoint", "event").get(pk=delivery_id)
