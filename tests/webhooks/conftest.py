"""What the tests of webhooks share: endpoints."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization
from webhooks import sealing
from webhooks.models import DisabledReason, Endpoint

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
