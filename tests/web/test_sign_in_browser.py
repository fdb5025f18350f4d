"""Signing up and in, in a real Chromium: the mailed code, passkeys, one-time codes, sessions."""

import re
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import Page, expect

from accounts.models import Organization, User
from pvideo_platform import people_settings, sent_mail
from tests.web.browsing import OVERFLOWING, Visit, in_chromium, inaccessible

pytestmark = in_chromium
PASSWORD = "alice-password"


@pytest.fixture
def confirmed(alice: User, acme: Organization) -> User:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    return alice


@pytest.fixture
def mails(settings: Any, tmp_path: Path) -> Path:
    settings.SENT_MAIL_DIR = tmp_path
    settings.MAILERS = people_settings.mailers(tmp_path)
    return tmp_path


def assert_fine(page: Page) -> None:
    """To whoever reads it, on narrow screens too. The pages that have an address are in
    test_every_page."""
    assert inaccessible(page) == []
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate(OVERFLOWING) == []
    page.set_viewport_size({"width": 1440, "height": 900})


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def log_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill("alice@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


def be_sure(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Confirm")
    page.wait_for_url(lambda url: "reauthenticate" not in url)


def log_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    press(page, "Sign out")
    page.wait_for_url("**/accounts/login/")


def authenticator_of(page: Page) -> Any:
    """A platform authenticator that says yes, in the browser itself."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return device


def test_signing_up_with_the_mailed_code(visit: Visit, mails: Path) -> None:
    page = visit().page
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill("eve@example.com")
    password = page.get_by_label("Password", exact=True)
    password.fill("correct horse battery")
    page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")
    press(page, "Create account")
    page.wait_for_url("**/accounts/confirm-email/")

    with page.expect_popup() as opened:
        page.get_by_role("link", name=re.compile("Open the demo.s mail")).click()
    inbox = opened.value
    expect(inbox.get_by_role("heading", name=re.compile("The demo.s mail"))).to_be_visible()
    inbox.get_by_role("link", name="is your PVideo code").click()
    framed = inbox.frame_locator("iframe").get_by_text(re.compile(r"^\d{6}$"))
    expect(framed).to_be_visible()
    code = framed.inner_text()
    inbox.close()

    page.get_by_label("Code").fill(code)
    press(page, "Confirm")
    page.wait_for_url("**/studio/?welcome")


def test_a_passkey(visit: Visit, confirmed: User, mails: Path) -> None:
    visitor = visit()
    page = visitor.page
    authenticator_of(page)
    log_in(page)
    page.goto("/accounts/2fa/webauthn/add/")
    be_sure(page)
    page.get_by_label("Its name").fill("Work laptop")
    press(page, "Add the passkey")
    page.wait_for_url("**/2fa/recovery-codes/")
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_text("Work laptop").first).to_be_visible()
    assert next(sent_mail.newest_first(mails)).subject == "Passkey added"

    log_out(page)
    page.goto("/accounts/login/?next=/billing")
    press(page, "Sign in with a passkey")
    page.wait_for_url(re.compile(r"//[^/]+/billing$"))

    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_role("link", name="Use your passkey").click()
    press(page, "Use your passkey")
    page.wait_for_url("**/2fa/totp/activate/")


def test_signing_up_with_a_passkey_gives_recovery_codes(visit: Visit, mails: Path) -> None:
    page = visit().page
    authenticator_of(page)
    page.goto("/accounts/signup/passkey/")
    page.get_by_label("E-mail").fill("eve@example.com")
    press(page, "Go on")
    code = re.search(r"\b\d{6}\b", next(sent_mail.newest_first(mails)).text)
    assert code
    page.get_by_label("Code").fill(code[0])
    press(page, "Confirm")
    page.wait_for_url("**/webauthn/signup/")
    press(page, "Make the passkey")
    page.wait_for_url("**/studio/?welcome")
    page.goto("/account/")
    expect(page.get_by_text("10 left")).to_be_visible()


def test_passkeys_are_not_offered_where_they_cannot_work(visit: Visit, site: str) -> None:
    page = visit().page
    page.goto(site.replace("localhost", "127.0.0.1") + "/accounts/login/")
    expect(page.get_by_text("Passkeys need a host name")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    link = page.get_by_role("link", name="Open it by its name").get_attribute("href")
    assert link == f"{site}/accounts/login/"


def test_one_time_codes(visit: Visit, confirmed: User, mails: Path) -> None:
    page = visit().page
    log_in(page)
    page.goto("/accounts/2fa/totp/activate/")
    be_sure(page)
    secret = page.get_by_label("Key", exact=True).input_value()
    page.get_by_label("Enter the six digits").fill("000000")
    press(page, "Switch it on")
    expect(page.get_by_text("That code is not right")).to_be_visible()
    page.get_by_label("Enter the six digits").fill(code_of(secret))
    press(page, "Switch it on")
    page.wait_for_url("**/2fa/recovery-codes/")
    codes = page.locator(".recovery-codes code").all_inner_texts()
    assert len(codes) == 10
    page.goto("/accounts/2fa/")

    log_out(page)
    log_in(page)
    page.wait_for_url("**/2fa/authenticate/")
    page.get_by_label("Code").fill(codes[0])
    press(page, "Sign in")
    page.wait_for_url("**/studio/")


def code_of(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def test_ending_another_session_and_leaving(visit: Visit, confirmed: User, mails: Path) -> None:
    here, there = visit().page, visit(user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0").page
    log_in(there)
    there.wait_for_url("**/studio/")
    log_in(here)
    here.goto("/accounts/sessions/")
    here.get_by_role("button", name="End the session of Firefox on Windows").click()
    expect(here.get_by_text("The session is ended.")).to_be_visible()
    there.goto("/account/")
    there.wait_for_url("**/accounts/login/?next=/account/")

    here.goto("/account/")
    here.get_by_role("link", name="Delete account").click()
    be_sure(here)
    expect(here.get_by_text("Acme is closed with it")).to_be_visible()
    here.get_by_label("Type your e-mail address").fill("alice@example.com")
    press(here, "Delete my account")
    expect(here.get_by_role("heading", name="Your account is deleted")).to_be_visible()
    assert_fine(here)
