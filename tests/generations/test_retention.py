"""Retention: videos go when they are older than their organization keeps them, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.access import NotAllowed
from accounts.models import Act, MemberAct, Organization, User
from generations import media_links, pixazo_answers, retention, tasks
from generations.models import Generation, Media
from tests.conftest import assert_books_balance, caller_for
from tests.generations.conftest import Api
from tests.web.conftest import Make, as_alice, as_bob, make  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(make: Make, acme: Organization, give_credits: Callable[..., None]) -> Make:  # noqa: F811
    """Videos of Acme's, stored so many days ago, with files that are really there."""
    give_credits(acme)

    def kept(days: float) -> Generation:
        row = make(f"made {days} days ago")
        for name in (f"{row.pk}.mp4", f"{row.pk}.jpg"):
            default_storage.save(name, ContentFile(b"a file"))
        then = timezone.now() - timedelta(days=days)
        Media.objects.filter(pk=row.pk).update(stored_at=then)
        Generation.objects.filter(pk=row.pk).update(completed_at=then)
        return row

    return kept


def has_files(row: Generation) -> list[bool]:
    return [default_storage.exists(f"{row.pk}.{kind}") for kind in ("mp4", "jpg")]


def test_only_what_is_older_goes(kept: Make, acme: Organization) -> None:
    old, young = kept(30.01), kept(29.99)
    other = organizations.found(User.objects.create_user("eve@example.com"), name="Other")
    link = media_links.video_url(Generation.objects.select_related("media").get(pk=old.pk))
    assert retention.remove_old() == 0, "kept for ever by default"
    Organization.objects.filter(pk=other.pk).update(media_retention_days=1)
    assert retention.remove_old() == 0, "another's retention is another's"
    Organization.objects.filter(pk=acme.pk).update(media_retention_days=30)

    tasks.sweep()

    assert (has_files(old), has_files(young)) == ([False, False], [True, True])
    assert list(Media.objects.values_list("pk", flat=True)) == [young.pk]
    old.refresh_from_db()
    assert old.media_removed_at
    assert old.deleted_at is None
    assert retention.told(old) == "The video was removed after 30 days"
    assert media_links.resolve(link.split("/")[-2]) is None
    assert retention.remove_old() == 0
    assert_books_balance()


def test_a_backlog_goes_in_batches(
    kept: Make, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "REMOVE_AT_ONCE", 2)
    for days in (5, 4, 3):
        kept(days)
    Organization.objects.filter(pk=acme.pk).update(media_retention_days=2)
    assert [retention.remove_old() for _ in range(3)] == [2, 1, 0]


def test_a_storage_that_resists_is_tried_again(
    kept: Make, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = kept(5)
    Organization.objects.filter(pk=acme.pk).update(media_retention_days=2)
    with monkeypatch.context() as broken:
        broken.setattr(type(default_storage), "delete", _refuse, raising=False)
        assert retention.remove_old() == 0
    assert Media.objects.filter(pk=row.pk).exists()
    assert retention.remove_old() == 1
    assert has_files(row) == [False, False]


def _refuse(*args: Any) -> None:
    raise OSError("no storage today")


def test_pages_and_api_tell_that_it_was_removed(
    as_alice: Client,  # noqa: F811
    kept: Make,
    key: str,
    acme: Organization,
) -> None:
    row = kept(40)
    Organization.objects.filter(pk=acme.pk).update(media_retention_days=30)
    retention.remove_old()
    page = as_alice.get(f"/gallery/{row.pk}/").content.decode()
    assert "The video was removed after 40 days" in page
    assert "Our staff has been told" not in page
    assert as_alice.get("/gallery/").status_code == 200

    api = Api(key)
    answer = api.get(f"generations/{row.pk}/content")
    assert (answer.status_code, answer.json()["code"]) == (410, "content_removed")
    shown = api.get(f"generations/{row.pk}").json()
    assert (shown["status"], shown["output"]) == ("completed", None)
    stored = Generation.objects.select_related("media").get(pk=row.pk)
    body = pixazo_answers.status_body(stored)
    assert (body["status"], body["output"]) == ("FAILED", None)
    assert body["error"] == "The video was removed after 40 days."


def test_a_shorter_time_asks_first(
    as_alice: Client,  # noqa: F811
    as_bob: Client,  # noqa: F811
    alice: User,
    bob: User,
    kept: Make,
    acme: Organization,
) -> None:
    kept(40)
    kept(50)
    kept(1)
    asked = as_alice.post("/settings/media/", {"days": "30"}).content.decode()
    assert "Remove videos after 30 days?" in asked
    assert "<strong>2 videos</strong>" in asked
    assert Organization.objects.filter(pk=acme.pk, media_retention_days=None).exists()
    assert as_alice.post("/settings/media/", {"days": "10", "confirmed": "30"}).status_code == 200

    as_alice.post("/settings/media/", {"days": "30", "confirmed": "30"})
    acme.refresh_from_db()
    assert acme.media_retention_days == 30
    assert as_alice.post("/settings/media/", {"days": "60"}).status_code == 302  # keeps more
    assert as_alice.post("/settings/media/", {"days": ""}).status_code == 302
    for days in ("0", "-1", "3651", "x"):
        assert as_alice.post("/settings/media/", {"days": days}).status_code == 422
    changes = MemberAct.objects.filter(act=Act.RETENTION_CHANGED).order_by("id")
    assert [row.details["after"] for row in changes] == ["30 days", "60 days", "kept for ever"]

    assert as_bob.post("/settings/media/", {"days": "1", "confirmed": "1"}).status_code == 403
    with pytest.raises(NotAllowed):
        retention.keep_for(caller_for(bob), days=1)
    with pytest.raises(retention.InvalidRetention):
        retention.keep_for(caller_for(alice), days=0)
