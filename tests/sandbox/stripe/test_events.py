"""Events: what they say, how they are signed, delivered, repeated, listed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from tests.sandbox import process
from tests.sandbox.stripe.merchant import SECRET, Merchant, Receiver, eventually


def test_a_thin_event(merchant: Merchant, receiver: Receiver) -> None:
    options: Any = {"idempotency_key": "k-1"}
    customer = merchant.client.v1.customers.create({"name": "Ann"}, options)
    received = receiver.next()
    note = received.parsed(merchant.client)
    assert isinstance(note, stripe.events.V1CustomerCreatedEventNotification)
    assert (note.livemode, note.context, note.object) == (False, None, "v2.core.event")
    assert abs(datetime.fromisoformat(note.created) - datetime.now(UTC)) < timedelta(seconds=20)
    assert note.created.endswith("Z")
    assert note.related_object is not None
    assert note.related_object.url == f"/v1/customers/{customer.id}"
    assert note.fetch_related_object().id == customer.id
    assert note.fetch_event().id == note.id
    assert note.reason is not None
    assert note.reason.request is not None
    assert note.reason.request.idempotency_key == "k-1"
    assert note.reason.request.id == customer.last_response.request_id


def test_several_secrets_and_wrong_ones(merchant: Merchant, receiver: Receiver) -> None:
    merchant.settings(stripe_webhook_secrets=["whsec_new", SECRET])
    merchant.customer()
    received = receiver.next()
    assert received.signature.count("v1=") == 2
    for secret in ("whsec_new", SECRET):
        assert received.parsed(merchant.client, secret).id.startswith("evt_")
    with pytest.raises(stripe.SignatureVerificationError):
        received.parsed(merchant.client, "whsec_other")


def test_the_events_of_a_purchase(merchant: Merchant, receiver: Receiver) -> None:
    session = merchant.paid("4000000000000259", invoice_creation={"enabled": True})
    events = merchant.recorded()
    assert [one["type"] for one in events] == [
        f"v1.{name}"
        for name in (
            "customer.created",
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "invoice.created",
            "invoice.finalized",
            "invoice.paid",
            "invoice.payment_succeeded",
            "checkout.session.completed",
        )
    ]
    completed = merchant.recorded(object_id=session.id)[0]
    assert completed["related_object"] == {
        "id": session.id,
        "type": "checkout.session",
        "url": f"/v1/checkout/sessions/{session.id}",
    }
    # Not caused by a request of the API, but by the customer on the page.
    assert completed["reason"] is None
    eventually(lambda: receiver.received.qsize() == len(events))


def test_repeated_until_a_2xx(merchant: Merchant, receiver: Receiver) -> None:
    receiver.statuses = [500, 404, 200]
    merchant.customer()
    (event,) = merchant.recorded()
    eventually(lambda: len(merchant.recorded()[0]["deliveries"]) == 3)
    bodies = {receiver.next().body for _ in range(3)}
    assert len(bodies) == 1
    eventually(
        lambda: [one["status"] for one in merchant.recorded()[0]["deliveries"]] == [500, 404, 200]
    )
    assert event["fate"] is None


def test_no_address_and_an_unreachable_one(merchant: Merchant) -> None:
    merchant.customer()
    assert merchant.recorded()[0]["deliveries"] == []
    merchant.settings(stripe_webhook_url="http://127.0.0.1:9/hook", stripe_retry_seconds=[])
    merchant.customer()
    eventually(lambda: merchant.recorded()[1]["deliveries"])
    (delivery,) = eventually(
        lambda: [one for one in merchant.recorded()[1]["deliveries"] if one["error"]]
    )
    assert delivery["status"] is None


def test_only_the_wanted_types(merchant: Merchant, receiver: Receiver) -> None:
    merchant.settings(stripe_webhook_events=["v1.customer.deleted"])
    customer = merchant.customer()
    merchant.client.v1.customers.delete(customer.id)
    assert receiver.next().parsed(merchant.client).type == "v1.customer.deleted"
    assert receiver.received.empty()
    assert merchant.recorded()[0]["fate"] == "not subscribed"


def test_faults(merchant: Merchant, receiver: Receiver) -> None:
    merchant.faults(match="event v1.customer.created", fault="duplicate", copies=3)
    merchant.customer()
    assert len({receiver.next().body for _ in range(3)}) == 1
    merchant.faults(match="event v1.customer.*", fault="lost")
    merchant.customer()
    merchant.customer()
    received = receiver.next().parsed(merchant.client)
    assert received.id == merchant.recorded()[-1]["id"]
    assert merchant.recorded()[-2]["deliveries"] == []
    merchant.faults(match="event v1.customer.*", fault="delay", seconds=0.5)
    began = time.monotonic()
    merchant.customer()
    receiver.next()
    assert time.monotonic() - began > 0.5
    assert receiver.received.empty()


@pytest.mark.parametrize("order", ["forward", "reverse"])
def test_held_events(merchant: Merchant, receiver: Receiver, order: str) -> None:
    merchant.faults(match="event *", fault="hold", times=3)
    customers = [merchant.customer().id for _ in range(3)]
    time.sleep(0.1)
    assert receiver.received.empty()
    body = {} if order == "forward" else {"order": "reverse"}
    assert merchant.control("events/release", body) == {"released": 3}
    came = [receiver.next().parsed(merchant.client).related_object.id for _ in range(3)]
    assert came == (customers if order == "forward" else customers[::-1])


def test_sent_again(merchant: Merchant, receiver: Receiver) -> None:
    merchant.customer()
    first = receiver.next()
    event_id = merchant.recorded()[0]["id"]
    answer = merchant.control(f"events/{event_id}", {"copies": 5})
    assert [one["status"] for one in answer["deliveries"]] == [200] * 5
    assert {receiver.next().body for _ in range(5)} == {first.body}
    old = int(time.time()) - 86400
    merchant.control(f"events/{event_id}", {"secret": "whsec_forged", "timestamp": old})
    forged = receiver.next()
    for secret in (SECRET, "whsec_forged"):
        with pytest.raises(stripe.SignatureVerificationError):
            forged.parsed(merchant.client, secret)
    merchant.control(f"events/{event_id}", {"secret": ""})
    assert receiver.next().signature.count("v1=") == 1
    missing = merchant.http.post("/_sandbox/stripe/events/evt_none", json={})
    assert missing.status_code == 404


def test_the_list_of_events(merchant: Merchant) -> None:
    customers = [merchant.customer().id for _ in range(5)]
    listed = merchant.client.v2.core.events.list({"limit": 2})
    assert [one.id for one in listed.data] == [one["id"] for one in merchant.recorded()[:2:-1]]
    assert len(list(listed.auto_paging_iter())) == 5
    of_one = merchant.client.v2.core.events.list({"object_id": customers[0]})
    assert len(of_one.data) == 1
    types: Any = {"types": ["v1.customer.deleted", "v1.customer.updated"]}
    assert merchant.client.v2.core.events.list(types).data == []
    middle = merchant.recorded()[2]["created"]
    since: Any = {"created": {"gte": middle}}
    until: Any = {"created": {"lt": middle}}
    found = [len(merchant.client.v2.core.events.list(one).data) for one in (since, until)]
    assert sum(found) == 5
    assert found[0] >= 3


def test_address_and_secrets_of_the_command_line(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_a, whsec_b")
    running, base_url = process.start("--port", "0", "--stripe-webhook-url", receiver.url)
    try:
        merchant = Merchant(base_url)
        merchant.settings(stripe_webhook_url=None, stripe_webhook_secrets=["whsec_c"])
        assert merchant.http.post("/_sandbox/reset").json()["stripe_webhook_url"] == receiver.url
        assert "whsec" not in merchant.http.get("/_sandbox/settings").text
        merchant.customer()
        received = receiver.next()
        assert received.parsed(merchant.client, "whsec_a").id
        assert received.parsed(merchant.client, "whsec_b").id
    finally:
        process.stop(running)
