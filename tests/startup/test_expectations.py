"""The walkthrough's own arithmetic: it must find a wrong figure, or it proves nothing."""

from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import pytest

from pvideo_platform.demo import expectations
from pvideo_platform.demo.expectations import Video
from pvideo_platform.demo.trip_plan import Job, jobs

PLAN = {job.name: job for job in jobs("http://sandbox")}
TEXT = PLAN["text to video"]
SCRIPT = PLAN["avatar from a script"]
FAILED = PLAN["ends FAILED"]
FIVE_SECONDS = Video(Fraction(5), 1280, 720)


def generation(held: str, charged: str, refunded: str, **output: Any) -> dict[str, Any]:
    return {
        "cost": {
            "quoted": held,
            "held": held,
            "charged": charged,
            "refunded": refunded,
            "currency": "USD",
        },
        "output": output,
    }


@pytest.mark.parametrize(
    ("seconds", "billed"),
    [("0.05", 1), ("1", 1), ("1.1", 1), ("1.101", 2), ("4.96", 5), ("5.1", 5), ("7.3", 8)],
)
def test_billed_seconds(seconds: str, billed: int) -> None:
    assert expectations.billed_seconds(Fraction(seconds)) == billed


@pytest.mark.parametrize(
    ("job", "held", "charged", "refunded", "video"),
    [
        (TEXT, "0.100000", "0.100000", "0.000000", FIVE_SECONDS),
        (PLAN["draft"], "0.025000", "0.025000", "0.000000", FIVE_SECONDS),
        (PLAN["image to video, 1080p"], "0.120000", "0.120000", "0.000000", FIVE_SECONDS),
        (PLAN["avatar from audio, 1080p"], "0.360000", "0.360000", "0.000000", FIVE_SECONDS),
        (SCRIPT, "0.175000", "0.125000", "0.050000", FIVE_SECONDS),
        (FAILED, "0.080000", "0.000000", "0.080000", None),
    ],
)
def test_right_figures_pass(
    job: Job, held: str, charged: str, refunded: str, video: Video | None
) -> None:
    assert expectations.wrong_figures(job, generation(held, charged, refunded), video) == []


@pytest.mark.parametrize(
    ("job", "held", "charged", "refunded", "complaint"),
    [
        (TEXT, "0.120000", "0.100000", "0.020000", "held is 0.120000 and should be 0.10"),
        (TEXT, "0.100000", "0.080000", "0.020000", "charged is 0.080000 and should be 0.10"),
        (TEXT, "0.100000", "0.120000", "0.000000", "is more than the 0.100000 that was held"),
        (TEXT, "0.100000", "0.100000", "0.100000", "refunded is 0.100000 and should be 0.000000"),
        (FAILED, "0.080000", "0.080000", "0.000000", "charged is 0.080000 and should be 0"),
        (SCRIPT, "0.170000", "0.125000", "0.045000", "no whole number of seconds"),
        (SCRIPT, "0.175000", "0.150000", "0.025000", "charged is 0.150000 and should be 0.125"),
    ],
)
def test_wrong_figures_are_named(
    job: Job, held: str, charged: str, refunded: str, complaint: str
) -> None:
    video = FIVE_SECONDS if job.ends == "completed" else None
    found = expectations.wrong_figures(job, generation(held, charged, refunded), video)
    assert complaint in " ".join(found)


def test_a_video_of_another_length_or_size_is_named() -> None:
    told = generation("0", "0", "0", duration=5.0)
    assert expectations.wrong_video(TEXT, told, FIVE_SECONDS) == []
    assert expectations.wrong_video(TEXT, told, Video(Fraction(6), 1280, 720)) != []
    assert expectations.wrong_video(TEXT, told, Video(Fraction(5), 1920, 1080)) != []
    assert expectations.wrong_video(TEXT, generation("0", "0", "0", duration=3), FIVE_SECONDS) != []


def encoded(container_format: str) -> bytes:
    buffer = BytesIO()
    with av.open(buffer, "w", format=container_format) as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    return buffer.getvalue()


def test_an_mp4_is_read() -> None:
    assert expectations.read_video(encoded("mp4")) == Video(Fraction(2), 64, 48)


@pytest.mark.parametrize("content", [b"", b"no media", encoded("matroska")])
def test_what_is_no_mp4_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="is no"):
        expectations.read_video(content)


def test_the_plan_has_one_of_each() -> None:
    assert len(PLAN) == 10
    assert {job.ends for job in PLAN.values()} == {"completed", "failed", "error"}
    priced = {(job.model, job.resolution, job.draft) for job in PLAN.values()}
    assert priced <= set(expectations.PRICES)
