"""Everything that can go wrong between our request and the provider's answer."""

import socket
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from django.utils import timezone

from generations import dispatch, polling, tasks
from generations.models import Generation
from tests.conftest import Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_free,
    assert_held,
    gateway_answering,
    hurry,
    make,
    overdue,
    sent,
    work_once,
    work_until_done,
)

pytestmark = pytest.mark.usefixtures("books_balance")


def test_a_400_is_an_error_in_pixazos_words_and_free(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:http=400")
    work_until_done()
    row = assert_free(job, "error")
    assert row.error == "The sandbox was asked for 400"
    assert api.one(str(job.pk))["error"] == row.error
    assert len(sent(unlucky, job)) == 1


def test_401_403_and_404_are_errors_and_free_and_tell_no_secrets(
    unlucky: Sandbox, api: Api
) -> None:
    jobs = [make(api, f"sandbox:http={status}") for status in (401, 403, 404)]
    work_until_done()
    for job in jobs:
        row = assert_free(job, "error")
        assert row.error == "The video service is not available at the moment."
        assert "Pixazo answered 40" in row.note
        hurry()
        work_once()
        assert len(sent(unlucky, job)) == 1


def test_402_waits_for_staff_to_fill_our_wallet_and_then_works(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:http=402*1")
    dispatch.drain()
    row = assert_held(job, "queued")
    assert row.needs_attention == "our wallet at Pixazo is empty"
    assert row.next_attempt_at is not None
    assert row.next_attempt_at > timezone.now() + timedelta(seconds=20)
    assert api.one(str(job.pk))["status"] == "queued"
    dispatch.drain()
    assert len(sent(unlucky, job)) == 1
    hurry()
    work_until_done()
    assert assert_charged(job).needs_attention == ""


def test_402_to_the_end_stays_flagged_for_staff(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:http=402")
    dispatch.drain()
    overdue(job)
    tasks.sweep()
    assert assert_free(job, "expired").needs_attention == "our wallet at Pixazo is empty"


def test_429_waits_as_long_as_it_was_asked_to(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:http=429*1 sandbox:retry-after=2")
    work_until_done()
    assert_charged(job)
    first, second = (datetime.fromisoformat(str(one["received_at"])) for one in sent(unlucky, job))
    assert second - first >= timedelta(seconds=2)


def test_503_is_tried_again_and_charged_once(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:http=503*3")
    for count in (1, 2, 3):
        hurry()
        dispatch.drain()
        row = assert_held(job, "queued")
        assert row.attempts == count
    hurry()
    work_until_done()
    assert_charged(job)
    answers = [one["answered_status"] for one in sent(unlucky, job)]
    assert answers == [503, 503, 503, 202]


@pytest.mark.parametrize("found", ["found later", "never found"])
def test_what_may_have_been_accepted_is_never_sent_again(
    unlucky: Sandbox, api: Api, settings: Any, found: str
) -> None:
    settings.PIXAZO_TIMEOUT_SECONDS = 0.6
    faults = ["http=500", "http=502", "http=504", "http=302", "http=409", "http=418", "close"]
    jobs = [
        make(api, f"sandbox:{fault} sandbox:lost-callback")
        for fault in [*faults, "garbage", "timeout"]
    ]
    dispatch.drain()
    settings.PIXAZO_TIMEOUT_SECONDS = 15.0
    for job in jobs:
        assert_held(job, "unconfirmed")
        assert api.one(str(job.pk))["status"] == "processing"
        assert api.post(f"generations/{job.pk}/cancel", {}).status_code == 409
    for _ in range(2):
        hurry()
        tasks.sweep()
        work_once()
        for job in jobs:
            assert_held(job, "unconfirmed")
            assert len(sent(unlucky, job)) == 1, "promise 4"

    accepted = [job for job in jobs if sent(unlucky, job)[0]["request_id"]]
    assert len(accepted) == 6
    if found == "found later":
        for job in accepted:
            call_back(unlucky, job)
        hurry()
        for _ in accepted:
            work_once()
    overdue(*jobs)
    tasks.sweep()
    for job in jobs:
        if found == "found later" and job in accepted:
            assert_charged(job)
        else:
            assert_free(job, "expired")
        assert len(sent(unlucky, job)) == 1


def call_back(sandbox: Sandbox, job: Generation) -> None:
    """The callback that was lost, delivered in the end."""
    one = sent(sandbox, job)[0]
    url = str(one["headers"]["X-Webhook-URL"])
    sandbox.force(str(one["request_id"]), status="COMPLETED")
    httpx2.post(url, json={"request_id": one["request_id"], "status": "COMPLETED"})


def test_a_provider_that_is_not_there_is_tried_again(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    there = settings.PIXAZO_BASE_URL
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.PIXAZO_BASE_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"
        job = make(api)
        for count in (1, 2):
            hurry()
            dispatch.drain()
            row = assert_held(job, "queued")
            assert row.attempts == count
            assert "not reached" in row.note
    settings.PIXAZO_BASE_URL = there
    hurry()
    work_until_done()
    assert_charged(job)
    assert len(sent(unlucky, job)) == 1


def test_what_was_never_sent_expires_and_is_not_sent_afterwards(unlucky: Sandbox, api: Api) -> None:
    waiting, refused = make(api, "nobody works"), make(api, "sandbox:http=503*1")
    Generation.objects.filter(pk=waiting.pk).update(
        next_attempt_at=timezone.now() + timedelta(hours=1)
    )
    dispatch.drain()
    overdue(waiting, refused)
    hurry()
    work_once()  # past its deadline nothing is sent
    tasks.sweep()
    work_once()
    for job in (waiting, refused):
        assert_free(job, "expired")
    assert not sent(unlucky, waiting)
    assert len(sent(unlucky, refused)) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"message": "nul \x00 and half a pair \ud83d", "error": 1},
        {"error": {"deep": ["words"] * 5000}},
        ["no", "object"],
    ],
)
def test_a_400_whose_words_cannot_be_stored_is_still_an_error(
    unlucky: Sandbox, api: Api, settings: Any, said: Any
) -> None:
    with gateway_answering(400, said) as (settings.PIXAZO_BASE_URL, _):
        job = make(api)
        dispatch.drain()
    assert assert_free(job, "error").error


@pytest.mark.parametrize("named", ["", "a\x00b", "x" * 101, "\ud800", 7, None, ["x"]])
def test_an_accepted_job_without_a_usable_id_is_unconfirmed(
    unlucky: Sandbox, api: Api, settings: Any, named: Any
) -> None:
    with gateway_answering(202, {"request_id": named}) as (settings.PIXAZO_BASE_URL, asked):
        job = make(api)
        dispatch.drain()
        assert_held(job, "unconfirmed")
        hurry()
        work_once()
        assert len(asked) == 1, "promise 4"
    overdue(job)
    tasks.sweep()
    assert assert_free(job, "expired").provider_request_id is None


def test_an_id_with_a_path_in_it_leads_nowhere_else(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    named = {"request_id": "../../account?x=#", "status": "COMPLETED"}
    with gateway_answering(202, named) as (settings.PIXAZO_BASE_URL, asked):
        job = make(api)
        dispatch.drain()
        hurry()
        polling.drain()
        assert asked[1:] == ["/v2/requests/status/..%2F..%2Faccount%3Fx%3D%23"]
    overdue(job)
    tasks.sweep()
    assert_free(job, "expired")
