"""Deliveries over real HTTP: signed, retried, bounded, and none in another's way."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from accounts.models import Organization, User
from tests.generations.conftest import at_once
from tests.webhooks.conftest import SECRET, happen, hurry, the
from tests.webhooks.receiver import OK, Receiver, hang, in_turn, raw, redirect, reply
from webhooks import delivering, endpoints, events, sending, tasks
from webhooks.models import Attempt, Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

Listen = Callable[..., Endpoint]


def test_a_delivery_is_signed_and_its_attempt_kept(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    listen(url=receiver.on("/hook"))
    (one,) = happen(acme)

    assert delivering.drain() == 1

    (request,) = receiver.got("/hook")
    body = request.verified(SECRET)
    assert body["type"] == "generation.completed"
    assert request.headers["webhook-id"] == the(one).event.public_id
    assert request.headers["content-type"] == "application/json"
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 10
    with pytest.raises(WebhookVerificationError):
        request.verified("whsec_" + "A" * 32)
    delivery, attempt = the(one), Attempt.objects.get()
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("delivered", 1, 200)
    assert (attempt.number, attempt.status_code, attempt.error) == (1, 200, "")
    assert attempt.response_excerpt == "thanks"


def test_a_failure_is_tried_again_with_the_same_id_and_body(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    url = receiver.on("/hook", in_turn(reply(b"no", 500), reply(b"no", 503), reply(b"yes")))
    listen(url=url)
    (one,) = happen(acme)

    for _ in range(3):
        hurry()
        delivering.drain()

    first, second, third = receiver.got("/hook")
    assert first.body == second.body == third.body
    assert len({request.headers["webhook-id"] for request in (first, second, third)}) == 1
    assert third.verified(SECRET)
    assert the(one).state == "delivered"
    codes = list(Attempt.objects.order_by("number").values_list("number", "status_code"))
    assert codes == [(1, 500), (2, 503), (3, 200)]
    assert Endpoint.objects.get().failing_since is None


def test_retries_spread_over_three_days_and_then_end(
    acme: Organization, listen: Listen, receiver: Receiver, settings: Any
) -> None:
    listen(url=receiver.on("/hook", reply(b"no", 500)))
    (one,) = happen(acme)
    waits = []
    while the(one).state == "pending":
        hurry()
        delivering.drain()
        if due := the(one).next_attempt_at:
            waits.append((due - timezone.now()).total_seconds())

    planned = settings.WEBHOOK_RETRY_SECONDS
    assert 2.5 < sum(planned) / 86_400 < 3.5
    assert len(waits) == len(planned) == 9
    for waited, plan in zip(waits, planned, strict=True):
        assert plan * 0.8 - 5 <= waited <= plan * 1.2
    assert waits != planned  # with jitter
    assert (the(one).state, the(one).attempts) == ("failed", 10)
    assert delivering.next_due() is None


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("600", 595, 600),
        ("in an hour", 3300, 3600),
        ("99999999999999", 86_000, 86_400),
        ("1", 3, 6.1),
        ("soon", 3, 6.1),
        ("-600", 3, 6.1),
        (f"Mon, 01 Jan 2024 00:00:00 +{'9' * 20}", 3, 6.1),
    ],
    ids=["seconds", "date", "too long", "too short", "no number", "negative", "huge offset"],
)
def test_retry_after_is_honoured_within_bounds(
    acme: Organization, listen: Listen, receiver: Receiver, header: str, least: float, most: float
) -> None:
    if header == "in an hour":
        header = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    listen(url=receiver.on("/hook", reply(b"", 429, Retry_After=header)))
    (one,) = happen(acme)
    delivering.drain()
    due = the(one).next_attempt_at
    assert due is not None
    assert the(one).error == "status"
    assert least <= (due - timezone.now()).total_seconds() <= most


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (redirect("/elsewhere"), "redirect", 302),
        (reply(b"", 404), "status", 404),
        (hang(), "timeout", None),
        (raw(b"H", b"T", pause_seconds=0.05, repeat_last=True), "timeout", None),
        (
            raw(OK + b"Content-Length: 99999\r\n\r\n", b"x", pause_seconds=0.05, repeat_last=True),
            "timeout",
            200,
        ),
        (raw(b""), "connection", None),
        (raw(b"SSH-2.0\r\n\r\n"), "connection", None),
        (raw(OK + b"Content-Length: 9\r\n\r\nx"), "connection", 200),
    ],
    ids=["redirect", "404", "hang", "drip", "drip body", "hang up", "no http", "cut"],
)
def test_what_is_no_success(
    acme: Organization,
    listen: Listen,
    receiver: Receiver,
    settings: Any,
    answer: Any,
    error: str,
    status: int | None,
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.6
    receiver.on("/elsewhere")
    listen(url=receiver.on("/hook", answer))
    (one,) = happen(acme)
    started = time.monotonic()
    delivering.drain()
    assert time.monotonic() - started < 3
    assert the(one).state == "pending"
    attempt = Attempt.objects.get()
    assert (attempt.error, attempt.status_code) == (error, status)
    assert attempt.duration_ms < 2000
    assert receiver.got("/elsewhere") == []


def test_nobody_there(acme: Organization, listen: Listen, settings: Any) -> None:
    settings.FETCH_ALLOWED_NETLOCS = ["127.0.0.1:9"]
    listen(url="http://127.0.0.1:9/hook")
    (one,) = happen(acme)
    delivering.drain()
    assert (the(one).state, the(one).error) == ("pending", "connection")


def test_of_a_huge_answer_little_is_read_and_less_is_kept(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    written = []

    def huge(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"\x00\xff" * 500_000)
            written.append(1)

    listen(url=receiver.on("/hook", huge))
    (one,) = happen(acme)
    delivering.drain()
    assert the(one).state == "delivered"
    assert len(written) < 50
    assert len(Attempt.objects.get().response_excerpt) == 1024


def test_nothing_in_an_answer_steers_who_reads_it(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    odd = "a\tb\r\n\x00\x1b[31m\x9b\u202eé\u00a0🎬".encode() + b"\xff"
    listen(url=receiver.on("/hook", reply(odd)))
    happen(acme)
    delivering.drain()
    kept = Attempt.objects.get().response_excerpt
    assert kept == "a\tb\r\n\ufffd\ufffd[31m\ufffd\ufffdé\u00a0🎬\ufffd"


def test_410_disables_at_once_and_cancels_what_waits(
    acme: Organization, listen: Listen, receiver: Receiver, mailoutbox: list[Any]
) -> None:
    endpoint = listen(url=receiver.on("/hook", reply(b"", 410)))
    deliveries = happen(acme, 5)
    assert delivering.drain() <= 4
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "gone")
    assert {the(one).state for one in deliveries} <= {"failed", "canceled"}
    happen(acme)
    assert Delivery.objects.count() == 5
    tasks.sweep()
    tasks.sweep()
    assert [mail.to for mail in mailoutbox] == [["alice@example.com"]]
    assert "410" in mailoutbox[0].subject


def test_five_days_of_failures_disable_after_one_mail(
    acme: Organization, bob: Any, listen: Listen, receiver: Receiver, mailoutbox: list[Any]
) -> None:
    endpoint = listen(url=receiver.on("/hook", reply(b"", 500)))
    (one,) = happen(acme)
    delivering.drain()
    tasks.sweep()
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert not mailoutbox

    long_ago = timezone.now() - timedelta(days=5, minutes=1)
    Endpoint.objects.update(failing_since=long_ago, last_failed_at=long_ago)
    tasks.sweep()
    assert not mailoutbox  # nothing was tried since
    hurry()
    delivering.drain()
    at_once(tasks.sweep, tasks.sweep)

    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "failing")
    assert [mail.to for mail in mailoutbox] == [["alice@example.com"]]  # Bob is a member only
    assert endpoint.url in mailoutbox[0].body
    assert f"/webhooks/{endpoint.pk}/" in mailoutbox[0].body
    assert the(one).state == "canceled"


def test_one_success_forgets_the_failures(
    acme: Organization, listen: Listen, receiver: Receiver, mailoutbox: list[Any]
) -> None:
    endpoint = listen(url=receiver.on("/hook"))
    long_ago = timezone.now() - timedelta(days=6)
    Endpoint.objects.update(failing_since=long_ago, last_failed_at=long_ago)
    happen(acme)
    delivering.drain()
    tasks.sweep()
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.is_enabled) == (None, True)
    assert not mailoutbox


def test_endpoints_that_hang_delay_nobody_else(
    acme: Organization, listen: Listen, receiver: Receiver, settings: Any
) -> None:
    """One of them not known to be failing yet; the healthy one is done long before they are."""
    settings.WEBHOOK_TIMEOUT_SECONDS = 3.0
    settings.WEBHOOK_IN_FLIGHT = 20
    settings.WEBHOOK_RETRY_SECONDS = [3600.0]
    for number in range(9):
        listen(
            url=receiver.on(f"/hang{number}", hang()),
            failing_since=timezone.now() if number else None,
            event_types=["generation.failed"],
        )
    happen(acme, 2, type="generation.failed")
    listen(url=receiver.on("/well"), event_types=["generation.completed"])
    happen(acme, 40)

    started = time.monotonic()
    delivering.drain()

    came = [request.at - started for request in receiver.got("/well")]
    assert len(came) == 40
    assert max(came) < 2.5, "before the first of the others was given up"
    at_first = [one.path for one in receiver.requests if one.at - started < 2.5]
    assert at_first.count("/hang0") == 2
    assert all(at_first.count(f"/hang{number}") == 1 for number in range(1, 9))


def test_the_failing_have_a_share_of_the_places_only(
    acme: Organization, listen: Listen, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_IN_FLIGHT = 6
    for number in range(8):
        listen(url=receiver.on(f"/bad{number}"), failing_since=timezone.now())
    happen(acme)
    taken = delivering.claim(6)
    assert len(taken) == 3
    assert delivering.claim(3) == []


def test_direct_messages_that_failed_before_are_among_the_failing(
    acme: Organization, charlie: User, settings: Any
) -> None:
    settings.WEBHOOK_IN_FLIGHT = 6
    for organization in (acme, charlie.organizations.get()):
        direct(organization, 2)
    Delivery.objects.update(attempts=1)
    assert len(delivering.claim(6)) == 3
    assert delivering.claim(6) == []


def test_one_organization_has_a_share_of_the_places_only(
    acme: Organization, charlie: User, listen: Listen, settings: Any
) -> None:
    """Slow, but never failing: and its messages were there first."""
    settings.WEBHOOK_IN_FLIGHT = 10
    for _ in range(8):
        listen()
    happen(acme, 2)
    assert len(delivering.claim(10)) == 9
    stranger = charlie.organizations.get()
    direct(stranger, 1)
    assert [the(job.delivery_id).organization_id for job in delivering.claim(1)] == [stranger.pk]


def test_who_has_fewer_under_way_comes_first(
    acme: Organization, charlie: User, listen: Listen, settings: Any
) -> None:
    settings.WEBHOOK_IN_FLIGHT = 20
    for _ in range(8):
        listen()
    happen(acme, 2)
    stranger = charlie.organizations.get()
    direct(stranger, 2)
    assert len(delivering.claim(2)) == 2
    owners = Delivery.objects.filter(state="delivering").values_list("organization_id", flat=True)
    assert set(owners) == {acme.pk, stranger.pk}


def direct(organization: Organization, number: int) -> None:
    """Messages to hosts of their own."""
    for one in range(number):
        events.record_direct(
            organization_id=organization.pk,
            url=f"https://{one}.example.com/",
            type="generation.completed",
            body={},
            dedup_key=f"{one}",
        )


def test_two_workers_at_once_make_each_attempt_once(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    slowly = in_turn(lambda handler: (time.sleep(0.02), reply(b"")(handler))[1])
    for number in range(4):
        listen(url=receiver.on(f"/hook{number}", slowly))
    happen(acme, 15)

    made = at_once(delivering.drain, delivering.drain, delivering.drain)

    assert sum(made) == 60
    for number in range(4):
        ids = [request.headers["webhook-id"] for request in receiver.got(f"/hook{number}")]
        assert len(ids) == len(set(ids)) == 15
        assert receiver.most_at_once[f"/hook{number}"] <= 2
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}


def test_a_worker_that_dies_before_it_records_is_followed_by_another(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    listen(url=receiver.on("/hook"))
    (one,) = happen(acme)
    (job,) = delivering.claim(10)
    assert job.message is not None
    late = sending.send(job.message)  # and then it hangs
    assert delivering.drain() == 0
    Delivery.objects.update(lease_expires_at=timezone.now())

    tasks.sweep()
    assert the(one).state == "pending"
    assert Attempt.objects.get().error == "interrupted"
    hurry()
    assert delivering.drain() == 1
    delivering.record([(job, late)])  # it comes back

    assert (the(one).state, the(one).attempts) == ("delivered", 2)
    first, second = receiver.got("/hook")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Endpoint.objects.get().failing_since is None


def test_a_late_answer_does_not_move_what_another_worker_has(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    listen(url=receiver.on("/hook", reply(b"", 500)))
    (one,) = happen(acme)
    (job,) = delivering.claim(10)
    assert job.message is not None
    late = sending.send(job.message)
    Delivery.objects.update(lease_expires_at=timezone.now())
    delivering.give_up_leases()
    hurry()
    (again,) = delivering.claim(10)
    delivering.record([(job, late)])
    assert (the(one).state, the(one).attempts) == ("delivering", again.attempts)


def test_a_direct_message_is_sent_unsigned_and_as_it_is(
    acme: Organization, receiver: Receiver
) -> None:
    body = {"request_id": "p-video_1", "status": "COMPLETED", "error": None}
    events.record_direct(
        organization_id=acme.pk,
        url=receiver.on("/direct"),
        type="generation.completed",
        body=body,
        dedup_key="p-video_1:0",
    )
    assert delivering.drain() == 1
    (request,) = receiver.got("/direct")
    assert json.loads(request.body) == body
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-id"].startswith("evt_")


def test_deleting_or_disabling_cancels_and_keeps_what_was(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    deleted, disabled = listen(url=receiver.on("/a")), listen(url=receiver.on("/b"))
    happen(acme)
    endpoints.delete(acme.pk, deleted.pk)
    endpoints.update(acme.pk, disabled.pk, enabled=False)
    assert delivering.drain() == 0
    assert set(Delivery.objects.values_list("state", flat=True)) == {"canceled"}
    assert receiver.requests == []


def test_an_attempt_under_way_while_its_endpoint_is_disabled_is_the_last(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    endpoint = listen(url=receiver.on("/hook", reply(b"", 500)))
    (one,) = happen(acme)
    (job,) = delivering.claim(1)
    endpoints.update(acme.pk, endpoint.pk, enabled=False)
    assert job.message is not None
    delivering.record([(job, sending.send(job.message))])
    assert the(one).state == "canceled"


def test_a_delivery_recorded_while_its_endpoint_was_disabled_is_canceled_by_the_sweep(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    listen(url=receiver.on("/hook"))
    (one,) = happen(acme)
    Endpoint.objects.update(disabled_at=timezone.now(), disabled_reason="customer")
    assert delivering.drain() == 0
    assert delivering.next_due() is None
    tasks.sweep()
    assert the(one).state == "canceled"


def test_places_are_counted_exactly_while_another_claims(
    acme: Organization, listen: Listen, receiver: Receiver
) -> None:
    """What falls due earlier, and is seen later, finds the places taken."""
    listen(url=receiver.on("/hook"))
    deliveries = happen(acme, 4)
    has_claimed, may_commit = threading.Event(), threading.Event()

    def first() -> int:
        with transaction.atomic():
            taken = len(delivering.claim(10))
            has_claimed.set()
            assert may_commit.wait(20)
            return taken

    def second() -> int:
        assert has_claimed.wait(20)
        Delivery.objects.filter(pk=deliveries[-1]).update(
            next_attempt_at=timezone.now() - timedelta(hours=1)
        )
        threading.Timer(0.5, may_commit.set).start()
        return len(delivering.claim(10))

    assert at_once(first, second) == [2, 0]
