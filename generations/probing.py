"""Measure media files, and make the small pictures of them that the gallery shows.

Lengths are measured by going through the file: headers lie, by accident or for a cheaper video.
Sources of the rules: design.md section 4 "Seconds" and section 5 "Media".
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.rational import AVRational
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from generations.media_reading import NotMedia, opened_audio, opened_video, packets

__all__ = [
    "NotMedia",
    "VideoFacts",
    "audio_duration_ms",
    "audio_format",
    "video_facts",
    "write_poster",
    "write_preview",
]

MAX_AUDIO_MS = 10 * 60 * 1000
MAX_SAMPLE_RATE_HZ = 192_000
POSTER_WIDTH = 640
PREVIEW_WIDTH = 320
PREVIEW_FPS = 12
PREVIEW_SECONDS = 3

# Where a poster is looked for, as parts of the video's length, and the mean brightness (of 255)
# below which a frame counts as black.
_POSTER_POSITIONS = (Fraction(1, 10), Fraction(3, 10), Fraction(6, 10))
_BLACK_BELOW = 24


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video file is. `duration_ms` is the length of its pictures: a sound track usually
    ends some hundredths of a second later, and the container with it."""

    duration_ms: int
    width: int
    height: int
    fps: Fraction
    codec: str
    has_audio: bool
    size_bytes: int


def audio_duration_ms(path: Path | str, *, max_duration_ms: int = MAX_AUDIO_MS) -> int:
    """The length of a flac, mp3 or wav file in milliseconds, as a player would play it.

    Everything is decoded, up to `max_duration_ms`; ten minutes of mp3 take a third of a second.

    Raises `NotMedia`, and `OSError` when `path` itself cannot be read.
    """
    samples: dict[int, int] = {}  # by rate, which an mp3 may change on its way
    with opened_audio(path) as (container, stream):
        for rate_hz, count in _decoded_audio(container, stream):
            if not 0 < rate_hz <= MAX_SAMPLE_RATE_HZ:
                raise NotMedia("unsupported", "The audio's sample rate must not exceed 192 kHz.")
            samples[rate_hz] = samples.get(rate_hz, 0) + count
            if _milliseconds(samples) > max_duration_ms:
                limit_seconds = max_duration_ms / 1000
                raise NotMedia("too_long", f"The audio is longer than {limit_seconds:g} seconds.")
    if not any(samples.values()):
        raise NotMedia("empty", "The audio has no length.")
    return max(1, _milliseconds(samples))


def audio_format(path: Path | str) -> str:
    """ "flac", "mp3" or "wav", by what the file is and not by what it is called.

    Raises `NotMedia`, and `OSError` when `path` itself cannot be read.
    """
    with opened_audio(path) as (container, _):
        return str(container.format.name)


def video_facts(path: Path | str) -> VideoFacts:
    """Facts about an mp4, mov, mkv or webm file, from its packets; nothing is decoded.

    Raises `NotMedia`, and `OSError` when `path` itself cannot be read.
    """
    size_bytes = Path(path).stat().st_size
    with opened_video(path) as (container, stream):
        rate = stream.average_rate or stream.guessed_rate
        return VideoFacts(
            duration_ms=max(1, math.floor(_seconds(container, stream) * 1000 + Fraction(1, 2))),
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            fps=Fraction(rate.numerator, rate.denominator) if rate else Fraction(0),
            codec=stream.codec_context.codec.canonical_name,
            has_audio=bool(container.streams.audio),
            size_bytes=size_bytes,
        )


def write_poster(path: Path | str, destination: Path | str) -> None:
    """Write a JPEG of at most 640 pixels' width to the path `destination`.

    It shows the frame 10 % into the video, or a later one when that is black.

    Raises `NotMedia`, before writing, and `OSError` when a path cannot be read or written.
    """
    best: tuple[float, Image.Image] | None = None
    with opened_video(path) as (container, stream):
        seconds = _seconds(container, stream)
        for position in _POSTER_POSITIONS:
            image = _image_at(container, stream, seconds * position)
            brightness = ImageStat.Stat(image.convert("L")).mean[0]
            if best is None or brightness > best[0]:
                best = brightness, image
            if brightness >= _BLACK_BELOW:
                break
    assert best is not None
    best[1].save(destination, "JPEG", quality=82, optimize=True)


def write_preview(path: Path | str, destination: Path | str) -> None:
    """Write the first seconds, silent, small and quick to start (H.264 in MP4, index first), to
    the path `destination`: at most 320 pixels wide, 12 frames per second, 3 seconds.

    Raises `NotMedia`, before writing, and `OSError` when a path cannot be read or written.
    """
    with opened_video(path) as (container, stream):
        frames = list(_preview_frames(container, stream))
    if not frames:
        raise NotMedia("empty", "The video has no pictures.")
    try:
        _encode_preview(frames, f"file:{Path(destination).absolute()}")
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise NotMedia("unsupported", "The video cannot be shown small.") from error


def _encode_preview(frames: list[VideoFrame], target: str) -> None:
    with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as output:
        encoder = output.add_stream(
            "libx264", rate=PREVIEW_FPS, options={"preset": "ultrafast", "crf": "30"}
        )
        encoder.width, encoder.height = frames[0].width, frames[0].height
        encoder.pix_fmt = "yuv420p"
        encoder.codec_context.thread_count = 1
        for frame in frames:
            output.mux(encoder.encode(frame))
        output.mux(encoder.encode(None))


def _decoded_audio(container: InputContainer, stream: AudioStream) -> Iterator[tuple[int, int]]:
    """Sample rate in Hz and number of samples of each decoded frame."""
    seen = broken = 0
    for packet in packets(container, stream):
        seen += 1
        try:
            for frame in stream.codec_context.decode(packet):
                yield frame.sample_rate, frame.samples
        except av.InvalidDataError:
            # Players skip a damaged frame, and so do we, up to a point.
            broken += 1
    if broken > 1 + seen // 50:
        raise NotMedia("not_media", "The audio is damaged.")


def _milliseconds(samples: dict[int, int]) -> int:
    exact = sum(Fraction(count * 1000, rate_hz) for rate_hz, count in samples.items())
    return math.floor(exact + Fraction(1, 2))


def _seconds(container: InputContainer, stream: VideoStream) -> Fraction:
    """The length of the pictures; leaves the container at its end."""
    first: int | None = None
    end = 0
    for packet in packets(container, stream):
        if packet.pts is not None and not packet.is_discard:
            first = packet.pts if first is None else min(first, packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
    if first is None or end <= first:
        raise NotMedia("empty", "The video has no length.")
    return (end - first) * _exact(stream.time_base)


def _image_at(container: InputContainer, stream: VideoStream, seconds: Fraction) -> Image.Image:
    """The frame shown `seconds` after the start, or the last one, scaled for a poster."""
    target = (stream.start_time or 0) + int(seconds / _exact(stream.time_base))
    container.seek(target, stream=stream)
    chosen: VideoFrame | None = None
    for chosen in container.decode(stream):
        if chosen.pts is not None and chosen.pts >= target:
            break
    if chosen is None:
        raise NotMedia("empty", "The video has no pictures.")
    width, height = _scaled(chosen, POSTER_WIDTH)
    image: Image.Image = chosen.to_image(  # type: ignore[no-untyped-call]
        width=width, height=height
    )
    return image


def _preview_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames of the preview, scaled and numbered on its grid. Decodes no further than needed."""
    if (stream.average_rate or 0) >= 2 * PREVIEW_FPS:
        # Frames that no other needs are half of most files, and those that we drop anyway.
        stream.codec_context.skip_frame = "NONREF"
    # A quarter less CPU; what deblocking would smooth is invisible at a quarter of the size.
    stream.codec_context.options = {"skip_loop_filter": "all"}
    first: Fraction | None = None
    size = (0, 0)
    shown = -1
    for frame in container.decode(stream):
        if frame.pts is None:
            continue
        moment = frame.pts * _exact(stream.time_base)
        if first is None:
            # One size for all: a stream may change its own on the way, the preview cannot.
            first, size = moment, _scaled(frame, PREVIEW_WIDTH)
        number = math.floor((moment - first) * PREVIEW_FPS)
        if number >= PREVIEW_SECONDS * PREVIEW_FPS:
            return
        if number > shown:
            shown = number
            small = frame.reformat(*size, "yuv420p", interpolation="FAST_BILINEAR", threads=1)
            small.pts, small.time_base = number, Fraction(1, PREVIEW_FPS)
            small.pict_type = PictureType.NONE  # or the source's key frames would be repeated
            yield small


def _scaled(frame: VideoFrame, max_width: int) -> tuple[int, int]:
    """Width and height, both even as H.264 wants them, at most `max_width` wide."""
    width = min(max_width, frame.width)
    height = round(frame.height * width / frame.width)
    return max(2, width - width % 2), max(2, height - height % 2)


def _exact(rational: AVRational) -> Fraction:
    return Fraction(rational.numerator, rational.denominator)
