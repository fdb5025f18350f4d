"""What a request will cost at most, before anything is sent."""

import hashlib
import tempfile
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache

from accounts.errors import Busy
from billing import pricing
from billing.models import Price
from generations import fetching, probing, uploads
from generations.models import VideoModel
from generations.parameters import FieldError, InvalidParameters

AUDIO_CACHE_SECONDS = 120
"""How long a preview trusts an audio file's length. What is held is always probed anew."""

# Slow speech, in characters a second: an upper estimate of the length, so that the hold covers it.
SPEECH_CHARACTERS_PER_SECOND = {"Japanese": 4, "Korean": 4, "Hindi": 8}
SPEECH_CHARACTERS_PER_SECOND_ELSEWHERE = 10
SPEECH_MARGIN_SECONDS = 2


PROBES_AT_ONCE = 4
PROBE_WAIT_SECONDS = 2.0
_probing = threading.BoundedSemaphore(PROBES_AT_ONCE)
"""A slow audio server holds up a thread of the web server: never all of them."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The most a request can cost.

    `seconds` are whole and billable; `estimated` says that they are an upper estimate of a
    length which only the finished video tells; `audio_ms` is the probed length of the audio.
    """

    price: Price
    seconds: int
    amount_micros: int
    estimated: bool
    audio_ms: int | None

    @property
    def basis(self) -> str:
        """What the seconds were taken from: duration, audio or script."""
        if self.audio_ms is not None:
            return "audio"
        return "script" if self.estimated else "duration"


def quote(
    organization_id: uuid.UUID, model: str, params: Mapping[str, Any], *, fresh: bool = True
) -> Quote:
    """Price a validated input.

    Not inside a transaction: audio is fetched over the network.

    Args:
        params: from `parameters.validate`.
        fresh: False lets a preview use the audio length it learned a moment ago.

    Raises:
        InvalidParameters: the audio cannot be fetched, is no audio, or is too long; or an upload
            is not the organization's.
        PriceMissing: the combination is not on sale.
    """
    price = pricing.in_force(
        organization_id=organization_id,
        model=model,
        resolution=params["resolution"],
        draft=params.get("draft", False),
    )
    ours = uploads.inputs(organization_id, params)
    audio_ms = None
    if "audio" in ours:
        audio_ms = ours["audio"].duration_ms
    elif params.get("audio"):
        audio_ms = _audio_ms(params["audio"], fresh=fresh)
    if audio_ms is not None:
        seconds = pricing.billable_seconds(audio_ms)
    elif model == VideoModel.P_VIDEO:
        seconds = params["duration"]
    else:
        seconds = speech_seconds(params["voice_script"], params["voice_language"])
    return Quote(
        price=price,
        seconds=seconds,
        amount_micros=pricing.cost_micros(price, seconds),
        estimated=audio_ms is None and model == VideoModel.P_VIDEO_AVATAR,
        audio_ms=audio_ms,
    )


def speech_seconds(script: str, language: str) -> int:
    """An upper estimate of how long speaking a script takes, in whole seconds."""
    rate = SPEECH_CHARACTERS_PER_SECOND.get(language, SPEECH_CHARACTERS_PER_SECOND_ELSEWHERE)
    return SPEECH_MARGIN_SECONDS + -(-len(script.strip()) // rate)


def _audio_ms(url: str, *, fresh: bool) -> int:
    cache_key = f"audio-ms:{hashlib.sha256(url.encode()).hexdigest()}"
    if not fresh and (known := cache.get(cache_key)) is not None:
        return int(known)
    try:
        milliseconds = _probe(url)
    except (fetching.FetchError, probing.NotMedia) as error:
        raise InvalidParameters([FieldError("audio", error.code, error.message)]) from error
    cache.set(cache_key, milliseconds, AUDIO_CACHE_SECONDS)
    return milliseconds


def _probe(url: str) -> int:
    if not _probing.acquire(timeout=PROBE_WAIT_SECONDS):
        raise Busy("Many audio files are being read at the moment. Try again in a few seconds.")
    try:
        return _fetched_ms(url)
    finally:
        _probing.release()


def _fetched_ms(url: str) -> int:
    with tempfile.NamedTemporaryFile(prefix="audio-") as file:
        fetching.download(
            url,
            file,  # type: ignore[arg-type]  # the wrapper has all of BinaryIO
            max_bytes=settings.AUDIO_MAX_BYTES,
            timeout_seconds=settings.AUDIO_FETCH_TIMEOUT_SECONDS,
        )
        file.flush()
        return probing.audio_duration_ms(
            Path(file.name), max_duration_ms=settings.AUDIO_MAX_SECONDS * 1000
        )
