"""A status endpoint that is down, slow, forgetful or lying; outcomes and what they cost."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization
from billing.models import Price
from generations import dispatch, polling, tasks
from generations.models import ProviderCallback
from tests.conftest import Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_free,
    assert_held,
    eventually,
    hurry,
    make,
    overdue,
    sent,
    the,
    work_once,
    work_until_done,
)

pytestmark = pytest.mark.usefixtures("books_balance")


def test_a_status_endpoint_that_is_down_only_costs_time(unlucky: Sandbox, api: Api) -> None:
    job = make(api)
    dispatch.drain()
    for status in (500, 502, 503, 429, 401, 404, 302):
        unlucky.settings(status_http=status)
        polls = the(job).polls

        def asked(before: int = polls) -> bool:
            hurry()
            polling.drain()  # passes over a row that a callback has locked at that moment
            return the(job).polls > before

        eventually(asked)
        assert_held(job, "processing")
    unlucky.settings(status_http=None)
    hurry()
    work_until_done()
    assert_charged(job)


@pytest.mark.parametrize(
    "lie", ["status-lie=foreign", "status-lie=no-output", "status-unknown", "status-http=500"]
)
def test_a_status_that_cannot_be_believed_is_neither_success_nor_failure(
    unlucky: Sandbox, api: Api, lie: str
) -> None:
    honest = make(api, "an honest job")
    dispatch.drain()
    job = make(api, f"sandbox:{lie}")
    dispatch.drain()
    eventually(ProviderCallback.objects.filter(generation=job).exists)
    work_until_done_but(job)
    assert_charged(honest)
    assert_held(job, "processing")

    overdue(job)
    tasks.sweep()
    assert_free(job, "expired")
    assert_charged(honest)


def work_until_done_but(*stuck: Any) -> None:
    ids = [one.pk for one in stuck]
    open_rows = type(stuck[0]).objects.exclude(pk__in=ids).filter(charged_micros=None)

    def done() -> bool:
        hurry()
        work_once()
        return not open_rows.exists()

    eventually(done)


def test_a_provider_that_forgot_the_job_ends_in_expiry(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:stuck")
    dispatch.drain()
    unlucky.reset()
    hurry()
    polling.drain()
    assert_held(job, "processing")
    overdue(job)
    polling.expire_overdue()
    assert_free(job, "expired")


def test_one_slow_status_does_not_hold_up_the_others(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    slow = make(api, "sandbox:status-slow=30 sandbox:lost-callback")
    quick = [make(api, f"quick {number}") for number in range(3)]
    dispatch.drain()
    settings.PIXAZO_TIMEOUT_SECONDS = 0.7
    work_until_done_but(slow)
    for job in quick:
        assert_charged(job)
    assert_held(slow, "processing")
    assert the(slow).provider_status == ""


def test_a_poll_that_meets_a_slow_provider_ends_before_the_tasks_time_is_up(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    for number in range(3):
        make(api, f"{number} sandbox:status-slow=30 sandbox:lost-callback")
    dispatch.drain()
    settings.PIXAZO_TIMEOUT_SECONDS = 1.0
    settings.POLL_FIRST_SECONDS = 0.0  # due again at once: the drain would never end
    settings.POLL_MAX_SECONDS = 0.0
    hurry()
    began = time.monotonic()
    polling.drain(seconds=1.0)
    assert time.monotonic() - began < 10


def test_failed_and_error_are_released_and_say_why(unlucky: Sandbox, api: Api) -> None:
    for word in ("failed", "error"):
        job = make(api, f"sandbox:{word}")
        work_until_done()
        assert_free(job, word)
        shown = api.one(str(job.pk))
        assert shown["status"] == word
        assert shown["error"]
        assert shown["output"] is None
        assert shown["cost"]["charged"] == "0.000000"
        assert shown["cost"]["refunded"] == shown["cost"]["held"] == "0.005000"


def test_failed_is_charged_only_where_the_price_says_so_and_error_never(
    unlucky: Sandbox, api: Api, acme: Organization
) -> None:
    Price.objects.create(
        organization=acme,
        model="p-video",
        resolution="720p",
        draft=True,
        effective_from=timezone.now() - timedelta(days=1),
        customer_micros_per_second=7_000,
        provider_micros_per_second=5_000,
        charge_on_failed=True,
    )
    failed, error = make(api, "sandbox:failed"), make(api, "sandbox:error")
    work_until_done()
    assert the(failed).state == "failed"
    assert the(failed).charged_micros == 7_000
    assert the(failed).charged_seconds == 1
    assert_free(error, "error")


def test_a_lost_callback_only_costs_time(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:lost-callback")
    work_until_done()
    assert_charged(job)
    assert not ProviderCallback.objects.exists()
    assert len(sent(unlucky, job)) == 1


def test_asking_often_is_no_reason_to_charge_often(unlucky: Sandbox, api: Api) -> None:
    job = make(api)
    work_until_done()
    for _ in range(3):
        api.one(str(job.pk))
        type(job).objects.filter(pk=job.pk).update(next_poll_at=timezone.now())
        work_once()
    assert_charged(job)
