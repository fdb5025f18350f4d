"""Requests that work, for the API's description and the catalogue of models."""

from typing import Any

from generations.models import VideoModel

_IMAGE = "https://pub-582b7213209642b9b995c96c95a30381.r2.dev/input_model.png"

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    VideoModel.P_VIDEO: [
        {
            "title": "A video from a text",
            "input": {
                "prompt": "A paper boat drifts down a rain gutter, macro, golden light",
                "duration": 5,
                "resolution": "720p",
                "aspect_ratio": "16:9",
            },
        },
        {
            "title": "A cheap draft from a picture",
            "input": {
                "prompt": "The camera slowly moves closer",
                "image": _IMAGE,
                "duration": 3,
                "draft": True,
            },
        },
    ],
    VideoModel.P_VIDEO_AVATAR: [
        {
            "title": "A person who speaks a script",
            "input": {
                "image": _IMAGE,
                "voice": "Charon (Male)",
                "voice_language": "English (US)",
                "voice_script": "p-video is the fastest video model on earth!",
                "resolution": "720p",
            },
        }
    ],
}
METADATA = {"order": "A-1001"}
