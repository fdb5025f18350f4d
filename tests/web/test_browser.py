"""The pages in a real Chromium: prices while typing, live updates, no error on the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from accounts import api_keys, organizations
from accounts.models import Organization, User
from generations.models import State
from tests.web.browsing import (
    OVERFLOWING,
    WIDTHS,
    Visit,
    Visitor,
    in_chromium,
)
from tests.web.conftest import Make, move

pytestmark = in_chromium


@pytest.fixture
def visitor(
    visit: Visit, bob: User, acme: Organization, give_credits: Callable[..., None]
) -> Visitor:
    """Bob, logged in, with $50."""
    give_credits(acme)
    return visit(bob)


def test_logging_in_and_out(site: str, browser: Browser, bob: User) -> None:
    page = browser.new_page(base_url=site)
    visitor = Visitor(page)
    page.goto("/")
    page.get_by_label("Email").fill("bob@example.com")
    page.get_by_label("Password").fill("bob-password")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Studio: Text & image · PVideo")
    page.get_by_text("Account menu").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · PVideo")
    assert visitor.complaints == []
    page.close()


def test_the_gallery_follows_along_and_goes_quiet(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    rows = [make(f"Video {number}", state=State.QUEUED) for number in range(26)]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/gallery/")
    expect(page.locator(".tile")).to_have_count(24)
    page.get_by_role("link", name="Load more").click()
    expect(page.locator(".tile")).to_have_count(26)
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)

    move(rows[0], State.FAILED)  # on the second page
    move(rows[-1], State.CANCELED)
    expect(page.locator(f"#card-{rows[0].pk}")).to_contain_text("Failed", timeout=6000)
    expect(page.locator(f"#card-{rows[-1].pk}")).to_contain_text("Canceled")
    expect(page.locator("#balance")).to_contain_text("$2.40 held")

    for row in rows[1:-1]:
        move(row, State.ERROR)
    expect(page.locator(".badge--error")).to_have_count(24, timeout=6000)
    page.wait_for_timeout(2500)
    asked.clear()
    page.wait_for_timeout(2500)
    assert [url for url in asked if "live" in url] == []


def test_cancel_asks_first(visitor: Visitor, make: Make) -> None:
    page = visitor.page
    row = make(state=State.QUEUED)
    page.goto(f"/gallery/{row.pk}/")
    page.get_by_role("button", name="Cancel", exact=True).click()
    question = page.get_by_role("dialog", name="Cancel this video?")
    expect(question).to_be_visible()
    question.get_by_role("button", name="Keep it").click()
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Cancel", exact=True).click()
    question.get_by_role("button", name="Cancel the video").click()
    expect(page.locator(".badge--canceled")).to_be_visible()
    row.refresh_from_db()
    assert row.state == State.CANCELED


def test_a_new_key_can_be_copied_once(site: str, browser: Browser, bob: User) -> None:
    organizations.found(bob, name="Bob's")
    context = browser.new_context(base_url=site, permissions=["clipboard-read", "clipboard-write"])
    visitor = Visitor(context.new_page())
    page = visitor.page
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("bob@example.com")
    page.get_by_label("Password").fill("bob-password")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_text("Account menu").locator("..").click()
    page.get_by_label("Organization").select_option("Bob's")
    page.get_by_role("button", name="Switch").click()
    page.get_by_role("link", name="API keys").click()
    page.get_by_role("link", name="Create key").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_role("dialog").get_by_label("The new API key").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.reload()
    expect(page.get_by_role("row", name="Laptop")).to_be_visible()
    expect(page.get_by_label("The new API key")).to_have_count(0)
    assert visitor.complaints == []
    context.close()


def test_nothing_overflows_at_any_width(
    visitor: Visitor, make: Make, acme: Organization, bob: User
) -> None:
    row = make("Supercalifragilisticexpialidocious" * 20, image="https://example.com/" + "a" * 300)
    make(state=State.PROCESSING)
    api_keys.create(acme, name="The production server", created_by=bob)
    visitor.page.route("**/media/**", lambda route: route.fulfill(status=200, body=b""))
    for width in WIDTHS:
        visitor.page.set_viewport_size({"width": width, "height": 900})
        for path in ("/gallery/", f"/gallery/{row.pk}/",
                     "/api-keys/", "/accounts/email/"):  # fmt: skip
            visitor.page.goto(path)
            assert visitor.page.evaluate(OVERFLOWING) == [], (path, width)
