"""The gateway's bodies, keys and texts, compared with Pixazo's documentation."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from tests.pixazo_contract import (
    AVATAR_ERRORS,
    AVATAR_EXAMPLE,
    IMAGE,
    NOT_JSON,
    NOT_OBJECTS,
    UNKNOWN_MODEL_PATHS,
    UUID7,
    VIDEO_ERRORS,
    VIDEO_EXAMPLE,
    WEBHOOK_HEADER_ERRORS,
)
from tests.sandbox.gateway import PATHS, Gateway, Receiver

SANDBOX_WORDS = [
    ({"prompt": "sandbox:nonsense"}, "unknown sandbox word: sandbox:nonsense"),
    ({"prompt": "sandbox:slow=soon"}, "unreadable value: sandbox:slow=soon"),
]


@pytest.mark.parametrize(
    ("model", "body"),
    [("p-video", {"prompt": "A cat"}), ("p-video-avatar", {"image": IMAGE, "seed": 42})],
)
def test_submit_answers_202_with_an_id_and_a_polling_url(
    gateway: Gateway, model: str, body: dict[str, Any]
) -> None:
    answer = gateway.submit(body, model=model)
    assert answer.status_code == 202
    request_id = answer.json()["request_id"]
    assert re.fullmatch(f"{model}_{UUID7}", request_id)
    assert answer.json() == {
        "request_id": request_id,
        "status": "QUEUED",
        "polling_url": f"{gateway.base_url}/v2/requests/status/{request_id}",
    }
    assert gateway.http.get(answer.json()["polling_url"]).status_code == 200


@pytest.mark.parametrize(
    ("model", "body", "media_type"),
    [
        ("p-video", {"prompt": "A cat"}, "application/octet-stream"),
        ("p-video-avatar", {"image": IMAGE, "voice_script": "Hello"}, "video/mp4"),
    ],
)
def test_completed_status_has_exactly_the_fields_of_the_reference(
    gateway: Gateway, model: str, body: dict[str, Any], media_type: str
) -> None:
    request_id = gateway.submit(body, model=model).json()["request_id"]
    status = gateway.ended(request_id)
    media_url = f"{gateway.base_url}/cdn/v1/{request_id}/output.mp4"
    times = {name: status.pop(name) for name in ("created_at", "updated_at", "completed_at")}
    assert status == {
        "request_id": request_id,
        "status": "COMPLETED",
        "model_id": model,
        "error": None,
        "output": {"media_url": [media_url], "media_type": media_type},
    }
    # Both formats of the reference, as its callback example mixes them.
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", times["created_at"])
    for name in ("updated_at", "completed_at"):
        assert datetime.strptime(times[name], "%Y-%m-%d %H:%M:%S")


def test_a_job_walks_through_the_states(gateway: Gateway) -> None:
    gateway.settings(queued_seconds=0.15, processing_seconds=0.15)
    request_id = gateway.accepted()
    seen: list[str] = []
    while not seen or seen[-1] != "COMPLETED":
        status = gateway.status(request_id)
        if not seen or seen[-1] != status["status"]:
            seen.append(status["status"])
            assert (status["completed_at"] is None) == (seen[-1] != "COMPLETED")
            assert (status["output"] is None) == (seen[-1] != "COMPLETED")
    assert seen == ["QUEUED", "PROCESSING", "COMPLETED"]


def test_no_op_completes_without_output(gateway: Gateway) -> None:
    status = gateway.ended(gateway.accepted(no_op=True))
    assert (status["status"], status["output"], status["error"]) == ("COMPLETED", None, None)


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, 401), ("", 401), ("invalid", 401), ("forbidden", 403), ("broke", 402)],
)
def test_keys_that_do_not_open_the_gateway(
    gateway: Gateway, key: str | None, expected: int
) -> None:
    del gateway.http.headers["Ocp-Apim-Subscription-Key"]
    headers = {} if key is None else {"Ocp-Apim-Subscription-Key": key}
    try:
        answer = gateway.submit({"prompt": "A cat"}, headers=headers)
        status = gateway.http.get("/v2/requests/status/p-video_x", headers=headers)
    finally:
        gateway.http.headers["Ocp-Apim-Subscription-Key"] = "test"
    assert answer.status_code == expected
    assert status.status_code == (404 if key == "broke" else expected)
    if expected == 402:
        assert answer.json() == {
            "error": "Insufficient Balance",
            "message": "Your wallet does not have enough balance. Required: $0.01",
        }
    else:
        assert answer.json()["statusCode"] == expected
    if expected == 401:
        assert answer.json()["message"].startswith("Access denied due to ")
    assert gateway.submissions()[0]["answered_status"] == expected


def test_unknown_model_and_unknown_request(gateway: Gateway) -> None:
    for path in UNKNOWN_MODEL_PATHS:
        answer = gateway.http.post(path, json={"prompt": "A cat"})
        assert answer.status_code == 400
        assert answer.json() == {
            "error": "Model not found",
            "message": "Model 'veo' not found or is disabled",
        }
    answer = gateway.http.get("/v2/requests/status/p-video_nothing")
    assert (answer.status_code, answer.json()["error"]) == (404, "Request not found")
    assert gateway.http.get("/nothing").json()["statusCode"] == 404
    assert gateway.http.get(PATHS["p-video"]).json()["statusCode"] == 405


@pytest.mark.parametrize(("change", "text"), [*VIDEO_ERRORS, *SANDBOX_WORDS])
def test_p_video_is_validated(gateway: Gateway, change: dict[str, Any], text: str) -> None:
    body = {"prompt": "A cat", **change} if change else {}
    answer = gateway.submit(body)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


@pytest.mark.parametrize(("change", "text"), AVATAR_ERRORS)
def test_p_video_avatar_is_validated(gateway: Gateway, change: dict[str, Any], text: str) -> None:
    answer = gateway.submit({"image": IMAGE, **change}, model="p-video-avatar")
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_the_examples_of_the_reference_are_accepted(gateway: Gateway, receiver: Receiver) -> None:
    hook = {"webhook": receiver.url, "webhook_events_filter": ["completed", "failed", "canceled"]}
    assert gateway.submit(VIDEO_EXAMPLE | hook).status_code == 202
    answer = gateway.submit(AVATAR_EXAMPLE | hook, model="p-video-avatar")
    assert answer.status_code == 202


@pytest.mark.parametrize("raw", NOT_JSON)
def test_a_body_that_is_no_json(gateway: Gateway, raw: bytes) -> None:
    answer = gateway.http.post(PATHS["p-video"], content=raw)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid JSON in request body"})


@pytest.mark.parametrize("raw", NOT_OBJECTS)
def test_a_body_that_is_no_object(gateway: Gateway, raw: bytes) -> None:
    answer = gateway.http.post(PATHS["p-video"], content=raw)
    assert answer.status_code == 400
    assert answer.json() == {"error": "Request body must be a JSON object"}


@pytest.mark.parametrize(("headers", "text"), WEBHOOK_HEADER_ERRORS)
def test_webhook_headers_are_validated(
    gateway: Gateway, headers: dict[str, str], text: str
) -> None:
    answer = gateway.submit({"prompt": "A cat"}, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_every_submission_is_recorded(gateway: Gateway) -> None:
    request_id = gateway.accepted("First cat", headers={"X-Webhook-Mode": "sync"})
    gateway.submit({"prompt": "Second cat", "fps": 5})
    gateway.http.post(PATHS["p-video"], content=b"{")
    first, second, third = gateway.submissions()
    assert first["request_id"] == request_id
    assert first["model"] == "p-video"
    assert first["body"] == {"prompt": "First cat"}
    assert first["headers"]["X-Webhook-Mode"] == "sync"
    assert first["answered_status"] == 202
    assert first["received_at"] <= second["received_at"] <= third["received_at"]
    assert first["key_hash"]
    assert "test" not in first["key_hash"]
    assert (second["request_id"], second["answered_status"]) == (None, 400)
    assert (third["body"], third["answered_status"]) == (None, 400)
    assert [one["prompt"] for one in gateway.submissions("First")] == ["First cat"]
    gateway.reset()
    assert gateway.submissions() == []
