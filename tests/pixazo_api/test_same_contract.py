"""What the stand-in answers, our own API answers: each test here is asked of both."""

import json
import re
from typing import Any

import httpx2
import pytest

from tests.pixazo_contract import (
    AVATAR_ERRORS,
    AVATAR_EXAMPLE,
    IMAGE,
    ISO,
    MODELS,
    NOT_JSON,
    NOT_OBJECTS,
    PLAIN,
    STATUS_FIELDS,
    UNKNOWN_MODEL_PATHS,
    UUID7,
    VIDEO_ERRORS,
    VIDEO_EXAMPLE,
    WEBHOOK_HEADER_ERRORS,
)
from tests.sandbox.gateway import PATHS, Gateway

pytestmark = pytest.mark.django_db(transaction=True)

MINIMAL: dict[str, dict[str, Any]] = {
    "p-video": {"prompt": "A cat", "duration": 1},
    "p-video-avatar": {"image": IMAGE, "voice_script": "Hello"},
}


def is_json(answer: httpx2.Response) -> bool:
    return answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("model", MODELS)
def test_accepted_with_an_id_and_a_polling_url(either: Gateway, model: str) -> None:
    answer = either.submit(MINIMAL[model], model=model)
    assert answer.status_code == 202
    assert is_json(answer)
    request_id = answer.json()["request_id"]
    assert re.fullmatch(f"{model}_{UUID7}", request_id)
    assert list(answer.json().items()) == [
        ("request_id", request_id),
        ("status", "QUEUED"),
        ("polling_url", f"{either.base_url}/v2/requests/status/{request_id}"),
    ]
    first = either.http.get(answer.json()["polling_url"])
    assert first.status_code == 200
    assert is_json(first)
    assert tuple(first.json()) == STATUS_FIELDS


@pytest.mark.parametrize(
    ("model", "media_type"),
    [("p-video", "application/octet-stream"), ("p-video-avatar", "video/mp4")],
)
def test_a_completed_request(either: Gateway, model: str, media_type: str) -> None:
    request_id = either.submit(MINIMAL[model], model=model).json()["request_id"]
    status = either.ended(request_id)
    assert tuple(status) == STATUS_FIELDS
    times = {name: status.pop(name) for name in ("created_at", "updated_at", "completed_at")}
    (media_url,) = status["output"].pop("media_url")
    assert status == {
        "request_id": request_id,
        "status": "COMPLETED",
        "model_id": model,
        "error": None,
        "output": {"media_type": media_type},
    }
    # The reference mixes two formats; a client has to read both.
    assert all(re.fullmatch(f"{ISO}|{PLAIN}", moment) for moment in times.values())
    assert re.fullmatch(ISO, times["created_at"])
    # Without any header, as a browser or a player asks.
    video = httpx2.get(media_url)
    assert video.status_code == 200
    assert video.content[4:8] == b"ftyp"


def test_the_ends_that_are_no_video(either: Gateway) -> None:
    for word, expected in (("sandbox:failed", "FAILED"), ("sandbox:error", "ERROR")):
        status = either.ended(either.accepted(word, duration=1))
        assert tuple(status) == STATUS_FIELDS
        assert (status["status"], status["output"]) == (expected, None)
        assert isinstance(status["error"], str)
        assert status["error"]
        assert status["completed_at"]


def test_a_health_check_completes_without_output(either: Gateway) -> None:
    request_ids = [
        either.accepted(no_op=True),
        either.submit({"image": IMAGE, "no_op": True}, model="p-video-avatar").json()["request_id"],
    ]
    for request_id in request_ids:
        status = either.ended(request_id)
        assert tuple(status) == STATUS_FIELDS
        assert (status["status"], status["output"], status["error"]) == ("COMPLETED", None, None)


def test_the_keys_that_open_nothing(either: Gateway) -> None:
    del either.http.headers["Ocp-Apim-Subscription-Key"]
    for key in (None, "", "invalid"):
        headers: dict[str, str] = {} if key is None else {"Ocp-Apim-Subscription-Key": key}
        message = (
            "Access denied due to invalid subscription key. "
            "Make sure to provide a valid key for an active subscription."
            if key
            else "Access denied due to missing subscription key. "
            "Make sure to include subscription key when making requests to an API."
        )
        for answer in (
            either.submit({"prompt": "A cat"}, headers=headers),
            either.submit([], headers=headers),
            either.http.get("/v2/requests/status/p-video_x", headers=headers),
            either.http.post("/veo/v1/veo/generate", json={}, headers=headers),
        ):
            assert answer.status_code == 401
            assert is_json(answer)
            assert answer.json() == {"statusCode": 401, "message": message}


def test_what_is_not_there(either: Gateway) -> None:
    for path in UNKNOWN_MODEL_PATHS:
        answer = either.http.post(path, json={"prompt": "A cat"})
        assert answer.status_code == 400
        assert answer.json() == {
            "error": "Model not found",
            "message": "Model 'veo' not found or is disabled",
        }
    for unknown in ("p-video_nothing", "p-video_019d42ce-ae71-7999-a4c9-5d76447ecaf4", "x"):
        answer = either.http.get(f"/v2/requests/status/{unknown}")
        assert (answer.status_code, answer.json()) == (
            404,
            {"error": "Request not found", "message": f"Request '{unknown}' not found"},
        )
    for path in ("/v2/nothing", "/v2/requests/status/", "/p-video/v1/p-video"):
        answer = either.http.get(path)
        assert (answer.status_code, answer.json()) == (
            404,
            {"statusCode": 404, "message": "Resource not found"},
        )
    wrong = [either.http.get(PATHS["p-video"]), either.http.put(PATHS["p-video"], content=b"{}")]
    wrong.append(either.http.post("/v2/requests/status/p-video_x", content=b"{}"))
    for answer in wrong:
        assert (answer.status_code, answer.json()) == (
            405,
            {"statusCode": 405, "message": "Method not allowed"},
        )


def test_what_is_wrong_with_a_body(either: Gateway, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        *(("p-video", {"prompt": "A cat", **change} if change else {}, text)
          for change, text in VIDEO_ERRORS),
        *(("p-video-avatar", {**MINIMAL["p-video-avatar"], **change}, text)
          for change, text in AVATAR_ERRORS),
    ]  # fmt: skip
    for model, body, text in cases:
        with subtests.test(model=model, body=body):
            answer = either.submit(body, model=model)
            assert (answer.status_code, answer.json()) == (400, {"error": text})
            assert is_json(answer)


def test_a_body_that_is_no_object(either: Gateway, subtests: pytest.Subtests) -> None:
    for raws, text in (
        (NOT_JSON, "Invalid JSON in request body"),
        (NOT_OBJECTS, "Request body must be a JSON object"),
    ):
        for raw in raws:
            with subtests.test(raw=raw[:20]):
                answer = either.http.post(PATHS["p-video"], content=raw)
                assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_webhook_headers(either: Gateway, subtests: pytest.Subtests) -> None:
    for headers, text in WEBHOOK_HEADER_ERRORS:
        with subtests.test(headers=headers):
            answer = either.submit({"prompt": "A cat"}, headers=headers)
            assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_what_is_let_through(either: Gateway) -> None:
    """Unknown fields, nulls, any Content-Type, repeated names: as JavaScript's JSON.parse."""
    hook = {"webhook": "https://example.com/hook", "webhook_events_filter": ["completed"]}
    accepted = [
        either.submit(VIDEO_EXAMPLE | hook),
        either.submit(AVATAR_EXAMPLE | hook, model="p-video-avatar"),
        either.submit({"prompt": "A cat", "no_op": True, "guidance": [1, {"a": None}]}),
        either.submit({"prompt": "A cat", "no_op": True, "fps": None, "image": None}),
        either.submit({"prompt": "Żółw 🐢 \u202e", "no_op": True}),
    ]
    body = b'{"prompt": 1, "prompt": "A cat", "no_op": true}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "junk"):
        headers = {"Content-Type": kind, "Accept": "text/html"}
        accepted.append(either.http.post(PATHS["p-video"], content=body, headers=headers))
    mode = {"X-Webhook-Mode": "sync"}
    accepted.append(either.submit({"prompt": "A cat", "no_op": True}, headers=mode))
    assert [answer.status_code for answer in accepted] == [202] * len(accepted)


def test_a_byte_order_mark_or_another_encoding(either: Gateway) -> None:
    """Python's json reads UTF-16 and UTF-32 too; whatever comes out, it is an answer in JSON."""
    for raw in (json.dumps({"prompt": 5}).encode("utf-16"), b'\xef\xbb\xbf{"prompt": 5}'):
        answer = either.http.post(PATHS["p-video"], content=raw)
        assert answer.status_code == 400
        assert set(answer.json()) == {"error"}
