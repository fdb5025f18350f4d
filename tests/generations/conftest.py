"""What the tests of the trip share: a live server for callbacks, and hands for the workers."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from accounts.models import Organization
from billing.models import Entry, Hold
from generations import dispatch, media, polling
from generations.models import OPEN_STATES, Generation
from queueing.models import Nudge
from tests.api import contract
from tests.conftest import Sandbox

PROMPT = "A cat walking in a garden"


@pytest.fixture
def trip(transactional_db: None, live_server: Any, settings: Any, sandbox: Sandbox) -> Sandbox:
    """Real HTTP both ways: the sandbox calls this test's own server back."""
    settings.PUBLIC_BASE_URL = live_server.url
    return sandbox


class ContractClient(Client):
    """Every answer of the API that a test sees is held against the API's description."""

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        address = request["PATH_INFO"]
        if address.startswith("/api/v1/"):
            body = b"" if answer.streaming else answer.content
            contract.check(request["REQUEST_METHOD"], address, answer.status_code, answer, body)
        return answer


class Api:
    """A program's view of the API."""

    def __init__(self, key: str) -> None:
        self.client = ContractClient(headers={"Authorization": f"Bearer {key}"})

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(
            f"/api/v1/{path}",
            data=body,
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/api/v1/{path}", data=body, content_type="application/json")

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/{path}")

    def make(self, model: str = "p-video", **params: Any) -> dict[str, Any]:
        """An accepted generation's id and the rest of the answer."""
        if model == "p-video":
            params.setdefault("prompt", PROMPT)
        answer = self.post("generations", {"model": model, "input": params})
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    def one(self, generation_id: str) -> dict[str, Any]:
        answer = self.get(f"generations/{generation_id}")
        assert answer.status_code == 200, answer.content
        return dict(answer.json())


@pytest.fixture
def api(key: str, acme: Organization, give_credits: Callable[..., None]) -> Api:
    give_credits(acme)
    return Api(key)


def work_once() -> None:
    """What the workers do when they are nudged."""
    dispatch.drain()
    polling.drain()
    media.drain()


def work_until_done(seconds: float = 40.0) -> None:
    """Work until no job is open."""
    until = time.monotonic() + seconds
    while Generation.objects.filter(state__in=OPEN_STATES).exists():
        assert time.monotonic() < until, list(
            Generation.objects.values("state", "note", "provider_status", "polls")
        )
        work_once()
        time.sleep(0.05)


# --- Bad luck -------------------------------------------------------------------------------


@pytest.fixture
def unlucky(trip: Sandbox, books_balance: None, settings: Any) -> Iterator[Sandbox]:
    """`trip` for jobs that go wrong: nothing calls back once the test is over."""
    settings.PIXAZO_TIMEOUT_SECONDS = 15.0  # a busy machine is no fault that a test asked for
    yield trip
    trip.reset()


def make(api: Api, prompt: str = PROMPT, **params: Any) -> Generation:
    """An accepted one-second video, the cheapest there is."""
    return the(api.make(prompt=prompt, **{"duration": 1, "draft": True} | params)["id"])


def the(generation: Any) -> Generation:
    """The row as it is now."""
    return Generation.objects.select_related("price").get(pk=getattr(generation, "pk", generation))


def hold_of(generation: Any) -> Hold:
    return Hold.objects.get(pk=getattr(generation, "pk", generation))


def settlements_of(generation: Generation) -> int:
    """How many ledger entries resolved its hold."""
    return Entry.objects.filter(hold_id=generation.pk).exclude(kind="hold").count()


def assert_free(generation: Any, *states: str) -> Generation:
    """It has ended in one of the states, its hold was released, and nothing was charged."""
    row = the(generation)
    assert row.state in states, (row.state, row.note)
    assert row.charged_micros == 0
    assert hold_of(row).state == "released"
    assert settlements_of(row) == 1
    return row


def assert_charged(generation: Any, amount_micros: int | None = None) -> Generation:
    """It is COMPLETED and was captured once, by default as quoted."""
    row = the(generation)
    assert row.state == "completed", (row.state, row.note)
    assert row.charged_micros == (row.quoted_micros if amount_micros is None else amount_micros)
    assert hold_of(row).state == "captured"
    assert settlements_of(row) == 1
    return row


def assert_held(generation: Any, *states: str) -> Generation:
    """It is open in one of the states, with its hold."""
    row = the(generation)
    assert row.state in states, (row.state, row.note)
    assert hold_of(row).state == "active"
    return row


def sent(sandbox: Sandbox, generation: Generation) -> list[dict[str, Any]]:
    """The submissions of this job that reached the provider."""
    token = f"/{generation.pk}/"
    found: list[dict[str, Any]] = list(sandbox.submissions())
    return [one for one in found if token in str(one["headers"].get("X-Webhook-URL"))]


def callback_url(sandbox: Sandbox, generation: Generation) -> str:
    """Where the provider was asked to call back, secret token included."""
    return str(sent(sandbox, generation)[-1]["headers"]["X-Webhook-URL"])


def request_id(sandbox: Sandbox, generation: Generation) -> str:
    """The provider's id of the job, whether we know it or not."""
    return str(sent(sandbox, generation)[-1]["request_id"])


def hurry() -> None:
    """Time passes: whatever waits for its moment is due now."""
    for name in ("next_attempt_at", "next_poll_at", "next_media_at", "lease_expires_at"):
        Generation.objects.filter(**{f"{name}__isnull": False}).update(**{name: timezone.now()})


def overdue(*generations: Generation) -> None:
    """Time passes: these jobs are past their deadline."""
    Generation.objects.filter(pk__in=[one.pk for one in generations]).update(
        deadline_at=timezone.now() - timedelta(seconds=1)
    )


def eventually[T](true: Callable[[], T], seconds: float = 30.0) -> T:
    """Wait until it is true; returns what it was."""
    until = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < until, f"still not: {true}"
        time.sleep(0.03)
    return value


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run all acts at the same moment, each in a thread with a connection of its own.

    Returns what each returned, in order.
    """
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            with connection.cursor() as cursor:  # connected before the start
                cursor.execute("SELECT 1")
            gate.wait(30)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def collected(*jobs: Generation) -> None:
    """Work up to where the files are due, and no further."""

    def due() -> bool:
        hurry()
        dispatch.drain()
        polling.drain()
        return all(the(job).next_media_at for job in jobs)

    eventually(due)


def run_queue(limit: int = 20) -> list[str]:
    """Take the queued tasks and run them, as a cluster would. Returns what was run."""
    ran: list[str] = []
    while len(ran) < limit and (queued := OrmQ.objects.order_by("pk").first()):
        queued.delete()
        ran.append(str(queued.task["func"]))
        import_string(ran[-1])()
    return ran


def child_env(**variables: object) -> dict[str, str]:
    """The environment of a real process on this test's database, sandbox and folders."""
    database = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pvideo_platform.settings",
        "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}",
        "PGHOST": str(database["HOST"]),
        "PUBLIC_BASE_URL": settings.PUBLIC_BASE_URL,
        "PIXAZO_TIMEOUT_SECONDS": "4",
        "POLL_FIRST_SECONDS": "0.3",
        "MEDIA_RETRY_SECONDS": "0.2",
        "SUBMISSION_LEASE_SECONDS": "5",
        "WORKERS": "2",
        **{name: str(value) for name, value in variables.items()},
    }


def lose_every_task() -> None:
    """The queue is emptied, and the loss is old enough to be noticed."""
    OrmQ.objects.all().delete()
    Nudge.objects.update(waiting_since=timezone.now() - timedelta(minutes=1))


@contextmanager
def gateway_answering(status: int, said: Any) -> Iterator[tuple[str, list[str]]]:
    """A gateway that says what the sandbox never would. Its address, and the paths asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            asked.append(self.path)
            body = json.dumps(said).encode()
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
