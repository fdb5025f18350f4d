"""Places at the model: how many jobs of one organization are there at once, and who is next."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from accounts import api_keys, organizations
from accounts.models import Organization, User
from generations import dispatch, places, provider, settlement, tasks
from generations.models import OPEN_STATES, Generation, State
from queueing.models import Nudge
from tests.conftest import Sandbox
from tests.generations.conftest import (
    PROMPT,
    Api,
    assert_free,
    at_once,
    eventually,
    make,
    overdue,
    run_queue,
    the,
    work_until_done,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("books_balance")]


@pytest.fixture
def two_places(acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(generations_at_once=2)


@pytest.fixture
def other(charlie: User, give_credits: Callable[..., None]) -> Api:
    """A program of another organization."""
    organization = charlie.organizations.get()
    give_credits(organization)
    return Api(api_keys.create(organization, name="c")[1])


def claimed(limit: int = 40) -> list[Any]:
    return [job.generation_id for job in dispatch.claim(limit)]


def end(pk: Any) -> None:
    """It ends with an error."""
    assert settlement.error(pk, message="", note="", from_states=OPEN_STATES)


def test_above_the_limit_jobs_wait_in_turn(api: Api, two_places: None) -> None:
    jobs = [make(api, str(number)).pk for number in range(5)]
    assert claimed() == jobs[:2]
    assert claimed() == []
    assert dispatch.next_due() is None  # nobody polls for what waits for a place
    end(jobs[1])
    assert dispatch.next_due() is not None
    assert claimed() == [jobs[2]]
    shown = api.one(str(jobs[4]))
    assert shown["status"] == "queued"
    assert places.queued_reasons([the(jobs[4]), the(jobs[0])]) == {jobs[4]: "concurrency_limit"}


def test_fifty_requests_at_once_take_two_places(api: Api, two_places: None) -> None:
    body = {"model": "p-video", "input": {"prompt": PROMPT, "duration": 1, "draft": True}}
    answers = at_once(*[partial(api.post, "generations", body)] * 50)
    assert [answer.status_code for answer in answers] == [202] * 50
    assert len([pk for each in at_once(*[claimed] * 4) for pk in each]) == 2
    shown = api.get("generations?limit=100").json()["results"]
    assert Counter(one["queued_reason"] for one in shown) == {None: 2, "concurrency_limit": 48}


def test_the_default_is_a_setting(api: Api, settings: Any) -> None:
    settings.GENERATIONS_AT_ONCE = 3
    jobs = [make(api, str(number)).pk for number in range(4)]
    assert claimed() == jobs[:3]
    Organization.objects.update(generations_at_once=10)
    assert claimed() == jobs[3:]
    Organization.objects.update(generations_at_once=1)  # below what is there: nothing new
    make(api)
    assert claimed() == []


def test_a_job_that_could_not_be_sent_keeps_its_place(api: Api, two_places: None) -> None:
    jobs = [make(api, str(number)).pk for number in range(3)]
    first, _ = dispatch.claim(40)
    dispatch.record(first, provider.TryLater("answered 503", 0.0))
    assert places.queued_reasons([the(jobs[0]), the(jobs[2])]) == {
        jobs[0]: "provider_busy",
        jobs[2]: "concurrency_limit",
    }
    eventually(lambda: (due := dispatch.next_due()) and due <= timezone.now())
    assert claimed() == [jobs[0]]


def test_organizations_take_turns(api: Api, other: Api) -> None:
    mine = [make(api, str(number)).pk for number in range(10)]
    theirs = [make(other, str(number)).pk for number in range(2)]
    assert claimed(4) == [mine[0], theirs[0], mine[1], theirs[1]]
    late = make(other, "late").pk  # they have two at the model by now, as Acme has
    assert set(claimed(2)) == {mine[2], late}


def test_a_full_organization_does_not_hold_up_another(
    api: Api, other: Api, two_places: None
) -> None:
    for number in range(50):
        make(api, str(number))
    claimed(2)
    theirs = make(other).pk
    assert claimed(1) == [theirs]


def test_eight_drains_at_once_stay_within_the_places(api: Api, two_places: None) -> None:
    jobs = [make(api, str(number)).pk for number in range(12)]
    for _ in range(6):
        taken = [pk for each in at_once(*[claimed] * 8) for pk in each]
        assert len(taken) == len(set(taken)) == 2
        for pk in taken:
            end(pk)
    assert not Generation.objects.filter(pk__in=jobs, state=State.QUEUED).exists()


def test_control_without_the_lock_two_drains_take_the_same_places(
    api: Api, two_places: None
) -> None:
    jobs = [make(api, str(number)).pk for number in range(4)]
    both_have_looked = Barrier(2)

    def careless(mine: list[Any]) -> None:
        free = 2 - Generation.objects.filter(state=State.SUBMITTING).count()
        both_have_looked.wait(10)
        Generation.objects.filter(pk__in=mine[:free]).update(state=State.SUBMITTING, attempts=1)

    at_once(lambda: careless(jobs[:2]), lambda: careless(jobs[2:]))
    assert Generation.objects.filter(state=State.SUBMITTING).count() == 4


def test_an_ended_job_wakes_the_dispatch_for_one_that_waits(api: Api, two_places: None) -> None:
    jobs = [make(api, str(number)).pk for number in range(3)]
    claimed()
    OrmQ.objects.all().delete()
    Nudge.objects.update(waiting_since=None)

    end(jobs[0])

    assert [task.task["func"] for task in OrmQ.objects.all()] == ["generations.tasks.dispatch"]
    OrmQ.objects.all().delete()
    Nudge.objects.update(waiting_since=None)
    end(jobs[2])
    end(jobs[1])
    assert not OrmQ.objects.exists()  # nobody waits any more


def test_the_sweep_finds_a_place_that_nobody_passed_on(
    unlucky: Sandbox, api: Api, two_places: None
) -> None:
    jobs = [make(api, f"{number} sandbox:error") for number in range(5)]
    OrmQ.objects.all().delete()
    Nudge.objects.update(waiting_since=None)
    tasks.sweep()
    assert "generations.tasks.dispatch" in run_queue()
    work_until_done()
    for job in jobs:
        assert_free(job, "error")


def test_the_deadline_counts_from_the_first_send(api: Api, two_places: None) -> None:
    jobs = [make(api, str(number)).pk for number in range(3)]
    waiting = timedelta(seconds=django_settings.QUEUE_DEADLINE_SECONDS)
    working = timedelta(seconds=django_settings.GENERATION_DEADLINE_SECONDS)
    assert the(jobs[2]).deadline_at == the(jobs[2]).created_at + waiting

    Generation.objects.update(created_at=timezone.now() - timedelta(hours=5))
    claimed()
    tasks.sweep()

    assert Counter(row.state for row in Generation.objects.all()) == {"submitting": 2, "queued": 1}
    assert abs(the(jobs[0]).deadline_at - timezone.now() - working) < timedelta(minutes=1)
    overdue(the(jobs[2]))
    tasks.sweep()
    assert "not charged" in assert_free(jobs[2], "expired").error


def test_a_drain_sends_all_within_two_places(
    unlucky: Sandbox, api: Api, other: Api, two_places: None
) -> None:
    unlucky.settings(submit_latency_seconds=0.05)
    jobs = [make(api, f"{number} sandbox:error") for number in range(8)]
    jobs += [make(other, f"c{number} sandbox:error") for number in range(4)]
    work_until_done()
    for job in jobs:
        assert_free(job, "error")


def test_an_organization_without_members_is_no_trouble(api: Api) -> None:
    organizations.found(User.objects.create_user("x@example.com"), name="Idle")
    job = make(api)
    assert claimed() == [job.pk]


def test_a_claim_gives_nothing_while_another_has_not_committed(api: Api, two_places: None) -> None:
    """What the other has taken cannot be seen yet: it must not be counted as free."""
    jobs = [make(api, str(number)).pk for number in range(4)]
    oldest = Generation.objects.filter(pk=jobs[0])
    oldest.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    taken, tried = Barrier(2), Barrier(2)

    def first() -> list[Any]:
        with transaction.atomic():
            mine = claimed()
            taken.wait(10)
            tried.wait(10)
        return mine

    def second() -> list[Any]:
        taken.wait(10)
        oldest.update(next_attempt_at=timezone.now())  # first in turn, and nobody has locked it
        mine = claimed()
        tried.wait(10)
        return mine

    assert at_once(first, second) == [jobs[1:3], []]
    assert claimed() == []
