"""Frames of a scene: a still picture and a few small things that move over it.

Everything is converted to the encoder's colour planes once; per frame only the planes are copied
and small pieces pasted, which is what keeps five seconds of 720p well under a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import av
from av.video.reformatter import Colorspace
from PIL import Image

from sandbox.media import drawing
from sandbox.media.scenes import Scene

_BARS = 15


@dataclass(frozen=True)
class _Light:
    """A soft round light on a slow path.

    `mask` is at full size, `half_mask` at the half size of the colour planes; `speed` in radians
    per second.
    """

    mask: Image.Image
    half_mask: Image.Image
    phase: float
    speed: float


class Canvas:
    """Draws the frames of one scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        base = drawing.background(scene)
        written = drawing.overlay(scene)
        self._base = _planes(base)
        # The text lies above the moving lights, so it is kept apart: its colours, and where it is.
        self._text = _planes(written.convert("RGB"))
        alpha = written.getchannel("A")
        self._text_masks = (alpha, alpha.resize(self._base[1].size, Image.Resampling.BOX))
        self._glow = _yuv(drawing.glow_colour(scene))
        self._accent = _yuv((255, 255, 255))
        side = min(scene.width, scene.height)
        self._lights = (
            _light(round(side * 0.46), phase=scene.variety % 628 / 100, speed=0.42),
            _light(round(side * 0.30), phase=scene.variety // 628 % 628 / 100, speed=-0.57),
        )

    def frame(self, index: int) -> av.VideoFrame:
        """Return frame `index` of the scene."""
        scene = self._scene
        seconds = index / scene.fps
        planes = [plane.copy() for plane in self._base]
        for light in self._lights:
            self._paste_light(planes, light, seconds)
        for number, plane in enumerate(planes):
            mask = self._text_masks[0 if number == 0 else 1]
            box = mask.getbbox()
            if box is not None:
                plane.paste(self._text[number].crop(box), box, mask.crop(box))
        if scene.is_avatar:
            self._paste_bars(planes, seconds)
        self._paste_progress(planes, (index + 1) / scene.frame_count)
        return _video_frame(planes)

    def _paste_light(self, planes: list[Image.Image], light: _Light, seconds: float) -> None:
        angle = light.phase + light.speed * seconds
        x = round((0.5 + 0.40 * math.cos(angle)) * self._scene.width - light.mask.width / 2) // 2
        y = (
            round((0.5 + 0.34 * math.sin(1.6 * angle)) * self._scene.height - light.mask.height / 2)
            // 2
        )
        planes[0].paste(self._glow[0], (2 * x, 2 * y), light.mask)
        planes[1].paste(self._glow[1], (x, y), light.half_mask)
        planes[2].paste(self._glow[2], (x, y), light.half_mask)

    def _paste_bars(self, planes: list[Image.Image], seconds: float) -> None:
        """Draw a row of bars above the caption that moves as a voice would make it move."""
        unit = min(self._scene.width, self._scene.height) / 100
        middle = drawing.caption_top(self._scene) - 5 * unit
        for bar in range(_BARS):
            swing = math.sin(7.3 * seconds + bar * 1.7) * math.sin(4.1 * seconds + bar * 0.9)
            envelope = 1 - abs(bar - _BARS // 2) / _BARS
            half = unit * (0.5 + 3.2 * abs(swing) * envelope)
            x = self._scene.width / 2 + (bar - _BARS // 2) * unit * 1.8
            self._fill(planes, (x, middle - half, x + unit * 0.8, middle + half))

    def _paste_progress(self, planes: list[Image.Image], part: float) -> None:
        thick = max(4, round(min(self._scene.width, self._scene.height) / 150))
        self._fill(
            planes, (0, self._scene.height - thick, self._scene.width * part, self._scene.height)
        )

    def _fill(self, planes: list[Image.Image], box: tuple[float, float, float, float]) -> None:
        left, top, right, bottom = (round(edge / 2) for edge in box)
        if right <= left or bottom <= top:
            return
        planes[0].paste(self._accent[0], (2 * left, 2 * top, 2 * right, 2 * bottom))
        planes[1].paste(self._accent[1], (left, top, right, bottom))
        planes[2].paste(self._accent[2], (left, top, right, bottom))


def _light(radius: int, *, phase: float, speed: float) -> _Light:
    half = radius // 2 * 2
    # Pillow's radial gradient is 0 in the middle and 255 on the rim; a square falls off softly
    # towards both.
    spot = Image.radial_gradient("L").point([round(86 * (1 - d / 255) ** 2) for d in range(256)])
    mask = spot.resize((2 * half, 2 * half), Image.Resampling.BICUBIC)
    return _Light(
        mask=mask,
        half_mask=spot.resize((half, half), Image.Resampling.BICUBIC),
        phase=phase,
        speed=speed,
    )


def _planes(picture: Image.Image) -> list[Image.Image]:
    """Return a picture's Y, U and V planes (BT.709, colours at half size) as grey pictures."""
    rgb = av.VideoFrame(picture.width, picture.height, "rgb24")
    rgb.planes[0].update(picture.tobytes("raw", "RGB", rgb.planes[0].line_size, 1))
    frame = rgb.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
    return [
        Image.frombuffer(
            "L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size, 1
        ).copy()
        for plane in frame.planes
    ]


def _yuv(colour: drawing.Colour) -> tuple[int, int, int]:
    """Return one colour's Y, U and V, by way of the same conversion as pictures take."""
    y, u, v = (plane.tobytes()[0] for plane in _planes(Image.new("RGB", (16, 16), colour)))
    return y, u, v


def _video_frame(planes: list[Image.Image]) -> av.VideoFrame:
    width, height = planes[0].size
    frame = av.VideoFrame(width, height, "yuv420p")
    for picture, plane in zip(planes, frame.planes, strict=True):
        # The encoder wants each row padded to the plane's own length.
        plane.update(picture.tobytes("raw", "L", plane.line_size, 1))
    return frame
