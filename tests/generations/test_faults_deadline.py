"""Jobs that never end by themselves, and a queue that forgets everything."""

from datetime import timedelta

import httpx2
import pytest
from django.utils import timezone
from django_q.models import OrmQ

from generations import dispatch, media, polling, provider, tasks
from generations.models import Generation, Media, ProviderCallback
from tests.conftest import Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_free,
    assert_held,
    collected,
    eventually,
    hurry,
    lose_every_task,
    make,
    overdue,
    request_id,
    run_queue,
    sent,
    the,
    work_once,
)

pytestmark = pytest.mark.usefixtures("books_balance")

LATE = "completed late: the provider bills us, the customer pays nothing"


def test_a_stuck_job_expires_and_its_hold_is_released(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:stuck")
    dispatch.drain()
    tasks.sweep()
    assert_held(job, "processing")  # not before its deadline
    overdue(job)
    tasks.sweep()
    tasks.sweep()
    row = assert_free(job, "expired")
    assert "not charged" in row.error
    assert api.one(str(job.pk))["status"] == "expired"
    assert api.get("wallet").json()["held"] == "0.000000"


@pytest.mark.parametrize("told", ["by callback", "by a poll"])
def test_a_video_that_comes_after_the_deadline_is_a_gift(
    unlucky: Sandbox, api: Api, told: str
) -> None:
    job = make(api, "sandbox:stuck")
    dispatch.drain()
    overdue(job)
    tasks.sweep()
    assert_free(job, "expired")

    unlucky.force(request_id(unlucky, job), status="COMPLETED", callback=told == "by callback")
    if told == "by a poll":
        hurry()
    for _ in range(2):
        work_once()

    row = assert_free(job, "completed")
    assert row.needs_attention == LATE
    assert Media.objects.get(pk=job.pk)
    shown = api.one(str(job.pk))
    assert shown["status"] == "completed"
    assert shown["error"] is None
    assert shown["cost"]["charged"] == "0.000000"
    assert httpx2.get(shown["output"]["media_url"]).status_code == 200


@pytest.mark.parametrize("outcome", ["FAILED", "ERROR"])
def test_a_failure_that_comes_after_the_deadline_changes_nothing(
    unlucky: Sandbox, api: Api, outcome: str
) -> None:
    job = make(api, "sandbox:stuck")
    dispatch.drain()
    overdue(job)
    tasks.sweep()
    unlucky.force(request_id(unlucky, job), status=outcome, callback=True)
    work_once()
    assert assert_free(job, "expired").next_poll_at is None


def test_an_unconfirmed_job_without_a_callback_expires(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:close sandbox:lost-callback")
    dispatch.drain()
    hurry()
    work_once()
    assert_held(job, "unconfirmed")
    overdue(job)
    tasks.sweep()
    assert_free(job, "expired")
    assert len(sent(unlucky, job)) == 1


@pytest.mark.parametrize("callback", ["lost", "early"])
def test_an_answer_that_comes_after_the_deadline_still_brings_the_video(
    unlucky: Sandbox, api: Api, callback: str
) -> None:
    job = make(api, f"sandbox:{callback}-callback")
    (claim,) = dispatch.claim(1)
    with provider.Client() as client:
        answer = client.submit(claim.model, claim.body, webhook_url=claim.webhook_url)
    overdue(job)
    tasks.sweep()
    assert_free(job, "expired")

    dispatch.record(claim, answer)
    assert_free(job, "expired")
    assert the(job).provider_request_id == request_id(unlucky, job)

    def arrived() -> bool:
        hurry()
        work_once()
        return the(job).state == "completed"

    eventually(arrived)
    assert assert_free(job, "completed").needs_attention == LATE
    assert len(sent(unlucky, job)) == 1


def test_a_deadline_that_passes_while_the_file_is_fetched_is_no_expiry(
    unlucky: Sandbox, api: Api
) -> None:
    job = make(api)
    dispatch.drain()
    collected(job)
    overdue(job)
    tasks.sweep()
    assert_held(job, "processing")
    media.drain()
    assert_charged(job)


def test_after_a_day_nobody_asks_after_an_expired_job_any_more(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:stuck")
    dispatch.drain()
    Generation.objects.filter(pk=job.pk).update(deadline_at=timezone.now() - timedelta(hours=25))
    tasks.sweep()
    assert the(job).next_poll_at is not None
    hurry()
    polling.drain()
    assert assert_free(job, "expired").next_poll_at is None
    # A callback, however late, is heard all the same.
    unlucky.force(request_id(unlucky, job), status="COMPLETED", callback=True)
    work_once()
    assert assert_free(job, "completed").needs_attention == LATE


def test_losing_every_queued_task_at_each_step_loses_nothing(unlucky: Sandbox, api: Api) -> None:
    jobs = [make(api, "one"), make(api, "two sandbox:garbage")]

    def lose_and_sweep() -> None:
        lose_every_task()
        assert not OrmQ.objects.exists()
        hurry()
        tasks.sweep()
        tasks.sweep()  # and they do not pile up

    lose_and_sweep()
    assert run_queue(limit=1) == ["generations.tasks.dispatch"]
    assert len(unlucky.submissions()) == 2
    eventually(lambda: ProviderCallback.objects.count() == 2)

    lose_and_sweep()
    assert run_queue(limit=1) == ["generations.tasks.poll"]
    for job in jobs:
        assert the(job).next_media_at

    lose_and_sweep()
    assert run_queue(limit=1) == ["generations.tasks.collect"]
    for job in jobs:
        assert_charged(job)
        assert len(sent(unlucky, job)) == 1


def test_a_nudge_is_not_repeated_while_one_waits_and_comes_back_when_it_is_lost(
    unlucky: Sandbox, api: Api
) -> None:
    for number in range(5):
        make(api, f"number {number} sandbox:http=400")
    assert OrmQ.objects.count() == 1
    OrmQ.objects.all().delete()
    tasks.sweep()
    assert not OrmQ.objects.exists()  # it may still be waiting
    lose_every_task()
    tasks.sweep()
    assert run_queue() == ["generations.tasks.dispatch"]
    for job in Generation.objects.all():
        assert_free(job, "error")
