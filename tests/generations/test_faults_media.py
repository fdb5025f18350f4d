"""Finished files that are gone, broken, shorter or longer than expected."""

from typing import Any

import pytest
from django.core.files.storage import default_storage

from generations import media, tasks
from generations.models import Generation, Media
from tests.conftest import Sandbox
from tests.generations.conftest import (
    Api,
    assert_charged,
    assert_held,
    at_once,
    collected,
    hurry,
    make,
    overdue,
    the,
    work_until_done,
)

pytestmark = pytest.mark.usefixtures("books_balance")

SCRIPT = "Hello there. This is a script of some sixty characters, all in."


def avatar(api: Api, sandbox: Sandbox, script: str) -> Generation:
    return the(
        api.make(
            "p-video-avatar", voice_script=script, image=f"{sandbox.url}/samples/portrait.png"
        )["id"]
    )


@pytest.mark.parametrize("fault", ["media-missing", "media-garbage"])
def test_a_file_that_cannot_be_had_is_charged_as_estimated_and_flagged(
    unlucky: Sandbox, api: Api, settings: Any, fault: str
) -> None:
    settings.MEDIA_MAX_ATTEMPTS, settings.MEDIA_RETRY_SECONDS = 3, 0.05
    jobs = [make(api, f"sandbox:{fault}"), avatar(api, unlucky, f"{SCRIPT} sandbox:{fault}")]
    collected(*jobs)
    media.drain()
    for job in jobs:
        assert assert_held(job, "processing").media_attempts == 1
    work_until_done()
    for job in jobs:
        row = assert_charged(job)
        assert row.media_attempts == 3
        assert "could not be had" in row.needs_attention
        shown = api.one(str(job.pk))
        assert shown["status"] == "completed"
        assert shown["output"] is None
        assert str(row.pk) not in str(shown["error"])
    assert not Media.objects.exists()


def test_a_script_avatar_is_charged_by_its_real_length_and_the_rest_goes_back(
    unlucky: Sandbox, api: Api
) -> None:
    job = avatar(api, unlucky, SCRIPT)
    assert job.quoted_seconds == 9
    work_until_done()
    row = assert_charged(job, 5 * job.price.customer_micros_per_second)
    assert row.charged_seconds == 5
    assert Media.objects.get(pk=job.pk).duration_ms == pytest.approx(4_250, abs=150)
    assert row.refunded_micros == 4 * job.price.customer_micros_per_second


def test_a_video_longer_than_its_hold_is_never_charged_above_it(unlucky: Sandbox, api: Api) -> None:
    job = avatar(api, unlucky, "Hi sandbox:seconds=5")
    assert job.quoted_seconds == 4
    work_until_done()
    assert Media.objects.get(pk=job.pk).duration_ms > 4_900
    assert assert_charged(job).charged_seconds == job.quoted_seconds


@pytest.mark.parametrize("seconds", ["3", "0.4"])
def test_a_p_video_is_charged_as_asked_however_long_its_file_is(
    unlucky: Sandbox, api: Api, seconds: str
) -> None:
    job = make(api, f"sandbox:seconds={seconds}", duration=2)
    work_until_done()
    assert assert_charged(job).charged_seconds == 2
    assert Media.objects.get(pk=job.pk).duration_ms == pytest.approx(float(seconds) * 1000, abs=150)


def test_an_audio_driven_video_is_charged_by_its_file_never_above_the_audio(
    unlucky: Sandbox, api: Api
) -> None:
    sound = f"{unlucky.url}/samples/tone-4s.wav"
    long, short = (
        make(api, f"sandbox:seconds={seconds}", audio=sound, duration=1) for seconds in (6, 2)
    )
    assert long.quoted_seconds == short.quoted_seconds == 4
    work_until_done()
    assert assert_charged(long).charged_seconds == 4
    assert_charged(short, 2 * short.price.customer_micros_per_second)


def test_a_file_that_takes_every_worker_down_still_ends(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    settings.MEDIA_MAX_ATTEMPTS = 3
    job = make(api)
    collected(job)
    for _ in range(3):
        assert [one.pk for one in media.claim(5)] == [job.pk]  # and then the worker is gone
        assert media.claim(5) == []
        hurry()
    overdue(job)
    tasks.sweep()
    assert_held(job, "processing")  # its outcome is known, so it does not expire

    media.drain()

    assert "cut short" in assert_charged(job).needs_attention


def test_storage_trouble_of_one_job_is_not_that_of_the_others(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    settings.MEDIA_MAX_ATTEMPTS, settings.MEDIA_RETRY_SECONDS = 2, 0.05
    settings.VIDEO_MAX_BYTES = 60_000
    jobs = [make(api, f"small {number}") for number in range(2)]
    large = make(api, "sandbox:seconds=5")
    work_until_done()
    for job in jobs:
        assert assert_charged(job).needs_attention == ""
        assert Media.objects.get(pk=job.pk)
    assert "too_large" in assert_charged(large).needs_attention


def test_a_storage_that_refuses_everything_ends_flagged(
    unlucky: Sandbox, api: Api, settings: Any
) -> None:
    settings.MEDIA_MAX_ATTEMPTS, settings.MEDIA_RETRY_SECONDS = 2, 0.05
    backend = "tests.generations.test_faults_media.BrokenStorage"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    job = make(api)
    work_until_done()
    assert "StorageDown" in assert_charged(job).needs_attention


class StorageDown(Exception):
    """What a storage's client raises: no OSError."""


class BrokenStorage:
    """A storage out of order."""

    def save(self, *_: Any, **__: Any) -> str:
        raise StorageDown


def test_two_collectors_at_once_keep_one_file_and_charge_once(unlucky: Sandbox, api: Api) -> None:
    jobs = [make(api, f"number {number}") for number in range(6)]
    collected(*jobs)
    counts = at_once(media.drain, media.drain)
    assert sum(counts) == len(jobs)
    for job in jobs:
        assert_charged(job)
        row = Media.objects.get(pk=job.pk)
        assert default_storage.exists(str(row.video.name))
        assert row.poster.name
        assert the(job).media_attempts == 1


def test_a_file_fetched_twice_is_charged_once(unlucky: Sandbox, api: Api) -> None:
    # A worker so slow that its lease ran out, and the one that took over.
    job = make(api)
    collected(job)
    (slow,) = media.claim(1)
    hurry()
    work_until_done()
    fetched = media._fetch(slow)
    assert isinstance(fetched, media.Fetched)
    assert media._settle(fetched) is False
    media._draw(fetched)
    assert_charged(job)
