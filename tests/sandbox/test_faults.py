"""Faults by words in a prompt, and by settings."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from tests.sandbox.gateway import PATHS, Gateway, Receiver, eventually


@pytest.mark.parametrize(("word", "status"), [("error", "ERROR"), ("failed", "FAILED")])
def test_jobs_that_end_badly(gateway: Gateway, word: str, status: str) -> None:
    body = gateway.ended(gateway.accepted(f"A cat, sandbox:{word}."))
    assert (body["status"], body["output"]) == (status, None)
    assert body["error"]
    assert body["completed_at"]


@pytest.mark.parametrize("field", ["voice_script", "video_prompt", "voice_prompt"])
def test_avatars_look_for_words_in_all_their_prompts(gateway: Gateway, field: str) -> None:
    body = {"image": "https://example.com/a.png", field: "Please sandbox:failed"}
    answer = gateway.submit(body, model="p-video-avatar")
    assert gateway.ended(answer.json()["request_id"])["status"] == "FAILED"


@pytest.mark.parametrize("word", ["slow", "late"])
def test_slow(gateway: Gateway, word: str) -> None:
    began = time.monotonic()
    request_id = gateway.accepted(f"sandbox:{word}=0.4")
    eventually(lambda: gateway.status(request_id)["status"] == "PROCESSING")
    gateway.ended(request_id)
    assert 0.4 <= time.monotonic() - began < 10


def test_stuck_until_forced(gateway: Gateway) -> None:
    request_id = gateway.accepted("sandbox:stuck")
    time.sleep(0.2)
    assert gateway.status(request_id)["status"] == "PROCESSING"
    answer = gateway.http.post(f"/_sandbox/jobs/{request_id}", json={"status": "ERROR"})
    assert answer.status_code == 200
    assert gateway.status(request_id)["status"] == "ERROR"


def test_timeout_holds_the_answer_back_but_runs_the_job(gateway: Gateway) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        gateway.http.post(PATHS["p-video"], json={"prompt": "sandbox:timeout"}, timeout=0.3)
    (record,) = gateway.submissions()
    assert record["answered_status"] is None
    assert gateway.ended(record["request_id"])["status"] == "COMPLETED"
    gateway.settings(held_answer_seconds=0.2)
    began = time.monotonic()
    gateway.accepted("sandbox:timeout once more")
    assert time.monotonic() - began >= 0.2


def test_close_gives_no_answer_but_runs_the_job(gateway: Gateway) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        gateway.submit({"prompt": "sandbox:close"})
    (record,) = gateway.submissions()
    assert record["answered_status"] is None
    assert gateway.ended(record["request_id"])["status"] == "COMPLETED"


def test_garbage_cannot_be_read_but_the_job_runs(gateway: Gateway) -> None:
    answer = gateway.submit({"prompt": "sandbox:garbage"})
    assert answer.status_code == 202
    with pytest.raises(ValueError):  # noqa: PT011 - which one depends on the decoder
        answer.json()
    (record,) = gateway.submissions()
    assert gateway.ended(record["request_id"])["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("status", "is_accepted"),
    [
        *((status, True) for status in (500, 502, 504)),
        *((status, False) for status in (400, 401, 402, 403, 404, 418, 429, 503)),
    ],
)
def test_http_errors(gateway: Gateway, receiver: Receiver, status: int, is_accepted: bool) -> None:
    answer = gateway.submit({"prompt": f"sandbox:http={status}"}, headers=receiver.headers)
    assert answer.status_code == status
    assert answer.json()["message"]
    assert "Retry-After" not in answer.headers
    (record,) = gateway.submissions()
    assert record["answered_status"] == status
    assert (record["request_id"] is not None) == is_accepted
    if is_accepted:
        assert receiver.next()["request_id"] == record["request_id"]


def test_http_errors_for_the_first_submissions_of_a_prompt(gateway: Gateway) -> None:
    first = {"prompt": "one sandbox:http=503*2 sandbox:retry-after=7"}
    second = {"prompt": "two sandbox:http=503*2"}
    answers = [gateway.submit(body) for body in (first, second, first, first, second, second)]
    assert [answer.status_code for answer in answers] == [503, 503, 503, 202, 503, 202]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["7", None, "7"] + [
        None
    ] * 3


def test_status_errors(gateway: Gateway) -> None:
    request_id = gateway.accepted("sandbox:status-http=502*2")
    path = f"/v2/requests/status/{request_id}"
    assert [gateway.http.get(path).status_code for _ in range(3)] == [502, 502, 200]
    path = f"/v2/requests/status/{gateway.accepted('sandbox:status-http=404')}"
    assert [gateway.http.get(path).status_code for _ in range(3)] == [404, 404, 404]


def test_status_slow(gateway: Gateway) -> None:
    request_id = gateway.accepted("sandbox:status-slow=0.3")
    began = time.monotonic()
    gateway.status(request_id)
    assert 0.3 <= time.monotonic() - began < 10


def test_status_lies(gateway: Gateway) -> None:
    other = gateway.accepted("Another one")
    request_id = gateway.accepted("sandbox:status-lie=foreign")
    assert gateway.status(request_id)["request_id"] == other
    body = gateway.ended(gateway.accepted("sandbox:status-lie=no-output"))
    assert (body["status"], body["output"]) == ("COMPLETED", None)
    request_id = gateway.accepted("sandbox:status-unknown")
    assert gateway.status(request_id)["status"] == "ARCHIVED"


def test_media_faults(gateway: Gateway) -> None:
    body = gateway.ended(gateway.accepted("sandbox:media-missing"))
    assert gateway.http.get(body["output"]["media_url"][0]).status_code == 404
    body = gateway.ended(gateway.accepted("sandbox:media-garbage"))
    answer = gateway.http.get(body["output"]["media_url"][0])
    assert answer.status_code == 200
    assert b"ftyp" not in answer.content[:64]


def test_words_combine(gateway: Gateway, receiver: Receiver) -> None:
    prompt = "A sandbox: sandbox:http=503*1, sandbox:failed, sandbox:duplicate-callback=2!"
    assert gateway.submit({"prompt": prompt}, headers=receiver.headers).status_code == 503
    request_id = gateway.accepted(prompt, headers=receiver.headers)
    assert [receiver.next()["status"] for _ in range(2)] == ["FAILED", "FAILED"]
    assert gateway.status(request_id)["status"] == "FAILED"


def test_settings_force_errors(gateway: Gateway) -> None:
    request_id = gateway.accepted()
    gateway.settings(submit_http=429, status_http=503)
    assert gateway.submit({"prompt": "A cat"}).status_code == 429
    assert gateway.http.get(f"/v2/requests/status/{request_id}").status_code == 503
    gateway.settings(submit_http=None, status_http=None)
    gateway.accepted()
    gateway.status(request_id)


def test_settings_are_checked_and_reset(gateway: Gateway) -> None:
    wrong_ones: list[Any] = [
        {"queued": 1},
        {"queued_seconds": "1"},
        {"queued_seconds": -1},
        {"shared_render": 1},
        {"submit_http": 200},
        {"callback_retry_seconds": 1},
        {"stripe_webhook_url": "ftp://shop.test"},
        {"stripe_webhook_secrets": "whsec_1"},
        {"stripe_webhook_secrets": [""]},
        {"stripe_tax_percent": 101},
        [],
    ]
    for wrong in wrong_ones:
        answer = gateway.http.post("/_sandbox/settings", json=wrong)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
    gateway.settings(queued_seconds=3)
    assert gateway.http.get("/_sandbox/settings").json()["queued_seconds"] == 3
    gateway.reset()
    assert gateway.http.get("/_sandbox/settings").json() == {
        "submit_latency_seconds": 0.0,
        "queued_seconds": 0.3,
        "processing_seconds": 1.0,
        "sync_interval_seconds": 1.0,
        "callback_retry_seconds": [1.0, 2.0, 4.0],
        "held_answer_seconds": 120.0,
        "shared_render": False,
        "drop_callbacks": False,
        "submit_http": None,
        "status_http": None,
        "stripe_webhook_url": None,
        "stripe_webhook_secrets": [],
        "stripe_webhook_events": [],
        "stripe_retry_seconds": [1.0, 3.0, 10.0, 30.0],
        "stripe_delayed_seconds": 2.0,
        "stripe_tax_percent": 0.0,
    }


def test_forcing_a_job_is_checked(gateway: Gateway) -> None:
    path = f"/_sandbox/jobs/{gateway.accepted()}"
    wrong_ones: list[Any] = [
        {},
        [],
        {"status": "DONE"},
        {"status": "ERROR", "error": 5},
        {"state": "ERROR"},
    ]
    for wrong in wrong_ones:
        assert gateway.http.post(path, json=wrong).status_code == 400
    answer = gateway.http.post("/_sandbox/jobs/p-video_x", json={"status": "ERROR"})
    assert answer.status_code == 404
