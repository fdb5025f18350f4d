"""The same thing at the same instant, on real PostgreSQL, each side on a connection of its own.

Controls show that each race is real: with the guard off, both sides win.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction

from billing import holds
from billing.ledger import HoldNotActive
from billing.models import Entry
from generations import dispatch, media, polling, settlement, tasks
from generations.models import Generation, GenerationEvent, State
from tests.conftest import Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_free,
    at_once,
    eventually,
    hurry,
    make,
    overdue,
    sent,
    settlements_of,
    the,
    work_until_done,
)

pytestmark = pytest.mark.usefixtures("books_balance")

ROUNDS = 6


def complete(job: Generation) -> bool:
    return settlement.complete(the(job), duration_ms=1_000)


def fail(job: Generation) -> bool:
    return settlement.fail(the(job), message="no")


def error(job: Generation) -> bool:
    return settlement.error(job.pk, message="no", note="no")


def expire(job: Generation) -> bool:
    return settlement.expire(job.pk, next_poll_at=None)


ENDS: dict[Any, State] = {
    complete: State.COMPLETED,
    fail: State.FAILED,
    error: State.ERROR,
    expire: State.EXPIRED,
}


@pytest.fixture
def sent_jobs(unlucky: Sandbox, api: Api) -> list[Generation]:
    jobs = [make(api, f"{number} sandbox:stuck") for number in range(ROUNDS)]
    dispatch.drain()
    overdue(*jobs)
    return jobs


@pytest.mark.parametrize(
    "contenders",
    [(complete, complete), (fail, complete), (error, fail), (fail, fail, fail), (expire, expire)],
    ids=lambda acts: "-".join(act.__name__ for act in acts),
)
def test_two_settlements_at_the_same_instant_settle_once(
    sent_jobs: list[Generation], contenders: tuple[Callable[[Generation], bool], ...]
) -> None:
    for job in sent_jobs:
        won = at_once(*[partial(act, job) for act in contenders])
        assert won.count(True) == 1
        winner = contenders[won.index(True)]
        assert the(job).state == ENDS[winner]
        assert settlements_of(job) == 1
        assert job.events.count() == 4  # queued, submitting, processing, and one end


def test_completion_and_expiry_at_the_same_instant_move_the_money_once(
    sent_jobs: list[Generation],
) -> None:
    # Both may take effect, one after the other: an expired job that completes is a gift.
    for job in sent_jobs:
        completed, expired = at_once(partial(complete, job), partial(expire, job))
        assert completed
        assert the(job).state == State.COMPLETED
        assert settlements_of(job) == 1
        if expired:
            assert "late" in assert_free(job, "completed").needs_attention
        else:
            assert_charged(job)


def test_control_without_the_swap_both_settle_and_only_the_hold_stops_them(
    sent_jobs: list[Generation],
) -> None:
    job = sent_jobs[0]
    both_have_looked = Barrier(2)

    def careless() -> str:
        try:
            with transaction.atomic():
                looked = the(job)
                both_have_looked.wait(10)
                assert looked.is_open  # an `if` where a swap should be
                holds.capture(hold_id=job.pk, amount_micros=job.quoted_micros)
                return "settled"
        except HoldNotActive:
            return "second guard"

    assert sorted(at_once(careless, careless)) == ["second guard", "settled"]
    assert settlements_of(job) == 1
    Generation.objects.filter(pk=job.pk).update(
        state=State.COMPLETED, charged_micros=job.quoted_micros, next_poll_at=None
    )


def test_a_settlement_that_is_rolled_back_leaves_the_job_to_the_other(
    sent_jobs: list[Generation],
) -> None:
    job = sent_jobs[0]
    swapped = Barrier(2)

    def dies() -> None:
        with transaction.atomic():
            assert complete(job)
            swapped.wait(10)
            transaction.set_rollback(True)  # the power went

    def waits() -> bool:
        swapped.wait(10)
        return fail(job)

    assert at_once(dies, waits) == [None, True]
    assert_free(job, "failed")


def test_cancel_and_dispatch_at_the_same_instant_agree(unlucky: Sandbox, api: Api) -> None:
    jobs = [make(api, f"{number} sandbox:lost-callback") for number in range(12)]

    def cancel_all() -> list[int]:
        return [api.post(f"generations/{job.pk}/cancel", {}).status_code for job in jobs]

    codes, _ = at_once(cancel_all, dispatch.drain)

    dispatch.drain()
    work_until_done()
    for job, code in zip(jobs, codes, strict=True):
        if code == 200:
            assert_free(job, "canceled")
            assert not sent(unlucky, job)
        else:
            assert code == 409
            assert_charged(job)
            assert len(sent(unlucky, job)) == 1


def test_a_claimed_job_is_passed_over_by_others_and_cannot_be_canceled_behind_its_back(
    unlucky: Sandbox, api: Api
) -> None:
    job = make(api, "sandbox:error")
    claimed, tried = Barrier(2), Barrier(2)

    def holder() -> int:
        with transaction.atomic():
            mine = dispatch.claim(5)
            claimed.wait(10)
            tried.wait(10)
        return len(mine)

    def other() -> list[Any]:
        claimed.wait(10)
        others = dispatch.claim(5)
        tried.wait(10)
        canceled = settlement.cancel(job.pk, organization_id=job.organization_id)
        return [others, canceled]

    assert at_once(holder, other) == [1, [[], False]]
    hurry()
    tasks.sweep()
    overdue(job)
    tasks.sweep()
    assert_free(job, "expired")


def test_control_without_the_lock_two_dispatchers_take_the_same_jobs(
    unlucky: Sandbox, api: Api
) -> None:
    jobs = {make(api, f"{number} sandbox:error").pk for number in range(3)}
    both_have_looked = Barrier(2)

    def careless() -> set[Any]:
        with transaction.atomic():
            due = set(Generation.objects.filter(state=State.QUEUED).values_list("pk", flat=True))
            both_have_looked.wait(10)
            Generation.objects.filter(pk__in=due).order_by("pk").update(note="mine")
        return due

    assert at_once(careless, careless) == [jobs, jobs]  # each would have been sent twice
    work_until_done()


def test_two_dispatchers_at_once_send_thirty_jobs_once_each(unlucky: Sandbox, api: Api) -> None:
    unlucky.settings(submit_latency_seconds=0.1)
    jobs = [make(api, f"job {number} sandbox:error") for number in range(30)]
    counts = at_once(dispatch.drain, dispatch.drain)
    assert sum(counts) == 30
    prompts = Counter(str(one["prompt"]) for one in unlucky.submissions())
    assert prompts == Counter(f"job {number} sandbox:error" for number in range(30))
    work_until_done()
    for job in jobs:
        assert_free(job, "error")


def test_two_pollers_sweepers_and_collectors_at_once_charge_once(
    unlucky: Sandbox, api: Api
) -> None:
    jobs = [make(api, f"job {number}") for number in range(6)]
    stuck = [make(api, f"stuck {number} sandbox:stuck") for number in range(6)]
    dispatch.drain()
    overdue(*stuck)

    def round_of_work() -> bool:
        hurry()
        at_once(polling.drain, polling.drain, tasks.sweep, tasks.sweep, media.drain, media.drain)
        return not Generation.objects.filter(charged_micros=None).exists()

    eventually(round_of_work)
    for job in jobs:
        assert_charged(job)
    for job in stuck:
        assert_free(job, "expired")
    ends = GenerationEvent.objects.filter(state__in=["completed", "expired"])
    assert ends.count() == 12
    assert Entry.objects.filter(kind="capture").count() == 6
