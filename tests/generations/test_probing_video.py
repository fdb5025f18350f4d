"""Facts about videos, their posters and previews."""

import time
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from generations.probing import (
    VideoFacts,
    audio_duration_ms,
    video_facts,
    write_poster,
    write_preview,
)
from tests.generations.media_files import refused, write_audio, write_video


@pytest.fixture(scope="module")
def hd_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of 720p with sound: what most customers order."""
    path = tmp_path_factory.mktemp("hd") / "a.mp4"
    return write_video(path, frames=120, size=(1280, 720), sound=True)


def test_facts_about_a_video(hd_video: Path) -> None:
    path = hd_video
    assert video_facts(path) == VideoFacts(
        duration_ms=5000,
        width=1280,
        height=720,
        fps=Fraction(24),
        codec="h264",
        has_audio=True,
        size_bytes=path.stat().st_size,
    )


def test_facts_about_a_webm(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.webm", frames=48, fps=48, codec="libvpx-vp9")
    facts = video_facts(str(path))
    assert (facts.codec, facts.fps, facts.has_audio) == ("vp9", Fraction(48), False)
    assert abs(facts.duration_ms - 1000) <= 5


def test_audio_alone_is_no_video(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.mp4", seconds=1, rate=48_000)
    for call in (video_facts, lambda p: write_poster(p, tmp_path / "x")):
        assert refused(call, path).code == "no_stream"


def test_a_poster(hd_video: Path, tmp_path: Path) -> None:
    write_poster(hd_video, tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert (poster.format, poster.size) == ("JPEG", (640, 360))
        red, green, _ = ImageStat.Stat(poster).mean
        assert red > 180
        assert green < 60


def test_a_poster_is_not_made_larger(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=5, size=(270, 480))
    write_poster(path, tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert poster.size == (270, 480)


def test_a_poster_avoids_black(tmp_path: Path) -> None:
    def fade(index: int) -> tuple[int, int, int]:
        return (0, 0, 0) if index < 12 else (0, 200, 0)

    path = write_video(tmp_path / "a.mp4", frames=48, colour=fade)
    write_poster(path, tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert ImageStat.Stat(poster).mean[1] > 150
    black = write_video(tmp_path / "black.mp4", frames=10, colour=lambda index: (0, 0, 0))
    write_poster(black, tmp_path / "poster.jpg")
    single = write_video(tmp_path / "single.mp4", frames=1)
    write_poster(single, tmp_path / "poster.jpg")


@pytest.mark.parametrize(
    ("frames", "fps", "size", "expected_ms", "expected_size"),
    [
        (120, 24, (640, 360), 3000, (320, 180)),
        (48, 48, (360, 640), 1000, (320, 568)),
        (25, 25, (300, 300), 1000, (300, 300)),
        (10, 5, (640, 360), 1883, (320, 180)),
        (1, 24, (64, 36), 83, (64, 36)),
    ],
)
def test_a_preview(
    frames: int,
    fps: int,
    size: tuple[int, int],
    expected_ms: int,
    expected_size: tuple[int, int],
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "a.mp4", frames=frames, fps=fps, size=size, sound=True)
    target = tmp_path / "preview.mp4"
    write_preview(path, target)
    facts = video_facts(target)
    assert (facts.width, facts.height) == expected_size
    assert (facts.codec, facts.has_audio) == ("h264", False)
    assert abs(facts.duration_ms - expected_ms) <= 120
    assert facts.fps <= 12
    content = target.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_preview_is_cheap(hd_video: Path, tmp_path: Path) -> None:
    started = time.process_time()
    write_preview(hd_video, tmp_path / "preview.mp4")
    # Measured: 0.04 s; the limit leaves room for a slow machine.
    assert time.process_time() - started < 0.5


def test_nothing_stays_open(tmp_path: Path) -> None:
    good = write_video(tmp_path / "a.mp4", frames=5)
    bad = tmp_path / "bad"
    bad.write_bytes(b"bad")
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        video_facts(good)
        write_preview(good, tmp_path / "p.mp4")
        write_poster(good, tmp_path / "p.jpg")
        refused(video_facts, bad)
        refused(audio_duration_ms, good)
    assert len(list(Path("/dev/fd").iterdir())) == before
