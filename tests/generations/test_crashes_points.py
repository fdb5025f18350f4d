"""Processes that are killed (SIGKILL) between two exact steps of the trip.

One real process has Django loaded and forks a child for each crash; a child has connections of its
own, takes the steps, and kills itself. Normal workers then find what it left.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing.models import Entry, Hold, Wallet
from generations import tasks
from generations.models import Generation, Media
from tests.conftest import PROJECT, Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_free,
    assert_held,
    child_env,
    collected,
    eventually,
    hurry,
    lose_every_task,
    make,
    overdue,
    run_queue,
    sent,
    the,
    work_once,
)

pytestmark = [pytest.mark.usefixtures("books_balance"), pytest.mark.slow]

CRADLE = """
import json, os, signal, sys, threading, time, django, httpx2
django.setup()
from django.conf import settings
from django.db import transaction
from accounts import access
from accounts.models import User
from billing import holds
from generations import dispatch, media, polling, provider, quoting, settlement, submission

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def submit(claim):
    with provider.Client() as client:
        return client.submit(claim.model, claim.body, webhook_url=claim.webhook_url)

print("ready", flush=True)
for line in sys.stdin:
    base_url, code = json.loads(line)
    settings.PUBLIC_BASE_URL = base_url
    child = os.fork()
    if not child:
        try:
            exec(code)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        os._exit(3)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture(scope="module")
def cradle(django_db_setup: None, _sandbox_process: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", CRADLE],
        cwd=PROJECT,
        env=child_env(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.communicate(timeout=10)


@pytest.fixture
def crash(cradle: subprocess.Popen[str], unlucky: Sandbox, settings: Any) -> Callable[[str], None]:
    """Run code in a process that has to end by its own SIGKILL."""

    def run(code: str) -> None:
        assert cradle.stdin is not None
        assert cradle.stdout is not None
        cradle.stdin.write(json.dumps([settings.PUBLIC_BASE_URL, code]) + "\n")
        cradle.stdin.flush()
        assert int(cradle.stdout.readline()) == signal.SIGKILL, "it did not get that far"

    return run


def recover(*jobs: Generation) -> None:
    """Time passes, and other workers work until the jobs have ended."""

    def ended() -> bool:
        hurry()
        tasks.sweep()
        work_once()
        return not any(the(job).is_open for job in jobs)

    eventually(ended)


def test_killed_before_the_claim_commits_another_worker_sends_it(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None]
) -> None:
    job = make(api)
    crash("""with transaction.atomic():
        assert len(dispatch.claim(5)) == 1
        die()""")
    assert assert_held(job, "queued").attempts == 0
    assert not sent(unlucky, job)
    recover(job)
    assert_charged(job)
    assert len(sent(unlucky, job)) == 1


def test_killed_after_the_claim_it_is_never_sent_and_expires_free(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None]
) -> None:
    job = make(api)
    crash("dispatch.claim(5); die()")
    assert_held(job, "submitting")
    tasks.sweep()
    work_once()
    assert_held(job, "submitting")  # its lease still runs
    hurry()
    tasks.sweep()
    for _ in range(2):
        hurry()
        work_once()
    assert_held(job, "unconfirmed")
    assert not sent(unlucky, job)
    overdue(job)
    tasks.sweep()
    assert_free(job, "expired")


def test_killed_while_the_request_is_under_way_it_is_sent_once_and_found(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None]
) -> None:
    unlucky.settings(submit_latency_seconds=0.5)
    job = make(api)
    crash("""
(claim,) = dispatch.claim(5)
threading.Thread(target=submit, args=[claim], daemon=True).start()
while not httpx2.get(settings.SANDBOX_URL + "/_sandbox/submissions").json()["count"]:
    time.sleep(0.02)
die()""")
    assert_held(job, "submitting")
    recover(job)
    assert_charged(job)
    assert len(sent(unlucky, job)) == 1


@pytest.mark.parametrize("callback", ["in time", "lost"])
def test_killed_after_the_answer_before_it_is_written_down(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None], callback: str
) -> None:
    job = make(api, "sandbox:lost-callback" if callback == "lost" else "in time")
    crash("""
(claim,) = dispatch.claim(5)
assert isinstance(submit(claim), provider.Submitted)
die()""")
    assert assert_held(job, "submitting").provider_request_id is None
    if callback == "lost":
        hurry()
        tasks.sweep()
        work_once()
        assert_held(job, "unconfirmed")
        overdue(job)
    recover(job)
    assert_free(job, "expired") if callback == "lost" else assert_charged(job)
    assert len(sent(unlucky, job)) == 1


def test_killed_before_the_answer_commits(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None]
) -> None:
    done, refused = make(api), make(api, "sandbox:http=400")
    crash("""
claims = dispatch.claim(5)
answers = [submit(claim) for claim in claims]
with transaction.atomic():
    for claim, answer in zip(claims, answers):
        dispatch.record(claim, answer)
    die()""")
    for job in (done, refused):
        assert_held(job, "submitting")
    hurry()
    tasks.sweep()
    recover(done)
    assert_charged(done)
    assert_held(refused, "unconfirmed")
    overdue(refused)
    recover(refused)
    assert_free(refused, "expired")
    for job in (done, refused):
        assert len(sent(unlucky, job)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "assert media.claim(5); die()",
        "(job,) = media.claim(5); media._fetch(job); die()",
        """
(job,) = media.claim(5)
fetched = media._fetch(job)
with transaction.atomic():
    assert media._settle(fetched)
    die()""",
    ],
    ids=["after the claim", "after the file was stored", "before the settlement commits"],
)
def test_killed_while_collecting_the_file_is_fetched_again_and_charged_once(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None], code: str
) -> None:
    job = make(api)
    collected(job)
    crash(code)
    assert_held(job, "processing")
    assert not Media.objects.exists()
    recover(job)
    assert_charged(job)
    assert Media.objects.get(pk=job.pk).poster.name


def test_killed_after_the_settlement_nothing_is_done_again(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None]
) -> None:
    job = make(api)
    collected(job)
    crash("(job,) = media.claim(5); media._settle(media._fetch(job)); die()")
    assert_charged(job)
    hurry()
    work_once()
    assert_charged(job)
    assert api.one(str(job.pk))["output"]["media_url"]


def test_killed_after_asking_and_before_the_outcome_commits(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None]
) -> None:
    job = make(api, "sandbox:error")
    tasks.dispatch()
    # A callback that arrives at this moment holds the row, and what is locked is passed over.
    claim = "while not polling.claim(5): pass\ndie()"
    for code in (claim, "polling.drain(); die()"):
        hurry()
        crash(code if "claim" in code else f"with transaction.atomic():\n    {code}")
        assert_held(job, "processing")
    recover(job)
    assert_free(job, "error")


ACCEPT = """
caller = access.member_caller(User.objects.get(email="alice@example.com"), None)
params, notes = submission._validated("p-video", {"prompt": "x", "duration": 1}, None, "")
quote = quoting.quote(caller.organization_id, "p-video", params)
job = submission._new(caller, "p-video", params, notes, quote)
"""


def test_the_web_process_killed_before_the_hold_commits_leaves_nothing(
    unlucky: Sandbox, api: Api, acme: Any, crash: Callable[[str], None]
) -> None:
    crash(f"""{ACCEPT}
with transaction.atomic():
    job.save(force_insert=True)
    holds.place(hold_id=job.pk, organization_id=job.organization_id, reference=job.hold_reference,
                amount_micros=job.quoted_micros, expires_at=job.deadline_at)
    die()""")
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()
    assert not Entry.objects.filter(kind="hold").exists()
    assert Wallet.objects.get(pk=acme.pk).held_micros == 0


def test_the_web_process_killed_after_the_hold_the_sweep_sends_the_job(
    unlucky: Sandbox, api: Api, crash: Callable[[str], None]
) -> None:
    crash(f"{ACCEPT}\nsubmission._insert_and_hold(job); die()")
    job = assert_held(Generation.objects.get(), "queued")
    assert run_queue() == []  # nobody was told
    lose_every_task()
    tasks.sweep()
    assert run_queue(limit=1) == ["generations.tasks.dispatch"]
    assert len(sent(unlucky, job)) == 1
    recover(job)
    assert_charged(job)
