"""The customer at a browser: signs up, makes a key, buys credits, reads the statement.

The browser runs no JavaScript, so every page has to work without.
"""

import csv
import re
import secrets
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, urlsplit

from pvideo_platform.demo.browser import Browser
from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.page import Page

_FILE_NAME = re.compile(r'filename="Invoice-([^"]+)\.pdf"')
CODE_PATH = "/accounts/confirm-email/"
MAIL_PATH = re.compile(r"/demo/mail/[0-9a-f]{32}/")
CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "A. Shopper"}


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid top-up.

    Attributes:
        session_id: of Stripe's hosted page.
        asked: what the hosted page said before it was paid.
        told: what the platform's own page said afterwards.
        invoice: its number. pdf: the file.
    """

    session_id: str
    asked: str
    told: str
    invoice: str
    pdf: bytes


class Shopper:
    """Somebody new. Each act raises DemoFailure when a page is not as it must be."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._browser = Browser()
        self.email = f"walkthrough-{secrets.token_hex(4)}@example.com"

    def sign_up(self) -> None:
        """With the code that the demo's mail holds; ends in the Studio."""
        page = self._open("/accounts/signup/")
        asked = self._browser.send(
            page,
            page.form("/accounts/signup/"),
            {"email": self.email, "password1": secrets.token_urlsafe(12)},
        )
        if asked.path != CODE_PATH:
            raise DemoFailure(f"The sign-up of {self.email} was refused: {asked}")
        arrived = self._browser.send(asked, asked.form(CODE_PATH), {"code": self._mailed_code()})
        if arrived.path == CODE_PATH:
            raise DemoFailure(f"The mailed code of {self.email} was refused: {arrived}")

    def _mailed_code(self) -> str:
        inbox = self._open("/demo/mail/", query=f"?to={quote(self.email)}")
        mails = [url for _, url in inbox.links if MAIL_PATH.fullmatch(urlsplit(url).path)]
        if not mails:
            raise DemoFailure(f"No mail to {self.email} is kept at {inbox.url}: {inbox}")
        mail = self._browser.open(mails[0])
        code = re.search(r"\b\d{6}\b", mail.text)
        if code is None:
            raise DemoFailure(f"The mail at {mail.url} has no code: {mail}")
        return code[0]

    def make_key(self) -> str:
        """An API key that may do all but buy."""
        page = self._open("/api-keys/new")
        shown = self._browser.send(page, page.form("/api-keys/new"), {"name": "Walkthrough"})
        return shown.value("new-key-secret")

    def buy_pack(self, amount: Decimal) -> Purchase:
        """One of the amounts that have a button."""
        page = self._open("/billing")
        form = page.form("/billing")
        packs = [(name, value) for name, value in form.buttons if name == "pack"]
        wanted = [pack for pack in packs if Decimal(pack[1]) == amount]
        if not wanted:
            raise DemoFailure(f"There is no pack of {amount} USD on {page.url}, but {packs}")
        return self._pay(self._browser.send(page, form, press=wanted[0]))

    def buy_amount(self, amount: Decimal) -> Purchase:
        """An amount typed in."""
        page = self._open("/billing")
        return self._pay(self._browser.send(page, page.form("/billing"), {"amount": f"{amount}"}))

    def statement(self) -> list[dict[str, str]]:
        """Every entry, oldest first, from the file behind the statement's page."""
        page = self._open("/billing/statement")
        files = [url for _, url in page.links if urlsplit(url).path.endswith(".csv")]
        if not files:
            raise DemoFailure(f"The page {page.url} has no link to a CSV file: {page}")
        return list(csv.DictReader(self._browser.open(files[0]).body.decode().splitlines()))

    def _open(self, path: str, *, query: str = "") -> Page:
        page = self._browser.open(self._base_url + path + query)
        if page.path != path:
            raise DemoFailure(f"{path} led to {page.url}: {page}")
        return page

    def _pay(self, hosted: Page) -> Purchase:
        """By test card, on the page that the platform has led to."""
        if hosted.url.startswith(self._base_url):
            raise DemoFailure(f"The purchase did not lead to Stripe's page: {hosted}")
        back = self._browser.send(hosted, hosted.form(hosted.path), {**CARD, "method": "card"})
        if not back.url.startswith(self._base_url):
            raise DemoFailure(f"The payment did not lead back to the platform: {back}")
        invoice, pdf = self._invoice(back)
        return Purchase(
            session_id=hosted.path.rpartition("/")[2],
            asked=hosted.text,
            told=back.text,
            invoice=invoice,
            pdf=pdf,
        )

    def _invoice(self, page: Page) -> tuple[str, bytes]:
        """Number and file of the invoice that the page after the payment links to.

        The number is what Stripe names the file after, and has to stand in the list of top-ups.
        """
        url = next((url for text, url in page.links if "PDF" in text), "")
        if not url:
            raise DemoFailure(f"The page {page.url} has no link to the invoice's PDF: {page}")
        file = self._browser.open(url)
        named = _FILE_NAME.search(file.headers.get("content-disposition", ""))
        number = named[1] if named else ""
        listed = self._open("/billing")
        if not any(number and number in text for text, to in listed.links if to == url):
            raise DemoFailure(f'The invoice "{number}" at {url} is not listed on {listed.url}')
        return number, file.body
