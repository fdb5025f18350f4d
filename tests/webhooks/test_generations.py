"""A generation's life as customers are told of it, with the real sandbox as the provider."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from generations import dispatch, settlement, submission, telling
from generations.models import Generation
from tests.conftest import Sandbox, caller_for
from tests.generations.conftest import Api, api, make, overdue, trip, work_until_done  # noqa: F401
from tests.webhooks.conftest import SECRET
from tests.webhooks.receiver import Receiver
from webhooks import catalogue, delivering
from webhooks.models import Delivery, Endpoint, Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books_balance")]

Listen = Callable[..., Endpoint]


@pytest.fixture
def hears(receiver: Receiver, sandbox: Sandbox, settings: Any) -> Receiver:
    """The receiver, with the sandbox's videos still to be had."""
    netloc = sandbox.url.removeprefix("http://")
    settings.FETCH_ALLOWED_NETLOCS = [receiver.netloc, netloc]
    return receiver


def types(organization: Organization) -> list[str]:
    rows = Event.objects.filter(organization=organization).order_by("created_at", "id")
    return list(rows.values_list("type", flat=True))


def test_a_completed_video_is_told_of_from_beginning_to_end(
    trip: Sandbox,  # noqa: F811
    api: Api,  # noqa: F811
    acme: Organization,
    listen: Listen,
    hears: Receiver,
) -> None:
    listen(url=hears.on("/hook"))
    generation_id = api.make()["id"]
    work_until_done()
    delivering.drain()

    told = {body["type"]: body["data"] for body in (r.verified(SECRET) for r in hears.requests)}

    assert types(acme) == ["generation.processing", "generation.completed"]
    assert told["generation.processing"]["status"] == "processing"
    assert told["generation.processing"]["cost"]["charged"] == "0.000000"
    completed, now = told["generation.completed"], api.one(generation_id)
    assert completed["output"]["media_url"].startswith("http")
    for name in ("output",):  # the poster and the preview come later
        now[name].update(poster_url=None, preview_url=None)
    assert completed == now


@pytest.mark.parametrize("prompt", ["sandbox:failed", "sandbox:error", "sandbox:http=400"])
def test_a_failure_is_told_of_with_its_status(
    trip: Sandbox,  # noqa: F811
    api: Api,  # noqa: F811
    acme: Organization,
    listen: Listen,
    prompt: str,
) -> None:
    listen(event_types=["generation.failed"])
    generation_id = api.make(prompt=prompt)["id"]
    work_until_done()
    event = Event.objects.get(type="generation.failed")
    assert json.loads(event.body)["data"] == api.one(generation_id)
    assert api.one(generation_id)["status"] == ("failed" if "failed" in prompt else "error")
    assert event.deliveries.count() == 1


def test_a_cancellation_and_an_expiry_are_told_of(
    api: Api,  # noqa: F811
    acme: Organization,
    alice: Any,
    listen: Listen,
) -> None:
    listen()
    canceled, expired = make(api), make(api)
    submission.cancel(caller_for(alice), canceled.pk)
    overdue(expired)
    assert settlement.expire(expired.pk, next_poll_at=None)
    assert not settlement.expire(expired.pk, next_poll_at=None)
    told = [json.loads(event.body) for event in Event.objects.order_by("created_at")]
    assert [(body["type"], body["data"]["status"]) for body in told] == [
        ("generation.canceled", "canceled"),
        ("generation.failed", "expired"),
    ]


def test_a_video_that_comes_too_late_is_told_of_as_well(
    api: Api,  # noqa: F811
    acme: Organization,
    listen: Listen,
) -> None:
    listen()
    job = make(api)
    overdue(job)
    settlement.expire(job.pk, next_poll_at=None)
    assert settlement.complete(Generation.objects.get(pk=job.pk), duration_ms=None)
    assert types(acme) == ["generation.failed", "generation.completed"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [(None, 1), ([], 1), (["canceled"], 1), (["completed", "failed"], 0)],
)
def test_the_address_of_a_request_is_told_what_its_filter_lets_pass(
    api: Api,  # noqa: F811
    alice: Any,
    hears: Receiver,
    wanted: list[str] | None,
    told: int,
) -> None:
    params: dict[str, Any] = {} if wanted is None else {"webhook_events_filter": wanted}
    job = make(api, webhook=hears.on("/own"), **params)
    submission.cancel(caller_for(alice), job.pk)
    delivering.drain()
    bodies = [json.loads(request.body) for request in hears.got("/own")]
    assert [(body["type"], body["data"]["id"]) for body in bodies] == [
        ("generation.canceled", str(job.pk))
    ] * told
    assert all("webhook-signature" not in request.headers for request in hears.requests)


def test_the_address_of_a_request_must_be_one_that_may_be_told(
    api: Api,  # noqa: F811
    settings: Any,
) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    for url in ("http://example.com/", "https://127.0.0.1/", "https://user:x@example.com/", "x"):
        answer = api.post(
            "generations", {"model": "p-video", "input": {"prompt": "a", "webhook": url}}
        )
        assert answer.status_code == 400, url
        assert answer.json()["errors"][0]["message"] == "Invalid webhook URL"


def test_a_refused_swap_tells_nobody(
    api: Api,  # noqa: F811
    acme: Organization,
    listen: Listen,
) -> None:
    listen()
    job = make(api)
    assert not settlement.fail(job, message="too early")
    assert types(acme) == []


def test_where_nobody_listens_it_costs_one_look(api: Api) -> None:  # noqa: F811
    job = make(api)
    with CaptureQueriesContext(connection) as captured:
        telling.ended(job.pk)
        telling.processing(job.pk)
    assert len(captured) == 2
    assert not Event.objects.exists()


def test_a_job_that_was_confirmed_twice_is_told_of_once(
    trip: Sandbox,  # noqa: F811
    api: Api,  # noqa: F811
    acme: Organization,
    listen: Listen,
) -> None:
    listen()
    job = make(api, prompt="sandbox:slow=5")
    dispatch.drain()
    telling.processing(job.pk)
    assert types(acme) == ["generation.processing"]
    assert Delivery.objects.count() == 1


def test_the_catalogues_examples_look_like_what_is_sent(
    api: Api,  # noqa: F811
    acme: Organization,
    alice: Any,
    listen: Listen,
) -> None:
    listen()
    submission.cancel(caller_for(alice), make(api).pk)
    sent = json.loads(Event.objects.get().body)["data"]
    examples = {entry.type: entry.example for entry in catalogue.CATALOGUE}
    for name, example in examples.items():
        if name.startswith("generation."):
            assert set(example) == set(sent), name
            assert set(example["cost"]) == set(sent["cost"]), name
