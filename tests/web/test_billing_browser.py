"""Buying in a real Chromium, through the sandbox's hosted page and back."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Organization, User
from billing import fulfilment, payment_events
from billing.models import AutoTopUp, BalanceAlert, PromotionCode, TopUp, Wallet
from tests.conftest import Sandbox
from tests.payments.conftest import CHALLENGED, DECLINED, OK, Stripe, eventually
from tests.web.browsing import OVERFLOWING, WIDTHS, Visit, Visitor, in_chromium, session_cookie
from tests.web.conftest import Bought, Make

pytestmark = in_chromium
DOLLAR = 1_000_000


@pytest.fixture
def owner(
    visit: Visit, alice: User, acme: Organization, shop: Stripe, books_balance: None
) -> Visitor:
    """Alice, logged in, in New York."""
    return visit(alice, timezone_id="America/New_York")


def pay(page: Page, number: str = OK) -> None:
    """Fill in the hosted page's card form and send it."""
    page.wait_for_url("**/stripe/checkout/**")
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay").click()


def expect_received(page: Page, amount: str, available: str) -> None:
    page.wait_for_url("**/billing/top-ups/*")
    expect(page.get_by_role("heading", name=f"{amount} received")).to_be_visible(timeout=15_000)
    expect(page.locator("#top-up")).to_contain_text(f"Available now{available}")
    expect(page.locator("#balance")).to_contain_text(available)


def mended(visitor: Visitor) -> None:
    """Chromium itself notes an answer that is not a success."""
    visitor.complaints = [text for text in visitor.complaints if "422" not in text]


def test_a_pack_is_bought(owner: Visitor, acme: Organization) -> None:
    page = owner.page
    page.goto("/studio/")
    page.get_by_role("link", name="Credits available").click()
    expect(page.get_by_text("$5.00 free credit on your first payment")).to_be_visible()
    page.get_by_role("button", name="$20.00").dblclick()
    pay(page)
    expect_received(page, "$20.00", "$25.00")
    expect(page.locator("#top-up")).to_contain_text("First-payment bonus+$5.00")
    assert TopUp.objects.count() == 1
    page.get_by_role("link", name="Billing", exact=True).first.click()
    expect(page.get_by_role("row", name="Paid")).to_contain_text("+$5.00")
    expect(page.get_by_text("free credit")).to_have_count(0)
    assert Wallet.objects.get(pk=acme.pk).balance_micros == 25 * DOLLAR


def test_a_decline_and_then_a_success(owner: Visitor) -> None:
    page = owner.page
    page.goto("/billing")
    page.get_by_role("button", name="$10.00").click()
    pay(page, DECLINED)
    expect(page.get_by_role("alert")).to_contain_text("declined")
    assert TopUp.objects.get().state == "open"
    pay(page)
    expect_received(page, "$10.00", "$15.00")


def test_three_d_secure(owner: Visitor) -> None:
    page = owner.page
    page.goto("/billing")
    page.get_by_role("button", name="$10.00").click()
    pay(page, CHALLENGED)
    page.get_by_role("button", name="Complete").click()
    expect_received(page, "$10.00", "$15.00")


def test_a_bank_debit_is_on_its_way_and_then_there(owner: Visitor, sandbox: Sandbox) -> None:
    sandbox.settings(stripe_delayed_seconds=3)
    page = owner.page
    page.goto("/billing")
    page.get_by_role("button", name="$50.00").click()
    page.wait_for_url("**/stripe/checkout/**")
    page.get_by_text("Bank debit (settles later)").click()
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/billing/top-ups/*")
    expect(page.get_by_role("heading", name="Your payment is on its way")).to_be_visible()
    page.evaluate("document.body.dataset.same = 'yes'")
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url))
    expect_received(page, "$50.00", "$55.00")
    assert page.evaluate("document.body.dataset.same") == "yes"
    assert loads
    loads.clear()
    page.wait_for_timeout(3000)
    assert loads == []  # it has stopped asking


def test_a_bank_debit_that_fails(owner: Visitor, sandbox: Sandbox) -> None:
    sandbox.settings(stripe_delayed_seconds=1)
    page = owner.page
    page.goto("/billing")
    page.get_by_role("button", name="$50.00").click()
    page.wait_for_url("**/stripe/checkout/**")
    page.get_by_text("Bank debit (fails later)").click()
    page.get_by_role("button", name="Pay").click()
    failed = page.get_by_role("heading", name="The payment did not go through")
    expect(failed).to_be_visible(timeout=15_000)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_label("Another amount")).to_have_value("50.00")


def test_an_event_credits_while_nobody_looks(
    owner: Visitor, site: str, sandbox: Sandbox, acme: Organization
) -> None:
    sandbox.settings(stripe_webhook_url=f"{site}/callbacks/stripe")
    page = owner.page
    page.route("**/billing/top-ups/*", lambda route: route.fulfill(body="Closed."))
    page.goto("/billing")
    page.get_by_role("button", name="$10.00").click()
    pay(page)
    page.wait_for_url("**/billing/top-ups/*")

    def credited() -> bool:
        payment_events.process_due()
        return Wallet.objects.get(pk=acme.pk).balance_micros == 15 * DOLLAR

    eventually(credited)


def test_another_amount_by_keyboard(owner: Visitor) -> None:
    page = owner.page
    page.goto("/billing")
    page.get_by_label("Keep the card").focus()
    page.keyboard.press("Space")
    for _ in range(6):  # five packs, the field
        page.keyboard.press("Tab")
    expect(page.get_by_label("Another amount")).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    field = page.get_by_label("Another amount")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_value("3")
    expect(field).to_have_accessible_description(re.compile("Choose an amount from"))
    expect(page.get_by_label("Keep the card")).to_be_checked()
    field.fill("12.50")
    page.keyboard.press("Enter")
    pay(page)
    expect_received(page, "$12.50", "$17.50")
    assert TopUp.objects.get().saves_card
    mended(owner)


def test_leaving_the_payment_page(owner: Visitor) -> None:
    page = owner.page
    page.goto("/billing")
    page.get_by_role("button", name="$20.00").click()
    page.wait_for_url("**/stripe/checkout/**")
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("You left the payment page.")).to_be_visible()
    page.get_by_role("link", name="Continue with $20.00").click()
    pay(page)
    expect_received(page, "$20.00", "$25.00")
    assert TopUp.objects.count() == 1


def test_a_code_and_the_alert_without_reload(owner: Visitor, acme: Organization) -> None:
    PromotionCode.objects.create(code="WELCOME", amount_micros=10 * DOLLAR)
    page = owner.page
    page.goto("/billing")
    page.get_by_label("Another amount").fill("77")
    page.get_by_role("textbox", name="Promotion code").fill("welcom")
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_role("textbox", name="Promotion code")).to_have_accessible_description(
        "There is no such code. Check how it is written."
    )
    page.get_by_role("textbox", name="Promotion code").fill("welcome")
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_text("$10.00 in credits added.")).to_be_focused()
    expect(page.locator("#balance")).to_contain_text("$10.00")
    expect(page.locator("#figures")).to_contain_text("$10.00")
    page.get_by_label("When less is available than").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert BalanceAlert.objects.get(pk=acme.pk).threshold_micros == 5 * DOLLAR
    expect(page.get_by_label("Another amount")).to_have_value("77")  # nothing else was touched
    mended(owner)


def test_auto_top_up_in_the_words_that_were_read(
    owner: Visitor, bought: Bought, acme: Organization
) -> None:
    bought(20, saves_card=True)
    page = owner.page
    page.goto("/billing")
    auto = page.get_by_role("region", name="Auto top-up")
    auto.get_by_label("When available credits fall below").fill("15")
    words = auto.locator("#consent-text")
    expect(words).to_contain_text("fall below $15.00")
    auto.get_by_label("Acme agrees").check()
    auto.get_by_label("Charge the card").fill("40")
    expect(words).to_contain_text("charge our saved card $40.00")
    expect(auto.get_by_label("Acme agrees")).not_to_be_checked()
    auto.get_by_role("button", name="Switch on").click()
    expect(auto.get_by_label("Acme agrees")).to_have_accessible_description(
        re.compile("Tick this if you agree")
    )
    read = words.inner_text()
    auto.get_by_label("Acme agrees").check()
    auto.get_by_role("button", name="Switch on").click()
    expect(auto.get_by_text("Auto top-up is on.")).to_be_focused()
    expect(auto).to_contain_text("This month of at most $100.00")
    row = AutoTopUp.objects.get(pk=acme.pk)
    assert (row.enabled, row.amount_micros, row.consent) == (True, 40 * DOLLAR, read)
    auto.get_by_text("Change the amounts").click()
    auto.get_by_label("At most in a calendar month").fill("20")
    expect(words).to_contain_text("at most $20.00")
    auto.get_by_label("Acme agrees").check()
    auto.get_by_role("button", name="Agree and change").click()
    expect(auto.get_by_text("The monthly cap is at least one top-up.")).to_be_visible()
    auto.get_by_role("button", name="Switch off").click()
    expect(auto.get_by_text("Auto top-up is off.")).to_be_visible()
    mended(owner)


def test_the_card_portal_and_back(owner: Visitor) -> None:
    page = owner.page
    page.goto("/billing")
    page.get_by_role("button", name="Add a card").click()
    page.wait_for_url("**/stripe/portal/**")
    page.get_by_role("link", name="Add a card").click()
    page.get_by_label("Card number").fill("5555555555554444")
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Add card").click()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("region", name="Saved card")).to_contain_text("4444")
    expect(page).to_have_url(re.compile("/billing$"))


def test_the_statement_and_its_file(owner: Visitor, bought: Bought, make: Make) -> None:
    bought(20)
    make()
    page = owner.page
    page.goto("/billing")
    page.get_by_role("link", name="Statement").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(5)
    expect(page.get_by_text("Days are those of America/New_York.")).to_be_visible()
    page.get_by_label("Show").select_option("Payments and refunds")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_role("button", name="Show").click()
    expect(table.get_by_role("row")).to_have_count(2)
    assert "zone=America%2FNew_York" in page.url
    expect(page.get_by_label("From")).to_have_value("2026-01-01")
    page.reload()
    expect(page.get_by_text("Days are those of America/New_York.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    text = Path(download.value.path()).read_text()
    assert [row["amount"] for row in csv.DictReader(io.StringIO(text))] == ["20.000000"]
    page.get_by_role("link", name="Clear").click()
    table.get_by_role("link", name="Video", exact=True).click()
    expect(page.get_by_role("heading", name="A cat")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")
    owner.complaints = [text for text in owner.complaints if "404" not in text]  # no such video


def test_it_works_without_javascript(
    owner: Visitor, browser: Browser, site: str, alice: User, sandbox: Sandbox, acme: Organization
) -> None:
    """Also: Chromium takes the redirect behind a form for its target, so the policy counts."""
    sandbox.settings(stripe_delayed_seconds=1)
    context = browser.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies([session_cookie(site, alice)])
    visitor = Visitor(context.new_page())
    page = visitor.page
    page.goto("/billing")
    page.get_by_role("button", name="$20.00").click()
    page.wait_for_url("**/stripe/checkout/**")
    page.get_by_text("Bank debit (settles later)").click()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Your payment is on its way")).to_be_visible()
    top_up = TopUp.objects.get()
    eventually(lambda: fulfilment.refresh(top_up.pk).state == "paid")
    page.get_by_role("link", name="Check again").click()
    expect(page.get_by_role("heading", name="$20.00 received")).to_be_visible()

    page.goto("/billing")
    page.get_by_label("When less is available than").fill("x")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter an amount in dollars")).to_be_visible()
    page.get_by_label("When less is available than").fill("9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_label("When less is available than")).to_have_value("9.00")
    page.get_by_role("button", name="Add a card").click()
    page.wait_for_url("**/stripe/portal/**")
    mended(visitor)
    assert visitor.complaints == []
    context.close()


def test_consent_without_javascript(
    owner: Visitor, browser: Browser, site: str, alice: User, bought: Bought
) -> None:
    bought(20, saves_card=True)
    context = browser.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies([session_cookie(site, alice)])
    page = context.new_page()
    page.goto("/billing")
    page.get_by_label("Charge the card").fill("30")
    page.get_by_label("Acme agrees").check()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("The amounts were changed")).to_be_visible()
    expect(page.locator("#consent-text")).to_contain_text("charge our saved card $30.00")
    assert not AutoTopUp.objects.exists()
    page.get_by_label("Acme agrees").check()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Auto top-up is on.")).to_be_visible()
    assert AutoTopUp.objects.get().amount_micros == 30 * DOLLAR
    context.close()


def test_nothing_overflows_at_any_width(
    owner: Visitor, bought: Bought, make: Make, acme: Organization
) -> None:
    paid = bought(20, saves_card=True)
    bought(5000, number="")
    TopUp.objects.filter(pk=bought(10, number="").pk).update(state="failed", failure="No. " * 70)
    make("a")
    for path in ("", f"/top-ups/{paid.pk}", "/top-ups", "/statement", "/statement?from=x"):
        owner.page.goto(f"/billing{path}")
        for width in (320, *WIDTHS):
            owner.page.set_viewport_size({"width": width, "height": 900})
            assert owner.page.evaluate(OVERFLOWING) == [], (path, width)
    mended(owner)
