"""Links to files: signed, dated, and good for nothing else."""

import time

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.models import Organization
from billing.models import Price
from generations import media_links
from generations.models import Generation, Media, State

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(acme: Organization) -> Generation:
    price = Price.objects.filter(model="p-video", resolution="720p", draft=False).get()
    generation = Generation.objects.create(
        organization=acme,
        created_at=timezone.now(),
        model="p-video",
        input={"prompt": "p"},
        price=price,
        quoted_seconds=1,
        quoted_micros=1,
        charged_micros=0,
        state=State.COMPLETED,
        deadline_at=timezone.now(),
    )
    Media.objects.create(
        generation=generation,
        organization=acme,
        video=default_storage.save(f"test/{generation.pk}/video.mp4", ContentFile(b"0123456789")),
        duration_ms=1000,
        width=1,
        height=1,
        fps="24",
        codec="h264",
        has_audio=False,
        size_bytes=10,
    )
    return generation


def path_of(generation: Generation) -> str:
    return media_links.video_url(generation).partition("://")[2].partition("/")[2]


def test_a_link_needs_no_login_and_seeks(finished: Generation, client: Client) -> None:
    whole = client.get(f"/{path_of(finished)}")
    assert whole.status_code == 200
    assert whole.getvalue() == b"0123456789"
    part = client.get(f"/{path_of(finished)}", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.getvalue()) == (206, b"234")
    kept = client.get(f"/{path_of(finished)}?download")
    assert f"{finished.pk}-video.mp4" in kept["Content-Disposition"]
    kept.close()


def test_a_link_stays_the_same_for_a_while(finished: Generation) -> None:
    if time.time() % 3600 > 3598:
        time.sleep(3)
    assert media_links.video_url(finished) == media_links.video_url(finished)


def test_a_forged_or_expired_link_is_a_404(finished: Generation, client: Client) -> None:
    path = path_of(finished)
    forged = path.replace("/video.mp4", "x/video.mp4")
    assert client.get(f"/{forged}").status_code == 404
    assert client.get("/media/nonsense/video.mp4").status_code == 404


def test_an_old_link_has_expired(finished: Generation, client: Client, settings: object) -> None:
    settings.MEDIA_LINK_SECONDS = -7200  # type: ignore[attr-defined]
    assert client.get(f"/{path_of(finished)}").status_code == 404


def test_without_a_file_there_is_no_link(finished: Generation) -> None:
    assert media_links.poster_url(finished) == ""
    assert media_links.preview_url(Generation()) == ""
