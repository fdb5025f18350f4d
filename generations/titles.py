"""What a generation is called: the words that it was made from."""

import re
import unicodedata

from backoffice.visible import visible
from generations.models import Generation

CHARACTERS = 140
_NAMES = ("prompt", "voice_script", "video_prompt")
_IN_FILE_NAMES = 60


def of(generation: Generation, *, characters: int = CHARACTERS) -> str:
    """On one line, cut with an ellipsis; "" when there are no words, or none that can be seen."""
    text = " ".join(visible(full(generation)).split())
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"


def full(generation: Generation) -> str:
    """The prompt, or the script, as it was typed."""
    texts = (generation.input.get(name) for name in _NAMES)
    return next((text.strip() for text in texts if text and text.strip()), "")


def file_name(generation: Generation) -> str:
    """For any file system: "2026-11-22-a-cat-in-a-garden-1f2e3d4c.mp4". No two are the same."""
    letters = unicodedata.normalize("NFKC", of(generation, characters=200).lower())
    slug = re.sub(r"[^\w]+", "-", letters).strip("-_")[:_IN_FILE_NAMES].rstrip("-_")
    parts = [f"{generation.created_at:%Y-%m-%d}", slug, str(generation.pk)[-8:]]
    return f"{'-'.join(part for part in parts if part)}.mp4"
