"""The hosted pages in a real Chromium, without JavaScript: paying, a decline, 3-D Secure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.sandbox.stripe.merchant import Merchant

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}"),
]
_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's loop lives in this thread, which Django's fixtures would take for asynchronous.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def _session(merchant: Merchant) -> Any:
    """Return a session whose ways out lead to pages that are there."""
    return merchant.session(
        merchant.customer(),
        success_url=f"{merchant.base_url}/?done={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{merchant.base_url}/?cancelled",
    )


def _fill(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")


def test_declined_then_paid_by_a_listed_card(merchant: Merchant, page: Page) -> None:
    session = _session(merchant)
    page.goto(session.url)
    _fill(page, "4000000000009995")
    page.get_by_role("button", name="Pay $20.00").click()
    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    page.get_by_role("link", name="Fill in 4242 4242 4242 4242").click()
    expect(page.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay $20.00").click()
    page.wait_for_url(f"**/?done={session.id}")
    assert merchant.whole(session.id).payment_status == "paid"


def test_a_field_in_error_is_told_at_the_field(merchant: Merchant, page: Page) -> None:
    page.goto(_session(merchant).url)
    _fill(page, "4242424242424241")
    page.get_by_role("button", name="Pay").click()
    field = page.get_by_label("Card number")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Your card number is invalid.")
    expect(field).to_have_value("4242424242424241")


def test_three_d_secure(merchant: Merchant, page: Page) -> None:
    session = _session(merchant)
    page.goto(session.url)
    for act in ("Fail authentication", "Complete"):
        _fill(page, "4000002760003184")
        page.get_by_role("button", name="Pay").click()
        page.get_by_role("button", name=act).click()
        if act != "Complete":
            expect(page.get_by_role("alert")).to_contain_text("unable to authenticate")
    page.wait_for_url(f"**/?done={session.id}")
    assert merchant.whole(session.id).payment_status == "paid"


def test_by_keyboard_and_back(merchant: Merchant, page: Page) -> None:
    session = _session(merchant)
    page.goto(session.url)
    page.get_by_label("Card number").focus()
    for text in ("4242424242424242", "12/34", "123"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/?done={session.id}")
    other = _session(merchant)
    page.goto(other.url)
    page.get_by_role("link", name="Back").click()
    page.wait_for_url("**/?cancelled")


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_is_wider_than_the_page(merchant: Merchant, browser: Browser, width: int) -> None:
    customer = merchant.customer(email=f"{'ann' * 20}@shop.test")
    merchant.saved_card("4242424242424242", customer)
    session = merchant.session(customer)
    step = merchant.submit(merchant.session(customer).url, "4000002760003184").headers["location"]
    paid = merchant.paid(invoice_creation={"enabled": True})
    portal = merchant.client.v1.billing_portal.sessions.create({"customer": paid.customer})
    page = browser.new_page(viewport={"width": width, "height": 900})
    for url in (
        session.url,
        step,
        paid.invoice.hosted_invoice_url,
        paid.payment_intent.latest_charge.receipt_url,
        portal.url,
        f"{portal.url}/cards/new",
    ):
        page.goto(url)
        assert not page.evaluate(_WIDER), url
    page.close()
