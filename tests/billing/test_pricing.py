"""Which price applies, and what a length costs."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing import pricing
from billing.models import Price

NOW = timezone.now()


def add(organization=None, *, micros=1, starts=timedelta(0), **more) -> Price:
    values = {"model": "p-video", "resolution": "720p", "draft": False, **more}
    return Price.objects.create(
        organization=organization,
        effective_from=NOW + starts,
        customer_micros_per_second=micros,
        provider_micros_per_second=1,
        **values,
    )


def in_force(organization, **more) -> Price:
    values = {"model": "p-video", "resolution": "720p", "draft": False, **more}
    return pricing.in_force(organization_id=organization.pk, **values)


@pytest.mark.parametrize(
    ("model", "resolution", "draft", "micros"),
    [
        ("p-video", "720p", False, 20_000),
        ("p-video", "720p", True, 5_000),
        ("p-video", "1080p", False, 40_000),
        ("p-video", "1080p", True, 10_000),
        ("p-video-avatar", "720p", False, 25_000),
        ("p-video-avatar", "1080p", False, 45_000),
    ],
)
def test_the_reference_table_is_loaded(acme, model, resolution, draft, micros):
    price = in_force(acme, model=model, resolution=resolution, draft=draft)
    assert price.customer_micros_per_second == price.provider_micros_per_second == micros


def test_it_takes_one_query(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        in_force(acme)


def test_an_organizations_own_price_wins_even_over_a_newer_list_price(acme, charlie):
    own = add(acme, micros=7, starts=timedelta(days=-2))
    listed = add(micros=9, starts=timedelta(days=-1))
    assert in_force(acme) == own
    assert in_force(charlie.organizations.get()) == listed


def test_a_later_row_supersedes_from_its_moment_on(acme):
    old, new = add(micros=7, starts=timedelta(-2)), add(micros=8, starts=timedelta(-1))
    assert in_force(acme) == new
    assert in_force(acme, at=NOW - timedelta(days=1)) == new
    assert in_force(acme, at=NOW - timedelta(days=1, microseconds=1)) == old


def test_a_future_row_is_not_yet(acme):
    add(micros=7, starts=timedelta(hours=1))
    add(acme, micros=7, starts=timedelta(hours=1))
    assert in_force(acme).customer_micros_per_second == 20_000


@pytest.mark.parametrize(
    "wanted",
    [
        {"model": "p-video-2"},
        {"resolution": "480p"},
        {"model": "p-video-avatar", "draft": True},
        {"at": NOW.replace(year=2020)},
        {"model": "p-video\x27; --"},
    ],
)
def test_no_price_no_work(acme, wanted):
    """LiteLLM #35524: an unknown price is never a price of zero."""
    with pytest.raises(pricing.PriceMissing):
        in_force(acme, **wanted)


@pytest.mark.parametrize(
    ("duration_ms", "seconds"),
    [
        (0, 1),
        (1, 1),
        (100, 1),
        (101, 1),
        (1000, 1),
        (1100, 1),
        (1101, 2),
        (5000, 5),
        (5042, 5),
        (5100, 5),
        (5101, 6),
        (6000, 6),
        (-50, 1),
        (600_000, 600),
    ],
)
def test_whole_seconds_after_the_padding(duration_ms, seconds):
    assert pricing.billable_seconds(duration_ms) == seconds


@given(st.integers(min_value=1, max_value=10**7))
def test_what_was_asked_for_is_what_is_billed(seconds):
    """A container adds up to 0.1 s to the asked length, and that is never billed."""
    for padding_ms in (0, 1, 42, 100):
        assert pricing.billable_seconds(seconds * 1000 + padding_ms) == seconds


def test_cost_is_per_second_not_per_video():
    """sub2api PR #3855."""
    price = Price(customer_micros_per_second=25_000)
    assert pricing.cost_micros(price, 5) == 125_000
    assert pricing.cost_micros(price, 600) == 15_000_000
