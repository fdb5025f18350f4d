"""The finished file: copied to our own storage, measured, settled, illustrated (design, 5.6).

The file comes before the money, because for audio- and script-driven jobs it tells the length,
and because "completed" then always means that the video is there. The poster and the preview come
after the money: they cost processor time and nobody's credits wait for them.

Threads fetch and draw; the database is spoken to by the one thread that drains.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from billing import pricing
from generations import fetching, probing, settlement
from generations.models import Generation, Media, State
from queueing.draining import one_by_one, stay

logger = logging.getLogger(__name__)

FETCHING = 6
DRAWING = 2
BACKLOG = 100
"""Fetched files that may wait for their poster; bounds the disk space in use."""
DRAIN_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A finished video in our storage; `folder` still has the local copy."""

    generation: Generation
    folder: Path
    name: str
    facts: probing.VideoFacts


@dataclass(frozen=True, slots=True)
class Missing:
    """The file could not be had this time."""

    generation: Generation
    reason: str


def drain(leave: Callable[[], None] = stay) -> int:
    """Fetch and settle everything that is due. Returns how many jobs were settled.

    Args:
        leave: called when nothing more is taken on and some are still under way.
    """
    until = time.monotonic() + DRAIN_SECONDS
    settled = 0
    fetching_now: dict[Future[Fetched | Missing], Generation] = {}
    drawing_now: dict[Future[dict[str, str]], Generation] = {}
    with (
        ThreadPoolExecutor(FETCHING, "fetch") as fetch,
        ThreadPoolExecutor(DRAWING, "draw") as draw,
    ):
        while True:
            if time.monotonic() < until and len(drawing_now) < BACKLOG:
                for generation in claim(FETCHING - len(fetching_now)):
                    fetching_now[fetch.submit(_fetch, generation)] = generation
            elif time.monotonic() >= until:
                leave()
            if not fetching_now and not drawing_now:
                return settled
            flying: list[Future[Any]] = [*fetching_now, *drawing_now]
            done, _ = wait(flying, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in done & fetching_now.keys():
                generation = fetching_now.pop(future)
                with one_by_one("collect of generation", generation.pk):
                    match future.result():
                        case Fetched() as fetched:
                            # Drawn even when settling fails: it takes the local copy away.
                            drawing_now[draw.submit(_draw, fetched)] = generation
                            settled += _settle(fetched)
                        case Missing() as missing:
                            settled += _try_again(missing)
            for future in done & drawing_now.keys():
                generation = drawing_now.pop(future)
                with one_by_one("illustrate of generation", generation.pk):
                    Media.objects.filter(pk=generation.pk).update(**future.result())


def next_due() -> datetime | None:
    due: datetime | None = Generation.objects.filter(next_media_at__isnull=False).aggregate(
        due=Min("next_media_at")
    )["due"]
    return due


@transaction.atomic
def claim(limit: int) -> list[Generation]:
    """Take due jobs; the attempt is counted and the lease set before the work."""
    if limit <= 0:
        return []
    now = timezone.now()
    batch = list(
        Generation.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("price")
        .filter(next_media_at__lte=now)
        .order_by("next_media_at")[:limit]
    )
    for generation in batch:
        generation.media_attempts += 1
        generation.next_media_at = now + timedelta(
            seconds=settings.VIDEO_FETCH_TIMEOUT_SECONDS + 60
        )
    Generation.objects.bulk_update(batch, ["media_attempts", "next_media_at"])
    return batch


def _fetch(generation: Generation) -> Fetched | Missing:
    if generation.media_attempts > settings.MEDIA_MAX_ATTEMPTS:
        # Each was counted before the work and none came back: this file takes workers down.
        return Missing(generation, "every attempt was cut short")
    folder = Path(tempfile.mkdtemp(prefix="video-"))
    try:
        path = folder / "video.mp4"
        with path.open("wb") as file:
            fetching.download(
                generation.provider_media_url,
                file,
                max_bytes=settings.VIDEO_MAX_BYTES,
                timeout_seconds=settings.VIDEO_FETCH_TIMEOUT_SECONDS,
            )
        facts = probing.video_facts(path)
        return Fetched(generation, folder, _store(generation, path), facts)
    except (fetching.FetchError, probing.NotMedia, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        return Missing(generation, f"{type(error).__name__}: {error}")
    except Exception as error:  # a storage has errors of its own; the job must end all the same
        logger.exception("generation %s: fetching its file failed", generation.pk)
        shutil.rmtree(folder, ignore_errors=True)
        return Missing(generation, type(error).__name__)


def _store(generation: Generation, path: Path) -> str:
    name = f"{generation.organization_id}/{generation.pk}/{path.name}"
    with path.open("rb") as file:
        return default_storage.save(name, File(file))


@transaction.atomic
def _settle(fetched: Fetched) -> bool:
    """The file's row and the money, together."""
    generation, facts = fetched.generation, fetched.facts
    Media.objects.update_or_create(
        generation=generation,
        defaults={
            "organization_id": generation.organization_id,
            "video": fetched.name,
            "duration_ms": facts.duration_ms,
            "width": facts.width,
            "height": facts.height,
            "fps": f"{float(facts.fps):g}",
            "codec": facts.codec,
            "has_audio": facts.has_audio,
            "size_bytes": facts.size_bytes,
        },
    )
    if settlement.complete(generation, duration_ms=facts.duration_ms):
        return True
    _had_at_last(generation, facts.duration_ms)
    return False


def _had_at_last(generation: Generation, duration_ms: int) -> None:
    """Its money moved when the file could not be had; staff asked for it again (`correcting`)."""
    seconds, charged = pricing.billable_seconds(duration_ms), generation.charged_seconds or 0
    attention = f"{seconds} s made, {charged} s charged: give back the rest"
    Generation.objects.filter(
        pk=generation.pk, state=State.COMPLETED, next_media_at__isnull=False
    ).update(next_media_at=None, error="", needs_attention=attention if seconds < charged else "")


def _try_again(missing: Missing) -> bool:
    """Later; after several tries the estimate is charged and staff are told (design, 5.6)."""
    generation = missing.generation
    logger.warning("generation %s: file not had: %s", generation.pk, missing.reason)
    if generation.media_attempts >= settings.MEDIA_MAX_ATTEMPTS:
        attention = f"the finished file could not be had: {missing.reason}"[:200]
        if settlement.complete(
            generation,
            duration_ms=None,
            attention=attention,
            error="The video was made, but its file could not be fetched. Our staff has been told.",
        ):
            return True
        Generation.objects.filter(pk=generation.pk, state=State.COMPLETED).update(
            next_media_at=None, needs_attention=attention
        )
        return False
    seconds = settings.MEDIA_RETRY_SECONDS * 2 ** (generation.media_attempts - 1)
    Generation.objects.filter(
        pk=generation.pk,
        state__in=[State.PROCESSING, State.EXPIRED, State.COMPLETED],
        next_media_at__isnull=False,
        media_attempts=generation.media_attempts,
    ).update(next_media_at=timezone.now() + timedelta(seconds=seconds))
    return False


def _draw(fetched: Fetched) -> dict[str, str]:
    """Poster and preview, as columns of Media.

    Without them the gallery shows a plain card: no reason to fail.
    """
    names: dict[str, str] = {}
    video = fetched.folder / "video.mp4"
    try:
        for field, file_name, write in (
            ("poster", "poster.jpg", probing.write_poster),
            ("preview", "preview.mp4", probing.write_preview),
        ):
            path = fetched.folder / file_name
            write(video, path)
            names[field] = _store(fetched.generation, path)
    except Exception:  # whatever it is: the video itself is there
        logger.exception("generation %s: no poster or preview", fetched.generation.pk)
    finally:
        shutil.rmtree(fetched.folder, ignore_errors=True)
    return names
