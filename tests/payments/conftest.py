"""Buying, in the tests: Acme's owner, the hosted page paid by its form, and the worker's drains."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import stripe
from django.conf import settings as django_settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.access import Caller
from accounts.models import Organization, User
from billing import auto_topup as auto
from billing import due_checks, fulfilment, holds, notices, payment_events, topups, watching
from billing.models import AutoTopUp, Entry, PaymentCustomer, TopUp, TopUpKind, Wallet
from tests.conftest import Sandbox, assert_books_balance, caller_for
from tests.payments.relay import relay as relay  # a fixture

SECRET = "whsec_tests"
DOLLAR = 1_000_000
OK, DECLINED, NO_FUNDS = "4242424242424242", "4000000000000002", "4000000000009995"
CHALLENGED, LATER_DECLINED = "4000002760003184", "4000000000000341"
SET_UP, DISPUTED, INQUIRY = "4000002500003155", "4000000000000259", "4000000000001976"
REFUND_FAILS, REFUND_SLOW = "4000000000005126", "4000000000007726"


class Stripe:
    """The sandbox's Stripe, as its dashboard, its hosted pages and its events."""

    def __init__(self, url: str) -> None:
        self.http = httpx2.Client(base_url=url, timeout=30, trust_env=False, verify=False)
        self.api = stripe.StripeClient(
            "sk_test_dashboard",
            stripe_version="2026-10-28.endive",
            base_addresses={"api": f"{url}/stripe"},
            max_network_retries=0,
            http_client=stripe.RequestsClient(),
        ).v1

    def control(self, path: str, body: Any = None) -> Any:
        answer = self.http.post(f"/_sandbox/stripe/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, match: str, fault: str, **more: Any) -> None:
        self.control("faults", [{"match": match, "fault": fault, **more}])

    def requests(self, path: str, method: str = "POST") -> list[dict[str, Any]]:
        query = {"path": path, "method": method}
        answer = self.http.get("/_sandbox/stripe/requests", params=query)
        return list(answer.json()["requests"])

    def all_requests(self) -> list[dict[str, Any]]:
        return list(self.http.get("/_sandbox/stripe/requests").json()["requests"])

    def events(self, **query: str) -> list[dict[str, Any]]:
        """Their notifications, as they are posted; by `type` or `object_id`."""
        found = self.http.get("/_sandbox/stripe/events", params=query).json()["events"]
        return [
            {name: value for name, value in event.items() if name not in ("fate", "deliveries")}
            for event in found
        ]

    def pay(self, url: str, number: str = OK, **fields: str) -> httpx2.Response:
        """Post the card form of a hosted page; a challenge is passed."""
        form = {"number": number, "expiry": "12/34", "cvc": "123", **fields}
        answer = self.http.post(url, data=form)
        if "/3ds/" in answer.headers.get("location", ""):
            answer = self.http.post(answer.headers["location"], data={"outcome": "complete"})
        return answer


@pytest.fixture
def stripe_sandbox(sandbox: Sandbox) -> Stripe:
    sandbox.settings(
        stripe_delayed_seconds=0.2,
        stripe_retry_seconds=[0.05, 0.1],
        stripe_webhook_url=None,
        stripe_webhook_secrets=[SECRET],
    )
    return Stripe(sandbox.url)


@pytest.fixture(autouse=True)
def _secrets(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]


@pytest.fixture
def owner(alice: User, acme: Organization) -> Caller:
    return caller_for(alice)


Buy = Callable[..., TopUp]


@pytest.fixture
def begin(owner: Caller) -> Buy:
    """A purchase whose page waits to be paid."""

    def begin(dollars: int = 20, *, caller: Caller | None = None, **more: Any) -> TopUp:
        return topups.start(caller or owner, amount_micros=dollars * DOLLAR, **more)[0]

    return begin


@pytest.fixture
def buy(begin: Buy, stripe_sandbox: Stripe) -> Buy:
    """A purchase, paid on the hosted page and credited."""

    def buy(dollars: int = 20, number: str = OK, **more: Any) -> TopUp:
        top_up = begin(dollars, **more)
        answer = stripe_sandbox.pay(top_up.checkout_url, number)
        assert answer.status_code == 303, answer.text
        return fulfilment.refresh(top_up.pk)

    return buy


@pytest.fixture
def with_card(buy: Buy, acme: Organization) -> Buy:
    """A paid top-up whose card stays saved for auto top-ups."""

    def with_card(dollars: int = 20, number: str = OK) -> TopUp:
        top_up = buy(dollars, number, saves_card=True)
        due_checks.run()
        assert PaymentCustomer.objects.get(pk=acme.pk).card_id
        return top_up

    return with_card


Consent = Callable[..., AutoTopUp]


@pytest.fixture
def consent(owner: Caller, with_card: Buy) -> Consent:
    """A saved card, 25 USD to spend (20 and the bonus), and auto top-up switched on."""

    def consent(
        *, threshold: float = 10, amount: float = 20, cap: float = 100, number: str = OK
    ) -> AutoTopUp:
        with_card(20, number)
        mail.outbox.clear()
        return auto.switch_on(
            owner,
            threshold_micros=int(threshold * DOLLAR),
            amount_micros=int(amount * DOLLAR),
            monthly_cap_micros=int(cap * DOLLAR),
        )

    return consent


@pytest.fixture
def deliver(stripe_sandbox: Stripe) -> Callable[..., list[int]]:
    """Post recorded events to our door, signed; returns the statuses."""

    def deliver(
        *, reverse: bool = False, secret: str = SECRET, at: float | None = None, **query: str
    ) -> list[int]:
        found = stripe_sandbox.events(**query)
        return [
            post_event(one, secret=secret, at=at) for one in (reversed(found) if reverse else found)
        ]

    return deliver


def post_event(
    event: dict[str, Any] | bytes, *, secret: str = SECRET, at: float | None = None
) -> int:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return post_raw(body, signature(body, secret, at))


def signature(body: bytes, secret: str = SECRET, at: float | None = None) -> str:
    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(at or time.time())
    )
    return str(header)


def post_raw(body: bytes, header: str | None) -> int:
    headers = {} if header is None else {"Stripe-Signature": header}
    answer = Client().post(
        "/callbacks/stripe", body, content_type="application/json", headers=headers
    )
    return answer.status_code


def in_threads(count: int, act: Any) -> list[Any]:
    """Run `act` at the same instant in as many threads; exceptions are results."""
    barrier, results = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            results.append(act())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def eventually(ask: Callable[[], object], *, within_seconds: float = 15) -> None:
    end = time.monotonic() + within_seconds
    while not ask():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def attempts(*states: str) -> list[TopUp]:
    found = TopUp.objects.filter(kind=TopUpKind.AUTO).order_by("created_at", "pk")
    return list(found.filter(state__in=states) if states else found)


def auto_charges(stripe_sandbox: Stripe) -> int:
    """How often the sandbox's Stripe has charged a card without its owner."""
    intents = stripe_sandbox.api.payment_intents.list({"limit": 100}).data
    return sum(one.status == "succeeded" and "auto" in (one.description or "") for one in intents)


def due_now() -> None:
    """Time passes: whatever is to be looked at later is due."""
    TopUp.objects.filter(next_check_at__isnull=False).update(next_check_at=timezone.now())


def work() -> None:
    """What the worker's tasks do, once each."""
    watching.rearm()
    watching.tell_low()
    auto.begin_due()
    payment_events.process_due()
    due_checks.run()
    notices.send_due()


def hold(organization: Organization, amount_dollars: float) -> uuid.UUID:
    """Set credits aside as a generation would; resolve it before the test ends."""
    hold_id = uuid.uuid4()
    holds.place(
        hold_id=hold_id,
        organization_id=organization.pk,
        amount_micros=round(amount_dollars * DOLLAR),
        reference=f"test:{hold_id}",
        expires_at=timezone.now() + timedelta(hours=1),
    )
    return hold_id


def spend(organization: Organization, amount_dollars: float) -> None:
    held = hold(organization, amount_dollars)
    holds.capture(hold_id=held, amount_micros=round(amount_dollars * DOLLAR))


def wallet(organization: Organization) -> Wallet:
    return Wallet.objects.get(pk=organization.pk)


def dollars(organization: Organization) -> float:
    """The balance, less what is owed, for reading."""
    found = wallet(organization)
    return (found.balance_micros - found.debt_micros) / DOLLAR


def kinds(organization: Organization) -> list[str]:
    rows = Entry.objects.filter(wallet_id=organization.pk).order_by("sequence")
    return [
        f"{kind} {micros / DOLLAR:g}" for kind, micros in rows.values_list("kind", "amount_micros")
    ]


@pytest.fixture(autouse=True)
def _books(db: None) -> Iterator[None]:
    """Every test that moves money ends by checking the books."""
    yield
    assert_books_balance()


assert django_settings.STRIPE_BASE_URL.endswith("/stripe")
