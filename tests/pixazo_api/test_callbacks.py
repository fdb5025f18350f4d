"""Callbacks to the caller: bodies, modes, filters, and whom they may reach."""

import json
import re
import time
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization
from generations import polling
from generations.models import Generation
from generations.polling import expire_overdue
from generations.provider import Status
from generations.submission import cancel
from tests.conftest import Sandbox, caller_for
from tests.generations.conftest import hurry, overdue, the, work_once, work_until_done
from tests.pixazo_api.conftest import KEY_HEADER, Ours
from tests.pixazo_api.test_samples import sample, shape
from tests.pixazo_contract import IMAGE, ISO, MODELS, PLAIN, STATUS_FIELDS
from tests.sandbox.gateway import PATHS, Receiver
from webhooks import delivering
from webhooks.models import Delivery

MINIMAL: dict[str, dict[str, Any]] = {
    "p-video": {"prompt": "A cat", "duration": 1},
    "p-video-avatar": {"image": IMAGE, "voice_script": "Hello"},
}
FINAL = ("COMPLETED", "FAILED", "ERROR")


def bring() -> None:
    """What the workers do with deliveries."""
    delivering.drain()


def worked(seconds: float = 40.0) -> None:
    work_until_done(seconds)
    bring()


def expired() -> Generation:
    """The only job, sent and past its deadline, and its callbacks brought; as it was before."""
    work_once()
    generation = Generation.objects.get()
    overdue(generation)
    assert expire_overdue() == 1
    bring()
    return generation


@pytest.mark.parametrize("model", MODELS)
def test_the_callback_of_a_finished_video(ours: Ours, receiver: Receiver, model: str) -> None:
    answer = ours.submit(MINIMAL[model], model=model, headers=receiver.headers)
    assert answer.status_code == 202
    worked()
    body = receiver.next()
    expected = json.loads(sample(f"{model}/callback.json"))
    assert list(body) == list(expected) == list(STATUS_FIELDS)
    assert shape(body) == shape(expected)
    assert body["output"]["media_type"] == expected["output"]["media_type"]
    assert re.fullmatch(ISO, body["created_at"])
    assert re.fullmatch(PLAIN, body["updated_at"])
    assert re.fullmatch(PLAIN, body["completed_at"])
    status = ours.status(answer.json()["request_id"])
    same = ("request_id", "status", "model_id", "error", "created_at")
    assert {name: body[name] for name in same} == {name: status[name] for name in same}
    assert body["output"]["media_url"] == status["output"]["media_url"]
    bring()
    assert receiver.is_silent()


@pytest.mark.parametrize(("word", "status"), [("failed", "FAILED"), ("error", "ERROR")])
def test_the_callback_of_a_failure(ours: Ours, receiver: Receiver, word: str, status: str) -> None:
    request_id = ours.accepted(f"sandbox:{word}", duration=1, headers=receiver.headers)
    worked()
    body = receiver.next()
    assert list(body) == list(json.loads(sample("p-video/callback-failure.json")))
    assert (body["request_id"], body["status"], body["output"]) == (request_id, status, None)
    assert isinstance(body["error"], str)
    assert body["error"]
    assert receiver.is_silent()


def test_an_expired_one_is_an_error_and_told_once(ours: Ours, receiver: Receiver) -> None:
    """Also when the video comes in the end: "exactly one POST" (reference)."""
    ours.accepted("sandbox:slow=1", duration=1, headers=receiver.headers)
    generation = expired()
    assert receiver.next()["status"] == "ERROR"
    until = time.monotonic() + 20
    while the(generation).state != "completed":
        assert time.monotonic() < until
        hurry()
        work_once()
        time.sleep(0.05)
    bring()
    assert receiver.is_silent()
    assert ours.status(f"p-video_{generation.pk}")["status"] == "COMPLETED"


def test_terminal_mode_says_nothing_before_the_end(ours: Ours, receiver: Receiver) -> None:
    ours.accepted("sandbox:stuck", duration=1, headers=receiver.headers)
    for _ in range(3):
        work_once()
        hurry()
    bring()
    assert the(Generation.objects.get()).polls >= 1
    assert not Delivery.objects.exists()
    Generation.objects.update(next_poll_at=None)


def test_sync_mode_tells_of_each_look(
    ours: Ours, receiver: Receiver, sandbox: Sandbox, settings: Any
) -> None:
    settings.POLL_FIRST_SECONDS = 0.05
    sandbox.settings(processing_seconds=0.6, drop_callbacks=True)
    request_id = ours.accepted(duration=1, headers=receiver.headers | {"X-Webhook-Mode": "sync"})
    bodies: list[dict[str, Any]] = []
    until = time.monotonic() + 30
    while not bodies or bodies[-1]["status"] not in FINAL:
        assert time.monotonic() < until
        work_once()
        bring()
        while not receiver.bodies.empty():
            bodies.append(receiver.next())
        time.sleep(0.02)
    assert len(bodies) >= 3
    assert {body["status"] for body in bodies[:-1]} == {"PROCESSING"}
    assert {body["request_id"] for body in bodies} == {request_id}
    assert all(tuple(body) == STATUS_FIELDS for body in bodies)
    assert all(body["completed_at"] is None and body["output"] is None for body in bodies[:-1])
    assert bodies[-1]["status"] == "COMPLETED"
    bring()
    assert receiver.is_silent()


def test_sync_mode_caps_the_pause_between_looks(ours: Ours, settings: Any) -> None:
    """ "Caps the queue's polling delay at 15s" (reference)."""
    settings.POLL_FIRST_SECONDS = settings.POLL_MAX_SECONDS = 60.0
    headers = {"X-Webhook-URL": "https://example.com/hook"}
    pauses = {}
    for mode in ("terminal", "sync"):
        request_id = ours.accepted("sandbox:stuck", headers=headers | {"X-Webhook-Mode": mode})
        work_once()
        hurry()
        work_once()
        generation = the(request_id.partition("_")[2])
        assert generation.next_poll_at is not None
        pauses[mode] = generation.next_poll_at.timestamp() - time.time()
        Generation.objects.filter(pk=generation.pk).update(next_poll_at=None)
    assert 10 < pauses["sync"] <= 15
    assert pauses["terminal"] > 50
    Generation.objects.update(next_poll_at=None)


def test_progress_that_was_not_heard_is_not_told_after_the_end(
    ours: Ours, receiver: Receiver, sandbox: Sandbox, settings: Any
) -> None:
    settings.POLL_FIRST_SECONDS = 0.05
    settings.WEBHOOK_RETRY_SECONDS = [0.0]
    sandbox.settings(processing_seconds=2.0, drop_callbacks=True)
    ours.accepted(duration=1, headers=receiver.headers | {"X-Webhook-Mode": "sync"})
    worked_without_telling = time.monotonic() + 30
    while Generation.objects.get().is_open:
        assert time.monotonic() < worked_without_telling
        work_once()
        assert Delivery.objects.filter(state="pending").count() <= 1
        time.sleep(0.02)
    assert Delivery.objects.count() >= 3
    bring()
    assert receiver.next()["status"] == "COMPLETED"
    assert receiver.is_silent()


def test_a_look_after_the_end_is_no_progress(ours: Ours, receiver: Receiver) -> None:
    """An expired job is asked after for another day, and an answer may be overtaken by the end."""
    headers = receiver.headers | {"X-Webhook-Mode": "sync"}
    ours.accepted("sandbox:stuck", duration=1, headers=headers)
    generation = expired()
    assert receiver.next()["status"] == "ERROR"
    told = Delivery.objects.count()
    for asked in (generation, the(generation)):
        polling.apply(asked, asked.provider_request_id or "", Status("PROCESSING"))
    assert Delivery.objects.count() == told
    bring()
    assert receiver.is_silent()


def test_progress_that_was_refused_is_not_repeated(
    ours: Ours, receiver: Receiver, settings: Any
) -> None:
    """The next look tells more of it; a repetition could come after the end."""
    settings.WEBHOOK_RETRY_SECONDS = [0.0]
    receiver.answers = [500]
    ours.accepted(
        "sandbox:stuck", duration=1, headers=receiver.headers | {"X-Webhook-Mode": "sync"}
    )
    work_once()
    hurry()
    work_once()
    for _ in range(2):
        bring()
    assert receiver.next()["status"] == "PROCESSING"
    assert receiver.is_silent()
    assert [row.state for row in Delivery.objects.all()] == ["failed"]
    Generation.objects.update(next_poll_at=None)


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
def test_the_field_webhook_and_its_filter(
    ours: Ours, receiver: Receiver, prompt: str, events: list[str] | None, is_called: bool
) -> None:
    hook: dict[str, Any] = {"webhook": receiver.url, "webhook_events_filter": events}
    request_id = ours.accepted(prompt, duration=1, **hook)
    worked()
    if is_called:
        assert receiver.next()["request_id"] == request_id
    assert receiver.is_silent()


def test_header_and_field_are_two_listeners(ours: Ours, receiver: Receiver) -> None:
    """As at Pixazo; one of them filtered away leaves the other."""
    ours.accepted(no_op=True, headers=receiver.headers, webhook=receiver.url)
    ours.accepted(
        no_op=True,
        headers=receiver.headers,
        webhook=receiver.url,
        webhook_events_filter=["failed"],
    )
    bring()
    bodies = [receiver.next() for _ in range(3)]
    assert {body["status"] for body in bodies} == {"COMPLETED"}
    assert {str(body["output"]) for body in bodies} == {"None"}
    assert receiver.is_silent()


def test_a_canceled_one(ours: Ours, receiver: Receiver, alice: Any) -> None:
    """Pixazo has no status for it; the filter's word is `canceled`."""
    wanted: dict[str, Any] = {"webhook": receiver.url, "webhook_events_filter": ["canceled"]}
    request_id = ours.accepted(**wanted)
    cancel(caller_for(alice), Generation.objects.get().pk)
    bring()
    body = receiver.next()
    assert (body["request_id"], body["status"], body["output"]) == (request_id, "FAILED", None)
    assert "not charged" in body["error"]
    assert ours.status(request_id)["status"] == "FAILED"


def test_a_refused_callback_is_repeated(ours: Ours, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_RETRY_SECONDS = [0.0, 0.0, 0.0]
    receiver.answers = [500, 404]
    ours.accepted(no_op=True, headers=receiver.headers)
    for _ in range(4):
        bring()
    bodies = [receiver.next() for _ in range(3)]
    assert bodies[0] == bodies[1] == bodies[2]
    assert receiver.is_silent()


def test_nobody_listening_harms_nothing(ours: Ours, settings: Any) -> None:
    """The receiver is gone: the video comes all the same, and is paid for once."""
    dead = Receiver()
    dead.close()
    settings.FETCH_ALLOWED_NETLOCS = [*settings.FETCH_ALLOWED_NETLOCS, dead.url.split("/")[2]]
    request_id = ours.accepted(duration=1, headers=dead.headers)
    worked()
    assert ours.status(request_id)["status"] == "COMPLETED"
    (delivery,) = Delivery.objects.all()
    assert (delivery.state, delivery.attempts) == ("pending", 1)


NOT_ALLOWED = [
    "https://127.0.0.1/hook",
    "https://localhost/hook",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://metadata.google.internal/",
    "https://user:password@example.com/",
    "https://example.com:25/",
    "https://example.com/a b",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/\r\nX-Evil: 1",
    "https://example.com/\x00",
    "ftp://example.com/",
    "javascript:alert(1)",
    "//example.com/",
    "",
    "https://" + "a" * 3000 + ".com/",
]


def test_private_and_odd_addresses_are_refused(
    acme: Organization, key: str, settings: Any, subtests: pytest.Subtests
) -> None:
    """Not over the wire: no client would send some of these headers."""
    settings.WEBHOOK_REQUIRE_HTTPS = True
    client = Client(headers={KEY_HEADER: key})
    for url in NOT_ALLOWED:
        for body, headers in (
            ({"prompt": "A cat", "webhook": url}, {}),
            ({"prompt": "A cat"}, {"X-Webhook-URL": url}),
        ):
            with subtests.test(url=url, headers=headers):
                answer = client.post(
                    PATHS["p-video"], body, content_type="application/json", headers=headers
                )
                assert answer.status_code == 400
                assert answer.json() == {"error": "Invalid webhook URL"}
    # The bytes of another script, as the server hands them on.
    mojibake = "https://example.com/\u00e9t\u00e9".encode().decode("latin-1")
    answer = client.post(
        PATHS["p-video"],
        {"prompt": "A cat"},
        content_type="application/json",
        headers={"X-Webhook-URL": mojibake},
    )
    assert answer.json() == {"error": "Invalid webhook URL"}
    assert not Delivery.objects.exists()


def test_a_name_that_leads_nowhere_public_is_not_called(ours: Ours) -> None:
    """What passed by its text is judged again by the address that it leads to."""
    ours.accepted(no_op=True, headers={"X-Webhook-URL": "https://hook.invalid/"})
    bring()
    (delivery,) = Delivery.objects.all()
    assert delivery.state == "pending"
    assert delivery.error in ("connection", "url_not_allowed")
