"""Several videos at once: one archive, deleting them, and taking that back."""

import io
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.models import Act, MemberAct, Organization, User
from generations import deletion, zipping
from generations.models import Generation, Media, State
from tests.conftest import caller_for
from tests.web.conftest import Make
from tests.web.films import film, video_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _credits(acme: Organization, give_credits: Callable[..., None], books_balance: None) -> None:
    give_credits(acme)


def archive(answer: Any) -> zipfile.ZipFile:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def download(client: Client, *rows: Generation, **more: str) -> Any:
    return client.post("/gallery/download", {"pick": [str(row.pk) for row in rows], **more})


def delete(client: Client, *rows: Generation, **more: str) -> Any:
    picked = ",".join(row.pk.hex for row in rows)
    return client.post("/gallery/delete", {"pick": picked, "confirmed": "yes", **more})


# --- Download -------------------------------------------------------------------------------


def test_the_archive_has_every_video_under_a_name_of_its_own(as_viewer: Client, make: Make) -> None:
    rows = [make("A cat: in/the \\ garden?"), make("A cat: in/the \\ garden?"), make("夜の東京")]
    film(*rows)
    running = make(state=State.PROCESSING)

    found = archive(download(as_viewer, *rows, running))
    assert found.testzip() is None
    day = f"{rows[0].created_at:%Y-%m-%d}"
    assert found.namelist() == [
        f"{day}-夜の東京-{str(rows[2].pk)[-8:]}.mp4",
        f"{day}-a-cat-in-the-garden-{str(rows[1].pk)[-8:]}.mp4",
        f"{day}-a-cat-in-the-garden-{str(rows[0].pk)[-8:]}.mp4",
    ]
    assert {found.read(name) for name in found.namelist()} == {video_bytes()}
    assert {info.compress_type for info in found.infolist()} == {zipfile.ZIP_STORED}


def test_a_file_that_is_gone_is_left_out(as_bob: Client, make: Make) -> None:
    rows = [make("One"), make("Two")]
    film(*rows)
    default_storage.delete(str(Media.objects.get(pk=rows[0].pk).video.name))
    assert len(archive(download(as_bob, *rows)).namelist()) == 1


def test_without_any_video_it_says_so(as_bob: Client, make: Make) -> None:
    answer = download(as_bob, make(state=State.FAILED), back="state=failed&q=a+b")
    assert (answer.status_code, answer["Location"]) == (302, "/gallery/?state=failed&q=a+b")
    assert "none of these has a video" in as_bob.get("/gallery/").content.decode()
    assert as_bob.post("/gallery/download").status_code == 302
    assert as_bob.get("/gallery/download").status_code == 405


def test_no_more_than_a_hundred_at_once(as_bob: Client, make: Make) -> None:
    row = make()
    film(row)
    picked = [str(row.pk), *(str(uuid.uuid4()) for _ in range(100))]
    assert as_bob.post("/gallery/download", {"pick": picked}).status_code == 302
    assert "At most 100 videos" in as_bob.get("/gallery/").content.decode()
    assert as_bob.post("/gallery/download", {"pick": picked[:100]}).status_code == 200


def test_strangers_videos_are_in_no_archive(as_charlie: Client, make: Make) -> None:
    row = make()
    film(row)
    assert download(as_charlie, row).status_code == 302


def test_an_archive_is_never_whole_in_memory() -> None:
    big = io.BytesIO(bytes(40 * zipping.CHUNK_BYTES))
    member = zipping.Member("big.mp4", timezone.now(), lambda: big)
    pieces = [len(piece) for piece in zipping.stream([member])]
    assert sum(pieces) > 39 * zipping.CHUNK_BYTES
    assert max(pieces) < 2 * zipping.CHUNK_BYTES


# --- Delete ---------------------------------------------------------------------------------


def test_it_asks_first_and_says_what_goes(as_bob: Client, make: Make) -> None:
    row, running = make("A <b>cat</b>"), make("Running", state=State.PROCESSING)
    ways = (
        as_bob.get("/gallery/delete", {"pick": f"{row.pk.hex},{running.pk}"}),
        as_bob.post("/gallery/delete", {"pick": [str(row.pk), str(running.pk)]}),
    )
    for asked in ways:
        page = asked.content.decode()
        assert "Delete this video?" in page
        assert "A &lt;b&gt;cat&lt;/b&gt;" in page
        assert "1 of the selected is still being made and stays" in page
    assert not Generation.objects.filter(deleted_at__isnull=False).exists()


def test_deleting_and_taking_it_back(as_bob: Client, make: Make) -> None:
    row, failed, kept = make("A cat"), make("Failed", state=State.FAILED), make("Kept")
    running = make("Running", state=State.PROCESSING)
    film(row, kept)

    answer = delete(as_bob, row, failed, running, back="order=oldest")
    assert answer["Location"] == "/gallery/?order=oldest"
    page = as_bob.get("/gallery/")
    assert [shown.pk for shown in page.context["page"].rows] == [running.pk, kept.pk]
    assert "2 videos deleted." in page.content.decode()
    assert as_bob.get(f"/gallery/{row.pk}/").status_code == 404
    assert deletion.purge() == 0  # the files wait

    answer = as_bob.post("/gallery/restore", {"back": "q=cat"}, follow=True)
    assert answer.redirect_chain[0][0] == "/gallery/?q=cat"
    assert "Restored 2 videos." in answer.content.decode()
    assert len(as_bob.get("/gallery/").context["page"].rows) == 4
    assert default_storage.exists(str(Media.objects.get(pk=row.pk).video.name))
    assert "too late" in as_bob.post("/gallery/restore", follow=True).content.decode()
    acts = MemberAct.objects.filter(object_name="A cat and 1 more").order_by("pk")
    told = acts.values_list("act", flat=True)
    assert list(told) == [Act.GENERATION_DELETED, Act.GENERATION_RESTORED]


def test_after_a_while_it_is_gone(as_bob: Client, make: Make) -> None:
    row = make("A cat")
    film(row)
    Media.objects.update(stored_at=timezone.now() - timedelta(hours=1))
    name = str(Media.objects.get(pk=row.pk).video.name)
    delete(as_bob, row)
    assert MemberAct.objects.get(act=Act.GENERATION_DELETED).object_name == "A cat"

    Generation.objects.update(deleted_at=timezone.now() - deletion.UNDO - timedelta(seconds=1))
    assert "too late" in as_bob.post("/gallery/restore", follow=True).content.decode()
    assert deletion.purge() == 0  # never both at the same moment
    Generation.objects.update(deleted_at=timezone.now() - deletion.UNDO - timedelta(minutes=6))
    assert deletion.purge() == 1
    assert not default_storage.exists(name)


def test_what_a_program_deleted_is_not_restored(as_bob: Client, bob: User, make: Make) -> None:
    row = make("A cat")
    film(row)
    delete(as_bob, row)
    deletion.restore(caller_for(bob), [row.pk])
    deletion.delete(row.organization_id, row.pk)
    assert "too late" in as_bob.post("/gallery/restore", follow=True).content.decode()


def test_viewers_and_strangers_delete_nothing(
    as_viewer: Client, as_charlie: Client, make: Make
) -> None:
    row = make()
    page = as_viewer.get("/gallery/").content.decode()
    assert "gallery/delete" not in page
    assert "gallery/delete" not in as_viewer.get(f"/gallery/{row.pk}/").content.decode()
    assert delete(as_viewer, row).status_code == 403
    assert as_viewer.get("/gallery/delete", {"pick": row.pk.hex}).status_code == 403
    assert as_viewer.post("/gallery/restore").status_code == 403
    assert delete(as_charlie, row)["Location"] == "/gallery/"
    assert "There is nothing to delete" in as_charlie.get("/gallery/").content.decode()
    row.refresh_from_db()
    assert row.deleted_at is None


def test_what_is_open_stays(as_bob: Client, make: Make) -> None:
    row = make(state=State.QUEUED)
    assert "can be deleted once it has ended" in (
        as_bob.get("/gallery/delete", {"pick": row.pk.hex, "one": ""}).content.decode()
    )
    delete(as_bob, row)
    row.refresh_from_db()
    assert row.deleted_at is None


def test_one_ones_own_page_keeping_leads_back_to_it(as_bob: Client, make: Make) -> None:
    row = make()
    given = {"pick": row.pk.hex, "one": "", "back": "q=cat"}
    page = as_bob.get("/gallery/delete", given).content.decode()
    assert f'href="/gallery/{row.pk}/?q=cat">Keep it' in page


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "q=1&q=2", "\r\nX: y"])
def test_the_way_back_is_the_gallery(as_bob: Client, back: str) -> None:
    answer = as_bob.post("/gallery/download", {"back": back})
    assert answer["Location"].startswith("/gallery/")
