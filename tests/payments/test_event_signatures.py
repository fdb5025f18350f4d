"""The door for events: what is signed by Stripe for us, and what is none of that."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import Organization
from billing import payment_events, topups
from billing.models import EventState, PaymentEvent
from billing.payments import wire
from tests.payments.conftest import (
    SECRET,
    Buy,
    Stripe,
    dollars,
    post_event,
    post_raw,
    signature,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)


def event(**values: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "v2.core.event",
        "type": "v1.checkout.session.completed",
        "created": "2026-10-30T10:00:00.000Z",
        "livemode": False,
        "context": None,
        "related_object": {"id": "cs_unknown", "type": "checkout.session", "url": "/v1/x"},
        **values,
    }


def hmac_of(body: bytes, secret: str, at: int) -> str:
    """By hand, so that the check does not depend on the SDK's own way to sign."""
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


def stored() -> int:
    return PaymentEvent.objects.count()


def test_a_signed_event_is_stored_as_it_came() -> None:
    body = json.dumps(event(), indent=3).encode()
    assert post_raw(body, f"t={int(time.time())},v1={hmac_of(body, SECRET, int(time.time()))}")
    row = PaymentEvent.objects.get()
    assert row.payload.encode() == body
    assert (row.type, row.object_id) == ("checkout.session.completed", "cs_unknown")


@pytest.mark.parametrize("secrets", [[], [""], [" "], ["", " "]])
def test_without_a_secret_every_event_is_refused(secrets: list[str], settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = secrets
    for secret in ("", " ", SECRET):
        assert post_event(event(), secret=secret) == 400
    assert stored() == 0


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        "t=,v1=",
        "t=x,v1=y",
        "v1=abc",
        "t=1",
        "t=1=2=3,v1",
        ",,,",
        "t=99999999999999999999999999,v1=00",
        "t=-1,v1=é",
        "t=\N{ARABIC-INDIC DIGIT ONE},v1=00",
    ],
)
def test_a_header_that_is_no_signature(header: str | None) -> None:
    body = json.dumps(event()).encode()
    assert post_raw(body, header) == 400
    assert stored() == 0


def test_a_forged_event_moves_nothing(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    forged = event(related_object={"id": top_up.session_id, "type": "x", "url": "x"})
    assert post_event(forged, secret="whsec_guess") == 400
    assert stored() == 0
    assert post_event(forged) == 204, "and even a signed one says nothing about the payment"
    work()
    assert dollars(acme) == 0


@pytest.mark.parametrize(("seconds", "status"), [(-290, 204), (-310, 400), (290, 204), (310, 400)])
def test_five_minutes_either_way(seconds: int, status: int) -> None:
    assert post_event(event(), at=time.time() + seconds) == status
    assert stored() == (status == 204)


def test_another_body_under_a_good_signature() -> None:
    body = json.dumps(event()).encode()
    header = signature(body)
    for other in (body + b" ", body.replace(b"evt_1", b"evt_2"), body.replace(b" ", b"", 1), b""):
        assert post_raw(other, header) == 400
    assert stored() == 0


def test_another_time_under_a_good_signature() -> None:
    body = json.dumps(event()).encode()
    stale = signature(body, at=time.time() - 1000).partition(",")[2]
    assert post_raw(body, f"t={int(time.time())},{stale}") == 400


def test_both_secrets_while_one_is_rolled(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    assert post_event(event(id="evt_old")) == 204
    assert post_event(event(id="evt_new"), secret="whsec_new") == 204
    assert post_event(event(id="evt_none"), secret="whsec_older") == 400
    body, at = json.dumps(event(id="evt_both")).encode(), int(time.time())
    parts = [f"v1={hmac_of(body, secret, at)}" for secret in ("whsec_older", SECRET)]
    assert post_raw(body, f"t={at},v0=deadbeef,{','.join(parts)}") == 204
    assert stored() == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"42",
        b"{}",
        b'{"object": "v2.core.event"}',
        b"[" * 100_000,
        b'{"object": "event", "id": "evt_1", "type": "refund.created", "created": 1}',
        json.dumps(event(id=7)).encode(),
        json.dumps(event(id="evt_" + "x" * 200)).encode(),
        json.dumps(event(id="evt_\x00")).encode(),
        json.dumps(event(id="evt_\ud800")).encode(),
        json.dumps(event(created="yesterday")).encode(),
        json.dumps(event(related_object=[1])).encode(),
        json.dumps(event(object="event", created=10**30, data={"object": {"id": "re_1"}})).encode(),
    ],
)
def test_signed_and_no_event(body: bytes) -> None:
    try:
        header = signature(body)
    except UnicodeDecodeError:
        at = int(time.time())
        header = f"t={at},v1={hmac_of(body, SECRET, at)}"
    assert post_raw(body, header) == 400
    assert stored() == 0


def test_too_large_a_body(settings: Any) -> None:
    body = json.dumps(event(padding="x" * settings.API_MAX_BODY_BYTES)).encode()
    assert post_raw(body, signature(body)) == 413
    assert stored() == 0


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_only_posts(method: str) -> None:
    assert getattr(Client(), method)("/callbacks/stripe").status_code == 405


def test_a_snapshot_event_is_taken_too(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    snapshot = {
        "id": "evt_snapshot",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": top_up.session_id, "amount_total": 99_999_999}},
    }
    assert post_event(snapshot) == 204
    work()
    assert dollars(acme) == 25


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ({"livemode": True}, "of the other mode"),
        ({"context": "acct_1"}, "of another account"),
        ({"type": "v1.charge.succeeded"}, "of no interest"),
        ({"type": "v2.core.account.created"}, "of no interest"),
    ],
)
def test_what_is_none_of_ours_is_kept_and_ignored(
    values: dict[str, Any],
    note: str,
    begin: Buy,
    stripe_sandbox: Stripe,
    acme: Organization,
) -> None:
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    related = {"id": top_up.session_id, "type": "x", "url": "x"}
    assert post_event(event(related_object=related, **values)) == 204
    payment_events.process_due()
    row = PaymentEvent.objects.get()
    assert (row.state, row.note, row.attempts) == (EventState.IGNORED, note, 0)
    assert dollars(acme) == 0


@pytest.mark.parametrize(
    ("kind", "object_id"),
    [
        ("checkout.session.completed", "cs_nobody"),
        ("payment_intent.succeeded", "pi_nobody"),
        ("refund.created", "re_nobody"),
        ("charge.dispute.created", "dp_nobody"),
        ("customer.updated", "cus_nobody"),
        ("refund.created", ""),
        ("refund.created", "../../v1/customers"),
    ],
)
def test_an_unknown_object(kind: str, object_id: str, stripe_sandbox: Stripe) -> None:
    related = {"id": object_id, "type": "x", "url": "x"}
    assert post_event(event(type=f"v1.{kind}", related_object=related)) == 204
    payment_events.process_due()
    row = PaymentEvent.objects.get()
    assert row.state == EventState.IGNORED
    assert row.note


def test_someone_elses_objects_in_our_account(stripe_sandbox: Stripe) -> None:
    """Another program of ours sells with the same Stripe account."""
    intent = stripe_sandbox.api.payment_intents.create(
        {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    )
    refund = stripe_sandbox.api.refunds.create({"payment_intent": intent.id})
    for number, (kind, object_id) in enumerate(
        (("payment_intent.succeeded", intent.id), ("refund.created", refund.id))
    ):
        related = {"id": object_id, "type": "x", "url": "x"}
        post_event(event(id=f"evt_{number}", type=f"v1.{kind}", related_object=related))
    payment_events.process_due()
    assert set(PaymentEvent.objects.values_list("state", "note")) == {
        (EventState.IGNORED, "not one of ours")
    }


def test_the_door_does_not_wait_for_stripe(settings: Any) -> None:
    """Nobody answers at that address, and nobody is asked."""
    settings.STRIPE_BASE_URL = "http://10.255.255.1/stripe"
    wire.client.cache_clear()
    try:
        began = time.monotonic()
        assert post_event(event()) == 204
        assert time.monotonic() - began < 1
    finally:
        wire.client.cache_clear()


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM billing_paymentevent",
        "TRUNCATE billing_paymentevent",
        "UPDATE billing_paymentevent SET payload = ''",
        "UPDATE billing_paymentevent SET id = 'evt_2'",
        "UPDATE billing_paymentevent SET object_id = 'cs_2'",
        "UPDATE billing_paymentevent SET livemode = true",
        "UPDATE billing_paymentevent SET received_at = now()",
    ],
)
def test_what_came_stays(sql: str) -> None:
    post_event(event())
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        connection.cursor().execute(sql)
    assert stored() == 1


def test_the_orm_does_not_get_past_that_either() -> None:
    post_event(event())
    row = PaymentEvent.objects.get()
    with pytest.raises(DatabaseError, match="refused"):
        row.delete()
    row.payload = "{}"
    with pytest.raises(DatabaseError, match="refused"):
        row.save()
    assert topups.is_live() is False
