"""Sound: soft tones for videos without one, and decoding of the audio that a customer sent."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

import av
from av.error import FFmpegError

RATE = 48_000
CHUNK_SAMPLES = 1024
MAX_AUDIO_SECONDS = 600
_LOOP_SECONDS = 2

# Whole numbers of hertz: after a whole number of seconds each wave is back at its start, so a loop
# has no click.
_CHORDS = ((220, 277, 330), (196, 247, 294), (233, 294, 349), (175, 220, 262), (247, 311, 370))


class UnreadableAudio(ValueError):
    """The bytes hold no audio that can be decoded."""


def decoded(data: bytes) -> bytes:
    """Return audio of any usual format as 16-bit mono samples at 48 kHz.

    Raises UnreadableAudio for anything else, for silence of no length, and for more than ten
    minutes.
    """
    samples = bytearray()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.audio:
                raise UnreadableAudio("the file has no audio stream")
            for frame in container.decode(container.streams.audio[0]):
                frame.pts = None
                for piece in resampler.resample(frame):
                    samples += bytes(piece.planes[0])[: piece.samples * 2]
                if len(samples) > 2 * RATE * MAX_AUDIO_SECONDS:
                    raise UnreadableAudio(f"the audio is longer than {MAX_AUDIO_SECONDS} seconds")
            for piece in resampler.resample(None):
                samples += bytes(piece.planes[0])[: piece.samples * 2]
    except (FFmpegError, ValueError, OSError) as error:
        if isinstance(error, UnreadableAudio):
            raise
        raise UnreadableAudio(f"the audio cannot be decoded: {error}") from error
    if not samples:
        raise UnreadableAudio("the audio has no samples")
    return bytes(samples)


def seconds_of(samples: bytes) -> float:
    """Return how long 16-bit mono samples at 48 kHz last."""
    return len(samples) / 2 / RATE


@lru_cache(maxsize=16)
def tone_loop(variety: int, *, voice: bool) -> bytes:
    """Return two seconds of sound that loop without a click.

    A quiet chord, or with `voice` a speech-like melody.
    """
    chord = _CHORDS[variety % len(_CHORDS)]
    turn = 2 * math.pi / RATE
    samples = array("h")
    for index in range(RATE * _LOOP_SECONDS):
        at = index / RATE
        if voice:
            # Syllables: four a second, with a pause after every seventh.
            syllable = int(at * 4)
            loudness = 0.0 if syllable % 8 == 7 else math.sin(math.pi * (at * 4 - syllable)) ** 0.7
            pitch = (120, 140, 130, 160, 150, 120, 110, 120)[syllable % 8]
            phase = turn * pitch * index
            wave = math.sin(phase) + 0.5 * math.sin(2 * phase) + 0.25 * math.sin(5 * phase)
            samples.append(int(3200 * loudness * wave))
        else:
            loudness = 0.75 + 0.25 * math.cos(2 * math.pi * at / _LOOP_SECONDS)
            wave = sum(math.sin(turn * note * index) for note in chord)
            samples.append(int(1500 * loudness * wave))
    return samples.tobytes()


def tone(seconds: float, *, variety: int, voice: bool) -> bytes:
    """Return `seconds` of tone as 16-bit mono samples at 48 kHz."""
    loop = tone_loop(variety % len(_CHORDS), voice=voice)
    length = max(1, round(seconds * RATE)) * 2
    return (loop * (length // len(loop) + 1))[:length]


def frames(samples: bytes) -> Iterator[av.AudioFrame]:
    """Yield 16-bit mono samples as frames of the size that AAC takes."""
    for start in range(0, len(samples), CHUNK_SAMPLES * 2):
        piece = samples[start : start + CHUNK_SAMPLES * 2]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(piece) // 2)
        frame.planes[0].update(piece.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = RATE
        frame.pts = start // 2
        frame.time_base = Fraction(1, RATE)
        yield frame
