"""The pages in a real Chromium: prices while typing, live updates, no error on the console."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
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
from tests.web.conftest import Make

pytestmark = in_chromium


@pytest.fixture
def visitor(
    visit: Visit, bob: User, acme: Organization, give_credits: Callable[..., None]
) -> Visitor:
    """Bob, logged in, with $50."""
    give_credits(acme)
    return visit(bob)


def verified(user: User) -> None:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def test_logging_in_and_out(site: str, browser: Browser, bob: User) -> None:
    verified(bob)
    page = browser.new_page(base_url=site)
    visitor = Visitor(page)
    page.goto("/studio/")
    page.get_by_label("E-mail").fill("bob@example.com")
    page.get_by_label("Password", exact=True).fill("bob-password")
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_title("Studio: Text & image · PVideo")
    page.get_by_text("Account menu").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · PVideo")
    assert visitor.complaints == []
    page.close()


def test_a_new_key_can_be_copied_once(site: str, browser: Browser, bob: User) -> None:
    verified(bob)
    organizations.found(bob, name="Bob's")
    context = browser.new_context(base_url=site, permissions=["clipboard-read", "clipboard-write"])
    visitor = Visitor(context.new_page())
    page = visitor.page
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill("bob@example.com")
    page.get_by_label("Password", exact=True).fill("bob-password")
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.locator("summary", has_text="Organization:").click()
    page.get_by_role("button", name="Bob's").click()
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
    for path in ("/gallery/", f"/gallery/{row.pk}/", "/api-keys/"):
        visitor.page.goto(path)
        for width in WIDTHS:
            visitor.page.set_viewport_size({"width": width, "height": 900})
            assert visitor.page.evaluate(OVERFLOWING) == [], (path, width)
