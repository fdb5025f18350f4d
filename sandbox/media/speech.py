"""How long it takes to speak a script: the sandbox's plain rule for script-driven avatars.

Characters (blanks and punctuation included) divided by the characters spoken in a second. Syllabic
and logographic scripts say more with each character, so fewer of them fit into a second.
"""

from __future__ import annotations

DEFAULT_CHARACTERS_PER_SECOND = 15.0
CHARACTERS_PER_SECOND = {"Japanese": 7.0, "Korean": 7.0, "Hindi": 12.0}
MIN_SECONDS = 1.0

# A finished file is a little longer than the speech in it, so lengths are not whole numbers.
CONTAINER_PADDING_SECONDS = 0.05


def seconds_to_speak(script: str, language: str) -> float:
    """Return the seconds of speech for `script`, without container padding.

    `language` is one of the reference's `voice_language` values; surrounding white space is not
    spoken.
    """
    rate = CHARACTERS_PER_SECOND.get(language, DEFAULT_CHARACTERS_PER_SECOND)
    return max(MIN_SECONDS, len(script.strip()) / rate)
