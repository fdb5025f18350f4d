"""What the walkthrough's jobs must cost, worked out apart from the platform's own code.

From the price tables of the provider's reference and section 4 ("Seconds") of the design; nothing
is imported from `billing` or `generations`, so that a mistake there cannot hide here.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any

import av

from pvideo_platform.demo.trip_plan import Job

# US dollars per second of output: model, resolution, draft.
PRICES = {
    ("p-video", "720p", False): Decimal("0.02"),
    ("p-video", "720p", True): Decimal("0.005"),
    ("p-video", "1080p", False): Decimal("0.04"),
    ("p-video", "1080p", True): Decimal("0.01"),
    ("p-video-avatar", "720p", False): Decimal("0.025"),
    ("p-video-avatar", "1080p", False): Decimal("0.045"),
}
PADDING_SECONDS = Fraction(1, 10)
LENGTH_TOLERANCE_SECONDS = Fraction(2, 10)


@dataclass(frozen=True, slots=True)
class Video:
    """What a downloaded file really is."""

    seconds: Fraction
    width: int
    height: int


def read_video(content: bytes) -> Video:
    """Raises: ValueError when it is no MP4 with a video stream and a length."""
    try:
        with av.open(BytesIO(content), mode="r") as container:
            if "mp4" not in container.format.name.split(","):
                raise ValueError(f"is no MP4 but {container.format.name}")
            if not container.streams.video or container.duration is None:
                raise ValueError("has no video stream or no length")
            stream = container.streams.video[0]
            if next(container.decode(stream), None) is None:
                raise ValueError("has no picture")
            seconds = Fraction(container.duration, av.time_base)
            return Video(seconds=seconds, width=stream.width, height=stream.height)
    except av.error.FFmpegError as error:
        raise ValueError(f"is no media file: {error}") from error


def billed_seconds(seconds: Fraction) -> int:
    """Whole seconds, rounded up, after taking off the container's padding; at least one."""
    return max(1, math.ceil(seconds - PADDING_SECONDS))


def wrong_figures(job: Job, generation: dict[str, Any], video: Video | None) -> list[str]:
    """What is not as the price table says; empty when all is right.

    Args:
        generation: as the API gives it, after it has ended.
        video: the finished file, when there is one.
    """
    cost = generation["cost"]
    held, charged, refunded = (Decimal(cost[name]) for name in ("held", "charged", "refunded"))
    price = PRICES[job.model, job.resolution, job.draft]
    found: list[str] = []
    if job.seconds is not None:
        found += _differs("held", held, price * billed_seconds(job.seconds))
    elif held <= 0 or held % price:
        found.append(f"held {held} is no whole number of seconds at {price}")
    if job.ends != "completed":
        found += _differs("charged", charged, Decimal(0))
    elif video is not None:
        asked = job.seconds if job.seconds is not None else video.seconds
        found += _differs("charged", charged, price * billed_seconds(asked))
    if charged > held:
        found.append(f"charged {charged} is more than the {held} that was held")
    found += _differs("refunded", refunded, held - charged)
    found += _differs("quoted", Decimal(cost["quoted"]), held)
    if cost["currency"] != "USD":
        found.append(f"currency is {cost['currency']}")
    return found


def wrong_video(job: Job, generation: dict[str, Any], video: Video) -> list[str]:
    """What is not as it was asked for: length and size."""
    found: list[str] = []
    if job.seconds is not None and abs(video.seconds - job.seconds) > LENGTH_TOLERANCE_SECONDS:
        found.append(f"is {float(video.seconds):.2f} s long instead of {float(job.seconds)} s")
    told = generation["output"]["duration"]
    if told is None or abs(Fraction(str(told)) - video.seconds) > LENGTH_TOLERANCE_SECONDS:
        found.append(f"is {float(video.seconds):.2f} s long, and the API says {told}")
    lines = int(job.resolution.removesuffix("p"))
    if min(video.width, video.height) != lines:
        found.append(f"is {video.width}x{video.height} instead of {job.resolution}")
    return found


def _differs(name: str, is_: Decimal, should_be: Decimal) -> list[str]:
    return [] if is_ == should_be else [f"{name} is {is_} and should be {should_be}"]
