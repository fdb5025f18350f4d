"""Callbacks: modes, retries, filters, and the faults that concern them."""

from __future__ import annotations

import pytest

from tests.sandbox.gateway import Gateway, Receiver, eventually


def test_terminal_mode_posts_once_at_the_end(gateway: Gateway, receiver: Receiver) -> None:
    gateway.settings(processing_seconds=0.25)
    request_id = gateway.accepted(headers=receiver.headers)
    body = receiver.next()
    assert body == gateway.status(request_id)
    assert body["status"] == "COMPLETED"
    assert receiver.is_silent()
    (attempt,) = gateway.callbacks()
    assert (attempt["request_id"], attempt["attempt"], attempt["answer"]) == (request_id, 1, 200)
    assert (attempt["url"], attempt["error"]) == (receiver.url, None)


def test_sync_mode_posts_on_every_cycle_too(gateway: Gateway, receiver: Receiver) -> None:
    gateway.settings(processing_seconds=0.35)
    request_id = gateway.accepted(headers=receiver.headers | {"X-Webhook-Mode": "sync"})
    bodies = [receiver.next()]
    while bodies[-1]["status"] != "COMPLETED":
        bodies.append(receiver.next())
    assert len(bodies) >= 3
    assert {body["status"] for body in bodies[:-1]} == {"PROCESSING"}
    assert {body["request_id"] for body in bodies} == {request_id}
    assert receiver.is_silent()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [([500, 404], [500, 404, 200]), ([500, 500, 500, 500, 500], [500, 500, 500, 500])],
)
def test_refused_callbacks_are_repeated_three_times(
    gateway: Gateway, receiver: Receiver, answers: list[int], expected: list[int]
) -> None:
    receiver.answers = answers
    gateway.accepted(headers=receiver.headers)
    bodies = [receiver.next() for _ in expected]
    assert all(body == bodies[0] for body in bodies)
    assert receiver.is_silent()
    assert [one["answer"] for one in gateway.callbacks()] == expected
    assert [one["attempt"] for one in gateway.callbacks()] == list(range(1, len(expected) + 1))


def test_nobody_listening_is_recorded(gateway: Gateway) -> None:
    gateway.accepted(headers={"X-Webhook-URL": "http://127.0.0.1:9/hook"})
    eventually(lambda: len(gateway.callbacks()) == 4)
    assert eventually(lambda: all(one["error"] for one in gateway.callbacks()))


@pytest.mark.parametrize(
    ("prompt", "events", "is_called"),
    [
        ("A cat", None, True),
        ("A cat", [], True),
        ("A cat", ["completed"], True),
        ("A cat", ["failed", "canceled"], False),
        ("sandbox:failed", ["failed"], True),
        ("sandbox:error", ["failed"], True),
        ("sandbox:error", ["completed"], False),
    ],
)
def test_the_body_field_webhook_and_its_filter(
    gateway: Gateway, receiver: Receiver, prompt: str, events: list[str] | None, is_called: bool
) -> None:
    request_id = gateway.accepted(prompt, webhook=receiver.url, webhook_events_filter=events)
    if is_called:
        assert receiver.next()["request_id"] == request_id
    else:
        gateway.ended(request_id)
        assert receiver.is_silent()


def test_lost_callback(gateway: Gateway, receiver: Receiver) -> None:
    gateway.ended(gateway.accepted("sandbox:lost-callback", headers=receiver.headers))
    assert receiver.is_silent()
    gateway.settings(drop_callbacks=True)
    gateway.ended(gateway.accepted(headers=receiver.headers))
    assert receiver.is_silent()


def test_duplicate_callback(gateway: Gateway, receiver: Receiver) -> None:
    gateway.accepted("sandbox:duplicate-callback=3", headers=receiver.headers)
    bodies = [receiver.next() for _ in range(3)]
    assert bodies[0] == bodies[1] == bodies[2]
    assert receiver.is_silent()


def test_callback_with_a_foreign_id(gateway: Gateway, receiver: Receiver) -> None:
    other = gateway.accepted("Another one")
    request_id = gateway.accepted("sandbox:callback-foreign", headers=receiver.headers)
    assert receiver.next()["request_id"] == other
    assert gateway.status(request_id)["request_id"] == request_id


@pytest.mark.parametrize(("words", "status"), [("", "COMPLETED"), (" sandbox:error", "ERROR")])
def test_early_callback_comes_before_the_answer(
    gateway: Gateway, receiver: Receiver, words: str, status: str
) -> None:
    gateway.settings(queued_seconds=5, processing_seconds=5)
    answer = gateway.submit({"prompt": f"sandbox:early-callback{words}"}, headers=receiver.headers)
    body = receiver.next(within_seconds=0.01)  # it is there already
    assert answer.status_code == 202
    assert body["request_id"] == answer.json()["request_id"]
    assert body["status"] == gateway.status(body["request_id"])["status"] == status
    assert receiver.is_silent()


def test_a_forced_state_calls_back_when_asked_to(gateway: Gateway, receiver: Receiver) -> None:
    request_id = gateway.accepted("sandbox:error", headers=receiver.headers)
    assert receiver.next()["status"] == "ERROR"
    path = f"/_sandbox/jobs/{request_id}"
    answer = gateway.http.post(path, json={"status": "COMPLETED", "callback": True})
    assert answer.json()["status"] == "COMPLETED"
    assert receiver.next()["status"] == "COMPLETED"
    assert gateway.film(request_id).seconds > 0
    gateway.http.post(path, json={"status": "FAILED", "error": "Too late"})
    assert gateway.status(request_id)["error"] == "Too late"
    assert gateway.status(request_id)["output"] is None
    assert receiver.is_silent()
