"""A real django-q2 cluster, killed with SIGKILL while it works."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from generations import tasks
from generations.models import Generation, State
from queueing.models import Nudge
from tests.conftest import PROJECT, Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_free,
    assert_held,
    child_env,
    eventually,
    hurry,
    make,
    overdue,
    sent,
    the,
)

pytestmark = [pytest.mark.usefixtures("books_balance"), pytest.mark.slow]

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def cluster(unlucky: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts `manage.py qcluster`; all of them are gone at the end."""
    started: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "log").open("wb")

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=PROJECT,
            env=child_env(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        kill_all_of(process)


def a_minute_passes() -> None:
    """Leases end, nudges that died with their worker are stale, and the schedule sweeps."""
    hurry()
    Nudge.objects.filter(waiting_since__isnull=False).update(
        waiting_since=timezone.now() - timedelta(minutes=1)
    )
    tasks.sweep()


def kill_all_of(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def ended(*jobs: Generation) -> Callable[[], bool]:
    return lambda: not any(the(job).is_open for job in jobs)


def test_a_cluster_killed_while_sending_sends_nothing_twice_and_everything_ends(
    unlucky: Sandbox, api: Api, cluster: Start
) -> None:
    unlucky.settings(submit_latency_seconds=1.0)
    jobs = [make(api, f"first {number}") for number in range(5)]
    refused = make(api, "sandbox:http=400")
    first = cluster()
    eventually(lambda: len(unlucky.submissions()) == 6)

    kill_all_of(first)

    assert {the(job).state for job in jobs} == {State.SUBMITTING}
    unlucky.settings(submit_latency_seconds=0.0)
    later = [make(api, f"later {number}") for number in range(3)]
    second = cluster()
    a_minute_passes()
    eventually(ended(*jobs, *later), 60)
    assert_held(refused, State.UNCONFIRMED)
    overdue(refused)
    a_minute_passes()
    for job in [*jobs, *later]:
        assert_charged(job)
        assert len(sent(unlucky, job)) == 1, "promise 4"
    assert_free(refused, "expired")

    second.terminate()
    assert second.wait(20) == 0


def test_a_busy_worker_killed_is_replaced_and_its_jobs_end(
    unlucky: Sandbox, api: Api, cluster: Start
) -> None:
    unlucky.settings(submit_latency_seconds=1.5)
    job = make(api, "held by a worker that dies")
    process = cluster()
    eventually(lambda: len(unlucky.submissions()) == 1)
    busy = [child for child in psutil.Process(process.pid).children(True) if talks(child, unlucky)]
    assert len(busy) == 1
    busy[0].kill()
    unlucky.settings(submit_latency_seconds=0.0)
    a_minute_passes()
    another = make(api, "another")
    eventually(ended(job, another), 60)
    for row in (job, another):
        assert_charged(row)
        assert len(sent(unlucky, row)) == 1, "promise 4"


def talks(process: psutil.Process, sandbox: Sandbox) -> bool:
    """Whether the process has a connection to the sandbox."""
    port = int(sandbox.url.rpartition(":")[2])
    return any(one.raddr and one.raddr.port == port for one in process.net_connections())
