"""Encoding: a scene becomes an MP4 file (H.264 and AAC) that every browser plays."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from sandbox.media import sound
from sandbox.media.canvas import Canvas
from sandbox.media.scenes import Scene

_QUALITY = "23"
_DRAFT_QUALITY = "36"
_AUDIO_BITS_PER_SECOND = 64_000


class Interrupted(Exception):
    """The sandbox is stopping: the file was not finished."""


def render(scene: Scene, path: Path, stop: Event) -> None:
    """Write the scene to `path`; the file appears only when it is complete.

    Runs in a thread and looks at `stop` before each frame; raises Interrupted when it is set.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A forced state may have the same video drawn twice at once: each writes a file of its own.
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with av.open(
            str(unfinished), "w", format="mp4", options={"movflags": "+faststart"}
        ) as container:
            _encode(container, scene, stop)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _encode(container: av.container.OutputContainer, scene: Scene, stop: Event) -> None:
    video = _video_stream(container, scene)
    audio = None
    sounds: Iterator[av.AudioFrame] = iter(())
    if scene.with_sound:
        audio = container.add_stream("aac", rate=sound.RATE, layout="mono")
        audio.bit_rate = _AUDIO_BITS_PER_SECOND
        sounds = sound.frames(_samples(scene))
    canvas = Canvas(scene)
    for index in range(scene.frame_count):
        if stop.is_set():
            raise Interrupted
        frame = canvas.frame(index)
        frame.pts = index
        frame.time_base = video.codec_context.time_base
        container.mux(video.encode(frame))
        if audio is not None:
            # Sound is written along with its pictures, so that a player can start before it has
            # everything.
            _mux_until(container, audio, sounds, seconds=(index + 1) / scene.fps)
    container.mux(video.encode(None))
    if audio is not None:
        _mux_until(container, audio, sounds, seconds=scene.seconds + 1)
        container.mux(audio.encode(None))


def _mux_until(
    container: av.container.OutputContainer,
    audio: av.AudioStream,
    sounds: Iterator[av.AudioFrame],
    *,
    seconds: float,
) -> None:
    for frame in sounds:
        container.mux(audio.encode(frame))
        if (frame.pts or 0) / sound.RATE >= seconds:
            return


def _video_stream(container: av.container.OutputContainer, scene: Scene) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=scene.fps)
    stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuv420p"
    context = stream.codec_context
    context.thread_count = 1
    context.gop_size = scene.fps * 2
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    quality = _DRAFT_QUALITY if scene.is_draft else _QUALITY
    context.options = {"preset": "ultrafast", "crf": quality, "threads": "1"}
    return stream


def _samples(scene: Scene) -> bytes:
    """Return the sound track, exactly as long as the scene."""
    if scene.audio is None:
        return sound.tone(scene.seconds, variety=scene.variety, voice=scene.is_avatar)
    length = round(scene.seconds * sound.RATE) * 2
    return scene.audio[:length].ljust(length, b"\0")
