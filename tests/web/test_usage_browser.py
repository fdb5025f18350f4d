"""Usage, API keys and webhooks in a real Chromium, light and dark, wide and narrow."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import api_keys
from accounts.models import ApiKey, Organization, User
from generations.models import Generation
from tests.web.browsing import OVERFLOWING, Visit, in_chromium, inaccessible
from tests.web.conftest import Make
from tests.webhooks.receiver import Receiver, reply
from webhooks import delivering, endpoints
from webhooks.models import Delivery, Endpoint

pytestmark = in_chromium


def well_made(page: Page) -> None:
    """Nothing that axe finds, and nothing wider than a telephone."""
    assert inaccessible(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate(OVERFLOWING) == []
    page.set_viewport_size({"width": 1440, "height": 900})


def test_usage(
    visit: Visit, bob: User, acme: Organization, make: Make, give_credits: Callable[..., None]
) -> None:
    give_credits(acme)
    for days in range(3):
        row = make(duration=2 + days)
        moment = timezone.now() - timedelta(days=days)
        Generation.objects.filter(pk=row.pk).update(created_at=moment, created_by=bob)
    page = visit(bob, timezone_id="America/New_York").page
    page.goto("/usage/")
    expect(page.get_by_text("America/New_York")).to_be_visible()  # it has learnt of the zone
    assert "zone=" not in page.url
    expect(page.get_by_role("img", name=re.compile("Spend by day; the most on"))).to_be_visible()
    bars = page.locator(".chart__bar")
    expect(bars).to_have_count(30)
    page.locator(".chart__bar:has(.series-0)").last.hover()
    tip = page.locator(".chart__tip")
    expect(tip).to_contain_text("$0.04")
    assert page.evaluate("""() => {
      const frame = document.querySelector('.usage-chart').getBoundingClientRect();
      const tip = document.querySelector('.chart__tip').getBoundingClientRect();
      return tip.left >= frame.left && tip.right <= frame.right;
    }""")
    page.get_by_role("link", name="Seconds").click()
    page.get_by_role("link", name="Member").click()
    expect(page.get_by_role("row", name="bob@example.com")).to_contain_text("9")
    assert {"show=seconds", "by=member"} <= set(page.url.partition("?")[2].split("&"))
    well_made(page)
    with page.expect_download() as file:
        page.get_by_role("link", name="Download CSV").click()
    assert "bob@example.com" in file.value.path().read_text()
    page.get_by_role("link", name="Custom").click()
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_label("To", exact=True).fill("2020-01-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Nothing was made in this time")).to_be_visible()
    assert inaccessible(page) == []


def test_webhooks(visit: Visit, alice: User, acme: Organization, receiver: Receiver) -> None:
    page = visit(alice).page
    page.goto("/webhooks/")
    page.get_by_role("link", name="Add endpoint").click()
    expect(page.get_by_text("generation.failed", exact=True)).to_be_hidden()
    page.get_by_label("Only these").check()
    page.get_by_label("generation.failed").check()
    page.get_by_label("URL").fill(receiver.on("/hook", reply(b"got it")))
    well_made(page)
    page.get_by_role("button", name="Add endpoint").click()
    secret = page.get_by_role("textbox", name="Signing secret")
    expect(secret).to_have_value(re.compile("whsec_"))

    page.get_by_role("button", name="Send test event").click()
    test = page.locator("#webhook-test")
    expect(test).to_contain_text("On its way")
    delivering.drain()
    expect(test).to_contain_text("got it")
    expect(test).to_contain_text("Delivered")
    expect(page.locator("#deliveries").get_by_role("row", name="ping")).to_contain_text("200")
    assert receiver.got("/hook")[0].verified(secret.input_value())["type"] == "ping"
    well_made(page)

    page.get_by_role("link", name="See the delivery").click()
    expect(page.get_by_role("heading", name="ping")).to_be_visible()
    well_made(page)
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("It is on its way.")).to_be_visible()
    delivering.drain()
    expect(page.locator(".attempt")).to_contain_text("200")
    first, second = receiver.got("/hook")
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]

    page.get_by_role("link", name="Endpoint", exact=True).click()
    page.get_by_role("link", name="Rotate the secret").click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate the secret").click()
    expect(page.get_by_text("The old secret signs too until")).to_be_visible()
    assert len(endpoints.keys_of(Endpoint.objects.get())) == 2
    page.get_by_role("link", name="Replay what was missed").click()
    page.get_by_label("7 days ago").check()
    expect(page.locator("#replay-count")).to_have_text("Nothing was missed in this time.")
    well_made(page)
    page.goto("/webhooks/")
    expect(page.get_by_role("row", name="/hook")).to_contain_text("100% of 2")
    assert Delivery.objects.count() == 2


def test_api_keys(visit: Visit, alice: User, acme: Organization) -> None:
    key, old = api_keys.create(acme, name="Batch", monthly_budget_micros=5_000_000)
    api_keys.rotate(key, overlap_seconds=3600)
    page = visit(alice).page
    page.goto("/api-keys/")
    page.get_by_role("link", name="Create key").click()
    page.get_by_label("Name").fill("Production server")
    page.get_by_role("button", name="Create key").click()
    dialog = page.get_by_role("dialog")
    secret = dialog.get_by_label("The new API key").input_value()
    assert api_keys.recognise(secret)
    well_made(page)
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_be_hidden()
    page.reload()  # makes no second key, and shows no secret
    expect(page.get_by_role("row", name="Production server")).to_have_count(1)
    expect(dialog).to_have_count(0)

    page.get_by_role("link", name="End it now (the old secret of Batch)").click()
    dialog.get_by_role("button", name="End it now").click()
    expect(page.get_by_text("The old secret of Batch has ended.")).to_be_visible()
    assert api_keys.recognise(old) is None
    page.get_by_role("link", name="Edit Batch").click()
    page.get_by_label("Monthly budget").fill("7.50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Batch")).to_contain_text("$7.50")
    page.get_by_role("link", name="Revoke Production server").click()
    dialog.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_text("1 ended key")).to_be_visible()
    assert api_keys.recognise(secret) is None
    assert ApiKey.objects.count() == 2
