"""`GET /samples/{name}`: inputs for examples, made when first asked for and then kept."""

from __future__ import annotations

import asyncio
import io
import math
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFilter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from sandbox import answers
from sandbox import state as sandbox_state
from sandbox.media import drawing, sound

_SPEECH_SECONDS = 7.3


async def download(request: Request) -> Response:
    """Serve one sample file."""
    state = sandbox_state.of(request)
    name = request.path_params["name"]
    if name not in SAMPLES:
        return answers.gate_error(404)
    path = state.data_dir / "samples" / name
    async with state.file_locks.setdefault(path, asyncio.Lock()):
        if not path.is_file():
            await asyncio.get_running_loop().run_in_executor(state.renderers, partial(_make, path))
    return FileResponse(path, media_type=SAMPLES[name][0])


def _make(path: Path) -> None:
    """Write a sample; it appears under its name only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(SAMPLES[path.name][1]())
    unfinished.replace(path)


def _landscape() -> bytes:
    """Return a JPEG of hills at sunset, 1280 x 720."""
    width, height = 1280, 720
    sky = Image.new("RGB", (1, 3))
    for row, colour in enumerate(((36, 44, 104), (214, 110, 110), (255, 206, 140))):
        sky.putpixel((0, row), colour)
    picture = sky.resize((width, height), Image.Resampling.BICUBIC, box=(0, 0.5, 1, 2.5))
    sun = Image.new("L", (width, height), 0)
    ImageDraw.Draw(sun).ellipse((800, 250, 960, 410), fill=255)
    picture.paste((255, 226, 170), mask=sun.filter(ImageFilter.GaussianBlur(60)))
    picture.paste((255, 244, 214), mask=sun.filter(ImageFilter.GaussianBlur(2)))
    hills = (
        ((96, 66, 116), 430, 70, 0.0042, 0.4),
        ((62, 48, 96), 500, 60, 0.0061, 2.1),
        ((30, 28, 64), 590, 50, 0.0083, 4.0),
    )
    draw = ImageDraw.Draw(picture)
    for colour, level, swing, pitch, shift in hills:
        ridge = [(x, level - swing * _wave(x * pitch + shift)) for x in range(0, width + 8, 8)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=colour)
    return _encoded(picture, "JPEG", quality=88)


def _portrait() -> bytes:
    """Return a PNG of a friendly face, 768 x 1024."""
    return _encoded(drawing.face((768, 1024), variety=0b100_01_01 + 8 * 3), "PNG")


def _encoded(picture: Image.Image, file_format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def _wave(x: float) -> float:
    return math.sin(x) + 0.4 * math.sin(2.3 * x + 1)


def _wav() -> bytes:
    """Return four seconds of tone as WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.RATE)
        file.writeframes(sound.tone(4, variety=0, voice=False))
    return buffer.getvalue()


def _compressed(codec: str, file_format: str, samples: bytes) -> bytes:
    """Return 16-bit mono samples at 48 kHz, encoded."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=file_format) as container:
        stream = container.add_stream(codec, rate=sound.RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        stream.format = "s16p" if codec == "libmp3lame" else "s16"
        for frame in sound.frames(samples):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _speech() -> bytes:
    """Return 7.3 seconds of something speech-like as MP3."""
    return _compressed("libmp3lame", "mp3", sound.tone(_SPEECH_SECONDS, variety=0, voice=True))


def _music() -> bytes:
    """Return three seconds of two chords as FLAC."""
    first, second = (sound.tone(1.5, variety=number, voice=False) for number in (1, 3))
    return _compressed("flac", "flac", first + second)


# Name: the media type, and what makes the file.
SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "landscape.jpg": ("image/jpeg", _landscape),
    "portrait.png": ("image/png", _portrait),
    "tone-4s.wav": ("audio/wav", _wav),
    "speech-7s.mp3": ("audio/mpeg", _speech),
    "music-3s.flac": ("audio/flac", _music),
}
