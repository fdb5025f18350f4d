"""The front page: the price book's own prices, a calculator, and no word that is not true."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing.models import BonusRule, Price
from tests.web.browsing import Visit, in_chromium


def text(path: str = "/", **headers: str) -> str:
    answer = Client().get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_prices_are_those_in_force(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        page = text()
    for shown in (
        "$0.005",
        "$0.01",
        "$0.02",
        "$0.025",
        "$0.04",
        "$0.045",
        "From $0.005 per second",
    ):
        assert shown in page
    old = Price.objects.get(model="p-video", resolution="1080p", draft=False)
    Price.objects.create(
        model=old.model,
        resolution=old.resolution,
        effective_from=timezone.now() - timedelta(minutes=1),
        customer_micros_per_second=61_000,
        provider_micros_per_second=30_000,
    )
    page = text()
    assert "$0.061" in page
    assert "$0.04<" not in page


@pytest.mark.django_db
def test_the_bonus_is_the_rule_in_force() -> None:
    assert "$5.00 free on your first payment" in text()
    BonusRule.objects.update(ends_at=timezone.now())
    assert "free on your first payment" not in text()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "amount", "sum_"),
    [
        ("price=p-video:720p:draft&seconds=3&videos=7", "$0.105", "7 × 3 s × $0.005"),
        ("price=p-video-avatar:1080p:&seconds=600&videos=100000", "$2,700,000.00", "100000 × 600"),
        ("price=nonsense&seconds=-4&videos=", "$3.20", "10 × 8 s × $0.04"),
        ("seconds=0&videos=99999999999999999999", "$4,000.00", "100000 × 1 s"),
        ("seconds=%C2%B2&videos=1e9&price=%00", "$3.20", "10 × 8 s"),
    ],
)
def test_the_calculator(query: str, amount: str, sum_: str) -> None:
    part = text(f"/?{query}", **{"HX-Request": "true", "HX-Target": "sum"})
    assert amount in part
    assert sum_ in part
    assert "<html" not in part
    assert amount in text(f"/?{query}")


def test_who_is_signed_in_goes_to_the_studio(as_alice: Client) -> None:
    assert as_alice.get("/").headers["Location"] == "/studio/"


@pytest.mark.django_db
def test_maintenance(settings: Any, as_alice: Client) -> None:
    settings.MAINTENANCE = True
    page = as_alice.get("/gallery/")
    assert page.status_code == 503
    assert "Back soon" in page.content.decode()
    assert page.headers["Retry-After"] == "120"
    api = Client().get("/api/v1/wallet")
    assert (api.status_code, api.json()["code"]) == (503, "maintenance")
    compatible = Client().get("/v2/requests/status/p-video_1")
    assert (compatible.status_code, compatible.headers["Retry-After"]) == (503, "120")
    assert Client().get("/healthz").status_code == 200
    event = Client().post("/callbacks/stripe", b"{}", "application/json")
    assert event.status_code == 400  # read, and refused for its missing signature


class TestInChromium:
    pytestmark = in_chromium

    def test_the_front_page(self, visit: Visit) -> None:
        page = visit().page
        page.goto("/")
        page.get_by_label("Seconds each").fill("5")
        page.locator("#sum", has_text="$2.00").wait_for()
        page.get_by_role("link", name="Create an account").first.click()
        assert page.url.endswith("/accounts/signup/")
