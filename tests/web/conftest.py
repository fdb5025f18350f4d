"""What the tests of the pages share: members at the web, and a gallery made by hand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from billing import holds, pricing
from generations import parameters
from generations.models import Generation, Media, State


@pytest.fixture
def as_alice(alice: User, acme: Organization) -> Client:
    return _logged_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return _logged_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return _logged_in(charlie)


@pytest.fixture
def as_viewer(acme: Organization) -> Client:
    """Vera sees what Acme makes."""
    vera = User.objects.create_user("vera@example.com", "vera-password")
    Membership.objects.create(organization=acme, user=vera, role=Role.VIEWER)
    return _logged_in(vera)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


Make = Callable[..., Generation]


@pytest.fixture
def make(acme: Organization) -> Make:
    """Rows of Acme's gallery as they are at rest, with holds that agree with them."""

    def make(
        prompt: str = "A cat",
        *,
        state: str = State.COMPLETED,
        media: bool | None = None,
        **raw: Any,
    ) -> Generation:
        params = parameters.validate("p-video", {"prompt": prompt, **raw})
        price = pricing.in_force(
            organization_id=acme.pk, model="p-video", resolution=params["resolution"], draft=False
        )
        amount = pricing.cost_micros(price, params["duration"])
        now = timezone.now()
        row = Generation.objects.create(
            organization=acme,
            created_at=now,
            model="p-video",
            input=params,
            price=price,
            quoted_seconds=params["duration"],
            quoted_micros=amount,
            deadline_at=now + timedelta(hours=1),
        )
        holds.place(
            hold_id=row.pk,
            organization_id=acme.pk,
            amount_micros=amount,
            reference=row.hold_reference,
            expires_at=row.deadline_at,
        )
        return move(row, state, media=state == State.COMPLETED if media is None else media)

    return make


def move(row: Generation, state: str, *, media: bool = False) -> Generation:
    """Take a row to a state, its hold with it."""
    if media:
        Media.objects.create(
            generation=row,
            organization_id=row.organization_id,
            video=f"{row.pk}.mp4",
            poster=f"{row.pk}.jpg",
            duration_ms=5000,
            width=1280,
            height=720,
            fps="24",
            codec="h264",
            has_audio=False,
            size_bytes=1_234_567,
        )
    row.state = State(state)
    if row.is_open:
        row.save(update_fields=["state"])
        return row
    row.charged_micros = row.quoted_micros if state == State.COMPLETED else 0
    row.charged_seconds = row.quoted_seconds if row.charged_micros else 0
    row.completed_at = timezone.now()
    row.save()
    holds.capture(hold_id=row.pk, amount_micros=row.charged_micros)
    return row
