"""Media files of known length and content, rendered with PyAV."""

import math
import random
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from generations.probing import NotMedia

AUDIO_KINDS = {"mp3": "libmp3lame", "flac": "flac", "wav": "pcm_s16le", "ogg": "opus", "mp4": "aac"}


def write_audio(
    path: Path,
    *,
    seconds: float,
    rate: int = 44_100,
    codec: str = "",
    muxer: dict[str, str] | None = None,
    encoder: dict[str, str] | None = None,
) -> Path:
    """A hum with noise on it."""
    kind = path.suffix[1:]
    noise = random.Random(1)
    wave = (round(8000 * math.sin(i / 20)) + noise.randint(-3000, 3000) for i in range(4096))
    hum = array("h", wave)
    with av.open(str(path), "w", format=kind, options=muxer or {}) as container:
        stream: Any = container.add_stream(
            codec or AUDIO_KINDS[kind], rate=rate, layout="mono", options=encoder or {}
        )
        resampler = av.AudioResampler(stream.format.name, "mono", rate)
        left = round(seconds * rate)
        position = 0
        while left:
            samples = min(4096, left)
            frame = av.AudioFrame("s16", "mono", samples)
            frame.planes[0].update(
                hum.tobytes()[: 2 * samples].ljust(frame.planes[0].buffer_size, b"\0")
            )
            frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
            for converted in resampler.resample(frame):
                container.mux(stream.encode(converted))
            position += samples
            left -= samples
        container.mux(stream.encode(None))
    return path


def write_video(
    path: Path,
    *,
    frames: int,
    fps: int = 24,
    size: tuple[int, int] = (640, 360),
    colour: Callable[[int], tuple[int, int, int]] = lambda index: (200, 40, index % 256),
    sound: bool = False,
    codec: str = "libx264",
) -> Path:
    """Frames of one colour each, with a line moving across."""
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "bf": "2"} if codec == "libx264" else {"cpu-used": "8"}
        stream = container.add_stream(codec, rate=fps, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        track: Any = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
        for index in range(frames):
            image = Image.new("RGB", size, colour(index))
            image.paste((255, 255, 255), (index, 0, index + 1, 2))
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode(None))
        if track is not None:
            for index in range(math.ceil(frames / fps * 48_000 / 1024)):
                frame = av.AudioFrame("fltp", "mono", 1024)
                frame.planes[0].update(bytes(frame.planes[0].buffer_size))
                frame.sample_rate, frame.pts = 48_000, index * 1024
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def refused(call: Callable[..., Any], *arguments: Any, **limits: Any) -> NotMedia:
    with pytest.raises(NotMedia) as caught:
        call(*arguments, **limits)
    assert "Errno" not in caught.value.message
    return caught.value
