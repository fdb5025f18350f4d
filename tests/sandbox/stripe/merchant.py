"""A merchant with the real SDK, a customer's form posts, and a receiver of events."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import stripe

SECRET = "whsec_first"
VERSION = "2026-10-28.endive"
SUCCESS_URL = "https://shop.test/done?session={CHECKOUT_SESSION_ID}"
CANCEL_URL = "https://shop.test/billing"


class Merchant:
    """Speaks to one running sandbox: `client` is the SDK's, `http` for pages and controls."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx2.Client(base_url=base_url, timeout=30, trust_env=False, verify=False)
        self.client = self.sdk("sk_test_merchant")

    def sdk(self, key: str, *, retries: int = 0) -> Any:
        """Return a client of the SDK with this key.

        Not as its own type: tests also send what that would refuse.
        """
        return stripe.StripeClient(
            key,
            stripe_version=VERSION,
            base_addresses={"api": f"{self.base_url}/stripe"},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(),
        )

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change the sandbox's settings."""
        answer = self.http.post("/_sandbox/settings", json=changes)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def control(self, path: str, body: Any = None) -> Any:
        """POST to a control address of Stripe's part."""
        answer = self.http.post(f"/_sandbox/stripe/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, **rule: Any) -> None:
        """Put one fault rule in place of all."""
        self.control("faults", [rule])

    def requests(self, path: str | None = None) -> list[dict[str, Any]]:
        """Return the recorded requests to `path`, or all."""
        query = {"path": path} if path else {}
        answer = self.http.get("/_sandbox/stripe/requests", params=query)
        return list(answer.json()["requests"])

    def recorded(self, **query: str) -> list[dict[str, Any]]:
        """Return the recorded events, selected by `type` or `object_id`."""
        return list(self.http.get("/_sandbox/stripe/events", params=query).json()["events"])

    def types_of(self, object_id: str) -> list[str]:
        """Return the types of an object's events, oldest first."""
        return [one["type"].removeprefix("v1.") for one in self.recorded(object_id=object_id)]

    def customer(self, **more: Any) -> Any:
        """Make a customer."""
        return self.client.v1.customers.create({"email": "ann@shop.test", "name": "Ann", **more})

    def session(self, customer: Any | None = None, *, cents: int = 2000, **more: Any) -> Any:
        """Make a Checkout session for one item."""
        item = {
            "price_data": {
                "currency": "usd",
                "unit_amount": cents,
                "product_data": {"name": "Credits"},
                "tax_behavior": "exclusive",
            },
            "quantity": 1,
        }
        wanted: Any = {
            "mode": "payment",
            "line_items": [item],
            "success_url": SUCCESS_URL,
            "cancel_url": CANCEL_URL,
            **({"customer": getattr(customer, "id", customer)} if customer is not None else {}),
            **more,
        }
        return self.client.v1.checkout.sessions.create(wanted)

    def submit(self, url: str, number: str = "4242424242424242", **fields: str) -> httpx2.Response:
        """Post the card form of a hosted page."""
        form = {"number": number, "expiry": "12/34", "cvc": "123", **fields}
        return self.http.post(url, data=form)

    def paid(self, number: str = "4242424242424242", *, cents: int = 2000, **more: Any) -> Any:
        """Return a session that a new customer has paid, with its PaymentIntent and charge."""
        session = self.session(self.customer(), cents=cents, **more)
        answer = self.submit(session.url, number)
        assert answer.status_code == 303, answer.text
        return self.whole(session.id)

    def whole(self, session_id: str) -> Any:
        """Return a session with its PaymentIntent and charge expanded."""
        return self.client.v1.checkout.sessions.retrieve(
            session_id, {"expand": ["payment_intent.latest_charge", "line_items", "invoice"]}
        )

    def saved_card(self, number: str, customer: Any) -> str:
        """Let `customer` save a card for later by Checkout's setup mode; return its id."""
        wanted: Any = {
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": SUCCESS_URL,
        }
        session = self.client.v1.checkout.sessions.create(wanted)
        answer = self.submit(session.url, number)
        assert answer.status_code == 303, answer.text
        if "/3ds/" in answer.headers["location"]:
            self.http.post(answer.headers["location"], data={"outcome": "complete"})
        methods = self.client.v1.customers.payment_methods.list(customer.id).data
        return str(methods[0].id)


def eventually[T](ask: Callable[[], T], *, within_seconds: float = 10) -> T:
    """Return the first truthy answer of `ask`; fail when there is none in time."""
    end = time.monotonic() + within_seconds
    while not (answer := ask()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return answer


def refusal(call: Callable[[], Any]) -> Any:
    """Return the StripeError that `call` raises."""
    try:
        call()
    except stripe.StripeError as error:
        return error
    raise AssertionError("it was not refused")


@dataclass
class Received:
    """One POST of an event."""

    body: bytes
    signature: str
    headers: dict[str, str]

    def parsed(self, client: stripe.StripeClient, secret: str = SECRET) -> Any:
        """Return the notification, verified by the SDK."""
        return client.parse_event_notification(self.body, self.signature, secret)


class Receiver:
    """A server that takes events; `statuses` are its next answers, 200 once they are used up."""

    def __init__(self) -> None:
        self.received: queue.Queue[Received] = queue.Queue()
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.put(Received(body, headers["stripe-signature"], headers))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def next(self) -> Received:
        """Return the next event, or fail."""
        return self.received.get(timeout=10)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
