"""Callbacks that are forged, broken, early, doubled, late, or about someone else's job."""

import json
import socket
import uuid
from io import BytesIO
from typing import Any

import httpx2
import pytest
from django.db import connection
from django.test import Client
from gunicorn.http.errors import InvalidChunkSize

from generations import callbacks, dispatch, polling
from generations.models import Generation, ProviderCallback, State
from tests.conftest import Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_free,
    assert_held,
    at_once,
    callback_url,
    eventually,
    hurry,
    make,
    overdue,
    request_id,
    sent,
    the,
    work_once,
    work_until_done,
)

pytestmark = pytest.mark.usefixtures("books_balance")

BLAND = (200, b'{"ok": true}', "application/json")


def call(url: str, content: bytes, **headers: str) -> tuple[int, bytes, str]:
    answer = httpx2.post(url, content=content, headers=headers, timeout=30)
    return answer.status_code, answer.content, answer.headers["Content-Type"]


def completed(request_id: str) -> bytes:
    """What the provider would say of a finished job."""
    output = {"media_url": ["https://evil.example/free.mp4"], "media_type": "video/mp4"}
    return json.dumps(
        {"request_id": request_id, "status": "COMPLETED", "error": None, "output": output}
    ).encode()


def events(generation: Generation) -> list[str]:
    return list(generation.events.order_by("pk").values_list("state", flat=True))


def test_strangers_broken_bodies_and_lies_move_nothing_and_get_the_same_answer(
    unlucky: Sandbox, api: Api
) -> None:
    job, other = make(api, "one sandbox:stuck"), make(api, "two sandbox:stuck")
    dispatch.drain()
    url, others_url = callback_url(unlucky, job), callback_url(unlucky, other)
    truth = completed(request_id(unlucky, job))
    others_token = others_url.rpartition("/")[2]

    strangers = [
        (f"{url[:-3]}xyz", truth),
        (f"{url.rpartition('/')[0]}/{others_token}", truth),
        (f"{url.rpartition('/')[0]}/%E2%82%AC%00", truth),
        (url.replace(str(job.pk), str(uuid.uuid4())), truth),
        (url.replace(str(job.pk), str(other.pk)), truth),
    ]
    for address, body in strangers:
        assert call(address, body) == BLAND
    assert not ProviderCallback.objects.exists()

    genuine = [
        truth,  # a lie: the status endpoint still says PROCESSING
        completed(request_id(unlucky, other)),
        b"",
        b"\xff\xfe not JSON",
        b"[]",
        b"[" * 60_000,
        b'{"request_id": {"a": 1}, "status": 7}',
        b'{"request_id": "\\u0000\\ud800", "status": "COMPLETED"}',
        b'{"request_id": "../../../etc/passwd?x=#", "status": "FAILED"}',
        b"x" * 20_000_000,
    ]
    for body in genuine:
        assert call(url, body) == BLAND
    assert call(url, b"{}", **{"Content-Type": "multipart/form-data"}) == BLAND
    assert ProviderCallback.objects.filter(generation=job).count() == len(genuine) + 1
    largest = ProviderCallback.objects.order_by("body_bytes").last()
    assert largest is not None
    assert largest.body_bytes == 20_000_000
    assert len(bytes(largest.body)) <= callbacks.MAX_BODY_BYTES

    work_once()
    for row in (job, other):
        assert assert_held(row, "processing").provider_request_id == request_id(unlucky, row)

    unlucky.force(request_id(unlucky, job), status="COMPLETED", callback=True)
    unlucky.force(request_id(unlucky, other), status="ERROR", callback=True)
    work_until_done()
    assert_charged(job)
    assert_free(other, "error")


@pytest.mark.parametrize("digits", [25, 5000])
def test_a_callback_that_claims_to_be_endless_is_recorded(
    unlucky: Sandbox, api: Api, digits: int
) -> None:
    job = make(api, "sandbox:stuck")
    dispatch.drain()
    url = httpx2.URL(callback_url(unlucky, job))
    with socket.create_connection((url.host, url.port or 80), timeout=30) as wire:
        head = f"POST {url.path} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: {'9' * digits}"
        wire.sendall(f"{head}\r\n\r\n".encode() + b"x" * 70_000)
        assert wire.recv(100).startswith(b"HTTP/1.1 200")
    assert ProviderCallback.objects.get(generation=job).request_id == ""
    unlucky.force(request_id(unlucky, job), status="ERROR")
    work_until_done()


@pytest.mark.django_db
def test_chunks_that_make_no_sense_get_the_same_answer() -> None:
    class Broken(BytesIO):
        def read(self, *_: Any) -> bytes:
            raise InvalidChunkSize(b"zz")

    extra: Any = {"wsgi.input": Broken(), "wsgi.input_terminated": True}
    answer = Client().generic("POST", f"/callbacks/pixazo/{uuid.uuid4()}/token", **extra)
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == BLAND


def test_a_callback_before_the_submit_is_answered_is_not_lost(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    settings.POLL_FIRST_SECONDS = 600.0  # only the early callback can make it due in time
    job = make(api, "sandbox:early-callback")
    dispatch.drain()
    assert ProviderCallback.objects.get(generation=job)
    work_until_done()
    assert_charged(job)
    assert len(sent(unlucky, job)) == 1


def test_a_callback_makes_us_ask_at_once(unlucky: Sandbox, api: Api, settings: Any) -> None:
    settings.POLL_FIRST_SECONDS = 600.0
    job = make(api, "sandbox:stuck")
    dispatch.drain()
    work_once()
    assert_held(job, "processing")
    unlucky.force(request_id(unlucky, job), status="ERROR", callback=True)
    work_once()
    assert_free(job, "error")


def test_the_same_callback_many_times_at_the_same_moment_charges_once(
    unlucky: Sandbox, api: Api
) -> None:
    job, delivered = make(api, "sandbox:stuck"), make(api, "sandbox:duplicate-callback=6")
    dispatch.drain()
    url, known = callback_url(unlucky, job), request_id(unlucky, job)
    unlucky.force(known, status="COMPLETED")
    body = completed(known)

    answers = at_once(*[lambda: call(url, body)] * 8, *[polling.drain] * 2)

    assert answers[:8] == [BLAND] * 8
    work_until_done()
    for row in (job, delivered):
        assert "evil" not in assert_charged(row).provider_media_url
        assert events(row).count("completed") == 1
    assert ProviderCallback.objects.filter(generation=job).count() == 8
    assert ProviderCallback.objects.filter(generation=delivered).count() == 6


def test_completed_after_error_stays_an_error_and_free(unlucky: Sandbox, api: Api) -> None:
    for word, state in (("error", "error"), ("failed", "failed")):
        job = make(api, f"sandbox:{word}")
        work_until_done()
        assert_free(job, state)
        seen = ProviderCallback.objects.filter(generation=job).count()

        unlucky.force(request_id(unlucky, job), status="COMPLETED", callback=True)
        hurry()
        work_once()

        assert ProviderCallback.objects.filter(generation=job).count() == seen + 1
        assert_free(job, state)
        assert api.one(str(job.pk))["output"] is None


@pytest.mark.parametrize("early", ["", "sandbox:early-callback"])
def test_an_unconfirmed_job_is_confirmed_by_its_callback(
    unlucky: Sandbox, api: Api, settings: Any, early: str
) -> None:
    settings.PIXAZO_TIMEOUT_SECONDS = 0.6
    jobs = [
        make(api, f"sandbox:{fault} {early}")
        for fault in ("timeout", "close", "garbage", "http=500", "http=502", "http=504")
    ]
    dispatch.drain()
    for job in jobs:
        assert assert_held(job, "unconfirmed").provider_request_id is None
    settings.PIXAZO_TIMEOUT_SECONDS = 15.0

    work_until_done()

    for job in jobs:
        row = assert_charged(job)
        assert row.provider_request_id == request_id(unlucky, job)
        assert events(row) == ["queued", "submitting", "unconfirmed", "processing", "completed"]
        assert len(sent(unlucky, job)) == 1, "promise 4"


def test_another_jobs_request_id_never_binds_it(unlucky: Sandbox, api: Api) -> None:
    victim = make(api, "the victim sandbox:stuck")
    dispatch.drain()
    thief = make(api, "sandbox:close sandbox:callback-foreign")
    dispatch.drain()
    ours = request_id(unlucky, victim)
    named = ProviderCallback.objects.filter(generation=thief, request_id=ours)
    assert eventually(named.exists)

    hurry()
    polling.drain()
    assert assert_held(thief, "unconfirmed").provider_request_id is None

    unlucky.force(ours, status="COMPLETED", callback=True)
    hurry()
    work_once()
    work_once()
    assert_charged(victim)
    assert assert_held(thief, "unconfirmed").provider_media_url == ""

    overdue(thief)
    polling.expire_overdue()
    hurry()
    work_once()
    assert_free(thief, "expired")


def test_a_callback_is_recorded_for_ever(unlucky: Sandbox, api: Api) -> None:
    job = make(api, "sandbox:error")
    work_until_done()
    row = ProviderCallback.objects.get(generation=job)
    for sql in ("UPDATE generations_providercallback SET body = ''", "DELETE FROM {}"):
        with pytest.raises(Exception, match="only ever added"), connection.cursor() as cursor:
            cursor.execute(sql.format("generations_providercallback"))
    assert ProviderCallback.objects.get(pk=row.pk).body == row.body
    assert the(job).state == State.ERROR
