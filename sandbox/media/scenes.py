"""A scene: everything that a renderer has to know, and nothing about HTTP or jobs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """A video to draw.

    `width` and `height` are pixels (even), `fps` frames per second. `image` is the encoded picture
    for the background, None for a drawn one. `audio` is the sound to carry (16-bit mono samples at
    48 kHz); without it a tone is made. `is_avatar` draws a caption and, without a picture, a face.
    """

    width: int
    height: int
    fps: int
    seconds: float
    text: str
    model: str
    is_avatar: bool = False
    is_draft: bool = False
    with_sound: bool = True
    image: bytes | None = None
    audio: bytes | None = None

    @property
    def frame_count(self) -> int:
        """The number of frames, at least one."""
        return max(1, round(self.seconds * self.fps))

    @property
    def variety(self) -> int:
        """A number that is the same for the same text, to pick colours and notes with."""
        digest = hashlib.sha256(self.text.encode("utf-8", "replace")).digest()
        return int.from_bytes(digest[:6])


def size_of(*, short_side: int, width_part: float, height_part: float) -> tuple[int, int]:
    """Return width and height in even pixels (H.264 with 4:2:0 colour needs even sides).

    The shorter side is `short_side`; the longer one follows from the proportion, but never passes
    2.5 times of it.
    """
    ratio = min(2.5, max(0.4, width_part / height_part))
    if ratio >= 1:
        return _even(short_side * ratio), short_side
    return short_side, _even(short_side / ratio)


def _even(pixels: float) -> int:
    return round(pixels / 2) * 2
