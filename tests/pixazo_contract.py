"""What Pixazo's documentation promises, as tables: the same for the sandbox and for our own API.

`tests/sandbox` asks the stand-in, `tests/pixazo_api` asks both.
"""

from __future__ import annotations

from typing import Any

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
MODELS = ("p-video", "p-video-avatar")
UNKNOWN_MODEL_PATHS = ("/veo/v1/veo/generate", "/p-video/v1/veo/generate")
STATUS_FIELDS = (
    "request_id",
    "status",
    "model_id",
    "error",
    "output",
    "created_at",
    "updated_at",
    "completed_at",
)
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
PLAIN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
"""The reference's two formats of time."""

_COMMON = {"seed": 42, "disable_safety_filter": True, "resolution": "1080p", "no_op": True}
VIDEO_EXAMPLE: dict[str, Any] = _COMMON | {
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
AVATAR_EXAMPLE: dict[str, Any] = _COMMON | {
    "image": IMAGE,
    "audio": "https://example.com/speech.mp3",
    "voice": "Charon (Male)",
    "voice_language": "Portuguese (Brazil)",
    "voice_script": "p-video is the fastest video model on earth!",
    "voice_prompt": "Say the following with a warm, confident tone.",
    "video_prompt": "A studio-lit talking head.",
    "disable_prompt_upsampling": False,
}


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

NOT_JSON = [
    b"",
    b"{",
    b'{"prompt": "A cat", "seed": NaN}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"seed": ' + b"9" * 5000 + b"}",
]
NOT_OBJECTS = [b"[]", b"5", b"null", b'"text"']
WEBHOOK_HEADER_ERRORS: list[tuple[dict[str, str], str]] = [
    ({"X-Webhook-URL": "http://example.com/hook"}, "Invalid webhook URL"),
    ({"X-Webhook-URL": "hook"}, "Invalid webhook URL"),
    ({"X-Webhook-URL": "https://"}, "Invalid webhook URL"),
    (
        {"X-Webhook-URL": "https://example.com/", "X-Webhook-Mode": "often"},
        "X-Webhook-Mode must be one of: terminal, sync",
    ),
]
