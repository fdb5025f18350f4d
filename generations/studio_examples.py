"""What the Studio fills in for who wants to see how it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generations.modes import AUDIO, AVATAR, TEXT, Mode

_REFERENCE = "https://pub-582b7213209642b9b995c96c95a30381.r2.dev"
REFERENCE_FILES = {
    "portrait.png": f"{_REFERENCE}/input_model.png",
    "speech-7s.mp3": f"{_REFERENCE}/abhinav_YF5ZZmi6.mp3",
}
"""The provider's own examples, where there is no sandbox to serve some."""


@dataclass(frozen=True, slots=True)
class Example:
    """A whole request.

    Attributes:
        files: inputs that are sample files, by parameter; they become links.
    """

    slug: str
    mode: str
    label: str
    icon: str
    values: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Its words."""
        return str(self.values.get("voice_script") or self.values["prompt"])


EXAMPLES = (
    Example(
        "paper-boat",
        TEXT.slug,
        "From a text",
        "sparkles",
        {
            "prompt": "A paper boat drifts down a rain gutter in golden evening light, macro "
            "shot, the camera follows it slowly",
            "duration": 5,
        },
    ),
    Example(
        "hills",
        TEXT.slug,
        "From a picture",
        "image",
        {"prompt": "The sun sinks behind the hills while the camera slowly rises"},
        {"image": "landscape.jpg"},
    ),
    Example(
        "radio-host",
        AUDIO.slug,
        "From a sound",
        "music",
        {"prompt": "A radio host speaks into a large microphone, warm studio light"},
        {"audio": "speech-7s.mp3"},
    ),
    Example(
        "greeting",
        AVATAR.slug,
        "From a script",
        "mic",
        {
            "voice_script": "Hello, and welcome! I was made from one picture and these few words.",
            "voice": "Charon (Male)",
            "voice_prompt": "Say the following with a warm, confident tone.",
            "video_prompt": "A studio-lit talking head, soft key light, subtle camera movement.",
        },
        {"image": "portrait.png"},
    ),
)
_PICTURES = (("landscape", "landscape.jpg"), ("portrait", "portrait.png"))
_SOUNDS = (("4-second tone", "tone-4s.wav"), ("speech", "speech-7s.mp3"))
SAMPLES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    TEXT.slug: {"image": _PICTURES},
    AUDIO.slug: {"audio": _SOUNDS, "image": _PICTURES},
    AVATAR.slug: {"image": _PICTURES[1:], "audio": _SOUNDS[1:]},
}
"""Single inputs that the sandbox serves, by mode and field: words and file."""


def offered(samples_url: str) -> list[Example]:
    """The examples that can be had: without a sandbox some files are nowhere."""
    return [
        example
        for example in EXAMPLES
        if samples_url or all(file in REFERENCE_FILES for file in example.files.values())
    ]


def values(mode: Mode, slug: str, samples_url: str) -> dict[str, Any]:
    """What `?example=<slug>` fills in, or one field for a sample file; {} for an unknown name."""
    for example in offered(samples_url):
        if (example.mode, example.slug) == (mode.slug, slug):
            return _filled(example, samples_url)
    if not samples_url:
        return {}
    return {
        name: f"{samples_url}/{file}"
        for name, samples in SAMPLES[mode.slug].items()
        for _, file in samples
        if file == slug
    }


def first(mode: Mode, samples_url: str) -> dict[str, Any]:
    """The one that who is new finds filled in."""
    examples = [example for example in offered(samples_url) if example.mode == mode.slug]
    return _filled(examples[0], samples_url) if examples else {}


def _filled(example: Example, samples_url: str) -> dict[str, Any]:
    links = {
        name: f"{samples_url}/{file}" if samples_url else REFERENCE_FILES[file]
        for name, file in example.files.items()
    }
    return {**example.values, **links}
