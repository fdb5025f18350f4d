"""What can be seen of a text."""

import re

_UNSEEN = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Without width, or turning around the words that stand beside it."""


def visible(text: str) -> str:
    """The text without these; "" when nothing of it can be seen."""
    text = _UNSEEN.sub("", text).strip()
    return text if any(letter.isprintable() and not letter.isspace() for letter in text) else ""
