"""What the tests of the pages share: members at the web, and a gallery made by hand."""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from accounts.models import Membership, Organization, Role, User, new_id
from billing import fulfilment, holds, pricing, topups
from billing.models import TopUp, TopUpState
from generations import parameters
from generations.models import Generation, Media, State
from pvideo_platform import people_settings
from tests.conftest import Sandbox, caller_for
from tests.payments.conftest import OK, SECRET, Stripe
from tests.web import furnishing, pages
from tests.web.browsing import CHROMIUM, Visit, Visitor, session_cookie
from tests.webhooks.conftest import listen, receiver  # noqa: F401  # fixtures


@pytest.fixture
def as_alice(alice: User, acme: Organization) -> Client:
    return _logged_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return _logged_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return _logged_in(charlie)


@pytest.fixture
def as_viewer(acme: Organization) -> Client:
    """Vera sees what Acme makes."""
    vera = User.objects.create_user("vera@example.com", "vera-password")
    Membership.objects.create(organization=acme, user=vera, role=Role.VIEWER)
    return _logged_in(vera)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


Make = Callable[..., Generation]


@pytest.fixture
def make(acme: Organization) -> Make:
    """Rows of Acme's gallery as they are at rest, with holds that agree with them."""

    def make(
        prompt: str = "A cat",
        *,
        state: str = State.COMPLETED,
        media: bool | None = None,
        at: datetime | None = None,
        **raw: Any,
    ) -> Generation:
        params = parameters.validate("p-video", {"prompt": prompt, **raw})
        price = pricing.in_force(
            organization_id=acme.pk, model="p-video", resolution=params["resolution"], draft=False
        )
        amount = pricing.cost_micros(price, params["duration"])
        now = at or timezone.now()
        row = Generation.objects.create(
            id=_id_of(at) if at else new_id(),
            organization=acme,
            created_at=now,
            model="p-video",
            input=params,
            price=price,
            quoted_seconds=params["duration"],
            quoted_micros=amount,
            deadline_at=now + timedelta(hours=1),
        )
        holds.place(
            hold_id=row.pk,
            organization_id=acme.pk,
            amount_micros=amount,
            reference=row.hold_reference,
            expires_at=row.deadline_at,
        )
        return move(row, state, media=state == State.COMPLETED if media is None else media)

    return make


def _id_of(moment: datetime) -> uuid.UUID:
    """An id as it was made then: its first 48 bits are the milliseconds."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | new_id().int & (1 << 80) - 1)


def move(row: Generation, state: str, *, media: bool = False) -> Generation:
    """Take a row to a state, its hold with it."""
    if media:
        Media.objects.create(
            generation=row,
            organization_id=row.organization_id,
            video=f"{row.pk}.mp4",
            poster=f"{row.pk}.jpg",
            duration_ms=5000,
            width=1280,
            height=720,
            fps="24",
            codec="h264",
            has_audio=False,
            size_bytes=1_234_567,
        )
    row.state = State(state)
    if row.is_open:
        row.save(update_fields=["state"])
        return row
    row.charged_micros = row.quoted_micros if state == State.COMPLETED else 0
    row.charged_seconds = row.quoted_seconds if row.charged_micros else 0
    row.completed_at = timezone.now()
    row.save()
    holds.capture(hold_id=row.pk, amount_micros=row.charged_micros)
    return row


# --- All pages ------------------------------------------------------------------------------

Opened = Callable[..., list[pages.Page]]


@pytest.fixture
def open_house(alice: User, acme: Organization, bob: User, settings: Any, tmp_path: Path) -> Opened:
    """`open_house(shown, queued)` puts something on every page of Acme's, and returns all pages.

    Mail is kept as in the demo, other logins are on, and /errors/ shows what goes wrong.
    """
    settings.SENT_MAIL_DIR = tmp_path / "mail"
    settings.MAILERS = people_settings.mailers(settings.SENT_MAIL_DIR)
    app = {"client_id": "an-id", "secret": "a-secret", "key": ""}
    settings.SOCIALACCOUNT_PROVIDERS = {name: {"APPS": [app]} for name in ("google", "github")}
    settings.ROOT_URLCONF = "tests.web.failing_urls"

    def open_house(shown: Generation, queued: Generation) -> list[pages.Page]:
        things = furnishing.furnish(alice, acme, bob, shown, queued)
        return pages.every(things, furnishing.receive(alice, bob))

    return open_house


# --- Browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop lives in this thread, which Django would take for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        arguments = ["--no-sandbox"] if Path.home() == Path("/root") else []
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield found
        found.close()


@pytest.fixture
def site(transactional_db: None, live_server: Any, settings: Any, sandbox: Sandbox) -> str:
    settings.PUBLIC_BASE_URL = live_server.url
    settings.DEBUG = False
    return str(live_server.url)


@pytest.fixture
def visit(site: str, browser: Browser) -> Iterator[Visit]:
    """`visit(user)` opens a browser of the user's, logged in (None: a stranger's).

    Ends by asserting that no console complained: no error, no warning, no policy violation.
    """
    visitors = []

    def visit(user: User | None = None, **context: Any) -> Visitor:
        options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US"} | context
        window = browser.new_context(base_url=site, **options)
        if user:
            window.add_cookies([session_cookie(site, user)])
        visitors.append(Visitor(window.new_page()))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.page.context.close()
    assert [visitor.complaints for visitor in visitors if visitor.complaints] == []


# --- Payments -------------------------------------------------------------------------------


@pytest.fixture
def shop(sandbox: Sandbox, settings: Any) -> Stripe:
    """The sandbox's Stripe; it sends no events unless a test asks for them."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    sandbox.settings(
        stripe_delayed_seconds=0.2,
        stripe_retry_seconds=[0.05, 0.1],
        stripe_webhook_url=None,
        stripe_webhook_secrets=[SECRET],
    )
    return Stripe(sandbox.url)


Bought = Callable[..., TopUp]


@pytest.fixture
def bought(shop: Stripe, alice: User, acme: Organization) -> Bought:
    """Purchases of Alice's: paid by card and looked after, unless `number` is ""."""

    def bought(dollars: int = 20, *, number: str = OK, **more: Any) -> TopUp:
        amount_micros = dollars * 1_000_000
        top_up, _ = topups.start(caller_for(alice), amount_micros=amount_micros, **more)
        if not number:
            return top_up
        assert shop.pay(top_up.checkout_url, number).status_code == 303
        paid = fulfilment.refresh(top_up.pk)
        if paid.state == TopUpState.PAID:
            fulfilment.look_after(paid)
        return TopUp.objects.get(pk=top_up.pk)

    return bought
