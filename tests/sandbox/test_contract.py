"""The gateway's bodies, keys and texts, compared with Pixazo's documentation."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.gateway import PATHS, Gateway, Receiver

IMAGE = "https://example.com/face.png"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
VOICES = (
    "Zephyr (Female), Kore (Female), Leda (Female), Aoede (Female), Callirrhoe (Female), "
    "Autonoe (Female), Despina (Female), Erinome (Female), Laomedeia (Female), Achernar (Female), "
    "Gacrux (Female), Pulcherrima (Female), Vindemiatrix (Female), Sulafat (Female), Puck (Male), "
    "Charon (Male), Fenrir (Male), Orus (Male), Enceladus (Male), Iapetus (Male), Umbriel (Male), "
    "Algenib (Male), Algieba (Male), Schedar (Male), Achird (Male), Zubenelgenubi (Male), "
    "Sadachbia (Male), Sadaltager (Male), Alnilam (Male), Rasalgethi (Male)"
)
LANGUAGES = (
    "English (US), English (UK), Spanish, French, German, Italian, Portuguese (Brazil), Japanese, "
    "Korean, Hindi"
)


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
    for path in ("/veo/v1/veo/generate", "/p-video/v1/veo/generate"):
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


def each(name: str, values: list[Any], text: str) -> list[tuple[dict[str, Any], str]]:
    """Return one case for every value of the field `name`."""
    return [({name: value}, text) for value in values]


VIDEO_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({}, "prompt is required and must be a string"),
    ({"prompt": 1}, "prompt is required and must be a string"),
    ({"prompt": "  "}, "prompt is required and must be a string"),
    ({"image": "face.png"}, "image must be a valid URL"),
    ({"audio": "ftp://example.com/a.mp3"}, "audio must be a valid URL"),
    ({"audio": 7}, "audio must be a valid URL"),
    *each(
        "duration",
        [0, 11, -1, 5.0, "5", True, 10**30],
        "duration must be an integer between 1 and 10",
    ),
    *each(
        "aspect_ratio",
        ["21:9", 1, []],
        "aspect_ratio must be one of: 16:9, 9:16, 4:3, 3:4, 3:2, 2:3, 1:1",
    ),
    *each("fps", [30, "24", True, 24.0], "fps must be one of: 24, 48"),
    *each("resolution", ["480p", 720, {}], "resolution must be one of: 720p, 1080p"),
    *(
        ({name: "true"}, f"{name} must be a boolean")
        for name in ("draft", "prompt_upsampling", "disable_safety_filter", "save_audio", "no_op")
    ),
    *each("seed", [-1, 1.5, "1", True], "seed must be a non-negative integer"),
    ({"webhook": "nowhere"}, "Invalid webhook URL"),
    ({"webhook": "http://example.com/x"}, "Invalid webhook URL"),
    *each(
        "webhook_events_filter",
        ["completed", ["started"], [1], {}],
        "webhook_events_filter must be an array of: completed, failed, canceled",
    ),
    ({"prompt": "sandbox:nonsense"}, "unknown sandbox word: sandbox:nonsense"),
    ({"prompt": "sandbox:slow=soon"}, "unreadable value: sandbox:slow=soon"),
]
AVATAR_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"image": None}, "image is required and must be a string URL"),
    ({"image": 5}, "image is required and must be a string URL"),
    ({"image": "face"}, "image must be a valid URL"),
    ({"audio": "a"}, "audio must be a valid URL"),
    ({"voice": "Nobody"}, f"voice must be one of: {VOICES}"),
    ({"voice_language": "Klingon"}, f"voice_language must be one of: {LANGUAGES}"),
    ({"voice_script": 5}, "voice_script must be a string"),
    ({"voice_prompt": []}, "voice_prompt must be a string"),
    ({"video_prompt": {}}, "video_prompt must be a string"),
    ({"resolution": "4k"}, "resolution must be one of: 720p, 1080p"),
    ({"seed": -5}, "seed must be a non-negative integer"),
    ({"disable_safety_filter": 1}, "disable_safety_filter must be a boolean"),
    ({"disable_prompt_upsampling": 0}, "disable_prompt_upsampling must be a boolean"),
    ({"no_op": "no"}, "no_op must be a boolean"),
    ({"webhook": 5}, "Invalid webhook URL"),
]


@pytest.mark.parametrize(("change", "text"), VIDEO_ERRORS)
def test_p_video_is_validated(gateway: Gateway, change: dict[str, Any], text: str) -> None:
    body = {"prompt": "A cat", **change} if change else {}
    answer = gateway.submit(body)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


@pytest.mark.parametrize(("change", "text"), AVATAR_ERRORS)
def test_p_video_avatar_is_validated(gateway: Gateway, change: dict[str, Any], text: str) -> None:
    answer = gateway.submit({"image": IMAGE, **change}, model="p-video-avatar")
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_the_examples_of_the_reference_are_accepted(gateway: Gateway, receiver: Receiver) -> None:
    common = {"seed": 42, "disable_safety_filter": True, "resolution": "1080p", "no_op": True}
    hook = {"webhook": receiver.url, "webhook_events_filter": ["completed", "failed", "canceled"]}
    video = {
        "prompt": "A cat walking gracefully through a sunlit garden",
        "image": "https://example.com/cat.jpg",
        "audio": "https://example.com/garden-ambience.wav",
        "duration": 10,
        "aspect_ratio": "16:9",
        "fps": 48,
        "draft": False,
        "prompt_upsampling": True,
        "save_audio": True,
    }
    avatar = {
        "image": IMAGE,
        "audio": "https://example.com/speech.mp3",
        "voice": "Charon (Male)",
        "voice_language": "Portuguese (Brazil)",
        "voice_script": "p-video is the fastest video model on earth!",
        "voice_prompt": "Say the following with a warm, confident tone.",
        "video_prompt": "A studio-lit talking head.",
        "disable_prompt_upsampling": False,
    }
    assert gateway.submit(video | common | hook).status_code == 202
    answer = gateway.submit(avatar | common | hook, model="p-video-avatar")
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"prompt": "A cat", "seed": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"seed": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_json(gateway: Gateway, raw: bytes) -> None:
    answer = gateway.http.post(PATHS["p-video"], content=raw)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid JSON in request body"})


@pytest.mark.parametrize("raw", [b"[]", b"5", b"null", b'"text"'])
def test_a_body_that_is_no_object(gateway: Gateway, raw: bytes) -> None:
    answer = gateway.http.post(PATHS["p-video"], content=raw)
    assert answer.status_code == 400
    assert answer.json() == {"error": "Request body must be a JSON object"}


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"X-Webhook-URL": "http://example.com/hook"}, "Invalid webhook URL"),
        ({"X-Webhook-URL": "hook"}, "Invalid webhook URL"),
        ({"X-Webhook-URL": "https://"}, "Invalid webhook URL"),
        (
            {"X-Webhook-URL": "https://example.com/", "X-Webhook-Mode": "often"},
            "X-Webhook-Mode must be one of: terminal, sync",
        ),
    ],
)
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
