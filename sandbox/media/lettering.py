"""Text on pictures: fonts, and breaking a prompt into lines that fit."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from PIL import ImageFont

type Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Pillow's own font is drawn well but knows ASCII only; these know more, where they are installed.
_WIDE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "Arial Unicode.ttf",
    "arial.ttf",
)
_MAX_CHARACTERS = 600


def printable(text: str) -> str:
    """Return at most 600 characters of `text`, as something that any font routine accepts.

    Lone surrogates, control and direction characters go; any white space becomes one blank. On a
    machine without a suitable font accents go too, so that letters do not become boxes.
    """
    kept = (
        " " if char.isspace() else char
        for char in text[: _MAX_CHARACTERS * 2]
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    joined = " ".join("".join(kept).split())
    if not joined.isascii() and _wide_font() is None:
        parts = unicodedata.normalize("NFKD", joined)
        joined = "".join(char for char in parts if not unicodedata.combining(char))
    return joined if len(joined) <= _MAX_CHARACTERS else joined[: _MAX_CHARACTERS - 3] + "..."


@lru_cache(maxsize=64)
def font(size: int, *, wide: bool = False) -> Font:
    """Return a font of `size` pixels; `wide` asks for more than ASCII, if the machine has it."""
    name = _wide_font() if wide else None
    return ImageFont.load_default(size) if name is None else ImageFont.truetype(name, size)


@lru_cache(maxsize=1)
def _wide_font() -> str | None:
    for name in _WIDE_FONTS:
        try:
            ImageFont.truetype(name, 10)
        except OSError:
            continue
        return name
    return None


def fit(
    text: str, *, width: int, height: int, largest: int, smallest: int
) -> tuple[Font, list[str], int]:
    """Return a font, the lines and the line height in pixels with which `text` fits into a box.

    Takes the largest size that fits; in the smallest one, what is too much is cut off.
    """
    wide = not text.isascii()
    size = largest
    while True:
        face = font(size, wide=wide)
        line_height = round(size * 1.28)
        lines = _wrapped(text, face, width)
        room = max(1, height // line_height)
        if len(lines) <= room:
            return face, lines, line_height
        if size <= smallest:
            return face, [*lines[: room - 1], lines[room - 1][:-3] + "..."], line_height
        size = max(smallest, round(size * 0.86))


def _wrapped(text: str, face: Font, width: int) -> list[str]:
    """Break `text` between words, and inside a word that is wider than the box."""
    lines, line = [], ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if face.getlength(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        line = word
        while line and face.getlength(line) > width:
            cut = _fitting(line, face, width)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line or not lines else lines


def _fitting(word: str, face: Font, width: int) -> int:
    """Return how many characters of `word` fit into `width` pixels, at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(word[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low
