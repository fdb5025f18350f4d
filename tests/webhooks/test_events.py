"""Recording: in the caller's transaction, once, in one statement, for those who want it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from accounts.models import Organization
from webhooks import events
from webhooks.models import Attempt, Delivery, Endpoint, Event

pytestmark = pytest.mark.django_db(transaction=True)

DATA = {"id": "a", "status": "completed"}
Listen = Callable[..., Endpoint]


def record(organization: Organization, key: str = "one", **changes: Any) -> int:
    values: dict[str, Any] = {"type": "generation.completed", "data": DATA, "dedup_key": key}
    return events.record(organization_id=organization.pk, **{**values, **changes})


def test_each_endpoint_that_wants_it_gets_a_delivery(acme: Organization, listen: Listen) -> None:
    all_of_it, some = listen(), listen(event_types=["generation.completed"])
    listen(event_types=["generation.failed"])
    listen(enabled=False)

    assert record(acme) == 2

    event = Event.objects.get()
    assert {one.endpoint_id for one in event.deliveries.all()} == {all_of_it.pk, some.pk}
    assert {one.lane for one in event.deliveries.all()} == {all_of_it.pk, some.pk}
    body = json.loads(event.body)
    assert list(body) == ["type", "timestamp", "data"]
    assert (body["type"], body["data"]) == ("generation.completed", DATA)
    assert body["timestamp"].endswith("Z")
    assert OrmQ.objects.count() == 1


def test_ids_are_uuids_of_version_7_in_order_of_time(acme: Organization, listen: Listen) -> None:
    listen()
    for number in range(3):
        record(acme, f"key {number}")
        connection.cursor().execute("SELECT pg_sleep(0.002)")
    ids = list(Delivery.objects.order_by("created_at").values_list("pk", flat=True))
    assert ids == sorted(ids)
    assert {one.version for one in ids} == {7}


def test_the_same_thing_is_recorded_once(acme: Organization, listen: Listen) -> None:
    listen()
    assert [record(acme), record(acme)] == [1, 0]
    assert record(acme, type="generation.failed") == 1
    assert Delivery.objects.count() == 2


def test_nobody_elses_endpoint_hears_it(acme: Organization, charlie: Any, listen: Listen) -> None:
    stranger = charlie.organizations.get()
    listen(stranger)
    assert record(acme) == 0
    assert not Event.objects.exists()


def test_what_is_rolled_back_is_told_to_nobody(acme: Organization, listen: Listen) -> None:
    listen()
    with transaction.atomic():
        assert record(acme) == 1
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("endpoints", [0, 1, 5])
def test_recording_is_one_statement(acme: Organization, listen: Listen, endpoints: int) -> None:
    for _ in range(endpoints):
        listen()
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        assert record(acme) == endpoints
    assert sum("webhooks_" in query["sql"] for query in captured.captured_queries) == 1
    assert Event.objects.count() == min(endpoints, 1)


def test_a_disabled_endpoint_misses_it_but_the_event_is_kept(
    acme: Organization, listen: Listen
) -> None:
    listen(enabled=False)
    assert record(acme) == 0
    assert Event.objects.count() == 1


def test_a_direct_message_needs_no_endpoint_and_is_sent_as_it_is(acme: Organization) -> None:
    body = {"request_id": "p-video_1", "status": "COMPLETED", "a": None}

    def direct(url: str) -> int:
        return events.record_direct(
            organization_id=acme.pk,
            url=url,
            type="generation.completed",
            body=body,
            dedup_key="one",
        )

    assert [direct("https://example.com/a"), direct("https://example.com/a")] == [1, 0]
    delivery = Delivery.objects.get()
    assert (delivery.endpoint, delivery.url) == (None, "https://example.com/a")
    assert delivery.lane == events.direct_lane(acme.pk, "https://example.com/b")
    assert json.loads(delivery.event.body) == body
    assert list(json.loads(delivery.event.body)) == list(body)


def test_however_many_hosts_are_named_a_claim_looks_at_few_lanes(
    acme: Organization, charlie: Any
) -> None:
    urls = [f"https://{number}.example.com/" for number in range(2000)]
    lanes = {events.direct_lane(acme.pk, url) for url in urls}
    assert len(lanes) == events.DIRECT_LANES
    strangers = {events.direct_lane(charlie.organizations.get().pk, url) for url in urls}
    assert lanes.isdisjoint(strangers)


def test_odd_text_survives(acme: Organization, listen: Listen) -> None:
    listen()
    data = {"text": "\x00 \ud800 é 🎬", "deep": [{"a": [1, None]}]}
    record(acme, data=data)
    assert json.loads(Event.objects.get().body)["data"] == data


def test_an_unknown_type_or_number_is_our_mistake(acme: Organization) -> None:
    with pytest.raises(ValueError, match="is not a valid EventType"):
        record(acme, type="generation.exploded")
    with pytest.raises(ValueError, match="not JSON compliant"):
        record(acme, data={"x": float("nan")})


def test_events_and_attempts_are_only_ever_added(acme: Organization, listen: Listen) -> None:
    listen()
    record(acme)
    with pytest.raises(DatabaseError, match="only ever added"):
        Event.objects.update(body="{}")
    Attempt.objects.create(
        delivery=Delivery.objects.get(),
        number=1,
        started_at=Event.objects.get().created_at,
        duration_ms=1,
    )
    with pytest.raises(DatabaseError, match="only ever added"):
        Attempt.objects.update(status_code=200)
