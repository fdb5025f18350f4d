"""Open media files that may be hostile. For `probing` only.

FFmpeg, through PyAV, is kept on a short lead: it reads an already opened file and knows no
protocol, it may use only the listed containers (`format_whitelist` is checked before a container's
own code runs, so that a playlist is never read) and decoders, and whatever it raises becomes
`NotMedia`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

# Pixazo's reference: "Input audio URL to condition video generation (flac, mp3, wav)".
_AUDIO_FORMATS = "flac,mp3,wav"
_AUDIO_DECODERS = frozenset(
    {"flac", "mp3", "mp3float", "adpcm_ima_wav", "adpcm_ms", "pcm_alaw", "pcm_mulaw", "pcm_u8"}
    | {"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"}
)
_VIDEO_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
_VIDEO_DECODERS = frozenset({"av1", "h264", "hevc", "libdav1d", "vp8", "vp9"})
_MAX_PIXELS = 8192 * 4320
# Ten minutes of mp3 have 25,000 packets. A file made of the smallest possible ones would keep us
# busy for minutes.
MAX_PACKETS = 100_000


class NotMedia(Exception):
    """The file is not what it should be.

    `code` is one of `not_media` (unreadable, damaged, or of another kind), `no_stream` (no sound,
    or no pictures, in it), `empty` (no length), `too_long`, `unsupported` (a rate, a size or a
    number of pieces beyond reason). `message` is for the customer.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@contextmanager
def opened_audio(path: Path | str) -> Iterator[tuple[InputContainer, AudioStream]]:
    """A flac, mp3 or wav file and its sound. Everything that FFmpeg raises inside becomes
    `NotMedia`; `OSError` when `path` itself cannot be read."""
    otherwise = "The audio must be a flac, mp3 or wav file."
    with _opened(path, _AUDIO_FORMATS, _AUDIO_DECODERS, otherwise) as container:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            raise NotMedia("no_stream", "The file has no sound in it.")
        _check_decoder(stream, _AUDIO_DECODERS, otherwise)
        yield container, stream


@contextmanager
def opened_video(path: Path | str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """An mp4, mov, mkv or webm file and its pictures; errors as in `opened_audio`."""
    otherwise = "The video cannot be read."
    with _opened(path, _VIDEO_FORMATS, _VIDEO_DECODERS, otherwise) as container:
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
            raise NotMedia("no_stream", "The file has no video in it.")
        _check_decoder(stream, _VIDEO_DECODERS, otherwise)
        if not 0 < stream.codec_context.width * stream.codec_context.height <= _MAX_PIXELS:
            raise NotMedia("unsupported", "The video's pictures are too large.")
        # Several workers share the machine: threads for each would only add to the CPU time.
        stream.codec_context.thread_count = 1
        yield container, stream


def packets(container: InputContainer, stream: Stream) -> Iterator["Packet[Any]"]:
    """The stream's packets, up to a sane number of them."""
    for count, packet in enumerate(container.demux(stream)):
        if count > MAX_PACKETS:
            raise NotMedia("unsupported", "The file is cut into too many pieces.")
        yield packet


@contextmanager
def _opened(
    path: Path | str, formats: str, decoders: frozenset[str], otherwise: str
) -> Iterator[InputContainer]:
    options = {
        "format_whitelist": formats,
        "codec_whitelist": ",".join(decoders),
        "protocol_whitelist": "none",
    }
    with Path(path).open("rb") as file:
        try:
            with av.open(file, "r", options=options) as container:
                yield container
        except NotMedia:
            raise
        except Exception as error:  # PyAV has forty classes, and raises builtins too
            raise NotMedia("not_media", otherwise) from error


def _check_decoder(stream: Stream, decoders: frozenset[str], otherwise: str) -> None:
    # The container's whitelist does not reach the decoders that PyAV makes itself.
    if not stream.codec_context or stream.codec_context.name not in decoders:
        raise NotMedia("not_media", otherwise)
