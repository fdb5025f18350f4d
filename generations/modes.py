"""The Studio's ways to make a video: which parameters each offers, and in which order.

A mode is a view of one model. "Audio-driven" and "Text & image" are both p-video: the first asks
for a sound, which then gives the length, the second leaves it out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.errors import FieldError
from generations.models import VideoModel
from generations.parameters import PARAMETERS, Parameter

RECORDING, SCRIPT = "recording", "script"
SPOKEN = ("voice_script", "voice", "voice_language", "voice_prompt")
"""What only a script needs; a recording (`audio`) is in its place."""

_LABELS = {
    "image": "First frame",
    "audio": "Sound",
    "voice_script": "Script",
    "voice_language": "Language",
    "voice_prompt": "Delivery",
    "video_prompt": "Scene",
    "fps": "Frame rate",
    "draft": "Draft mode",
    "save_audio": "Keep sound",
    "prompt_upsampling": "Enrich the prompt",
    "disable_prompt_upsampling": "Keep the prompt as it is",
    "disable_safety_filter": "Skip the safety filter",
}
_HELP = {
    "prompt": "Say what is seen, how it moves, and how the camera does.",
    "image": "The video begins with this picture, and takes its shape.",
    "resolution": "1080p costs more.",
    "fps": "48 is smoother.",
    "duration": "From 1 to 10 seconds.",
    "aspect_ratio": "With a first frame, its shape counts instead.",
    "draft": "Quicker and cheaper, at a lower quality: to try a prompt out.",
    "save_audio": "Off makes a silent video.",
    "seed": "The same seed and settings make the same video. Empty: a random one.",
    "prompt_upsampling": "Lets the model add detail to what you wrote.",
    "disable_prompt_upsampling": "The model adds no detail of its own.",
    "disable_safety_filter": "Prompt and picture are not checked.",
}


@dataclass(frozen=True, slots=True)
class Mode:
    """One tab of the Studio.

    Attributes:
        sections: (title, names of parameters), in the order in which they are shown.
        required: what this form asks for although the model does without.
        speaks: whether either a script or a recording is asked for.
    """

    slug: str
    model: VideoModel
    label: str
    blurb: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    required: frozenset[str] = frozenset()
    speaks: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    helps: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters that a person is shown, in order."""
        table = {parameter.name: parameter for parameter in PARAMETERS[self.model]}
        return [table[name] for _, names in self.sections for name in names]

    def label_of(self, name: str) -> str:
        return self.labels.get(name) or label(name)

    def help_of(self, parameter: Parameter) -> str:
        return self.helps.get(parameter.name) or _HELP.get(parameter.name) or parameter.help

    def requires(self, parameter: Parameter) -> bool:
        return parameter.required or parameter.name in self.required

    def missing(self, given: Mapping[str, Any], *, speech: str = "") -> list[FieldError]:
        """What this form asks for beyond the model, and has not been given."""
        names = set(self.required)
        if self.speaks:
            names.add("audio" if speech == RECORDING else "voice_script")
        return [
            FieldError(name, "required", f"{self.label_of(name)} is required")
            for name in sorted(names)
            if not str(given.get(name) or "").strip()
        ]

    def in_words(self, errors: Iterable[FieldError]) -> list[FieldError]:
        """The reference's messages with the form's names for the fields."""
        return [
            FieldError(error.field, error.code, self._words(error), error.pointer)
            for error in errors
        ]

    def _words(self, error: FieldError) -> str:
        message = _TYPES.sub("is required", error.message)
        if not message.startswith(f"{error.field} "):
            return message
        return self.label_of(error.field) + message.removeprefix(error.field)


_TYPES = re.compile(r"is required and must be a string( URL)?$")
_P_VIDEO_ADVANCED = ("Advanced", ("seed", "prompt_upsampling", "disable_safety_filter"))

TEXT = Mode(
    slug="p-video",
    model=VideoModel.P_VIDEO,
    label="Text & image",
    blurb="Describe a video, and give it a first frame if you like.",
    sections=(
        ("Prompt", ("prompt", "image")),
        (
            "Output",
            ("duration", "resolution", "fps", "aspect_ratio", "draft", "save_audio"),
        ),
        _P_VIDEO_ADVANCED,
    ),
)
AUDIO = Mode(
    slug="audio",
    model=VideoModel.P_VIDEO,
    label="Audio-driven",
    blurb="A video that follows your sound, and is as long as it.",
    sections=(
        ("Prompt", ("prompt", "audio", "image")),
        ("Output", ("resolution", "fps", "aspect_ratio", "draft", "save_audio")),
        _P_VIDEO_ADVANCED,
    ),
    required=frozenset({"audio"}),
    helps={"audio": "The video follows it, and is as long: that makes the price."},
)
AVATAR = Mode(
    slug="p-video-avatar",
    model=VideoModel.P_VIDEO_AVATAR,
    label="Avatar",
    blurb="A person from a picture, who speaks your script or your recording.",
    sections=(
        ("Person", ("image",)),
        ("Speech", ("voice_script", "voice", "voice_language", "voice_prompt", "audio")),
        ("Scene", ("video_prompt",)),
        ("Output", ("resolution",)),
        ("Advanced", ("seed", "disable_prompt_upsampling", "disable_safety_filter")),
    ),
    speaks=True,
    labels={"image": "Portrait", "audio": "Recording"},
    helps={
        "image": "One face, seen from the front, works best.",
        "audio": "What the person says. The video is as long: that makes the price.",
        "voice_script": "The words that are spoken, and nothing else.",
        "voice_prompt": "How it is said: tone, pace, emotion.",
        "video_prompt": "How the person and the camera move.",
    },
)
MODES = {mode.slug: mode for mode in (TEXT, AUDIO, AVATAR)}


def label(name: str) -> str:
    """A parameter's name as a person reads it: "aspect_ratio" -> "Aspect ratio"."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def of_input(model: str, given: Mapping[str, Any]) -> Mode:
    """The mode in which such a video is made."""
    if model == VideoModel.P_VIDEO_AVATAR:
        return AVATAR
    return AUDIO if given.get("audio") else TEXT


def speech_of(given: Mapping[str, Any]) -> str:
    """Whether an avatar's input speaks a script or a recording; the recording goes before."""
    return RECORDING if given.get("audio") else SCRIPT
