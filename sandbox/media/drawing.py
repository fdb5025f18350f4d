"""The pictures that videos are made of: backgrounds, the face, and the layer of text over them."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from sandbox.media import lettering
from sandbox.media.scenes import Scene

type Colour = tuple[int, int, int]

# Four corners each, top left to bottom right, dark enough for white text.
_PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((24, 32, 92), (98, 44, 130), (18, 74, 122), (190, 82, 112)),
    ((10, 58, 76), (22, 104, 104), (16, 34, 72), (80, 140, 96)),
    ((78, 24, 66), (176, 70, 70), (38, 22, 74), (206, 122, 66)),
    ((18, 40, 66), (38, 92, 150), (22, 22, 52), (88, 88, 178)),
    ((20, 62, 48), (96, 128, 52), (12, 40, 58), (190, 148, 66)),
    ((64, 26, 96), (150, 52, 132), (26, 30, 84), (84, 88, 190)),
    ((86, 34, 36), (176, 96, 58), (52, 24, 56), (146, 62, 92)),
    ((12, 44, 58), (30, 86, 120), (38, 34, 84), (120, 72, 140)),
)
_GLOWS: tuple[Colour, ...] = ((255, 214, 170), (170, 220, 255), (230, 190, 255), (190, 255, 220))
_MAX_PIXELS = 60_000_000


def background(scene: Scene) -> Image.Image:
    """Return the scene's still background without text: its picture, a face, or a gradient."""
    size = (scene.width, scene.height)
    if scene.image is not None:
        picture = ImageOps.fit(opened(scene.image), size, Image.Resampling.BICUBIC)
        return _shaded(picture)
    if scene.is_avatar:
        return face(size, scene.variety)
    return gradient(size, scene.variety)


def opened(data: bytes) -> Image.Image:
    """Return the encoded picture `data` as RGB.

    Raises ValueError when it cannot be read or has more than 60 million pixels.
    """
    try:
        picture = Image.open(io.BytesIO(data))
        if picture.width * picture.height > _MAX_PIXELS:
            raise ValueError(f"more than {_MAX_PIXELS} pixels")
        return ImageOps.exif_transpose(picture).convert("RGB")
    except Exception as error:  # Pillow's decoders raise all kinds of errors
        raise ValueError(f"the picture cannot be read: {error}") from error


def gradient(size: tuple[int, int], variety: int) -> Image.Image:
    """Return a soft gradient whose colours depend on `variety`, with a few faint circles in it."""
    corners = Image.new("RGB", (2, 2))
    palette = _PALETTES[variety % len(_PALETTES)]
    for index, colour in enumerate(palette):
        corners.putpixel((index % 2, index // 2), colour)
    # Four pixels blown up are a gradient without a loop over pixels.
    picture = corners.resize(size, Image.Resampling.BICUBIC, box=(0.5, 0.5, 1.5, 1.5))
    veil = Image.new("L", (size[0] // 4, size[1] // 4), 0)
    draw = ImageDraw.Draw(veil)
    width, height = veil.size
    for index in range(4):
        part = variety >> (index * 9)
        x, y = (part % 101) / 100 * width, (part // 101 % 101) / 100 * height
        radius = (0.18 + (part % 7) * 0.05) * max(width, height)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=14 + 7 * index)
    veil = veil.filter(ImageFilter.GaussianBlur(3)).resize(size, Image.Resampling.BICUBIC)
    picture.paste(_GLOWS[variety // 8 % len(_GLOWS)], mask=veil)
    return picture


def glow_colour(scene: Scene) -> Colour:
    """Return the colour of the moving lights."""
    return _GLOWS[scene.variety // 8 % len(_GLOWS)]


def face(size: tuple[int, int], variety: int) -> Image.Image:
    """Return a gradient with a friendly face in a round frame.

    Drawn at double size and shrunk, which smooths the edges.
    """
    picture = gradient(size, variety)
    side = round(min(size) * 0.58)
    portrait = _portrait(side * 2, variety).resize((side, side), Image.Resampling.LANCZOS)
    centre_y = round(size[1] * (0.44 if size[1] >= size[0] else 0.385))
    round_frame = Image.new("L", (side * 2, side * 2), 0)
    ImageDraw.Draw(round_frame).ellipse((0, 0, side * 2 - 1, side * 2 - 1), fill=255)
    round_frame = round_frame.resize((side, side), Image.Resampling.LANCZOS)
    place = (size[0] // 2 - side // 2, centre_y - side // 2)
    picture.paste((255, 255, 255), place, round_frame.point([value // 6 for value in range(256)]))
    picture.paste(portrait, place, ImageChops.multiply(portrait.getchannel("A"), round_frame))
    return picture


def _portrait(side: int, variety: int) -> Image.Image:
    """Return a face with shoulders, hair, eyes and a smile on a transparent square."""
    skin = ((246, 206, 172), (222, 172, 132), (176, 122, 86), (128, 84, 60))[variety % 4]
    hair = ((58, 40, 34), (34, 32, 40), (136, 84, 44), (196, 152, 92))[variety // 4 % 4]
    cloth = ((232, 236, 244), (72, 110, 170), (196, 90, 96), (84, 150, 122))[variety // 16 % 4]
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    unit = side / 100

    def oval(x: float, y: float, across: float, down: float, fill: Colour) -> None:
        box = (x - across, y - down, x + across, y + down)
        draw.ellipse([round(part * unit) for part in box], fill=fill)

    def box(*corners: float) -> list[int]:
        return [round(part * unit) for part in corners]

    shadow: Colour = (skin[0] * 9 // 10, skin[1] * 9 // 10, skin[2] * 9 // 10)
    draw.rounded_rectangle(box(20, 78, 80, 130), radius=round(22 * unit), fill=cloth)
    draw.rounded_rectangle(box(42, 62, 58, 86), radius=round(8 * unit), fill=shadow)
    oval(50, 38, 31, 35, hair)
    oval(22, 46, 5, 7, shadow)
    oval(78, 46, 5, 7, shadow)
    oval(50, 45, 26, 31, skin)
    draw.pieslice(box(23, 8, 77, 50), 180, 360, fill=hair)
    for x in (39, 61):
        oval(x, 44, 5, 5.6, (255, 255, 255))
        oval(x + 0.6, 44.6, 2.8, 3.2, (52, 58, 72))
        oval(x + 1.5, 43.4, 0.9, 0.9, (255, 255, 255))
        draw.arc(box(x - 7, 33, x + 7, 44), 205, 335, fill=hair, width=round(1.6 * unit))
        oval(
            x + (5 if x > 50 else -5),
            55,
            4,
            2.6,
            (min(255, skin[0] + 6), skin[1] * 9 // 10, skin[2] * 9 // 10),
        )
    draw.arc(box(46, 46, 54, 55), 30, 150, fill=shadow, width=round(1.4 * unit))
    draw.chord(box(38, 52, 62, 68), 15, 165, fill=(150, 52, 60))
    draw.chord(box(41, 52, 59, 64), 20, 160, fill=(255, 255, 255))
    return picture


def overlay(scene: Scene) -> Image.Image:
    """Return everything written over the background, as RGBA of the scene's size."""
    layer = Image.new("RGBA", (scene.width, scene.height), (0, 0, 0, 0))
    unit = min(scene.width, scene.height) / 100
    text = lettering.printable(scene.text)
    if scene.is_avatar:
        _caption(layer, text, unit)
    else:
        _title(layer, text, unit)
    _marks(layer, scene, unit)
    return layer


def _title(layer: Image.Image, text: str, unit: float) -> None:
    """Write the prompt in the middle, with a soft shadow that keeps it readable on any picture."""
    width, height = round(layer.width * 0.80), round(layer.height * 0.58)
    largest, smallest = round(unit * 8.5), round(unit * 3.2)
    face_, lines, step = lettering.fit(
        text, width=width, height=height, largest=largest, smallest=smallest
    )
    top = (layer.height - step * len(lines)) // 2
    left = (layer.width - width) // 2
    shadow = Image.new("L", layer.size, 0)
    pencil = ImageDraw.Draw(shadow)
    for index, line in enumerate(lines):
        pencil.text((left, top + index * step + unit * 0.3), line, font=face_, fill=190)
    black = Image.new("RGBA", layer.size, (0, 0, 0, 255))
    black.putalpha(shadow.filter(ImageFilter.BoxBlur(unit * 0.7)))
    layer.alpha_composite(black)
    draw = ImageDraw.Draw(layer)
    for index, line in enumerate(lines):
        draw.text((left, top + index * step), line, font=face_, fill=(255, 255, 255, 255))


def caption_top(scene: Scene) -> int:
    """Return where the avatar's caption panel begins, in pixels from the top."""
    return round(scene.height * 0.76)


def _caption(layer: Image.Image, text: str, unit: float) -> None:
    """Write the script as a subtitle on a dark panel."""
    draw = ImageDraw.Draw(layer)
    margin = round(unit * 4)
    top, bottom = round(layer.height * 0.76), layer.height - round(unit * 8)
    draw.rounded_rectangle(
        (margin, top, layer.width - margin, bottom), radius=round(unit * 2.4), fill=(8, 10, 22, 168)
    )
    width, height = layer.width - 4 * margin, bottom - top - margin
    face_, lines, step = lettering.fit(
        text or "...",
        width=width,
        height=height,
        largest=round(unit * 4.6),
        smallest=round(unit * 2.4),
    )
    y = (top + bottom - step * len(lines)) // 2
    for index, line in enumerate(lines):
        x = (layer.width - face_.getlength(line)) / 2
        draw.text((x, y + index * step), line, font=face_, fill=(255, 255, 255, 255))


def _marks(layer: Image.Image, scene: Scene, unit: float) -> None:
    """Say in small that this is the sandbox's, what was asked for, and DRAFT where it is one."""
    draw = ImageDraw.Draw(layer)
    small = lettering.font(round(unit * 2.7))
    margin = round(unit * 4)
    _pill(
        draw, (margin, margin), "sandbox", unit, fill=(255, 255, 255, 46), ink=(255, 255, 255, 235)
    )
    if scene.is_draft:
        width = small.getlength("DRAFT") + unit * 4
        place = (round(layer.width - margin - width), margin)
        _pill(draw, place, "DRAFT", unit, fill=(255, 196, 60, 240), ink=(40, 26, 0, 255))
    facts = (
        f"{scene.model}   {scene.width} x {scene.height}   {scene.fps} fps   {scene.seconds:.4g} s"
    )
    y = layer.height - margin - round(unit * 1.6)
    draw.text((margin, y), facts, font=small, fill=(255, 255, 255, 190))


def _pill(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    unit: float,
    *,
    fill: tuple[int, int, int, int],
    ink: tuple[int, int, int, int],
) -> None:
    small = lettering.font(round(unit * 2.7))
    width, height = small.getlength(text) + unit * 4, unit * 5
    x, y = place
    draw.rounded_rectangle((x, y, x + width, y + height), radius=height / 2, fill=fill)
    draw.text((x + width / 2, y + height / 2), text, font=small, fill=ink, anchor="mm")


def _shaded(picture: Image.Image) -> Image.Image:
    """Darken a picture a little, so that white text on it can be read."""
    return Image.blend(picture, Image.new("RGB", picture.size, (10, 12, 26)), 0.22)
