"""The Studio's page when what it shows does not hold any more: its price, its session."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from accounts.models import Organization, User
from tests.web.browsing import Visit, in_chromium, session_cookie
from tests.web.test_stale_pages import dearer

pytestmark = in_chromium


def test_a_price_that_rose_is_shown_first_and_what_was_typed_outlives_the_session(
    visit: Visit, bob: User, acme: Organization, give_credits: Callable[..., None], site: Any
) -> None:
    give_credits(acme, 5)
    visitor = visit(bob)
    page = visitor.page
    page.goto(f"{site}/studio/")
    with page.expect_response("**/quote"):
        page.locator("[name=prompt]").fill("A paper boat")
    expect(page.locator(".price__amount")).to_have_text("$0.10")
    dearer(acme)

    page.locator("#studio-submit").click()

    expect(page.locator(".maker__errors")).to_contain_text("$0.20 now, and not $0.10")
    visitor.forgive("422")
    expect(page.locator(".price__amount")).to_have_text("$0.20")

    page.locator("[name=resolution][value='1080p']").check()
    page.context.clear_cookies(name="sessionid")
    page.locator("[name=prompt]").fill("A paper boat at dusk")
    page.wait_for_url("**/accounts/login/**")
    page.context.add_cookies([session_cookie(site, bob)])
    with page.expect_response("**/quote"):
        page.goto(f"{site}/studio/")
    expect(page.locator("[name=prompt]")).to_have_value("A paper boat at dusk")
    expect(page.locator("[name=resolution]:checked")).to_have_value("1080p")
    expect(page.locator(".price__amount")).to_have_text("$0.20")  # 1080p

    page.locator("[name=duration]").first.fill("2")
    page.keyboard.press("Control+Enter")  # at once: the price is waited for
    expect(page.locator("#runs > li")).to_have_count(1)
    expect(page.locator("#runs > li")).to_contain_text("A paper boat at dusk")
