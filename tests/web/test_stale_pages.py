"""Pages that were opened a while ago: what they show is not what holds any more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.models import Membership, Organization, User
from billing.models import Price, Wallet
from generations.models import Generation

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {
    "prompt": "A cat",
    "duration": "5",
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "fps": "24",
}


@pytest.fixture
def other(bob: User, acme: Organization) -> Organization:
    """An organization of Bob's own."""
    return organizations.found(bob, name="Bob's own")


def hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def work_in(client: Client, organization: Organization) -> None:
    client.post("/organizations/switch", {"organization_id": str(organization.pk)})


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_page_of_one_organization_does_nothing_in_another(
    as_bob: Client,
    acme: Organization,
    other: Organization,
    give_credits: Callable[..., None],
    headers: dict[str, str],
) -> None:
    give_credits(acme, 5)
    give_credits(other, 5)
    work_in(as_bob, acme)
    stale = as_bob.get("/studio/").content.decode()
    working_in = hidden(stale, "working_in")
    work_in(as_bob, other)

    answer = as_bob.post("/studio/p-video/", FORM | {"working_in": working_in}, headers=headers)

    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Nothing was done" in text
    assert acme.name in text
    assert not Generation.objects.exists()
    fresh = hidden(as_bob.get("/studio/").content.decode(), "working_in")
    sent = as_bob.post("/studio/p-video/", FORM | {"working_in": fresh})
    assert sent.status_code == 302
    assert Generation.objects.get().organization == other


def test_who_was_removed_does_not_go_on_in_another_organization(
    as_bob: Client,
    bob: User,
    acme: Organization,
    other: Organization,
    give_credits: Callable[..., None],
) -> None:
    give_credits(other, 5)
    work_in(as_bob, acme)
    working_in = hidden(as_bob.get("/studio/").content.decode(), "working_in")
    Membership.objects.filter(user=bob, organization=acme).delete()
    for named in (working_in, "nonsense", "\0"):
        answer = as_bob.post("/studio/p-video/", FORM | {"working_in": named})
        assert answer.status_code == 409
        assert acme.name not in answer.content.decode()
    assert not Generation.objects.exists()


def test_a_stale_page_still_leads_to_another_organization(
    as_bob: Client, acme: Organization, other: Organization
) -> None:
    work_in(as_bob, acme)
    working_in = hidden(as_bob.get("/studio/").content.decode(), "working_in")
    work_in(as_bob, other)
    form = {"working_in": working_in, "organization_id": str(acme.pk)}
    assert as_bob.post("/organizations/switch", form).status_code == 302
    assert acme.name in as_bob.get("/studio/").content.decode()


def dearer(acme: Organization) -> None:
    was = Price.objects.get(model="p-video", resolution="720p", draft=False, organization=None)
    Price.objects.create(
        organization=acme,
        model=was.model,
        resolution=was.resolution,
        draft=was.draft,
        customer_micros_per_second=was.customer_micros_per_second * 2,
        provider_micros_per_second=was.provider_micros_per_second,
        effective_from=timezone.now() - timedelta(seconds=1),
    )


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_nothing_costs_more_than_was_shown(
    as_bob: Client, acme: Organization, give_credits: Callable[..., None], headers: Any
) -> None:
    give_credits(acme, 5)
    page = as_bob.get("/studio/?welcome").content.decode()
    form = FORM | {name: hidden(page, name) for name in ("form_key", "shown_micros")}
    assert form["shown_micros"] == "100000"
    dearer(acme)

    refused = as_bob.post("/studio/p-video/", form, headers=headers)

    assert refused.status_code == 422
    text = refused.content.decode()
    assert "The price is $0.20 now, and not $0.10 as was shown." in text
    assert not Generation.objects.exists()
    assert Wallet.objects.get(pk=acme.pk).held_micros == 0
    if headers:  # the price beside the form is asked for anew
        text = as_bob.post("/studio/p-video/quote", form, headers=headers).content.decode()
    form["shown_micros"] = hidden(text, "shown_micros")
    assert as_bob.post("/studio/p-video/", form).status_code == 302
    assert Generation.objects.get().quoted_micros == 200_000


def test_the_price_shown_may_be_nonsense(
    as_bob: Client, acme: Organization, give_credits: Callable[..., None]
) -> None:
    give_credits(acme, 5)
    for text in ("", "-1", "1e9", "9" * 40, "\0", "٣"):
        assert as_bob.post("/studio/p-video/", FORM | {"shown_micros": text}).status_code == 302
