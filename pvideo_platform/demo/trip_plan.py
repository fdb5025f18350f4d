"""The walkthrough's jobs: one of each kind, and one of each kind of bad luck."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """One request, and how it has to end.

    Attributes:
        seconds: how long the video has to be; None when only the finished video tells.
        ends: the public status that it must end with.
    """

    name: str
    model: str
    input: dict[str, Any]
    seconds: Fraction | None
    ends: str = "completed"

    @property
    def resolution(self) -> str:
        return str(self.input.get("resolution", "720p"))

    @property
    def draft(self) -> bool:
        return bool(self.input.get("draft", False))


def jobs(sandbox_url: str) -> list[Job]:
    """The ten of them. The inputs are the sandbox's own samples."""
    samples = f"{sandbox_url}/samples"
    return [
        Job(
            "text to video",
            "p-video",
            {"prompt": "A lighthouse at dawn", "duration": 5},
            Fraction(5),
        ),
        Job(
            "draft",
            "p-video",
            {"prompt": "A quick sketch of a lighthouse", "duration": 5, "draft": True},
            Fraction(5),
        ),
        Job(
            "image to video, 1080p",
            "p-video",
            {
                "prompt": "The clouds move on",
                "image": f"{samples}/landscape.jpg",
                "duration": 3,
                "resolution": "1080p",
            },
            Fraction(3),
        ),
        Job(
            "audio-conditioned",
            "p-video",
            {"prompt": "Waves to a steady tone", "audio": f"{samples}/tone-4s.wav"},
            Fraction(4),
        ),
        Job(
            "avatar from a script",
            "p-video-avatar",
            {
                "image": f"{samples}/portrait.png",
                "voice_script": "Good morning, and welcome to the demo studio.",
            },
            None,
        ),
        Job(
            "avatar from audio, 1080p",
            "p-video-avatar",
            {
                "image": f"{samples}/portrait.png",
                "audio": f"{samples}/speech-7s.mp3",
                "resolution": "1080p",
            },
            Fraction("7.3"),
        ),
        Job(
            "ends FAILED",
            "p-video",
            {"prompt": "A refused scene sandbox:failed", "duration": 4},
            Fraction(4),
            ends="failed",
        ),
        Job(
            "ends ERROR",
            "p-video",
            {"prompt": "A broken scene sandbox:error", "duration": 6},
            Fraction(6),
            ends="error",
        ),
        Job(
            "lost callback",
            "p-video",
            {"prompt": "Nobody calls back sandbox:lost-callback", "duration": 2},
            Fraction(2),
        ),
        Job(
            "callback three times",
            "p-video",
            {"prompt": "Heard thrice sandbox:duplicate-callback=3", "duration": 2},
            Fraction(2),
        ),
    ]
