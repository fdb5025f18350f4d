"""Events at work: repeated, reordered, late, lost; and the success page at the same instant."""

import json
import threading
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization
from billing import due_checks, fulfilment, payment_events
from billing.models import EventState, EventSweep, PaymentEvent, TopUp, TopUpState
from billing.payments import PaymentUnknown, events
from tests.payments.conftest import (
    Buy,
    Stripe,
    dollars,
    due_now,
    in_threads,
    kinds,
    post_event,
    work,
)
from tests.payments.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)

PAID = ["top_up 20", "bonus 5"]


@pytest.fixture
def paid(begin: Buy, stripe_sandbox: Stripe) -> TopUp:
    """Paid at Stripe, and nobody has told us."""
    top_up = begin(20)
    stripe_sandbox.pay(top_up.checkout_url)
    return top_up


def completed(stripe_sandbox: Stripe) -> dict[str, Any]:
    (found,) = stripe_sandbox.events(type="v1.checkout.session.completed")
    return found


def retry_now() -> None:
    """Time passes: events that wait for their next attempt are due."""
    PaymentEvent.objects.filter(state=EventState.PENDING).update(next_attempt_at=timezone.now())


def test_an_event_credits(paid: TopUp, stripe_sandbox: Stripe, acme: Organization) -> None:
    assert post_event(completed(stripe_sandbox)) == 204
    assert dollars(acme) == 0, "the door only stores"
    payment_events.process_due()
    assert kinds(acme) == PAID


def test_the_same_event_fifty_times_at_once(
    paid: TopUp, stripe_sandbox: Stripe, acme: Organization
) -> None:
    event = completed(stripe_sandbox)

    def act() -> int:
        status = post_event(event)
        payment_events.process_due()
        return status

    assert in_threads(50, act) == [204] * 50
    assert PaymentEvent.objects.count() == 1
    assert kinds(acme) == PAID


@pytest.mark.parametrize("reverse", [False, True])
def test_all_events_of_a_payment_in_either_order(
    reverse: bool, paid: TopUp, deliver: Any, acme: Organization
) -> None:
    assert set(deliver(reverse=reverse)) == {204}
    work()
    assert kinds(acme) == PAID
    assert not PaymentEvent.objects.filter(state=EventState.PENDING).exists()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_payment_and_refund_in_any_order(
    order: tuple[int, ...],
    paid: TopUp,
    stripe_sandbox: Stripe,
    acme: Organization,
) -> None:
    session = stripe_sandbox.api.checkout.sessions.retrieve(paid.session_id)
    stripe_sandbox.api.refunds.create(
        {"payment_intent": str(session.payment_intent), "amount": 500}
    )
    found = [
        stripe_sandbox.events(type=f"v1.{kind}")[0]
        for kind in ("checkout.session.completed", "payment_intent.succeeded", "refund.created")
    ]
    for index in order:
        post_event(found[index])
        payment_events.process_due()
    assert kinds(acme) == [*PAID, "refund -5", "bonus_reversal -1.25"]


def test_a_replay_a_day_later(
    paid: TopUp, stripe_sandbox: Stripe, acme: Organization, deliver: Any
) -> None:
    deliver()
    work()
    before = kinds(acme)
    assert set(deliver()) == {204}  # signed again, as Stripe does when asked to resend
    work()
    assert kinds(acme) == before
    event = completed(stripe_sandbox) | {"id": "evt_another"}
    assert post_event(event) == 204
    work()
    assert kinds(acme) == before


@pytest.mark.parametrize("round_", range(12))
def test_webhook_success_page_and_sweep_at_the_same_instant(
    round_: int, paid: TopUp, stripe_sandbox: Stripe, acme: Organization
) -> None:
    event = completed(stripe_sandbox)
    due_now()
    acts = iter(
        [
            lambda: (post_event(event), payment_events.process_due()),
            lambda: fulfilment.refresh(paid.pk),
            lambda: fulfilment.refresh(paid.pk),
            due_checks.run,
            lambda: (post_event(event), payment_events.process_due()),
        ]
    )
    lock = threading.Lock()

    def act() -> Any:
        with lock:
            mine: Any = next(acts)
        return mine()

    results = in_threads(5, act)
    assert not [one for one in results if isinstance(one, Exception)]
    assert kinds(acme) == PAID


# --- Trouble --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "close", "429"])
def test_stripe_does_not_answer_and_the_event_comes_again(
    fault: str, paid: TopUp, stripe_sandbox: Stripe, acme: Organization
) -> None:
    post_event(completed(stripe_sandbox))
    stripe_sandbox.fault("GET /v1/checkout/sessions/*", fault)
    payment_events.process_due()
    row = PaymentEvent.objects.get()
    assert (row.state, row.attempts) == (EventState.PENDING, 1)
    assert row.note
    assert row.next_attempt_at
    assert row.next_attempt_at > timezone.now()
    retry_now()
    payment_events.process_due()
    assert kinds(acme) == PAID


def test_a_mistake_of_ours_keeps_the_event_and_lets_others_go_on(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization, relay: Relay
) -> None:
    """Stripe answers what nobody expected: no member of the object is there."""
    first, second = begin(20), begin(50)
    for one in (first, second):
        stripe_sandbox.pay(one.checkout_url)
    relay.lies[f"GET /v1/checkout/sessions/{first.session_id}"] = lambda _: {"object": "mystery"}
    for event in stripe_sandbox.events(type="v1.checkout.session.completed"):
        post_event(event)
    payment_events.process_due()
    assert kinds(acme) == ["top_up 50", "bonus 5"]
    pending = PaymentEvent.objects.get(state=EventState.PENDING)
    assert pending.object_id == first.session_id
    assert "AttributeError" in pending.note
    relay.lies.clear()
    retry_now()
    payment_events.process_due()
    assert kinds(acme) == ["top_up 50", "bonus 5", "top_up 20"]


def test_a_worker_that_died_with_an_event_leaves_it_to_the_next(
    paid: TopUp, stripe_sandbox: Stripe, acme: Organization
) -> None:
    post_event(completed(stripe_sandbox))
    claimed = payment_events._claim()  # and then the power fails
    assert claimed
    payment_events.process_due()
    assert dollars(acme) == 0, "not while the other may be at it"
    retry_now()
    payment_events.process_due()
    assert kinds(acme) == PAID


# --- Lost events ----------------------------------------------------------------------------


def test_a_lost_event_is_found_by_asking(
    paid: TopUp, stripe_sandbox: Stripe, acme: Organization, relay: Relay
) -> None:
    relay.events_ago = payment_events.GIVEN_TO_DELIVER + timedelta(minutes=1)
    assert payment_events.collect_missed() > 0
    assert all(PaymentEvent.objects.values_list("found_by_sweep", flat=True))
    payment_events.process_due()
    assert kinds(acme) == PAID
    assert payment_events.collect_missed() == 0


def test_what_may_still_be_on_its_way_is_not_asked_for(paid: TopUp, stripe_sandbox: Stripe) -> None:
    assert payment_events.collect_missed() == 0


def test_after_a_long_outage_the_sweep_goes_as_far_back(
    paid: TopUp, stripe_sandbox: Stripe, acme: Organization, relay: Relay
) -> None:
    relay.events_ago = timedelta(days=3)
    now = timezone.now()
    EventSweep.objects.create(pk=1, swept_until=now - timedelta(days=4))
    assert payment_events.collect_missed() > 0
    assert EventSweep.objects.get().swept_until > now - timedelta(minutes=6)
    payment_events.process_due()
    assert kinds(acme) == PAID


def test_a_sweep_that_failed_goes_back_as_far_again(stripe_sandbox: Stripe) -> None:
    long_ago = timezone.now() - timedelta(days=4)
    EventSweep.objects.create(pk=1, swept_until=long_ago)
    stripe_sandbox.fault("GET /v2/core/events", "500")
    with pytest.raises(PaymentUnknown):
        payment_events.collect_missed()
    assert EventSweep.objects.get().swept_until == long_ago


def test_more_missed_events_than_a_page(
    stripe_sandbox: Stripe,
    begin: Buy,
    relay: Relay,
    acme: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "PAGE", 5)
    rows = [begin(10) for _ in range(8)]
    for row in rows:
        stripe_sandbox.pay(row.checkout_url)
    relay.events_ago = timedelta(minutes=10)
    assert payment_events.collect_missed() >= 16
    payment_events.process_due()
    assert dollars(acme) == 85


def test_with_every_event_lost_the_check_credits(paid: TopUp, acme: Organization) -> None:
    due_checks.run()
    assert dollars(acme) == 0, "not due yet"
    due_now()
    due_checks.run()
    assert kinds(acme) == PAID
    assert TopUp.objects.get().state == TopUpState.PAID


def test_an_event_says_nothing_that_is_believed(
    begin: Buy, stripe_sandbox: Stripe, acme: Organization
) -> None:
    top_up = begin(20)
    session = stripe_sandbox.api.checkout.sessions.retrieve(top_up.session_id)
    lie = {
        "id": "evt_lie",
        "object": "event",
        "type": "checkout.session.completed",
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": {**json.loads(str(session)), "payment_status": "paid"}},
    }
    assert post_event(lie) == 204
    payment_events.process_due()
    assert dollars(acme) == 0
